import type { Batch } from '../../batch/batch.ts';
import type { Decision } from '../../contract/protocol.ts';
import { measuredColumns, tableKinds } from './cell-kind.ts';
import type { GridRow, Place } from './grid.ts';
import { beginsOtherTable, otherTableDecision } from './other-tables.ts';
import { isGiven } from './repeated-header.ts';

const LF = 10;
const CR = 13;
const TAB = 9;
const SPACE = 32;
/** The first byte of a word: Latin letters, and those of all other scripts. */
const FIRST_LETTER = 65;
/** Rows above and below one that may be a header, and their cells: a table may have 20,000 columns. */
const MOST_AROUND = 30;
/** Of them so many are kept from one batch for the next: their texts are taken of each batch. */
const TAIL_ROWS = 6;
const FEWEST_AROUND = 3;
const MOST_CELLS = 4000;
/** So many rows are looked at more closely, and one more for each ROWS_A_LOOK that came by. */
const FIRST_LOOKS = 20;
const ROWS_A_LOOK = 2000;

/** The header of another table, wherever it is in a file. The first is said; its rows stay rows of the first table. */
export class LaterTables {
  private readonly place: Place;
  private header: readonly string[] | undefined;
  private names: GridRow = { cells: [], line: 0, linesBefore: 0 };
  /** The columns of numbers. */
  private measured: number[] = [];
  private rows = 0;
  private looks = 0;
  private lastLine = 0;
  private wasWhole = true;
  /** The last rows of the batch before; and those of them that may be a header, with the first one's and what is around them. */
  private tail: GridRow[] = [];
  private pending: Array<{ table: GridRow[]; at: number }> = [];
  private found: GridRow | undefined;

  constructor(place: Place) {
    this.place = place;
  }

  /** The rows from `from` to `to` of a batch. */
  see(batch: Batch, from: number, to: number): void {
    if (batch.header !== this.header) this.begin(batch);
    if (from === 0) this.endPending(batch);
    const { starts, ends, bytes, lines, width, header } = batch;
    // What begins with a letter there may be a name. Without such a column only gaps tell.
    const [column = -1] = this.measured;
    const last = header.length - 1;
    let { wasWhole, lastLine } = this;
    // Each row of each file comes by here: two cells and the line tell for nearly all.
    for (let row = from, cell = from * width; row < to; row++, cell += width) {
      // In a sheet what is empty is missing.
      const isWhole = (starts[cell + last] as number) >= 0 && ends[cell + last] !== starts[cell + last];
      const line = lines[row] as number;
      const isOther = isWhole !== wasWhole || line > lastLine + 1;
      wasWhole = isWhole;
      lastLine = line;
      const first = starts[cell] as number;
      if (
        (isOther && (first < 0 || ends[cell] === first || (bytes[first] as number) >= FIRST_LETTER)) ||
        (column >= 0 && beginsWord(bytes, starts[cell + column] as number))
      )
        this.lookAt(batch, row);
    }
    this.wasWhole = wasWhole;
    this.lastLine = lastLine;
    this.rows += to - from;
    if (to === batch.rows) this.tail = [...this.tail, ...rowsOf(batch, to - TAIL_ROWS, to)].slice(-TAIL_ROWS);
  }

  decisions(): Decision[] {
    for (const { table, at } of this.pending) this.decide(table, at);
    return this.found === undefined ? [] : [otherTableDecision(this.found, this.place, undefined)];
  }

  /** The last rows that came by, TAIL_ROWS at most. */
  get lastRows(): readonly GridRow[] {
    return this.tail;
  }

  private begin(batch: Batch): void {
    const { header, lines } = batch;
    this.header = header;
    this.names = { cells: header.map((name, column) => (isGiven(name, column) ? name : '')), line: 0, linesBefore: 0 };
    const first = rowsOf(batch, 0, this.around()).map(({ cells }) => cells);
    this.measured = measuredColumns(tableKinds(first, header.length));
    this.rows = 0;
    this.looks = 0;
    this.tail = [];
    this.pending = [];
    this.wasWhole = true;
    this.lastLine = (lines[0] as number) - 1;
  }

  private lookAt(batch: Batch, row: number): void {
    if (this.found !== undefined || this.looks >= FIRST_LOOKS + this.rows / ROWS_A_LOOK) return;
    if (this.couldBeNames(batch, row)) this.look(batch, row);
  }

  /** Whether all that is in it begins as words do, or what is in the columns of numbers. */
  private couldBeNames({ bytes, starts, ends, width, header }: Batch, row: number): boolean {
    const from = row * width;
    const isWord = (column: number) => {
      const start = starts[from + column] as number;
      return start < 0 || (bytes[start] as number) >= FIRST_LETTER || starts[from + column] === ends[from + column];
    };
    return header.every((_, column) => isWord(column)) || (this.measured.length > 0 && this.measured.every(isWord));
  }

  /** Rows on each side. */
  private around(): number {
    const { length } = this.names.cells;
    return Math.max(FEWEST_AROUND, Math.min(MOST_AROUND, Math.floor(MOST_CELLS / length)));
  }

  private look(batch: Batch, row: number): void {
    this.looks++;
    const isFirst = row === 0;
    const isApart = isFirst ? (batch.lines[0] as number) > this.lastLine + 1 : isSetApart(batch, row);
    const around = this.around();
    const before = [...this.tail, ...rowsOf(batch, row - around, row)].slice(-around);
    const [candidate] = rowsOf(batch, row, row + 1) as [GridRow];
    const table = [this.names, ...before, { ...candidate, linesBefore: isApart ? 1 : 0 }];
    const below = rowsOf(batch, row + 1, row + 1 + around);
    if (below.length < FEWEST_AROUND) this.pending.push({ table: [...table, ...below], at: table.length - 1 });
    else this.decide([...table, ...below], table.length - 1);
  }

  private endPending(batch: Batch): void {
    if (this.pending.length === 0) return;
    const below = rowsOf(batch, 0, this.around());
    for (const { table, at } of this.pending) this.decide([...table, ...below], at);
    this.pending = [];
  }

  private decide(table: readonly GridRow[], at: number): void {
    if (beginsOtherTable(table, at)) this.found ??= table[at];
  }
}

function beginsWord(bytes: Buffer, start: number): boolean {
  return start >= 0 && (bytes[start] as number) >= FIRST_LETTER;
}

function rowsOf(batch: Batch, from: number, to: number): GridRow[] {
  const { bytes, header, starts, ends, width, lines } = batch;
  const first = Math.max(from, 0);
  return Array.from({ length: Math.max(Math.min(to, batch.rows) - first, 0) }, (_, index) => {
    const base = (first + index) * width;
    const cells = header.map((__, column) =>
      (starts[base + column] as number) < 0 ? '' : bytes.toString('utf8', starts[base + column], ends[base + column]),
    );
    return { cells, line: lines[first + index] as number, linesBefore: 0 };
  });
}

/** Whether a line of nothing stands right before the row; of a sheet, a row. */
function isSetApart({ bytes, rawStarts, lines }: Batch, row: number): boolean {
  const start = rawStarts[row] as number;
  if (start < 0) return (lines[row] as number) > (lines[row - 1] as number) + 1;
  let at = start - 1;
  if (bytes[at] === LF && bytes[at - 1] === CR) at--;
  at--;
  while (bytes[at] === SPACE || bytes[at] === TAB) at--;
  return bytes[at] === LF || bytes[at] === CR;
}
