import type { Batch } from '../batch/batch.ts';
import { neverFailure } from '../contract/failure.ts';
import type { Job } from '../contract/settings.ts';

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

/** JSON of the three members of a row's document, each with a comma before it; no bytes where they are not wanted. */
export function sourceMembers({ load, filePath, runId }: Job): (batch: Batch, row: number) => Buffer {
  const none = Buffer.alloc(0);
  // rule 3: documents hold the columns and nothing else
  if (!load.source_columns) return () => none;
  const fixed = `,"${SOURCE_FILE}":${JSON.stringify(filePath)},"${SOURCE_RUN}":${JSON.stringify(runId)},"${SOURCE_ROW}":"`;
  return (batch, row) => Buffer.from(`${fixed}${batch.numbers[row]}"`);
}
