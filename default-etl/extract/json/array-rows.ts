import { NULL } from '../../batch/batch.ts';
import { NumberedRows, RecordError } from '../record-run.ts';
import { SyntaxFault } from '../syntax-fault.ts';
import { JsonCells } from './json-cells.ts';
import type { RecordRows } from './json-rows.ts';
import { skipSpace, unexpected, valueEnd } from './scanner.ts';

const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const COMMA = 44;

/** A table whose records are lists of values. */
export interface ArrayTable {
  /** Of the columns. */
  names: readonly string[];
  /** The first record has the names. */
  skipsFirst: boolean;
  /** Values of the first column, which the records do not have. */
  index?: readonly string[];
}

/**
 * Makes rows of lists of values, by their places. A short one is filled with null; one with more values than columns is
 * a reject, unless the surplus is empty. Their text names no columns: what is kept of a row that is rejected later is
 * what was read.
 */
export class ArrayRows extends NumberedRows implements RecordRows {
  private readonly cells = new JsonCells(this.builder);
  private readonly table: ArrayTable;
  private isPastNames: boolean;

  constructor(table: ArrayTable) {
    super();
    this.table = table;
    this.isPastNames = !table.skipsFirst;
  }

  add(bytes: Buffer, from: number, to: number, line: number): boolean {
    if (!this.isPastNames) {
      this.isPastNames = true;
      return true;
    }
    // Not before: only now the builder knows how many there may be.
    if (this.builder.columns.length === 0) for (const name of this.table.names) this.builder.addColumn(name);
    if (bytes[from] !== OPEN_ARRAY) {
      this.refuse(bytes, from, to, line, 'the record is not a list of values');
      return true;
    }
    if (bytes[to - 1] !== CLOSE_ARRAY) throw unexpected(bytes, to - 1, to, 'the end of a list');
    return this.addRow(NULL, bytes, from, to, line);
  }

  protected override fillRow(bytes: Buffer, from: number, to: number): void {
    const first = this.table.index?.[this.number - 1];
    if (first !== undefined) this.builder.text(0, first);
    this.addValues(bytes, from + 1, to - 1);
  }

  private addValues(bytes: Buffer, from: number, to: number): void {
    const { names, index } = this.table;
    const first = index ? 1 : 0;
    let column = first;
    let filled = first;
    for (let at = skipSpace(bytes, from, to); at < to; column++) {
      const end = this.addValue(bytes, at, to, column);
      if (!isEmpty(bytes, at, end)) filled = column + 1;
      at = skipSpace(bytes, end, to);
      if (at >= to) break;
      if (bytes[at] !== COMMA) throw unexpected(bytes, at, to, 'a comma between values');
      at = skipSpace(bytes, at + 1, to);
      if (at >= to) throw new SyntaxFault('a value is missing behind a comma', at);
    }
    if (filled > names.length)
      throw new RecordError(`it has ${filled - first} values, and there are ${names.length - first} columns`);
  }

  private addValue(bytes: Buffer, from: number, to: number, column: number): number {
    return column < this.table.names.length ? this.cells.add(bytes, from, to, column) : valueEnd(bytes, from, to, true);
  }
}

/** null, or a text without letters. */
function isEmpty(bytes: Buffer, from: number, to: number): boolean {
  return to - from < 5 && /^(null|"")$/.test(bytes.toString('latin1', from, to));
}
