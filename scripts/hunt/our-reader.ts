import { cellText } from '../../default-etl/batch/batch.ts';
import { openReader } from '../../default-etl/extract/open.ts';
import { EtlFailure } from '../../default-etl/contract/failure.ts';
import { SourceFile } from '../../default-etl/unpack/source.ts';
import { Spill } from '../../default-etl/unpack/spill.ts';
import type { Reading } from './table.ts';

const NOTHING_EXPECTED = { sizeBytes: null, mtimeNs: null, inode: null };
/** A decision that is less sure says so in the run's log, and what to set. */
const SURE = 0.7;

/** What the default ETL makes of a file, all of it found out by itself; what is unpacked goes below `folder`. */
export async function readByOurs(path: string, fileName: string, folder: string): Promise<Reading> {
  const source = await SourceFile.open(path, NOTHING_EXPECTED, new AbortController().signal);
  const spill = new Spill(folder);
  try {
    const reader = await openReader({ source, fileName, extract: {}, spill });
    const header: string[] = [];
    const rows: Array<Array<string | null>> = [];
    let rejects = 0;
    for await (const batch of reader.batches()) {
      header.push(...batch.header.slice(header.length));
      rejects += batch.rejects.length;
      for (let row = 0; row < batch.rows; row++)
        rows.push(batch.header.map((_, column) => cellText(batch, row, column) ?? null));
    }
    const decisions = [...reader.decisions, ...(reader.findings?.() ?? [])];
    const decided = decisions.map(({ name }) => name);
    const told = decisions.filter(({ confidence }) => confidence < SURE).map(({ name }) => name);
    return { header, rows: rows.map(row => header.map((_, column) => row[column] ?? null)), rejects, decided, told };
  } catch (error) {
    if (error instanceof EtlFailure) return { error: error.message };
    throw error;
  } finally {
    await spill.close();
    await source.close();
  }
}
