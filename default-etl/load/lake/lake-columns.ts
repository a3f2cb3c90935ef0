import { type Batch, NULL } from '../../batch/batch.ts';
import type { ColumnType, FileTypes } from '../../types/column-type.ts';
import type { Column, ColumnValues, Logical } from './parquet/parquet-file.ts';
import { TextColumn } from './parquet/text-column.ts';
import { logicalOf, typedValues } from './parquet/typed-values.ts';
import { assertNoSourceColumn, SOURCE_ROW } from '../source-columns.ts';

/** Of the typed column: `DELAY` is the text, `DELAY_NUMBER` the number. */
const ENDINGS: Record<Exclude<Logical, 'text'>, string> = {
  long: '_NUMBER',
  double: '_NUMBER',
  boolean: '_BOOLEAN',
  day: '_DATE',
  timestamp: '_DATE',
  instant: '_DATE',
};

interface TypedColumn extends Column {
  /** Position of the text it is read from. */
  textAt: number;
  type: ColumnType;
}

/** The columns of a row group in the lake: the text of each, then the typed ones. */
export class LakeColumns {
  rows = 0;
  private readonly names: readonly string[];
  private readonly typed: TypedColumn[];
  private texts: TextColumn[];
  private readonly source: Record<string, string>;
  private readonly hasSource: boolean;
  private readonly positions = new WeakMap<readonly string[], Int32Array>();

  /** `source`: columns of one value for all rows, with SOURCE_ROW behind them; undefined for none of these. */
  constructor(names: readonly string[], types: FileTypes, source: Record<string, string> | undefined) {
    this.source = source ?? {};
    this.hasSource = source !== undefined;
    if (this.hasSource) assertNoSourceColumn(names);
    this.names = this.hasSource ? [...names, ...Object.keys(this.source), SOURCE_ROW] : names;
    this.typed = typedColumns(this.names, types);
    this.texts = this.names.map(() => new TextColumn());
  }

  get byteLength(): number {
    return this.texts.reduce((sum, column) => sum + column.byteLength, 0);
  }

  /** As they are written, in their order. */
  written(): Column[] {
    return [...this.names.map((name): Column => ({ name, logical: 'text' })), ...this.typed];
  }

  /** For the file's metadata: the text columns and, for each typed one, the text it is read from. */
  keyValues(): Record<string, string> {
    const typed = Object.fromEntries(this.typed.map(({ name, textAt }) => [name, this.names[textAt]]));
    return { 'orchestrator.typed': JSON.stringify(typed) };
  }

  add(batch: Batch): void {
    const positions = this.positionsIn(batch.header);
    for (let column = 0; column < this.names.length; column++) {
      const name = this.names[column] as string;
      const text = this.texts[column] as TextColumn;
      if (this.hasSource && name === SOURCE_ROW) addNumbers(text, batch);
      else if (Object.hasOwn(this.source, name)) addConstant(text, this.source[name] as string, batch.rows);
      else addCells(text, batch, positions[column] as number);
    }
    this.rows += batch.rows;
  }

  /** The values of each column of written(), made one after the other. */
  *values(): Generator<ColumnValues> {
    for (const text of this.texts) {
      const { values, indices, rows, nulls, entries, hasDictionary } = text;
      yield { values, indices, rows, nulls, entries: hasDictionary ? entries : undefined };
    }
    for (const { textAt, type } of this.typed) yield typedValues(this.texts[textAt] as TextColumn, type);
  }

  clear(): void {
    this.rows = 0;
    this.texts = this.names.map(() => new TextColumn());
  }

  /** Where each column is in a batch; -1 where it is not. */
  private positionsIn(header: readonly string[]): Int32Array {
    const known = this.positions.get(header);
    if (known) return known;
    const byName = new Map(header.map((name, position) => [name, position]));
    const positions = Int32Array.from(this.names, name => byName.get(name) ?? -1);
    this.positions.set(header, positions);
    return positions;
  }
}

/**
 * One for each text that was found to be something else, unless a column has the name: DuckDB does not tell upper case
 * from lower.
 */
function typedColumns(names: readonly string[], types: FileTypes): TypedColumn[] {
  const taken = new Set(names.map(name => name.toLowerCase()));
  return names.flatMap((column, textAt) => {
    const type = types.get(column);
    const logical = type && logicalOf(type);
    if (type === undefined || logical === undefined) return [];
    const name = column + ENDINGS[logical];
    if (taken.has(name.toLowerCase())) return [];
    taken.add(name.toLowerCase());
    return [{ name, logical, textAt, type }];
  });
}

function addCells(column: TextColumn, { bytes, starts, ends, rows, width }: Batch, position: number): void {
  for (let row = 0, cell = position; row < rows; row++, cell += width) {
    const start = position < 0 ? NULL : (starts[cell] as number);
    if (start < 0) column.addNull();
    else column.add(bytes, start, ends[cell] as number);
  }
}

function addConstant(column: TextColumn, text: string, rows: number): void {
  const bytes = Buffer.from(text);
  for (let row = 0; row < rows; row++) column.add(bytes, 0, bytes.length);
}

function addNumbers(column: TextColumn, { numbers, rows }: Batch): void {
  for (let row = 0; row < rows; row++) {
    const bytes = Buffer.from(String(numbers[row]));
    column.add(bytes, 0, bytes.length);
  }
}
