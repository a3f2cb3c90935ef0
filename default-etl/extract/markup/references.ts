import { RecordError } from '../record-run.ts';

const AMPERSAND = 38;
const CARRIAGE_RETURN = 13;
const SPACE = 32;

/** The entities of XML itself (XML 1.0, 4.6). What a DTD declares is not expanded, as it may grow without bounds. */
const PREDEFINED = [
  { name: 'amp', character: '&' },
  { name: 'lt', character: '<' },
  { name: 'gt', character: '>' },
  { name: 'quot', character: '"' },
  { name: 'apos', character: "'" },
].map(entity => ({ ...entity, bytes: Buffer.from(`${entity.name};`), byte: entity.character.charCodeAt(0) }));

/** A `&` that stands for no character. */
export class UnknownReference extends RecordError {
  /** As it is written. */
  readonly reference: string;

  constructor(reference: string) {
    super(
      reference.endsWith(';')
        ? `${reference} is no character: a DTD's entities are not expanded`
        : 'a & stands alone; it is written &amp;',
    );
    this.reference = reference;
  }
}

/** Whether the bytes of content are not the text itself: there are references or carriage returns in them. */
export function needsDecoding(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === AMPERSAND || bytes[at] === CARRIAGE_RETURN) return true;
  return false;
}

/** Whether the bytes between the quotes of an attribute are not its value itself. */
export function needsDecodingInTag(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === AMPERSAND || (bytes[at] as number) < SPACE) return true;
  return false;
}

/** The text that bytes of content stand for: references replaced, line ends made \n (XML 1.0, 2.11). Throws UnknownReference. */
export function decodeText(bytes: Buffer, from: number, to: number): string {
  return withoutReferences(decodeCdata(bytes, from, to));
}

/** The text that bytes within CDATA stand for, in which an & is an &. */
export function decodeCdata(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('utf8', from, to).replace(/\r\n?/g, '\n');
}

/**
 * The value that bytes of an attribute stand for: line ends and tabs are blanks unless they are references (XML 1.0,
 * 3.3.3). Throws UnknownReference.
 */
export function decodeAttribute(bytes: Buffer, from: number, to: number): string {
  const text = bytes.toString('utf8', from, to);
  return needsDecodingInTag(bytes, from, to) ? withoutReferences(text.replace(/\r\n|[\r\n\t]/g, ' ')) : text;
}

/** The entity whose name and semicolon begin at this position: `byte` stands for the `&` and all of `bytes`. */
export function predefinedAt(bytes: Buffer, at: number): { bytes: Buffer; byte: number } | undefined {
  return PREDEFINED.find(({ bytes: name }) => name.every((byte, index) => bytes[at + index] === byte));
}

function withoutReferences(text: string): string {
  let half: string | undefined;
  const decoded = text.replace(/&([^;&<\s]{0,64})(;?)/g, (reference, name: string, end: string) => {
    const character = end === '' ? undefined : characterOf(name);
    if (character === undefined) throw new UnknownReference(reference);
    if (!character.isWellFormed()) half ??= reference;
    return character;
  });
  // Some programs write 😀 as two halves, &#55357;&#56832; (XALANJ-2419). One half alone is no character.
  if (half !== undefined && !decoded.isWellFormed()) throw new UnknownReference(half);
  return decoded;
}

function characterOf(name: string): string | undefined {
  if (!name.startsWith('#')) return PREDEFINED.find(entity => entity.name === name)?.character;
  const isHexadecimal = name[1] === 'x';
  const digits = name.slice(isHexadecimal ? 2 : 1);
  if (!(isHexadecimal ? /^[0-9a-f]+$/i : /^[0-9]+$/).test(digits)) return undefined;
  const code = Number.parseInt(digits, isHexadecimal ? 16 : 10);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
