import {
  BACKSLASH,
  behindLineEnd,
  countLines,
  CR,
  type Dialect,
  DOUBLE_QUOTE,
  endOfLine,
  SINGLE_QUOTE,
} from './marks.ts';
import { INCOMPLETE } from './quoted-cells.ts';
import type { RecordList } from './record-list.ts';
import { rereadRecord } from './reread.ts';
import type { Question, RecordJudge, Verdict } from './verdict.ts';

const TAB = 9;
const SPACE = 32;
/** Bytes of a record whose quotes are misplaced that are looked at once more, as text. */
const MOST_REREAD = 1 << 22;
const NOT_WHOLE =
  'a quote on a line above is not closed as it should be, and this line alone has not the cells that the header has';

/** A record as it was cut, and up to where text was unescaped before it. */
export type Cut = Omit<Question, 'bytes' | 'starts' | 'ends' | 'isLikeBefore'> & { arenaBefore: number };

/** Where the next record begins, its line, and the next free cell. */
export interface Settled {
  position: number;
  line: number;
  cell: number;
}

/** Takes in the records that are not what rows usually are: off the hot path. */
export class OddRecords {
  expectedWidth = 0;
  /** Before this line each line is a record of its own, or a reject. */
  aloneBefore = 0;
  lookedAt = 0;
  /** The line of the record with too few cells that came last, and how many it has. */
  private shortLine = 0;
  private shortCount = 0;
  private readonly dialect: Dialect;
  private readonly records: RecordList;
  private readonly judge: RecordJudge | undefined;

  constructor(dialect: Dialect, records: RecordList, judge: RecordJudge | undefined) {
    this.dialect = dialect;
    this.records = records;
    this.judge = judge;
  }

  /** undefined where more bytes have to be seen first. */
  settle(cut: Cut): Settled | undefined {
    const { records } = this;
    const judge = records.width === 0 ? undefined : this.judge;
    const verdict =
      judge?.first(this.ask(cut)) ??
      (cut.isOdd && !cut.isUnclosed ? this.reread(cut, judge) : undefined) ??
      judge?.second(this.ask(cut));
    if (verdict === 'more') return undefined;
    if (verdict !== undefined) {
      records.arenaUsed = cut.arenaBefore;
      return this.follow(verdict, cut);
    }
    const line = cut.line + countLines(records.bytes, cut.start, cut.next);
    if (cut.count < records.width) {
      [this.shortLine, this.shortCount] = [line - 1, cut.count];
      judge?.takeShort(records.bytes, cut.start, cut.end, cut.count, cut.line);
    }
    return { position: cut.next, line, cell: this.addCut(cut) };
  }

  /**
   * Takes in a line as a record, in which quotes that do not close on it are text. Returns where the next line begins,
   * or INCOMPLETE.
   */
  lineAlone(from: number, to: number, final: boolean, line: number): number {
    const { records } = this;
    const { bytes, rows, width } = records;
    const end = endOfLine(bytes, from, to);
    if (!final && (end === to || (end + 1 === to && bytes[end] === CR))) return INCOMPLETE;
    this.lookedAt += 2 * (end - from);
    const base = rows * width;
    const read =
      end - from > MOST_REREAD ? undefined : rereadRecord(bytes.toString('latin1', from, end), this.dialect, width);
    if (read?.end === end - from) records.add(base, records.putCells(read.cells, base, to), from, end, line);
    else records.reject(NOT_WHOLE, from, end, line);
    return behindLineEnd(records.bytes, end, to);
  }

  /** Whether the last cell of a row begins as a quoted one does in another dialect, and does not end so: it may go on below. */
  mayGoOn(cell: number): boolean {
    const { bytes, starts, ends } = this.records;
    let at = starts[cell] as number;
    const first = bytes[at];
    if (first !== SPACE && first !== SINGLE_QUOTE && first !== DOUBLE_QUOTE && first !== TAB) return false;
    while (bytes[at] === SPACE || bytes[at] === TAB) at++;
    const byte = bytes[at];
    const last = (ends[cell] as number) - 1;
    return last >= at && (byte === SINGLE_QUOTE || byte === DOUBLE_QUOTE) && (last === at || bytes[last] !== byte);
  }

  /** Whether a record has not even the delimiters of two rows: then its lines are none. */
  hasFewDelimiters(from: number, to: number): boolean {
    const { bytes, width } = this.records;
    const delimiter = this.dialect.delimiter[0];
    const enough = 2 * (width - 1);
    let found = 0;
    for (let at = from; at < to && found < enough; at++) if (bytes[at] === delimiter) found++;
    return found < enough;
  }

  /**
   * Whether a record that has too few cells ends neither with what may be the beginning of a quoted cell, nor with a
   * backslash before a quote, and a reject is not right above it.
   */
  isPlainlyShort(base: number, to: number, line: number): boolean {
    const { bytes, starts, ends } = this.records;
    const byte = bytes[starts[to - 1] as number];
    if (byte === SPACE || byte === TAB || byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) return false;
    if (bytes[(ends[to - 1] as number) - 1] === BACKSLASH || line === this.judge?.doubtfulLine) return false;
    this.shortLine = line;
    this.shortCount = to - base;
    return true;
  }

  private ask(cut: Cut): Question {
    const { bytes, starts, ends } = this.records;
    const isLikeBefore = this.shortLine === cut.line - 1 && this.shortCount === cut.count;
    return { ...cut, bytes, starts, ends, isLikeBefore };
  }

  private addCut({ base, count, start, end, line, isUnclosed }: Cut): number {
    if (!isUnclosed) return this.records.add(base, base + count, start, end, line);
    this.records.reject('a quote that opens on this line is never closed', start, end, line);
    return base;
  }

  private follow(verdict: Verdict, cut: Cut): Settled {
    const { records } = this;
    const { base, start, line } = cut;
    if (verdict.kind === 'lines') {
      this.aloneBefore = verdict.before;
      return { position: start, line, cell: base };
    }
    const next = verdict.kind === 'row' ? start + verdict.next : cut.next;
    const settled = { position: next, line: line + countLines(records.bytes, start, next), cell: base };
    if (verdict.kind === 'row') {
      const cell = records.putCells(verdict.cells, base, cut.to);
      settled.cell = records.add(base, cell, start, start + verdict.end, line);
    } else records.reject(verdict.reason, start, cut.end, line);
    return settled;
  }

  /** Another reading of a record whose quotes are not where they should be, if there is a better one. */
  private reread(cut: Cut, judge: RecordJudge | undefined): Verdict | 'more' | undefined {
    const { records } = this;
    const { start, end, base, count, to } = cut;
    const width = records.width || this.expectedWidth;
    if (width === 0 || end - start > MOST_REREAD || (count === width && !this.someEndsWithQuote(base, base + count)))
      return undefined;
    this.lookedAt += end - start;
    const reread = rereadRecord(records.bytes.toString('latin1', start, end), this.dialect, width);
    if (reread === undefined) return undefined;
    const wider = reread.isSpent ? judge?.wider(this.ask(cut)) : undefined;
    if (wider !== undefined) return wider;
    records.arenaUsed = cut.arenaBefore;
    cut.isOpen ||= reread.isSpent;
    cut.count = records.putCells(reread.cells, base, to) - base;
    cut.end = start + reread.end;
    cut.next = behindLineEnd(records.bytes, cut.end, to);
    return undefined;
  }

  private someEndsWithQuote(base: number, cell: number): boolean {
    const { bytes, starts, ends } = this.records;
    for (let at = base; at < cell; at++) {
      const end = ends[at] as number;
      if (end > (starts[at] as number) && bytes[end - 1] === this.dialect.quote) return true;
    }
    return false;
  }
}
