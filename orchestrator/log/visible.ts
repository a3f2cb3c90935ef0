/**
 * What a terminal obeys instead of showing it (C0 but line break and tab, DEL, C1), what breaks lines unseen (U+2028,
 * U+2029), and what makes a text look like another: the marks that turn or hide parts of it (bidirectional controls,
 * invisible operators, annotations, tags). Joiners and variation selectors stay: names of many languages need them.
 */
const UNSEEN =
  // oxlint-disable-next-line no-control-regex -- finding them is the point
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

/**
 * File names, messages and cells come from strangers: what is in them for the terminal or to deceive the eye is shown
 * as `\u001b`. In a JSON text that is the character's own escape, so JSON keeps its meaning. Twice is harmless.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, escapeUnits);
}

function escapeUnits(text: string): string {
  return text
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
