import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { ABSENT, type Batch, cellText } from '../batch/batch.ts';
import { BatchBuilder } from '../batch/batch-builder.ts';
import { configFailure, type EtlFailure, messageOf } from '../contract/failure.ts';
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
    // Of mended rows those that are still wrong are rejects again.
    let isProven = job.action === 'mend';
    return batch => {
      const { rows, kept, faults } = runRows(batch, step, context, file);
      if (!isProven && faults.length === batch.rows && faults[0] !== undefined) throw faultOfModule(faults[0]);
      isProven ||= batch.rows > 0;
      return rebuild(kept, rows, builder, layouts);
    };
  };
}

/** The function of a module. Throws EtlFailure 78 where it can't be imported, or has none. `file` is its name for people. */
export async function importStep(path: string, file: string): Promise<RowStep> {
  let found: { step?: unknown };
  try {
    // Node keeps modules by their address.
    found = (await import(`${pathToFileURL(path).href}?${statSync(path).mtimeMs}`)) as { step?: unknown };
  } catch (error) {
    throw configFailure(`TRANSFORM: module ${file}${placeIn(path, error)} can't be imported: ${whyNot(error)}`);
  }
  if (typeof found.step === 'function') return found.step as RowStep;
  throw configFailure(
    `TRANSFORM: module ${file} exports no function named step; write \`export function step(row, context) { return row; }\``,
  );
}

/** `:2:7` or `:2`, as far as the stack says where in the module it was. */
function placeIn(path: string, error: unknown): string {
  const [, afterPath = ''] = (error instanceof Error ? (error.stack ?? '') : '').split(path);
  return /^(?:\?[\d.]+)?(:\d+(?::\d+)?)/.exec(afterPath)?.[1] ?? '';
}

function whyNot(error: unknown): string {
  const isMissing = (error as NodeJS.ErrnoException | null)?.code === 'ERR_MODULE_NOT_FOUND';
  return `${messageOf(error)}${isMissing ? "; it may import Node's own modules, and files in the dataset's own folder" : ''}`;
}

/** The step itself is wrong, not a row: it returned what is no row, or ran into what no one throws on purpose. */
class StepFault extends Error {}

function isFault(error: unknown): boolean {
  return error instanceof StepFault || error instanceof TypeError || error instanceof ReferenceError;
}

/** Where nothing went right, no file is to blame. */
function faultOfModule(reason: string): EtlFailure {
  return configFailure(`TRANSFORM: ${reason}; so it is with each of the first rows: mend the module`);
}

/** What the function made of the rows that it kept, and the reasons of those that are its own fault. */
function runRows(
  batch: Batch,
  step: RowStep,
  about: Omit<RowContext, 'row' | 'line'>,
  file: string,
): { rows: Row[]; kept: Batch; faults: string[] } {
  const faults: string[] = [];
  const refusals = new Refusals();
  const rows: Row[] = [];
  const marks = new Uint8Array(batch.rows);
  const refused = new Uint8Array(batch.rows).fill(1);
  for (let row = 0; row < batch.rows; row++) {
    const context = { ...about, row: batch.numbers[row] as number, line: batch.lines[row] || null };
    try {
      const made: unknown = step(rowObject(batch, row), context);
      if (made === null) continue;
      rows.push(plainRow(made, file));
      marks[row] = 1;
    } catch (error) {
      if (error instanceof AsyncStep) throw configFailure(error.message);
      const reason = `module ${file}: ${messageOf(error)}`;
      if (isFault(error)) faults.push(reason);
      refused[row] = 0;
      refusals.add(batch, row, reason);
    }
  }
  return { rows, kept: keepBoth(batch, marks, refused, rows.length, refusals), faults };
}

/** Filtered rows are counted as such, refused ones are rejects. */
function keepBoth(batch: Batch, marks: Uint8Array, refused: Uint8Array, kept: number, refusals: Refusals): Batch {
  const ofTheRest = marks.filter((_, row) => refused[row] === 1);
  return keepRows(refusals.takeOut(batch), ofTheRest, kept);
}

class AsyncStep extends Error {}

/** What the function returned, its nested values as JSON. */
function plainRow(made: unknown, file: string): Row {
  if (made instanceof Promise) {
    void made.catch(() => {});
    throw new AsyncStep(`TRANSFORM: module ${file}: step is async; it must return the row itself`);
  }
  if (typeof made !== 'object' || made === null || Array.isArray(made))
    throw new StepFault(`step returned ${shown(made)}; return the row, or null to leave it out`);
  const values = Object.entries(made);
  if (values.every(([, value]) => isPlain(value))) return made as Row;
  return Object.fromEntries(values.map(([name, value]) => [name, plainValue(value, name)]));
}

function isPlain(value: unknown): value is RowValue {
  return value === null || ['string', 'boolean', 'undefined'].includes(typeof value) || Number.isFinite(value);
}

function plainValue(value: unknown, name: string): RowValue {
  if (isPlain(value)) return value;
  if (typeof value === 'bigint') return String(value);
  const text = typeof value === 'object' ? jsonOf(value) : undefined;
  // JSON.stringify makes null of an invalid Date.
  if (text === undefined || text === 'null')
    throw new StepFault(`step returned ${shown(value)} for ${name}; return text, a number, true, false or null`);
  return value instanceof Date ? value.toISOString() : text;
}

/** Undefined where it has none: it holds a bigint, or itself. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : inspect(value, { depth: 0, breakLength: Infinity });
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
function textOf(value: NonNullable<RowValue>, name: string, batch: Batch, row: number): string {
  const column = batch.header.indexOf(name);
  if (typeof value === 'number' && column >= 0 && batch.literals?.[column]) {
    const before = cellText(batch, row, column);
    if (before && Number(before) === value) return before;
  }
  return String(value);
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
