import { RecordError } from '../record-run.ts';

const AMPERSAND = 38;
const CR = 13;
const BLANK = 32;

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Whether the bytes are not the text itself: there are references or carriage returns in them. */
export function needsDecoding(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === AMPERSAND || bytes[at] === CR) return true;
  return false;
}

/** Whether the bytes between the quotes of an attribute are not its value itself. */
export function needsDecodingInTag(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === AMPERSAND || (bytes[at] as number) < BLANK) return true;
  return false;
}

/**
 * The text that bytes of content stand for: references replaced, line ends made \n (XML 1.0, 2.11). Only the five entities of XML itself are
 * known: what a DTD declares is not expanded, as it may grow without bounds. Throws RecordError.
 */
export function decodeText(bytes: Buffer, from: number, to: number): string {
  return withoutReferences(bytes.toString('utf8', from, to).replace(/\r\n?/g, '\n'));
}

/** The value that bytes of an attribute stand for: line ends and tabs are blanks unless they are references (XML 1.0, 3.3.3). Throws RecordError. */
export function decodeAttribute(bytes: Buffer, from: number, to: number): string {
  return withoutReferences(bytes.toString('utf8', from, to).replace(/\r\n|[\r\n\t]/g, ' '));
}

function withoutReferences(text: string): string {
  return text.replace(/&([^;&<\s]{0,64})(;?)/g, (reference, name: string, end: string) => {
    if (end === '') throw new RecordError('a & stands alone; it is written &amp;');
    const character = entityText(name);
    if (character === undefined)
      throw new RecordError(`${reference} is no character: a DTD's entities are not expanded`);
    return character;
  });
}

function entityText(name: string): string | undefined {
  if (!name.startsWith('#')) return Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
  const isHexadecimal = name[1] === 'x';
  const digits = name.slice(isHexadecimal ? 2 : 1);
  if (!(isHexadecimal ? /^[0-9a-f]+$/i : /^[0-9]+$/).test(digits)) return undefined;
  const code = Number.parseInt(digits, isHexadecimal ? 16 : 10);
  const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : undefined;
}
