import { ABSENT } from '../../batch.ts';
import { BatchBuilder, BatchFull } from '../../batch-builder.ts';
import { SyntaxFault } from '../syntax-fault.ts';
import { extendedText } from './extended.ts';
import { FreeNames } from '../free-names.ts';
import { isDeeperThan, literalEnd, skipSpace, stringEnd, unexpected, valueEnd } from './scanner.ts';

const QUOTE = 34;
const DOLLAR = 36;
const BACKSLASH = 92;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const COLON = 58;
const COMMA = 44;
/** A hundred bytes of memory for each while it is parsed. */
const MOST_NESTED = 1_000_000;

/** The record can't become a row, though it is JSON from bracket to bracket. */
class JsonRecordError extends Error {}

/**
 * Makes rows of JSON objects: strings are the bytes between their quotes (unescaped where they have escapes), numbers as they are
 * written, true and false as text, objects and lists as JSON text without blanks, null as null. Keys that a record lacks are absent.
 */
export class JsonRows {
  readonly builder = new BatchBuilder();
  private readonly columns = new Map<string, number>();
  private readonly names = new FreeNames();
  /** Keys as they stood in the file, by their usual place in a record: most records have them in the same order. */
  private usual: Array<{ key: Buffer; column: number }> = [];
  private number = 1;
  private readonly isFeatures: boolean;

  /** `isFeatures`: records are GeoJSON's; a column for each property, and one for each other member but the type. */
  constructor(isFeatures: boolean) {
    this.isFeatures = isFeatures;
  }

  /** The record is bytes[from, to). Returns false where the builder is full: it has to come again once that is taken. Throws SyntaxFault. */
  add(bytes: Buffer, from: number, to: number, line: number): boolean {
    if (bytes[from] !== OPEN_OBJECT) {
      this.refuse(bytes, from, to, line, 'the record is not an object');
      return true;
    }
    if (bytes[to - 1] !== CLOSE_OBJECT) throw unexpected(bytes, to - 1, to, 'the end of an object');
    this.builder.beginRow(this.number, line, ABSENT);
    this.builder.setRaw(from, to);
    try {
      this.addMembers(bytes, from + 1, to - 1, this.isFeatures);
    } catch (error) {
      this.builder.dropRow();
      if (error instanceof BatchFull) return false;
      if (!(error instanceof JsonRecordError)) throw error;
      this.refuse(bytes, from, to, line, error.message);
      return true;
    }
    this.number++;
    return true;
  }

  refuse(bytes: Buffer, from: number, to: number, line: number, reason: string): void {
    this.builder.reject({ row: this.number++, line, reason, raw: bytes.toString('utf8', from, to) });
  }

  private addMembers(bytes: Buffer, from: number, to: number, isFeature: boolean): void {
    let at = skipSpace(bytes, from, to);
    for (let place = 0; at < to; place++) {
      if (bytes[at] !== QUOTE) throw unexpected(bytes, at, to, 'a key in double quotes');
      const keyFrom = at;
      const keyEnd = stringEnd(bytes, at, to);
      if (keyEnd < 0) throw new SyntaxFault('a key is not closed', at);
      at = skipSpace(bytes, keyEnd, to);
      if (bytes[at] !== COLON) throw unexpected(bytes, at, to, 'a colon behind a key');
      at = skipSpace(bytes, at + 1, to);
      if (at >= to) throw new SyntaxFault('a value is missing', at);
      const end = isFeature
        ? this.addFeatureMember(bytes, keyFrom, keyEnd, at, to)
        : this.addValue(bytes, at, to, this.columnOf(bytes, keyFrom + 1, keyEnd - 1, place));
      at = skipSpace(bytes, end, to);
      if (at >= to) return;
      if (bytes[at] !== COMMA) throw unexpected(bytes, at, to, 'a comma between members');
      at = skipSpace(bytes, at + 1, to);
      if (at >= to) throw new SyntaxFault('a key is missing behind a comma', at);
    }
  }

  /** A member of a GeoJSON feature itself. What has the name of a property as well gets a number behind it, or the property does. */
  private addFeatureMember(bytes: Buffer, keyFrom: number, keyEnd: number, from: number, to: number): number {
    const name = parse(bytes, keyFrom, keyEnd) as string;
    const end = valueEnd(bytes, from, to, true);
    if (name === 'type') return end;
    if (name !== 'properties') return this.addValue(bytes, from, to, this.columnNamed(`\0${name}`, name));
    if (bytes[from] === OPEN_OBJECT) this.addMembers(bytes, from + 1, end - 1, false);
    return end;
  }

  private addValue(bytes: Buffer, from: number, to: number, column: number): number {
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
    else this.builder.text(column, parse(bytes, from, end) as string);
    return end;
  }

  private addNested(bytes: Buffer, from: number, to: number, column: number): number {
    const end = valueEnd(bytes, from, to, true);
    if (isDeeperThan(MOST_NESTED, bytes, from, end))
      throw new JsonRecordError(`a value in it is nested more than ${MOST_NESTED} deep`);
    // Parsed to be sure that it is JSON, but not kept: numbers must stay as they are written.
    const { value, isPlain } = parseNested(bytes, from, end);
    const plain = startsExtended(bytes, from, end) ? extendedText(value) : undefined;
    const compact = plain ?? withoutSpace(bytes, from, end);
    if (!isPlain) this.builder.text(column, escapeControls(compact ?? bytes.toString('utf8', from, end)));
    else if (compact === undefined) this.builder.slice(column, from, end);
    else this.builder.text(column, compact);
    return end;
  }

  private columnOf(bytes: Buffer, from: number, to: number, place: number): number {
    const usual = this.usual[place];
    if (usual && equals(bytes, from, to, usual.key)) return usual.column;
    const name = parse(bytes, from - 1, to + 1) as string;
    const column = this.columnNamed(name, name);
    this.usual[place] = { key: Buffer.from(bytes.subarray(from, to)), column };
    return column;
  }

  /** The column of this key; its name gets a number where another key's has it. */
  private columnNamed(key: string, name: string): number {
    const known = this.columns.get(key);
    if (known !== undefined) return known;
    const free = this.isFeatures ? this.names.free(name) : name;
    const column = this.builder.addColumn(free);
    this.names.take(free);
    this.columns.set(key, column);
    return column;
  }
}

/** A key or a string. Control characters in it are what they are, though JSON wants them escaped. */
function parse(bytes: Buffer, from: number, to: number): unknown {
  const text = bytes.toString('utf8', from, to);
  try {
    return JSON.parse(text);
  } catch {
    const escaped = escapeControls(text);
    if (isJson(escaped)) return JSON.parse(escaped);
    throw faultOf(text, from);
  }
}

/** `isPlain`: no string in it has control characters. Throws JsonRecordError for a number that JSON has no sign for: the cell's text would be no JSON. */
function parseNested(bytes: Buffer, from: number, to: number): { value: unknown; isPlain: boolean } {
  const text = bytes.toString('utf8', from, to);
  try {
    return { value: JSON.parse(text), isPlain: true };
  } catch {
    const compact = withoutSpace(bytes, from, to) ?? text;
    const escaped = escapeControls(compact);
    if (escaped !== compact && isJson(escaped)) return { value: undefined, isPlain: false };
    const sign = /(?<![\w"])-?(NaN|Infinity)(?!\w)/.exec(text.replace(/"(\\.|[^"\\])*"/gs, '""'));
    throw sign ? new JsonRecordError(`${sign[0]} in a nested value is not JSON; write null`) : faultOf(text, from);
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

function equals(bytes: Buffer, from: number, to: number, key: Buffer): boolean {
  if (to - from !== key.length) return false;
  for (let index = 0; index < key.length; index++) if (bytes[from + index] !== key[index]) return false;
  return true;
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
