import type { Batch } from '../../batch/batch.ts';
import { neverFailure } from '../../contract/failure.ts';
import type { SharedBuffer } from '../../batch/shared-buffer.ts';
import type { ByteStream, Source } from '../../unpack/source.ts';
import { type Limits, tooManyColumns } from '../../contract/limits.ts';
import { columnNames, positionNames } from '../table/column-names.ts';
import { type InnerMarks, withoutInnerMarks } from '../inner-marks.ts';
import { rejectInvalid } from '../reject-invalid.ts';
import type { Encoding } from '../byte-order.ts';
import { openText } from '../text-encoding.ts';
import { WindowBuffers } from '../window-buffers.ts';
import { type Dialect, skipLines } from './marks.ts';
import type { Findings } from './findings.ts';
import type { LineEnd } from './line-end.ts';
import type { Undeclared } from './other-dialects.ts';
import { SecondLook } from './second-look.ts';
import { StoppedStream } from './stopped-stream.ts';
import { endOfText } from './tail.ts';
import { CsvTokenizer } from './tokenizer.ts';
import { UnseenQuotes } from './unseen-quotes.ts';

/** How the text is cut into rows, and where they begin. */
export interface Layout {
  dialect: Dialect;
  /** Lines before the header, or before the first row. */
  skipLines: number;
  /** true: the first record · false: none, columns are counted · a list: these. */
  header: boolean | string[];
  /** Columns that there are at least. */
  width: number;
  /** What EXTRACT leaves open of the dialect. */
  undeclared: Undeclared;
  /** That of nearly all rows. */
  lineEnd: LineEnd;
  /** Bytes of the source before what stands below the table, where something does. */
  endBytes?: number | undefined;
}

/** One pass over the file: a window of bytes at a time, the record that is not complete carried over into the next. */
export class CsvRun {
  private readonly path: string;
  private readonly bytes: StoppedStream;
  private readonly encoding: Encoding;
  private readonly layout: Layout;
  private readonly limits: Limits;
  private readonly tokenizer: CsvTokenizer;
  private readonly look: SecondLook;
  private readonly unseenQuotes: UnseenQuotes;
  private window: Buffer = Buffer.alloc(0);
  private shared: SharedBuffer | undefined;
  private readonly buffers: WindowBuffers;
  private from = 0;
  private to = 0;
  private final = false;
  private header: readonly string[] = [];
  private readonly onHeader: (header: readonly string[]) => void;
  private readonly marks: InnerMarks;

  constructor(
    source: Source,
    encoding: Encoding,
    layout: Layout,
    limits: Limits,
    { onHeader, marks }: { onHeader: (header: readonly string[]) => void; marks: InnerMarks },
  ) {
    this.path = source.path;
    this.limits = limits;
    this.buffers = new WindowBuffers(source.sizeBytes);
    this.bytes = new StoppedStream(source.stream(), layout.endBytes);
    this.encoding = encoding;
    this.layout = layout;
    this.onHeader = onHeader;
    this.marks = marks;
    this.look = new SecondLook(layout.dialect, layout.undeclared, layout.lineEnd);
    this.unseenQuotes = new UnseenQuotes(layout, this.look.findings);
    this.tokenizer = new CsvTokenizer(layout.dialect, this.look);
    this.tokenizer.expectedWidth = layout.width;
  }

  /** What was found in the rows that were read so far. */
  get findings(): Findings {
    return this.look.findings;
  }

  /** How many bytes were looked at, each as often as it was: a small multiple of those of the text. */
  get lookedAt(): number {
    return this.tokenizer.lookedAt + this.look.lookedAt;
  }

  async *batches(): AsyncGenerator<Batch> {
    const stream = withoutInnerMarks(await openText({ stream: () => this.bytes }, this.encoding), this.marks);
    try {
      await this.skipPreamble(stream);
      await this.findHeader(stream);
      while (this.from < this.to || !this.final) {
        if (this.from === this.to) await this.slide(stream);
        const next = this.tokenizer.parse(this.window, this.from, this.to, this.final);
        const batch = { ...this.tokenizer.take(this.header), shared: this.shared };
        this.unseenQuotes.see(batch, this.from, next);
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
    if (cells === undefined) throw neverFailure(`${this.path} is empty: it has no header and no rows`);
    this.header = this.namesFrom(cells);
    this.tokenizer.width = this.header.length;
    this.look.width = this.header.length;
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
          `${this.path}: a quote in the header is never closed (line ${lineBefore}); close it, or set EXTRACT.quote to false`,
        );
      }
      if (count > this.limits.columns) throw tooManyColumns(this.path, `line ${lineBefore} has`, this.limits.columns);
      if (count > 0) {
        const cells = this.tokenizer.takeCells(count);
        if (this.layout.header === true) {
          if (!this.tokenizer.isFirstClean && this.tokenizer.openTo > 0)
            this.look.findings.add('open_quotes', lineBefore);
          this.from = next;
        } else this.tokenizer.line = lineBefore;
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
    if (left >= this.limits.rowBytes) throw this.tooLong(left);
    const former = this.shared;
    const capacity = Math.max(this.buffers.usualBytes, left * 2);
    const { bytes: window, shared } = this.buffers.take(capacity);
    this.window.copy(window, 0, this.from, this.to);
    former?.release();
    this.window = window;
    this.shared = shared;
    this.tokenizer.forget();
    this.from = 0;
    this.to = left;
    while (this.to < capacity) {
      const count = await stream.fill(window.subarray(0, capacity), this.to);
      this.tokenizer.isAtEnd = this.bytes.isStopped;
      if (count === 0 && this.stopsAt(left)) return;
      this.to += count;
    }
  }

  /**
   * Nothing follows. Where the table is thought to end here, all before has to be cut first: a record that is not
   * complete then goes on below, so that what was taken for notes is none. `left`: bytes that were not used yet when
   * there were others.
   */
  private stopsAt(left: number): boolean {
    if (!this.bytes.isStopped) {
      this.final = true;
      this.to = endOfText(this.window, this.from, this.to);
    } else if (this.to === left) {
      if (left > 0) this.bytes.goOn();
      else this.final = true;
      return this.final;
    }
    return true;
  }

  private tooLong(byteCount: number): Error {
    return neverFailure(
      `${this.path}: the record on line ${this.tokenizer.line} does not end within ${byteCount} bytes: a quote is not closed; ` +
        'close it, or set EXTRACT.quote to false, or EXTRACT.limits.row_size if the record is whole',
    );
  }
}
