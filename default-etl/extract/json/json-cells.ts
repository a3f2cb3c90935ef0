import type { BatchBuilder } from '../../batch/batch-builder.ts';
import { RecordError } from '../record-run.ts';
import { SyntaxFault } from '../syntax-fault.ts';
import { extendedText } from './extended.ts';
import { isDeeperThan, literalEnd, skipSpace, stringEnd, valueEnd } from './scanner.ts';

const QUOTE = 34;
const DOLLAR = 36;
const BACKSLASH = 92;
const OPEN_OBJECT = 123;
/** A hundred bytes of memory for each while it is parsed. */
const MOST_NESTED = 1_000_000;

/**
 * Writes values of JSON into cells of the row just begun: strings are the bytes between their quotes (unescaped where
 * they have escapes), numbers as they are written, true and false as text, objects and lists as JSON text without
 * blanks, null as null.
 */
export class JsonCells {
  private readonly builder: BatchBuilder;

  constructor(builder: BatchBuilder) {
    this.builder = builder;
  }

  /** The value begins at `from`. Returns the position behind it. Throws SyntaxFault, and RecordError. */
  add(bytes: Buffer, from: number, to: number, column: number): number {
    const first = bytes[from] as number;
    if (first === QUOTE) return this.addString(bytes, from, to, column);
    if (first === OPEN_OBJECT || first === 91) return this.addNested(bytes, from, to, column);
    const end = literalEnd(bytes, from, to, true);
    if (first === 110) this.builder.setNull(column);
    else this.builder.slice(column, from, end);
    return end;
  }

  private addString(bytes: Buffer, from: number, to: number, column: number): number {
    const end = stringEnd(bytes, from, to);
    if (end < 0) throw new SyntaxFault('a string is not closed', from);
    if (!hasEscape(bytes, from, end)) this.builder.slice(column, from + 1, end - 1);
    else this.builder.text(column, parseText(bytes, from, end) as string);
    return end;
  }

  private addNested(bytes: Buffer, from: number, to: number, column: number): number {
    const end = valueEnd(bytes, from, to, true);
    if (isDeeperThan(MOST_NESTED, bytes, from, end))
      throw new RecordError(`a value in it is nested more than ${MOST_NESTED} deep`);
    // Parsed to be sure that it is JSON, but not kept: numbers must stay as they are written.
    const { value, isPlain } = parseNested(bytes, from, end);
    const plain = startsExtended(bytes, from, end) ? extendedText(value) : undefined;
    const compact = plain ?? withoutSpace(bytes, from, end);
    if (!isPlain) this.builder.text(column, escapeControls(compact ?? bytes.toString('utf8', from, end)));
    else if (compact === undefined) this.builder.slice(column, from, end);
    else this.builder.text(column, compact);
    return end;
  }
}

/** A key or a string. Control characters in it are what they are, though JSON wants them escaped. */
export function parseText(bytes: Buffer, from: number, to: number): unknown {
  const text = bytes.toString('utf8', from, to);
  try {
    return JSON.parse(text);
  } catch {
    const escaped = escapeControls(text);
    if (isJson(escaped)) return JSON.parse(escaped);
    throw faultOf(text, from);
  }
}

/**
 * `isPlain`: no string in it has control characters. Throws RecordError for a number that JSON has no sign for: the
 * cell's text would be no JSON.
 */
function parseNested(bytes: Buffer, from: number, to: number): { value: unknown; isPlain: boolean } {
  const text = bytes.toString('utf8', from, to);
  try {
    return { value: JSON.parse(text), isPlain: true };
  } catch {
    const compact = withoutSpace(bytes, from, to) ?? text;
    const escaped = escapeControls(compact);
    if (escaped !== compact && isJson(escaped)) return { value: undefined, isPlain: false };
    const sign = /(?<![\w"])-?(NaN|Infinity)(?!\w)/.exec(text.replace(/"(\\.|[^"\\])*"/gs, '""'));
    throw sign ? new RecordError(`${sign[0]} in a nested value is not JSON; write null`) : faultOf(text, from);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Why the text is no JSON. The parser counts from its beginning; what is said is where in the file. */
function faultOf(text: string, from: number): SyntaxFault {
  try {
    JSON.parse(text);
    throw new Error('it is JSON');
  } catch (error) {
    const { message } = error as Error;
    const position = Number(/ at position (\d+)/.exec(message)?.[1] ?? 0);
    return new SyntaxFault(
      message.replace(/ in JSON at position.*/s, '').replace(/, (\.\.\.)?".*/s, ' is not expected'),
      from + Buffer.byteLength(text.slice(0, position)),
    );
  }
}

/** Of text whose blanks are all in strings. Behind a backslash a control character stays: what was meant can't be told. */
function escapeControls(text: string): string {
  return text.replace(/\\[^]|\p{Cc}/gu, found => (found.length > 1 ? found : JSON.stringify(found).slice(1, -1)));
}

/** Whether the first key begins with $. */
function startsExtended(bytes: Buffer, from: number, to: number): boolean {
  const key = skipSpace(bytes, from + 1, to);
  return bytes[key] === QUOTE && bytes[key + 1] === DOLLAR;
}

function hasEscape(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === BACKSLASH) return true;
  return false;
}

/** The value without the blanks between its tokens; undefined where it has none. */
function withoutSpace(bytes: Buffer, from: number, to: number): string | undefined {
  let compact: Buffer | undefined;
  let used = 0;
  let kept = from;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = stringEnd(bytes, at, to) - 1;
    else if (byte <= 32) {
      compact ??= Buffer.allocUnsafe(to - from);
      used += bytes.copy(compact, used, kept, at);
      kept = at + 1;
    }
  }
  if (compact === undefined) return undefined;
  used += bytes.copy(compact, used, kept, to);
  return compact.toString('utf8', 0, used);
}
