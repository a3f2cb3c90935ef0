import type { LineEnd } from './line-end.ts';
import { BACKSLASH, behindLineEnd, type Dialect, endOfLine, isBlank } from './marks.ts';
import { Findings, type Finding } from './findings.ts';
import { OtherDelimiters } from './other-delimiters.ts';
import { type Other, othersOf, type Undeclared, withOtherEscape } from './other-dialects.ts';
import { OtherReader, type OtherReading } from './other-reading.ts';
import { rereadText } from './reread.ts';
import type { Question, RecordJudge, Verdict } from './verdict.ts';
import { countWholeLines, type LineCount } from './whole-lines.ts';

/** How far another reading of a record may look. */
const MOST_AHEAD = 1 << 16;
const FIRST_AHEAD = 1 << 8;
/**
 * Other readings may look at so many bytes, and at so many for each byte of the records they are tried for: whatever is
 * in the file, it is read in linear time.
 */
const FIRST_CREDIT = 1 << 20;
const CREDIT_OF_BYTE = 16;
/**
 * A record whose lines are all whole rows is those rows, where its lines have so many delimiters more than one row: by
 * chance a text has a delimiter or two in each of its lines, but not the same number in so many.
 */
const SURE_DELIMITERS = 16;

/** Lines that may go on from a reject. */
const MOST_DOUBTFUL = 100;

const BROKEN =
  'a quote stands on this line where none should be, and the row has fewer cells than the header, however that is taken';
const GOES_ON = 'the line above is a reject, whose text may go on here: it has fewer cells than the header';

/**
 * Decides about records that are not what rows usually are: that span lines, have too few or too many cells, misplaced
 * quotes, or another line end. A row is never merged, cut or shifted here without a finding or a reject.
 */
export class SecondLook implements RecordJudge {
  readonly lineEnd: LineEnd;
  readonly findings = new Findings();
  /** Bytes looked at, each as often as it was. */
  lookedAt = 0;
  readonly dialect: Dialect;
  private readonly reader: OtherReader;
  private readonly otherEscape: Other | undefined;
  private readonly others: readonly Other[];
  private readonly otherDelimiters: OtherDelimiters;
  private columns = 0;
  private credit = FIRST_CREDIT;
  doubtfulLine = 0;
  private doubtfulTo = 0;
  /** Whether a quote of that reject is still to be closed. */
  private isOpen = false;

  constructor(dialect: Dialect, undeclared: Undeclared, lineEnd: LineEnd) {
    this.dialect = dialect;
    this.lineEnd = lineEnd;
    this.reader = new OtherReader(dialect);
    this.otherDelimiters = new OtherDelimiters(dialect, this.findings);
    this.otherEscape = undeclared.escape ? withOtherEscape(dialect) : undefined;
    this.others = othersOf(dialect, undeclared);
  }

  /** Columns of the table. */
  get width(): number {
    return this.columns;
  }

  set width(width: number) {
    this.columns = width;
    this.otherDelimiters.width = width;
  }

  first(record: Question): Verdict | 'more' | undefined {
    const { bytes, start, end, isOdd } = record;
    const other = this.otherEscape;
    if (other === undefined || (!isOdd && this.hasAllCells(record))) return undefined;
    this.lookedAt += end - start;
    if (!bytes.subarray(start, end).includes(Buffer.from([BACKSLASH, this.dialect.quote]))) return undefined;
    return this.readAs(record, other.finding, (text, isWhole) => other.reader.read(text, isWhole));
  }

  second(record: Question): Verdict | 'more' | undefined {
    const isForeign = this.endsOtherwise(record);
    const joined = isForeign ? this.joined(record) : undefined;
    if (joined !== undefined) return joined;
    const verdict = record.isUnclosed || !this.hasAllCells(record) ? this.misfit(record) : this.fit(record);
    if (isForeign && verdict !== 'more') this.findings.add('other_line_ends', record.line);
    return verdict;
  }

  takeShort(bytes: Buffer, start: number, end: number, count: number, line: number): void {
    this.lookedAt += end - start;
    this.findings.addShort(line);
    this.otherDelimiters.see(bytes, start, end, count, line);
  }

  private hasAllCells({ starts, ends, base, count }: Question): boolean {
    if (count < this.width) return false;
    for (let cell = base + this.width; cell < base + count; cell++) if (starts[cell] !== ends[cell]) return false;
    return true;
  }

  /** It has all cells; where it spans lines, these may be rows all the same. */
  private fit(record: Question): Verdict | 'more' | undefined {
    const other = record.isOdd ? undefined : this.otherwise(record);
    if (other !== undefined) return other;
    if (record.isOpen) this.findings.add('open_quotes', record.line);
    const { lines, filled, whole, wide } = this.linesOf(record);
    if (filled < 2 || (2 * wide <= filled && !this.couldBeRows(record))) return undefined;
    const isSure = whole === filled && (filled - 1) * (this.width - 1) >= SURE_DELIMITERS;
    this.findings.add(isSure ? 'quotes_as_text' : 'line_breaks', record.line);
    return isSure ? { kind: 'lines', before: record.line + lines } : undefined;
  }

  /** Whether its first line is a row, and what follows are such, which may span lines themselves. */
  private couldBeRows({ bytes, start, end }: Question): boolean {
    const first = endOfLine(bytes, start, end);
    if (countWholeLines(bytes, start, first, this).whole === 0) return false;
    this.lookedAt += end - start;
    const { records, whole } = this.rowsIn(bytes, behindLineEnd(bytes, first, end), end);
    return records === whole;
  }

  private misfit(record: Question): Verdict | 'more' | undefined {
    const other = this.otherwise(record);
    if (other !== undefined) return other;
    const { line, isUnclosed, isOdd, count } = record;
    const { lines, filled, wholeBeforeLast } = this.linesOf(record);
    if (filled > 1 && 2 * wholeBeforeLast >= filled - 1) {
      const isShort = !isOdd && count < this.width;
      this.findings.add(isShort ? 'line_breaks' : 'quotes_as_text', line);
      return isShort ? undefined : { kind: 'lines', before: line + lines - 1 };
    }
    return isUnclosed || count > this.width ? undefined : this.tooShort(record, lines);
  }

  /** A row with too few cells is one all the same, unless its quotes say that some of its text is on other lines. */
  private tooShort(record: Question, lines: number): Verdict | undefined {
    const { line, isOdd, isLikeBefore } = record;
    const isBroken = isOdd && !isLikeBefore;
    const isBelow = line === this.doubtfulLine;
    const hasQuote = this.hasOddQuotes(record);
    if (!isBroken && (!isBelow || (!hasQuote && !this.isOpen) || line > this.doubtfulTo)) {
      if (record.isOpen) this.findings.add('open_quotes', line);
      return undefined;
    }
    if (!isBelow) this.doubtfulTo = line + MOST_DOUBTFUL;
    this.isOpen = hasQuote !== (isBelow && this.isOpen);
    this.doubtfulLine = line + lines;
    return { kind: 'reject', reason: isBroken ? BROKEN : GOES_ON };
  }

  /** Whether it has an odd number of quotes, without those that a backslash stands before. */
  private hasOddQuotes({ bytes, start, end }: Question): boolean {
    this.lookedAt += end - start;
    let isOdd = false;
    for (let at = start; at < end; at++)
      if (bytes[at] === this.dialect.quote && bytes[at - 1] !== BACKSLASH) isOdd = !isOdd;
    return isOdd;
  }

  /** As a row of another dialect, or one whose quotes within quotes are not doubled. */
  private otherwise(record: Question): Verdict | 'more' | undefined {
    const { count, start, next } = record;
    for (const { finding, dialect, reader } of this.others) {
      if (!this.couldBe(record, dialect)) continue;
      const found = this.readAs(record, finding, (text, isWhole) => {
        const read = reader.read(text, isWhole);
        // A row that has all its cells is only read otherwise if it goes on below.
        return typeof read === 'object' && count === this.width && read.next <= next - start ? undefined : read;
      });
      if (found !== undefined) return found;
    }
    return record.isOdd && !record.isUnclosed ? this.wider(record) : undefined;
  }

  wider(record: Question): Verdict | 'more' | undefined {
    const length = record.next - record.start;
    return this.readAs(record, 'quotes_within_quotes', (text, isWhole) => {
      const read = rereadText(text.toString('latin1'), this.dialect, this.width);
      if (read.isCut && !isWhole) return 'cut';
      return read.record && read.record.next > length ? read.record : undefined;
    });
  }

  /** Whether a cell begins as quoted ones do in the other dialect: unless there are too many, only the last one may be cut. */
  private couldBe({ bytes, starts, base, count }: Question, other: Dialect): boolean {
    for (let cell = count <= this.width ? base + count - 1 : base; cell < base + count; cell++) {
      const start = starts[cell] as number;
      let at = start;
      while (isBlank(bytes[at], this.dialect)) at++;
      if (bytes[at] === other.quote && (other.skipsBlanks ? at > start : at === start)) return true;
    }
    return false;
  }

  /** Whether its line end is not the usual one. */
  private endsOtherwise({ bytes, end, next }: Question): boolean {
    const { bytes: length, first } = this.lineEnd;
    return length > 0 && next > end && (next - end !== length || bytes[end] !== first);
  }

  /** With what follows a line end that is not the usual one, if the row has all its cells only then. */
  private joined(record: Question): Verdict | 'more' | undefined {
    const { lineEnd, width } = this;
    const { count } = record;
    if (width < 2 || count > width || (count === width && this.hasDelimiter(record))) return undefined;
    const behind = record.next - record.start;
    return this.readAs(record, 'line_break_without_quotes', (text, isWhole) => {
      const read = this.reader.readJoined(text, lineEnd, isWhole);
      const isEmpty = read !== undefined && read !== 'cut' && !/\S/.test(text.toString('latin1', behind, read.end));
      return isEmpty ? undefined : read;
    });
  }

  /** Whether there is a delimiter on the next line: then it is no mere rest of the last cell. */
  private hasDelimiter({ bytes, next, to }: Question): boolean {
    const end = endOfLine(bytes, next, Math.min(to, next + MOST_AHEAD));
    this.lookedAt += end - next;
    return bytes.subarray(next, end).includes(this.dialect.delimiter);
  }

  private linesOf({ bytes, start, end }: Question): LineCount {
    this.lookedAt += end - start;
    return countWholeLines(bytes, start, end, this);
  }

  /** Another reading, if it gives the row all its cells, and does not join lines that are rows. */
  private readAs(
    record: Question,
    finding: Finding,
    read: (text: Buffer, isWhole: boolean) => OtherReading | 'cut' | undefined,
  ): Verdict | 'more' | undefined {
    const { bytes, start, to, isEnd, line } = record;
    const creditBefore = this.credit;
    this.credit += CREDIT_OF_BYTE * (record.next - start);
    for (let length = Math.max(FIRST_AHEAD, 2 * (record.next - start)); ; length *= 2) {
      const end = Math.min(start + length, to);
      if (end - start < length && !isEnd) {
        this.credit = creditBefore;
        return 'more';
      }
      if (this.credit < end - start) return undefined;
      this.credit -= end - start;
      this.lookedAt += end - start;
      const found = read(Buffer.from(bytes.subarray(start, end)), end === to && isEnd);
      if (found === undefined) return undefined;
      if (found !== 'cut') return this.accepted(record, found, finding, line);
      if (length >= MOST_AHEAD) return undefined;
    }
  }

  private accepted(record: Question, read: OtherReading, finding: Finding, line: number): Verdict | undefined {
    if (read.cells.length !== this.width) return undefined;
    if (finding !== 'line_break_without_quotes' && this.joinsRows(record, record.start + read.end)) {
      if (finding === 'other_quote' || finding === 'other_blanks') this.findings.add('other_quotes_as_text', line);
      return undefined;
    }
    this.findings.add(finding, line);
    return { kind: 'row', ...read };
  }

  /** Whether most lines behind the first one are rows themselves, or most of the records that are cut there. */
  private joinsRows({ bytes, start }: Question, end: number): boolean {
    const first = endOfLine(bytes, start, end);
    this.lookedAt += end - start;
    if (first === end) return false;
    const behind = behindLineEnd(bytes, first, end);
    const { filled, whole } = countWholeLines(bytes, behind, end, this);
    if (2 * whole > filled) return true;
    const rows = this.rowsIn(bytes, behind, end);
    return 2 * rows.whole > rows.records;
  }

  private rowsIn(bytes: Buffer, from: number, to: number): { records: number; whole: number } {
    this.lookedAt += to - from;
    return this.reader.countRows(Buffer.from(bytes.subarray(from, to)), this.width);
  }
}
