import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { ABSENT, type Batch, cellText } from '../batch.ts';
import { BatchBuilder } from '../batch-builder.ts';
import { configFailure, messageOf } from '../failure.ts';
import { ownFile } from './reference.ts';
import type { Row, RowContext, RowStep, RowValue } from './row-step.ts';
import { keepRows, Refusals } from './rows.ts';
import type { NewStep, StepContext } from './step.ts';

export type ModuleOptions = string | { file: string; options?: unknown };

/** A user's own step: rows become objects, and batches again. It is read anew for each run. */
export async function moduleStep(options: ModuleOptions, { job }: StepContext): Promise<NewStep> {
  const { file, options: own } = typeof options === 'string' ? { file: options, options: undefined } : options;
  const step = await importStep(ownFile(job.configFiles, file), file);
  const context = { dataset: job.dataset, file: job.filePath, options: own };
  return () => {
    const layouts = new Layouts();
    const builder = new BatchBuilder();
    return batch => {
      const { rows, kept } = runRows(batch, step, context, file);
      return rebuild(kept, rows, builder, layouts);
    };
  };
}

async function importStep(path: string, file: string): Promise<RowStep> {
  let found: { step?: unknown };
  try {
    // Node keeps modules by their address.
    found = (await import(`${pathToFileURL(path).href}?${statSync(path).mtimeMs}`)) as { step?: unknown };
  } catch (error) {
    throw configFailure(`TRANSFORM: module ${file} can't be imported: ${messageOf(error)}`);
  }
  if (typeof found.step === 'function') return found.step as RowStep;
  throw configFailure(
    `TRANSFORM: module ${file} exports no function named step; write \`export function step(row, context) { return row; }\``,
  );
}

/** What the function made of the rows that it kept. */
function runRows(
  batch: Batch,
  step: RowStep,
  about: Omit<RowContext, 'row' | 'line'>,
  file: string,
): { rows: Row[]; kept: Batch } {
  const refusals = new Refusals();
  const rows: Row[] = [];
  const marks = new Uint8Array(batch.rows);
  const refused = new Uint8Array(batch.rows).fill(1);
  for (let row = 0; row < batch.rows; row++) {
    const context = { ...about, row: batch.numbers[row] as number, line: batch.lines[row] || null };
    try {
      const made: unknown = step(rowObject(batch, row), context);
      if (made === null) continue;
      rows.push(assertRow(made, file));
      marks[row] = 1;
    } catch (error) {
      if (error instanceof AsyncStep) throw configFailure(error.message);
      refused[row] = 0;
      refusals.add(batch, row, `module ${file}: ${messageOf(error)}`);
    }
  }
  return { rows, kept: keepBoth(batch, marks, refused, rows.length, refusals) };
}

/** Filtered rows are counted as such, refused ones are rejects. */
function keepBoth(batch: Batch, marks: Uint8Array, refused: Uint8Array, kept: number, refusals: Refusals): Batch {
  const ofTheRest = marks.filter((_, row) => refused[row] === 1);
  return keepRows(refusals.takeOut(batch), ofTheRest, kept);
}

class AsyncStep extends Error {}

function assertRow(made: unknown, file: string): Row {
  if (made instanceof Promise) {
    void made.catch(() => {});
    throw new AsyncStep(`TRANSFORM: module ${file}: step is async; it must return the row itself`);
  }
  if (typeof made === 'object' && made !== null && !Array.isArray(made)) return made as Row;
  throw new Error(
    `step returned ${made === undefined ? 'nothing' : JSON.stringify(made)}; return the row, or null to leave it out`,
  );
}

function rowObject(batch: Batch, row: number): Row {
  const entries: Array<[string, RowValue]> = [];
  for (let column = 0; column < batch.header.length; column++) {
    const text = cellText(batch, row, column);
    if (text === undefined) continue;
    const value = text !== null && batch.literals?.[column] ? (JSON.parse(text) as RowValue) : text;
    entries.push([batch.header[column] as string, value]);
  }
  return Object.fromEntries(entries);
}

/** The rows as a batch again, whose numbers, lines and raw text are those of `batch`. */
function rebuild(batch: Batch, rows: readonly Row[], builder: BatchBuilder, layouts: Layouts): Batch {
  builder.restart(Buffer.concat([batch.bytes, Buffer.allocUnsafe(batch.bytes.length >> 2)]), batch.bytes.length);
  const positions = new Map(builder.columns.map((name, position) => [name, position]));
  for (const name of new Set(rows.flatMap(Object.keys))) {
    if (!positions.has(name)) positions.set(name, builder.addColumn(name));
  }
  const isLiteral = literalColumns(rows, builder.columns);
  for (const [row, made] of rows.entries()) {
    builder.beginRow(batch.numbers[row] as number, batch.lines[row] as number, ABSENT);
    builder.setRaw(batch.rawStarts[row] as number, batch.rawEnds[row] as number);
    for (const [name, value] of Object.entries(made)) {
      const column = positions.get(name) as number;
      if (value === null) builder.setNull(column);
      else if (value !== undefined) builder.text(column, textOf(value, name, batch, row));
    }
  }
  const { rejects: _, ...built } = builder.take();
  const header = layouts.headerOf(built.header, isLiteral);
  return {
    ...built,
    header,
    literals: isLiteral,
    rejects: batch.rejects,
    filtered: batch.filtered,
    original: batch.original,
  };
}

/** A JSON number that came and goes unchanged is written as it was: it may have more digits than a number of JavaScript. */
function textOf(value: unknown, name: string, batch: Batch, row: number): string {
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  const column = batch.header.indexOf(name);
  if (typeof value === 'number' && column >= 0 && batch.literals?.[column]) {
    const before = cellText(batch, row, column);
    if (before && Number(before) === value) return before;
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value as number | boolean);
}

/** Columns whose values are all JSON numbers, true or false. */
function literalColumns(rows: readonly Row[], columns: readonly string[]): boolean[] {
  const isLiteral = columns.map(() => false);
  for (const [column, name] of columns.entries()) {
    const values = rows.map(row => row[name]).filter(value => value !== null && value !== undefined);
    isLiteral[column] =
      values.length > 0 && values.every(value => typeof value === 'boolean' || Number.isFinite(value));
  }
  return isLiteral;
}

/** The same columns with the same kinds of values have the same header. */
class Layouts {
  private readonly headers = new Map<string, readonly string[]>();

  headerOf(columns: readonly string[], isLiteral: readonly boolean[]): readonly string[] {
    const key = JSON.stringify([columns, isLiteral]);
    const header = this.headers.get(key) ?? [...columns];
    this.headers.set(key, header);
    return header;
  }
}
