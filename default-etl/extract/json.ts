import type { Batch, Reader } from '../batch.ts';
import { neverFailure } from '../failure.ts';
import type { Extract } from '../settings.ts';
import type { ByteStream, Source } from '../source.ts';
import { JsonRows } from './json-rows.ts';
import { INCOMPLETE, JsonSyntaxError, valueEnd } from './json-scanner.ts';
import { rejectInvalid } from './invalid.ts';
import { type Encoding, findEncoding, openText } from './text.ts';

const WINDOW_BYTES = 1 << 19;
const MAX_RECORD_BYTES = 1 << 28;

const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const COMMA = 44;
const LF = 10;

/**
 * JSON: one array of objects, one object, or values one after the other; `record_path` leads to the list inside objects. With `lines`
 * each line is a record by itself, and one that is no JSON a reject.
 */
export async function openJson(source: Source, extract: Extract, mode: 'lines' | 'values' = 'values'): Promise<Reader> {
  if (source.sizeBytes === 0) throw neverFailure(`${source.path} is empty: it has no JSON value`);
  const encoding = await findEncoding(source, extract.encoding);
  return {
    decisions: [{ name: 'encoding', value: encoding.name, confidence: 1, reason: encoding.reason }],
    columnsVary: true,
    maxRows: source.sizeBytes,
    batches: () => new JsonRun(source, encoding, extract.record_path ?? [], mode).batches(),
  };
}

/** One pass over the file, a window of bytes at a time. */
class JsonRun {
  private readonly source: Source;
  private readonly encoding: Encoding;
  private readonly path: readonly string[];
  private readonly mode: 'lines' | 'values';
  private window: Buffer = Buffer.alloc(0);
  private from = 0;
  private to = 0;
  private final = false;
  private line = 1;
  /** The first line end that is not counted in `line`. */
  private nextLineEnd = -1;
  /** Bytes of the text before the window, for messages. */
  private before = 0;
  private inArray = false;
  private isPast = false;
  private readonly rows = new JsonRows();

  constructor(source: Source, encoding: Encoding, path: readonly string[], mode: 'lines' | 'values') {
    this.source = source;
    this.encoding = encoding;
    this.path = path;
    this.mode = mode;
  }

  async *batches(): AsyncGenerator<Batch> {
    const stream = await openText(this.source, this.encoding);
    try {
      do {
        await this.slide(stream);
        if (this.path.length > 0) await this.enterPath(stream);
        this.rows.restart(this.window, this.to);
        while (this.mode === 'lines' ? this.takeLine() : this.takeValue()) {
          if (this.rows.isFull) yield this.takeRows();
        }
        if (!this.rows.isEmpty) yield this.takeRows();
      } while (!this.final);
      this.assertWhole();
    } catch (error) {
      throw error instanceof JsonSyntaxError ? this.damaged(error.message, error.position) : error;
    } finally {
      stream.close();
    }
  }

  /** What was read of this window so far. Text that was unescaped stays where it is: a footer's rows may be held back. */
  private takeRows(): Batch {
    const batch = this.rows.take();
    if (this.encoding.name === 'utf8') rejectInvalid(batch, this.window.subarray(0, this.to));
    return batch;
  }

  /** Takes the next record of the window, unless the rows are full; false where there is none that is complete. */
  private takeValue(): boolean {
    this.skipBetween();
    if (this.from >= this.to) return false;
    const { window, from } = this;
    if (window[from] === OPEN_ARRAY && !this.inArray) {
      this.inArray = true;
      this.from++;
      return true;
    }
    if (window[from] === CLOSE_ARRAY && this.inArray) {
      this.inArray = false;
      this.isPast = true;
      this.from++;
      return true;
    }
    const end = valueEnd(window, from, this.to, this.final && !this.inArray);
    if (end === INCOMPLETE) return false;
    if (!this.rows.add(window, from, end, this.lineAt(from))) return true;
    this.from = end;
    this.isPast ||= !this.inArray && this.path.length > 0;
    return true;
  }

  /** Line on which a position of the window is; positions only go up. */
  private lineAt(position: number): number {
    while (this.nextLineEnd < position) {
      if (this.nextLineEnd >= 0) this.line++;
      const found = this.window.subarray(0, this.to).indexOf(LF, this.nextLineEnd + 1);
      this.nextLineEnd = found < 0 ? Number.POSITIVE_INFINITY : found;
    }
    return this.line;
  }

  /** Passes what stands between values. Behind what `record_path` led to, nothing is looked at. */
  private skipBetween(): void {
    if (this.isPast && this.path.length > 0) this.from = this.to;
    for (; this.from < this.to; this.from++) {
      const byte = this.window[this.from] as number;
      if (byte !== LF && byte !== 32 && byte !== 9 && byte !== 13 && !(byte === COMMA && this.inArray)) return;
    }
  }

  private takeLine(): boolean {
    if (this.from >= this.to) return false;
    const found = this.window.indexOf(LF, this.from);
    const isLast = found < 0 || found >= this.to;
    if (isLast && !this.final) return false;
    const end = isLast ? this.to : found;
    if (!this.addLine(this.from, end)) return true;
    this.line++;
    this.from = isLast ? end : end + 1;
    return true;
  }

  private addLine(from: number, end: number): boolean {
    const { window } = this;
    let first = from;
    let last = end;
    while (first < last && (window[first] as number) <= 32) first++;
    while (last > first && (window[last - 1] as number) <= 32) last--;
    if (first === last) return true;
    try {
      const valueTo = valueEnd(window, first, last, true);
      if (valueTo === last) return this.rows.add(window, first, last, this.line);
      this.rows.refuse(window, first, last, this.line, 'not one JSON value');
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      this.rows.refuse(window, first, last, this.line, `not JSON: ${error.message}`);
    }
    return true;
  }

  /** Goes to the value of the keys of `record_path`, which must be reached within what can be held. */
  private async enterPath(stream: ByteStream): Promise<void> {
    if (this.inArray || this.isPast) return;
    for (;;) {
      const position = this.followPath();
      if (position !== INCOMPLETE) {
        this.from = position;
        return;
      }
      if (this.final) throw this.damaged('it ends before EXTRACT.record_path is reached', this.to);
      await this.slide(stream);
    }
  }

  private followPath(): number {
    let position = this.from;
    for (const key of this.path) {
      position = this.memberValue(position, key);
      if (position === INCOMPLETE) return INCOMPLETE;
    }
    return position;
  }

  private memberValue(from: number, key: string): number {
    const { window, to } = this;
    let at = skipSpace(window, from, to);
    if (at >= to) return INCOMPLETE;
    if (window[at] !== OPEN_OBJECT) throw this.noPath(key);
    at++;
    for (;;) {
      while (at < to && ((window[at] as number) <= 32 || window[at] === COMMA)) at++;
      if (at >= to) return INCOMPLETE;
      if (window[at] === 125) throw this.noPath(key);
      const keyEnd = valueEnd(window, at, to, false);
      if (keyEnd === INCOMPLETE) return INCOMPLETE;
      const colon = skipSpace(window, keyEnd, to);
      const value = skipSpace(window, colon + 1, to);
      if (value >= to) return INCOMPLETE;
      if (JSON.parse(window.toString('utf8', at, keyEnd)) === key) return value;
      at = valueEnd(window, value, to, false);
      if (at === INCOMPLETE) return INCOMPLETE;
    }
  }

  private async slide(stream: ByteStream): Promise<void> {
    if (this.mode === 'values') this.lineAt(this.from);
    this.nextLineEnd = -1;
    const left = this.to - this.from;
    if (left >= MAX_RECORD_BYTES) throw this.damaged(`a record does not end within ${left} bytes`, this.from);
    const window = Buffer.allocUnsafeSlow(Math.max(WINDOW_BYTES, left * 2));
    this.window.copy(window, 0, this.from, this.to);
    this.before += this.from;
    this.window = window;
    this.from = 0;
    this.to = left;
    while (this.to < window.length && !this.final) {
      const count = await stream.fill(window, this.to);
      if (count === 0) this.final = true;
      this.to += count;
    }
  }

  private assertWhole(): void {
    if (this.mode === 'values') this.skipBetween();
    if (this.from < this.to || this.inArray) throw this.damaged('it ends in the middle of a value', this.to);
  }

  private noPath(key: string): Error {
    return neverFailure(
      `${this.source.path}: EXTRACT.record_path ${this.path.join(' > ')}: there is no object with the key ${key}`,
    );
  }

  private damaged(what: string, position: number): Error {
    return neverFailure(`${this.source.path} is not JSON: ${what} (near byte ${this.before + position})`);
  }
}

function skipSpace(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] as number) <= 32) at++;
  return at;
}
