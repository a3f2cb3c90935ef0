import { type Batch, emptyBatch, type Reader } from '../batch.ts';
import type { Decision } from '../contract.ts';
import { configFailure, neverFailure } from '../failure.ts';
import { Lease } from '../lease.ts';
import type { Extract } from '../settings.ts';
import type { ByteStream, Source } from '../source.ts';
import { canSample, sampleCsv } from './csv/sample.ts';
import { type TextHead } from './csv/head.ts';
import type { Dialect } from './csv/marks.ts';
import { CsvTokenizer } from './csv/tokenizer.ts';
import { findDialect } from './csv/dialect.ts';
import { columnNames, positionNames } from './header.ts';
import { rejectInvalid } from './invalid.ts';
import { findShape } from './csv/table-shape.ts';
import { type Encoding, findEncoding, openText } from './text.ts';

const CR = 13;
const CTRL_Z = 26;
const WINDOW_BYTES = 1 << 19;
const HEAD_BYTES = 1 << 16;
/** No record of a table is that long: a quote was never closed. */
const MAX_RECORD_BYTES = 1 << 27;

/** Delimited text. `fallback`: the delimiter where the text shows none. */
export async function openCsv(source: Source, extract: Extract, fallback: string): Promise<Reader> {
  if (source.sizeBytes === 0) throw emptyFile(source);
  const encoding = await findEncoding(source, extract.encoding);
  const layout = findLayout(source, await textHead(source, encoding, extract.skip_rows ?? 0), extract, fallback);
  const { dialect, decisions } = layout;
  const encoded = { name: 'encoding', value: encoding.name, confidence: encoding.confidence, reason: encoding.reason };
  // Not the run itself: of an archive's members each would keep its windows.
  let header: readonly string[] = [];
  return {
    decisions: [encoded, ...decisions],
    columnsVary: false,
    maxRows: source.sizeBytes,
    emptyHeader: () => emptyBatch(header),
    ...(canSample(source, encoding.name) ? { samples: () => sampleCsv(source, dialect, () => header) } : {}),
    batches: () => new CsvRun(source, encoding, layout, found => (header = found)).batches(),
  };
}

/** How the text is cut into rows, and where they begin. */
interface Layout {
  dialect: Dialect;
  /** Lines before the header, or before the first row. */
  skipLines: number;
  /** true: the first record · false: none, columns are counted · a list: these. */
  header: boolean | string[];
  /** Columns that there are at least. */
  width: number;
  decisions: Decision[];
}

function findLayout(source: Source, head: TextHead, extract: Extract, fallback: string): Layout {
  if (head.bytes.length === 0) throw emptyFile(source);
  const separator = separatorLine(head.bytes);
  const text = { ...head, bytes: head.bytes.subarray(separator?.bytes ?? 0) };
  const delimiter = extract.delimiter ?? separator?.delimiter;
  const { dialect, records, decisions } = findDialect(
    text,
    { ...extract, ...(delimiter === undefined ? {} : { delimiter }) },
    fallback,
  );
  const { header } = extract;
  if (Array.isArray(header) && header.length === 0) throw configFailure('EXTRACT.header is an empty list');
  const isNamed = Array.isArray(header);
  const shape = findShape(records, {
    skipsNothing: extract.skip_rows !== undefined || isNamed,
    hasHeader: isNamed ? false : header,
  });
  return {
    dialect,
    skipLines: (extract.skip_rows ?? 0) + (separator ? 1 : 0) + shape.skipLines,
    header: isNamed ? header : shape.hasHeader,
    width: shape.width,
    decisions: [...decisions, lineEndOf(head.bytes), ...shape.decisions],
  };
}

/** A first line of `sep=;` is how Excel is told the delimiter: it is that, and no header. */
function separatorLine(head: Buffer): { delimiter: string; bytes: number } | undefined {
  const found = /^sep=([^\r\n])(\r\n|\r|\n)/i.exec(head.toString('latin1', 0, 16));
  return found ? { delimiter: found[1] as string, bytes: found[0].length } : undefined;
}

function emptyFile(source: Source): Error {
  return neverFailure(`${source.path} is empty: it has neither a header nor rows`);
}

/** The first bytes of the text behind `skipRows` lines. */
async function textHead(source: Source, encoding: Encoding, skipRows: number): Promise<TextHead> {
  const stream = await openText(source, encoding);
  const buffer = Buffer.allocUnsafeSlow(HEAD_BYTES);
  let used = 0;
  let left = skipRows;
  try {
    for (;;) {
      const count = await stream.fill(buffer, used);
      const { position, skipped } = skipLines(buffer, 0, used + count, left);
      left -= skipped;
      // A CR at the very end may be half of a line end: it stays for the next look.
      const from = left > 0 && count > 0 && buffer[position - 1] === CR ? position - 1 : position;
      if (from < position) left++;
      used = buffer.copy(buffer, 0, from, used + count);
      if (count === 0 || used === buffer.length) return { bytes: buffer.subarray(0, used), isWhole: count === 0 };
    }
  } finally {
    stream.close();
  }
}

/** Which line ends the first bytes have. */
function lineEndOf(head: Buffer): Decision {
  const text = head.toString('latin1');
  const counts = { CRLF: text.match(/\r\n/g), LF: text.match(/(?<!\r)\n/g), CR: text.match(/\r(?!\n)/g) };
  const found = Object.entries(counts).filter(([, matches]) => matches !== null);
  const value = found.length === 0 ? 'none' : found.map(([name]) => name).join(' and ');
  return {
    name: 'line_end',
    value,
    confidence: 1,
    reason: 'each of CRLF, LF and CR ends a line, within quotes it is text',
  };
}

/** The end of the text without what is none of it: the ^Z with which DOS ends a file, and zeros behind the last line, which fill a block of a disk. */
function endOfText(bytes: Buffer, from: number, to: number): number {
  let end = to;
  while (end > from && (bytes[end - 1] === 0 || bytes[end - 1] === CTRL_Z)) end--;
  if (end === from || bytes[end - 1] === 10 || bytes[end - 1] === CR) return end;
  return bytes[to - 1] === CTRL_Z ? to - 1 : to;
}

/** Where the line begins that follows `count` lines, and how many of them there were. */
function skipLines(bytes: Buffer, from: number, to: number, count: number): { position: number; skipped: number } {
  let position = from;
  let skipped = 0;
  while (skipped < count && position < to) {
    const byte = bytes[position++];
    if (byte === 13 && position < to && bytes[position] === 10) position++;
    if (byte === 10 || byte === 13) skipped++;
  }
  return { position, skipped };
}

/** One pass over the file: a window of bytes at a time, the record that is not complete carried over into the next. */
class CsvRun {
  private readonly source: Source;
  private readonly encoding: Encoding;
  private readonly layout: Layout;
  private readonly tokenizer: CsvTokenizer;
  private window: Buffer = Buffer.alloc(0);
  private lease: Lease | undefined;
  private readonly spare: Buffer[] = [];
  private from = 0;
  private to = 0;
  private final = false;
  private header: readonly string[] = [];
  private readonly onHeader: (header: readonly string[]) => void;

  constructor(source: Source, encoding: Encoding, layout: Layout, onHeader: (header: readonly string[]) => void) {
    this.source = source;
    this.encoding = encoding;
    this.layout = layout;
    this.onHeader = onHeader;
    this.tokenizer = new CsvTokenizer(layout.dialect);
    this.tokenizer.expectedWidth = layout.width;
  }

  async *batches(): AsyncGenerator<Batch> {
    const stream = await openText(this.source, this.encoding);
    try {
      await this.skipPreamble(stream);
      await this.findHeader(stream);
      while (this.from < this.to || !this.final) {
        if (this.from === this.to) await this.slide(stream);
        const next = this.tokenizer.parse(this.window, this.from, this.to, this.final);
        const batch = { ...this.tokenizer.take(this.header), lease: this.lease };
        if (this.encoding.name === 'utf8') rejectInvalid(batch, this.window.subarray(this.from, next));
        const stuck = next === this.from;
        this.from = next;
        if (batch.rows > 0 || batch.rejects.length > 0) yield batch;
        if (stuck || (this.from < this.to && !this.isCellBound(batch))) await this.slide(stream);
      }
    } finally {
      stream.close();
    }
  }

  /** Whether the tokenizer stopped for its cells, not for want of bytes. */
  private isCellBound(batch: Batch): boolean {
    return batch.rows * batch.width >= 1 << 20;
  }

  private async skipPreamble(stream: ByteStream): Promise<void> {
    await this.slide(stream);
    for (let left = this.layout.skipLines; left > 0 && this.from < this.to; ) {
      const { position, skipped } = skipLines(this.window, this.from, this.to, left);
      this.from = position;
      this.tokenizer.line += skipped;
      left -= skipped;
      if (left > 0) await this.slide(stream);
    }
  }

  /** Throws EtlFailure 65 where there is nothing at all behind the preamble. */
  private async findHeader(stream: ByteStream): Promise<void> {
    const cells = await this.firstRecord(stream);
    if (cells === undefined) throw neverFailure(`${this.source.path} is empty: it has no header and no rows`);
    this.header = this.namesFrom(cells);
    this.tokenizer.width = this.header.length;
    this.onHeader(this.header);
  }

  private namesFrom(first: readonly string[]): string[] {
    const { header, width } = this.layout;
    if (Array.isArray(header)) return columnNames(header);
    const count = Math.max(first.length, width);
    return header
      ? columnNames(Array.from({ length: count }, (_, column) => first[column] ?? ''))
      : positionNames(count);
  }

  /** The first record's cells; it stays unread where it is no header. */
  private async firstRecord(stream: ByteStream): Promise<string[] | undefined> {
    for (;;) {
      const lineBefore = this.tokenizer.line;
      const next = this.tokenizer.parse(this.window, this.from, this.to, this.final);
      const count = this.tokenizer.firstWidth;
      if (this.tokenizer.take([]).rejects.length > 0) {
        throw neverFailure(
          `${this.source.path}: a quote in the header is never closed (line ${lineBefore}); close it, or set EXTRACT.quote to false`,
        );
      }
      if (count > 0) {
        const cells = this.tokenizer.takeCells(count);
        if (this.layout.header === true) this.from = next;
        else this.tokenizer.line = lineBefore;
        return cells;
      }
      this.from = next;
      if (this.final) return undefined;
      await this.slide(stream);
    }
  }

  /** A new window: what is left of the old one, and more. Doubles where nothing of the old one could be used. */
  private async slide(stream: ByteStream): Promise<void> {
    if (this.final) return;
    const left = this.to - this.from;
    if (left >= MAX_RECORD_BYTES) throw this.tooLong(left);
    const former = this.lease;
    const capacity = Math.max(WINDOW_BYTES, left * 2);
    const window = this.newWindow(capacity);
    this.window.copy(window, 0, this.from, this.to);
    former?.release();
    this.window = window;
    this.tokenizer.forget();
    this.from = 0;
    this.to = left;
    while (this.to < capacity) {
      const count = await stream.fill(window.subarray(0, capacity), this.to);
      if (count === 0) {
        this.final = true;
        this.to = endOfText(this.window, this.from, this.to);
        return;
      }
      this.to += count;
    }
  }

  /**
   * A buffer that nobody needs any more, where there is one: 31 MB of file take 60 MB of new ones, or 6 MB (22 November 2026). Twice the capacity:
   * what is unescaped is written behind.
   */
  private newWindow(capacity: number): Buffer {
    const isUsual = capacity === WINDOW_BYTES;
    const window = (isUsual ? this.spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(2 * capacity);
    this.lease = new Lease(() => {
      if (isUsual) this.spare.push(window);
    });
    this.lease.hold();
    return window;
  }

  private tooLong(byteCount: number): Error {
    return neverFailure(
      `${this.source.path}: the record on line ${this.tokenizer.line} does not end within ${byteCount} bytes: a quote is not closed; ` +
        'close it, or set EXTRACT.quote to false',
    );
  }
}
