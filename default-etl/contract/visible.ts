/** Joiners and variation selectors that stand behind no letter or sign that needs them. */
const STRAY = String.raw`(?<![\u0600-\u1fff\u2100-\uffff\u{10000}-\u{10ffff}])(?:\u200c|\u200d|[\ufe00-\ufe0f])`;
/** Zero-width spaces, soft hyphens, marks of direction, byte order marks, the braille blank. */
const NO_ROOM = String.raw`(?!\u200c|\u200d|[\ufe00-\ufe0f])\p{Default_Ignorable_Code_Point}|[\p{Zl}\p{Zp}\u2800\ufff9-\ufffb]`;
/** What takes no room, or looks like a plain blank, as a no-break one does. */
const UNSEEN = new RegExp(String.raw`${STRAY}|${NO_ROOM}|(?! )\p{Zs}`, 'gu');

/** A message in which everything can be seen: a zero-width space is `\u200b`. Twice is harmless. */
export function visible(message: string): string {
  return message.replace(UNSEEN, escaped);
}

/** A name beside another one: where both look the same, every character beyond ASCII is its number. */
export function visibleBeside(name: string, other: string): string {
  const shown = visible(name);
  return isAlike(shown, visible(other)) ? shown.replace(/[^\x20-\x7e]/gu, escaped) : shown;
}

/** Whether two different names are the same to the eye. */
function isAlike(one: string, other: string): boolean {
  return one !== other && skeleton(one) === skeleton(other);
}

/** Letters of Greek and Cyrillic that look like a Latin one, and that one. */
const LOOKALIKES = new Map([
  ...pairs('ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορυ', 'ABEZHIKMNOPTYXaiKvopu'),
  ...pairs('АВЕІЈКМНОРСТУХЅаеіјорсухһԁѕԛԝ', 'ABEIJKMHOPCTYXSaeijopcyxhdsqw'),
]);

function pairs(letters: string, latin: string): Array<[string, string]> {
  return Array.from(letters, (letter, index) => [letter, latin[index] as string]);
}

function skeleton(name: string): string {
  return Array.from(name.normalize('NFKC'), character => LOOKALIKES.get(character) ?? character).join('');
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) as number).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
}
