import type { Case, Kind } from './case.ts';
import { differenceOf, type Reading, type Table } from './table.ts';

/** A difference that is meant, or that is the other reader's; default-etl/MEASURED.md has the same ones under their names. */
export interface Known {
  name: string;
  kinds: readonly Kind[];
  /** Of the reader; undefined for all. */
  reader?: string;
  explains(file: Case, ours: Reading, theirs: Reading): boolean;
}

export const KNOWN: readonly Known[] = [
  {
    name: 'told',
    kinds: ['csv', 'json', 'workbook', 'xml'],
    explains: (_, ours) => !('error' in ours) && (ours.told?.length ?? 0) > 0,
  },
  {
    name: 'no header over a first row with gaps',
    kinds: ['csv', 'workbook'],
    explains: ({ form, truth }, ours) =>
      form['around'] === 'no header' && isHalfEmpty(truth.rows[0] ?? []) && hasDecided(ours, 'skip_rows'),
  },
  {
    name: 'a column of nothing, without a name',
    kinds: ['workbook'],
    explains: ({ form, truth }, ours) =>
      form['around'] === 'no header' && differenceOf(ours, withoutEmptyEnd(truth)) === undefined,
  },
  {
    name: 'ods: blanks that the format makes one',
    kinds: ['workbook'],
    explains: ({ form }, ours, theirs) =>
      form['format']?.endsWith('ods') === true && isSameBut(ours, theirs, cell => cell.replace(/ *(\n) *| +/g, '$1')),
  },
];

/** Without the last columns that no row has a value in. */
function withoutEmptyEnd({ header, rows }: Table): Table {
  const width = header.findLastIndex((_, column) => rows.some(row => (row[column] ?? '') !== '')) + 1;
  return { header: header.slice(0, width), rows: rows.map(row => row.slice(0, width)) };
}

function isHalfEmpty(cells: ReadonlyArray<string | null>): boolean {
  return 2 * cells.filter(cell => (cell ?? '') !== '').length <= cells.length;
}

function hasDecided(reading: Reading, name: string): boolean {
  return !('error' in reading) && reading.decided?.includes(name) === true;
}

/** Whether two readings are the same once each cell is made what `plain` makes of it. */
function isSameBut(ours: Reading, theirs: Reading, plain: (cell: string) => string): boolean {
  return differenceOf(plainly(ours, plain), plainly(theirs, plain)) === undefined;
}

function plainly(reading: Reading, plain: (cell: string) => string): Reading {
  if ('error' in reading) return reading;
  return { header: reading.header, rows: reading.rows.map(row => row.map(cell => cell && plain(cell))) };
}

/** The first that explains how ours differs from what a reader gives. */
export function knownOf(reader: string, file: Case, ours: Reading, theirs: Reading): Known | undefined {
  return KNOWN.find(
    known =>
      known.kinds.includes(file.kind) &&
      (known.reader === undefined || known.reader === reader) &&
      known.explains(file, ours, theirs),
  );
}
