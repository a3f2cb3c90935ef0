import type { Decision } from '../../contract/protocol.ts';
import { cellKind, isMeasure } from '../table/cell-kind.ts';
import { columnNames, positionNames } from '../table/column-names.ts';
import type { ArrayTable } from './array-rows.ts';

/** Looked at. */
const MOST_ROWS = 200;

/**
 * The names of columns whose rows are lists, and why. The types of JSON tell more than the texts of a grid, by which
 * table/header.ts decides. `said`: EXTRACT.header.
 */
export function headerOf(
  rows: readonly unknown[][],
  said: boolean | readonly string[] | undefined,
): { table: ArrayTable; decision: Decision } {
  if (Array.isArray(said)) return decided(columnNames(said), false, said, 1, 'as EXTRACT.header says');
  const [first = [], ...below] = rows.slice(0, MOST_ROWS);
  const names = () =>
    columnNames(first.map(value => (value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value))));
  const positions = () => positionNames(Math.max(first.length, ...below.map(row => row.length)));
  if (said === true) return decided(names(), true, true, 1, 'as EXTRACT.header says');
  if (said === false) return decided(positions(), false, false, 1, 'as EXTRACT.header says');
  const isSure = first.some((_, column) => isMeasured(below, column));
  if (!areNames(first, below) || (!isSure && comesAgain(first, below)))
    return decided(positions(), false, false, 0.9, 'the first list has values that are no names');
  const reason = isSure
    ? 'the first list has names over numbers, dates or truth values'
    : 'as usual: all is text; header: false says that the first list is a row';
  return decided(names(), true, true, isSure ? 0.95 : 0.5, reason);
}

function decided(
  names: string[],
  skipsFirst: boolean,
  value: Decision['value'],
  confidence: number,
  reason: string,
): { table: ArrayTable; decision: Decision } {
  return { table: { names, skipsFirst }, decision: { name: 'header', value, confidence, reason } };
}

/** Texts, no two alike; a year over numbers is a name, too. */
function areNames(first: readonly unknown[], below: readonly unknown[][]): boolean {
  if (first.length === 0 || new Set(first).size < first.length) return false;
  return first.every(
    (value, column) =>
      typeof value === 'string' &&
      value.trim() !== '' &&
      (!isMeasure(cellKind(value)) || isMeasured(below, column, true)),
  );
}

/** Whether a value stands in its column below, too, as a name seldom does. */
function comesAgain(first: readonly unknown[], below: readonly unknown[][]): boolean {
  return first.some((value, column) => below.some(row => row[column] === value));
}

/** Whether all that a column has below are numbers or truth values, or texts that are numbers or dates. */
function isMeasured(below: readonly unknown[][], column: number, isStrict = false): boolean {
  const values = below.map(row => row[column]).filter(value => value !== null && value !== undefined && value !== '');
  return (
    values.length > 0 &&
    values.every(value =>
      typeof value === 'string' ? !isStrict && isMeasure(cellKind(value)) : typeof value !== 'object',
    )
  );
}
