import { neverFailure } from '../failure.ts';

/** What LOAD.source_columns adds to each row: its file, its run, its number in the file. */
export const SOURCE_FILE = 'SOURCE_FILE';
export const SOURCE_RUN = 'SOURCE_RUN';
export const SOURCE_ROW = 'SOURCE_ROW';

const NAMES = [SOURCE_FILE, SOURCE_RUN, SOURCE_ROW];

/** Throws EtlFailure 65 where a column of the file has such a name: the cells of one of them would be lost. */
export function assertNoSourceColumn(names: readonly string[]): void {
  const taken = NAMES.filter(name => names.includes(name));
  if (taken.length === 0) return;
  throw neverFailure(
    `the file has a column ${taken.join(', ')}, which LOAD.source_columns would add; rename or drop it by a step of TRANSFORM, or leave ` +
      'source_columns out',
  );
}
