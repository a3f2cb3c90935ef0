import type { Case, Kind } from './case.ts';
import { differenceOf, type Reading } from './table.ts';

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
    name: 'ods: blanks that the format makes one',
    kinds: ['workbook'],
    explains: ({ form }, ours, theirs) =>
      form['format'] === 'ods' && isSameBut(ours, theirs, cell => cell.replace(/ *(\n) *| +/g, '$1')),
  },
];

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
