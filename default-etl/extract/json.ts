import type { Batch, Reader } from '../batch.ts';
import type { Decision } from '../contract.ts';
import { neverFailure } from '../failure.ts';
import type { Extract } from '../settings.ts';
import type { ByteStream, Source } from '../source.ts';
import { readHead } from '../unpack/byte-stream.ts';
import { rejectInvalid } from './invalid.ts';
import { findList, type ListPath } from './json/list-path.ts';
import { JsonRows } from './json/rows.ts';
import { INCOMPLETE, JsonSyntaxError, valueEnd } from './json/scanner.ts';
import { type Encoding, findEncoding, openText } from './text.ts';
import { TextWindow } from './text-window.ts';

const PATH_HEAD_BYTES = 1 << 20;
const MAX_RECORD_BYTES = 1 << 28;

const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const COMMA = 44;
const LF = 10;

type Mode = 'lines' | 'values';

/**
 * JSON: one array of objects, one object, or values one after the other; `record_path` leads to the list inside objects, and is found out
 * where that is left out. With `lines` each line is a record by itself, and one that is no JSON a reject.
 */
export async function openJson(source: Source, extract: Extract, mode: Mode = 'values'): Promise<Reader> {
  if (source.sizeBytes === 0) throw neverFailure(`${source.path} is empty: it has no JSON value; export it again`);
  const encoding = await findEncoding(source, extract.encoding);
  const { list, decisions } = await decideList(source, encoding, extract, mode);
  return {
    decisions: [{ name: 'encoding', value: encoding.name, confidence: 1, reason: encoding.reason }, ...decisions],
    columnsVary: true,
    maxRows: source.sizeBytes,
    batches: () => new JsonRun(source, encoding, list, mode).batches(),
  };
}

async function decideList(
  source: Source,
  encoding: Encoding,
  { record_path: path }: Extract,
  mode: Mode,
): Promise<{ list: ListPath; decisions: Decision[] }> {
  if (path !== undefined) {
    const said = { name: 'record_path', value: path, confidence: 1, reason: 'as EXTRACT.record_path says' };
    return { list: { path, isFeatures: false }, decisions: [said] };
  }
  const head = mode === 'lines' ? Buffer.alloc(0) : await readHead(await openText(source, encoding), PATH_HEAD_BYTES);
  if (mode === 'values' && head.length === 0)
    throw neverFailure(`${source.path} is empty: it has no JSON value; export it again`);
  const found = findList(head, head.length < PATH_HEAD_BYTES);
  return { list: found, decisions: found.decision ? [found.decision] : [] };
}

/** One pass over the file, a window of bytes at a time. */
class JsonRun {
  private readonly source: Source;
  private readonly encoding: Encoding;
  private readonly path: readonly string[];
  private readonly mode: Mode;
  private readonly window: TextWindow;
  private readonly rows: JsonRows;
  private inArray = false;
  private isPast = false;

  constructor(source: Source, encoding: Encoding, { path, isFeatures }: ListPath, mode: Mode) {
    this.source = source;
    this.encoding = encoding;
    this.window = new TextWindow(source.sizeBytes);
    this.path = path;
    this.mode = mode;
    this.rows = new JsonRows(isFeatures);
  }

  async *batches(): AsyncGenerator<Batch> {
    const stream = await openText(this.source, this.encoding);
    try {
      do {
        await this.slide(stream);
        if (this.path.length > 0) await this.enterPath(stream);
        this.rows.restart(this.window.bytes, this.window.to);
        while (this.mode === 'lines' ? this.takeLine() : this.takeValue()) {
          if (this.rows.isFull) yield this.takeRows();
        }
        if (!this.rows.isEmpty) yield this.takeRows();
      } while (!this.window.isFinal);
      this.assertWhole();
    } catch (error) {
      throw error instanceof JsonSyntaxError ? this.damaged(error.message, error.position) : error;
    } finally {
      stream.close();
    }
  }

  private async slide(stream: ByteStream): Promise<void> {
    const left = this.window.to - this.window.from;
    if (left >= MAX_RECORD_BYTES) throw this.damaged(`a record does not end within ${left} bytes`, this.window.from);
    await this.window.slide(stream);
  }

  /** What was read of this window so far. Text that was unescaped stays where it is: a footer's rows may be held back. */
  private takeRows(): Batch {
    const batch = { ...this.rows.take(), lease: this.window.lease };
    if (this.encoding.name === 'utf8') rejectInvalid(batch, this.window.bytes.subarray(0, this.window.to));
    return batch;
  }

  /** Takes the next record of the window, unless the rows are full; false where there is none that is complete. */
  private takeValue(): boolean {
    const { window } = this;
    this.skipBetween();
    if (window.from >= window.to) return false;
    const { bytes, from } = window;
    if (bytes[from] === OPEN_ARRAY && !this.inArray) {
      this.inArray = true;
      window.from++;
      return true;
    }
    if (bytes[from] === CLOSE_ARRAY && this.inArray) {
      this.inArray = false;
      this.isPast = true;
      window.from++;
      return true;
    }
    const end = valueEnd(bytes, from, window.to, window.isFinal && !this.inArray);
    if (end === INCOMPLETE) return false;
    if (!this.rows.add(bytes, from, end, window.lineAt(from))) return true;
    window.from = end;
    this.isPast ||= !this.inArray && this.path.length > 0;
    return true;
  }

  /** Passes what stands between values. Behind what `record_path` led to, nothing is looked at. */
  private skipBetween(): void {
    const { window } = this;
    if (this.isPast && this.path.length > 0) window.from = window.to;
    for (; window.from < window.to; window.from++) {
      const byte = window.bytes[window.from] as number;
      if (byte !== LF && byte !== 32 && byte !== 9 && byte !== 13 && !(byte === COMMA && this.inArray)) return;
    }
  }

  private takeLine(): boolean {
    const { window } = this;
    if (window.from >= window.to) return false;
    const found = window.bytes.subarray(0, window.to).indexOf(LF, window.from);
    if (found < 0 && !window.isFinal) return false;
    const end = found < 0 ? window.to : found;
    if (!this.addLine(window.from, end)) return true;
    window.from = found < 0 ? end : end + 1;
    return true;
  }

  private addLine(from: number, end: number): boolean {
    const { bytes } = this.window;
    let first = from;
    let last = end;
    while (first < last && (bytes[first] as number) <= 32) first++;
    while (last > first && (bytes[last - 1] as number) <= 32) last--;
    if (first === last) return true;
    const line = this.window.lineAt(from);
    try {
      const valueTo = valueEnd(bytes, first, last, true);
      if (valueTo === last) return this.rows.add(bytes, first, last, line);
      this.rows.refuse(bytes, first, last, line, 'not one JSON value');
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      this.rows.refuse(bytes, first, last, line, `not JSON: ${error.message}`);
    }
    return true;
  }

  /** Goes to the value of the keys of `record_path`, which must be reached within what can be held. */
  private async enterPath(stream: ByteStream): Promise<void> {
    if (this.inArray || this.isPast) return;
    for (;;) {
      const position = this.followPath();
      if (position !== INCOMPLETE) {
        this.window.from = position;
        return;
      }
      if (this.window.isFinal) throw this.damaged('it ends before EXTRACT.record_path is reached', this.window.to);
      await this.slide(stream);
    }
  }

  private followPath(): number {
    let position = this.window.from;
    for (const key of this.path) {
      position = this.memberValue(position, key);
      if (position === INCOMPLETE) return INCOMPLETE;
    }
    return position;
  }

  private memberValue(from: number, key: string): number {
    const { bytes, to } = this.window;
    let at = skipSpace(bytes, from, to);
    if (at >= to) return INCOMPLETE;
    if (bytes[at] !== OPEN_OBJECT) throw this.noPath(key);
    at++;
    for (;;) {
      while (at < to && ((bytes[at] as number) <= 32 || bytes[at] === COMMA)) at++;
      if (at >= to) return INCOMPLETE;
      if (bytes[at] === CLOSE_OBJECT) throw this.noPath(key);
      const keyEnd = valueEnd(bytes, at, to, false);
      if (keyEnd === INCOMPLETE) return INCOMPLETE;
      const colon = skipSpace(bytes, keyEnd, to);
      const value = skipSpace(bytes, colon + 1, to);
      if (value >= to) return INCOMPLETE;
      if (isKey(bytes, at, keyEnd, key)) return value;
      at = valueEnd(bytes, value, to, false);
      if (at === INCOMPLETE) return INCOMPLETE;
    }
  }

  private assertWhole(): void {
    if (this.mode === 'values') this.skipBetween();
    if (this.window.from < this.window.to || this.inArray)
      throw this.damaged('it ends in the middle of a value', this.window.to);
  }

  private noPath(key: string): Error {
    return neverFailure(
      `${this.source.path}: EXTRACT.record_path ${this.path.join(' > ')}: there is no object with the key ${key}; ` +
        'name the keys that lead to the list of records, or leave record_path out',
    );
  }

  private damaged(what: string, position: number): Error {
    return neverFailure(
      `${this.source.path} is not JSON: ${what} (${this.window.placeOf(position)}); correct it there, or export it again`,
    );
  }
}

function isKey(bytes: Buffer, from: number, to: number, key: string): boolean {
  try {
    return JSON.parse(bytes.toString('utf8', from, to)) === key;
  } catch {
    throw new JsonSyntaxError('a key in double quotes is missing', from);
  }
}

function skipSpace(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] as number) <= 32) at++;
  return at;
}
