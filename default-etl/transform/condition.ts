import { RE2JS } from 're2js';
import { type Batch, cellText } from '../batch/batch.ts';
import { createTextSet } from './values.ts';

/** A condition of the step `filter`; all its keys have to hold. */
export interface Condition {
  column?: string;
  equals?: string;
  in?: readonly string[];
  matches?: string;
  empty?: boolean;
  less_than?: number | string;
  at_most?: number | string;
  greater_than?: number | string;
  at_least?: number | string;
  and?: readonly Condition[];
  or?: readonly Condition[];
  not?: Condition;
}

/** Whether a row of the batch meets the condition; -1 stands for a column that is not there. */
export type RowTest = (batch: Batch, row: number) => boolean;

/** Columns that the condition looks at. */
export function columnsOf({ column, and = [], or = [], not }: Condition): string[] {
  const inner = [...and, ...or, ...(not ? [not] : [])].flatMap(columnsOf);
  return column === undefined ? inner : [column, ...inner];
}

/** Compiles a condition. `positionOf` is asked once for each header. */
export function compileCondition(condition: Condition, positionOf: (batch: Batch, column: string) => number): RowTest {
  const tests: RowTest[] = [];
  const { column, and, or, not } = condition;
  if (column !== undefined) {
    for (const test of cellTests(condition)) tests.push((batch, row) => test(batch, row, positionOf(batch, column)));
  }
  if (and) tests.push(...and.map(inner => compileCondition(inner, positionOf)));
  if (or) {
    const inner = or.map(one => compileCondition(one, positionOf));
    tests.push((batch, row) => inner.some(test => test(batch, row)));
  }
  if (not) {
    const inner = compileCondition(not, positionOf);
    tests.push((batch, row) => !inner(batch, row));
  }
  return (batch, row) => tests.every(test => test(batch, row));
}

type CellTest = (batch: Batch, row: number, column: number) => boolean;

function cellTests(condition: Condition): CellTest[] {
  const tests: CellTest[] = [];
  const { equals, in: among, matches, empty } = condition;
  if (equals !== undefined) tests.push(oneOf([equals]));
  if (among) tests.push(oneOf(among));
  if (matches !== undefined) {
    const expression = RE2JS.compile(matches);
    tests.push(ofText(text => expression.test(text)));
  }
  if (empty !== undefined) tests.push((batch, row, column) => isEmpty(batch, row, column) === empty);
  for (const [operator, holds] of COMPARISONS) {
    const bound = condition[operator];
    if (bound !== undefined) tests.push(ofText(text => holds(compare(text, bound))));
  }
  return tests;
}

function oneOf(texts: readonly string[]): CellTest {
  const isOne = createTextSet(texts);
  return (batch, row, column) => {
    const cell = row * batch.width + column;
    const start = column < 0 ? -1 : (batch.starts[cell] as number);
    return start >= 0 && isOne(batch.bytes, start, batch.ends[cell] as number);
  };
}

function ofText(test: (text: string) => boolean): CellTest {
  return (batch, row, column) => {
    const text = column < 0 ? null : cellText(batch, row, column);
    return typeof text === 'string' && test(text);
  };
}

function isEmpty(batch: Batch, row: number, column: number): boolean {
  return column < 0 || !cellText(batch, row, column);
}

const COMPARISONS = [
  ['less_than', order => order < 0],
  ['at_most', order => order <= 0],
  ['greater_than', order => order > 0],
  ['at_least', order => order >= 0],
] as const satisfies ReadonlyArray<[keyof Condition, (order: number) => boolean]>;

/** Below 0, 0 or above; NaN, of which nothing holds, where a number is asked for and the text is none. */
export function compare(text: string, bound: number | string): number {
  if (typeof bound === 'number') return text.trim() === '' ? Number.NaN : Number(text) - bound;
  return text < bound ? -1 : Number(text > bound);
}
