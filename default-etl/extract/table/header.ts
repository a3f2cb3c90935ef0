import type { Decision } from '../../contract/protocol.ts';
import { type CellKind, cellKind, measuredColumns } from './cell-kind.ts';
import type { Place } from './grid.ts';

/** Of a first row of names that has none over numbers, dates or times. */
const AS_USUAL = 0.6;

/** Whether the decision is that the first row has names, and has some over numbers, dates or times. */
export function isSureOfNames({ name, value, confidence }: Decision): boolean {
  return name === 'header' && value === true && confidence > AS_USUAL;
}

/**
 * Whether the first row has names; it is one of values where it has numbers, dates or times in columns of such, and
 * nothing speaks for names.
 */
export function decideHeader(
  header: readonly string[],
  columns: ReadonlyArray<CellKind | undefined>,
  { bodyLength, place }: { bodyLength: number; place: Place },
): Decision {
  const kinds = header.map(cellKind);
  const measured = measuredColumns(columns).filter(column => column < header.length);
  // The corner of a table with names on two sides is empty; elsewhere a value is missing.
  const isName = (column: number) => ['word', 'text', ...(column === 0 ? ['empty'] : [])].includes(kinds[column] ?? '');
  const named = measured.filter(isName);
  const alike = measured.filter(column => kinds[column] === columns[column] && !couldBeName(header, column));
  if (bodyLength === 0 && kinds.some(isFraction)) {
    const reason = `the only ${place === 'line' ? 'record' : 'row'} has decimals or times, which no name has; header: true makes names of it`;
    return { name: 'header', value: false, confidence: 0.6, reason };
  }
  const isAlike = bodyLength > 1 ? alike.length > 0 : alike.some(column => isFraction(kinds[column] as CellKind));
  if (named.length === 0 && isAlike && hasCorner(header, columns)) {
    const reason =
      'its first cell is empty, as the corner of a table with names on two sides is; header: false makes a row of its numbers';
    return { name: 'header', value: true, confidence: 0.6, reason };
  }
  if (named.length === 0 && isAlike) {
    const reason = `the first one of the table has numbers, dates or times in ${columnCount(alike.length)}, like those below; header: true makes names of it`;
    return { name: 'header', value: false, confidence: alike.length > 1 && bodyLength > 1 ? 0.9 : 0.75, reason };
  }
  if (named.length === 0)
    return { name: 'header', value: true, confidence: AS_USUAL, reason: 'as usual: the columns are text' };
  const reason = `it has names over ${columnCount(named.length)} of numbers, dates or times`;
  return { name: 'header', value: true, confidence: named.length > 1 ? 0.99 : 0.9, reason };
}

/** An empty cell over words, beside cells that are all filled, each with something else: numbers may be names, too. */
function hasCorner(header: readonly string[], columns: ReadonlyArray<CellKind | undefined>): boolean {
  const [corner = '', ...others] = header.map(cell => cell.trim());
  if (corner !== '' || others.length < 2 || others.includes('') || new Set(others).size < others.length) return false;
  return columns[0] === 'word' || columns[0] === 'text';
}

function isFraction(kind: CellKind): boolean {
  return kind === 'decimal' || kind === 'time';
}

function columnCount(count: number): string {
  return count === 1 ? '1 column' : `${count} columns`;
}

/** Whole numbers that count on from column to column, and years, are names too. */
function couldBeName(header: readonly string[], column: number): boolean {
  const number = Number(header[column]);
  if (!Number.isInteger(number)) return false;
  const neighbours = [header[column - 1], header[column + 1]].filter(cell => cell?.trim()).map(Number);
  return (number >= 1900 && number <= 2100) || neighbours.some(other => Math.abs(other - number) === 1);
}
