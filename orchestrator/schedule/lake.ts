import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { WORK_FILES } from '../../default-etl/contract.ts';
import type { Dataset } from '../config/dataset.ts';
import { syncPath } from '../dispose/place.ts';
import { codeOf, OrchestratorError } from '../errors.ts';
import type { LedgerEntry, Rows, Run } from '../journal/journal.ts';

/** The ledger's name for what a dataset keeps in the lake; no index of Elasticsearch can have a colon. */
export function lakeIndex(dataset: string): string {
  return `lake:${dataset}`;
}

/** The lake has one file for each key, which goes once the run is done: there is nothing for the default ETL to do. */
export function isLakeDeletion({ settings }: Dataset, { action }: Run): boolean {
  const isDefaultEtl = settings.COMMAND === undefined && settings.DOCKER_IMAGE === undefined;
  return action === 'delete' && settings.LOAD.target === 'lake' && isDefaultEtl;
}

export interface LakeRequest {
  dataDir: string;
  run: Run;
  ledger: LedgerEntry;
  rows: Rows;
  workDir: string;
  /** Whether what ran is the default ETL, which must leave a file where it loaded rows. */
  mustLeaveFile: boolean;
}

/**
 * Puts the attempt's Parquet file in place, in one step, and takes out what it replaces. Idempotent, so that a crash before the
 * run is recorded as done does no harm. Throws `never` where there is no file although rows were loaded.
 */
export async function commitToLake(request: LakeRequest): Promise<void> {
  const { dataDir, run, ledger, rows } = request;
  const folder = join(dataDir, 'lake', run.dataset);
  const key = run.fileKey as string;
  await mkdir(folder, { recursive: true });
  const name = `${key}${suffixOf(run)}`;
  const placed = await place(join(request.workDir, WORK_FILES.lake), join(folder, name));
  if (!placed && rows.loaded > 0 && request.mustLeaveFile) throw noFile(rows);
  // Mended rows stand beside those that were loaded before; where none was, and none is, a former version stays.
  if (!ledger.replacesFormer || (run.action === 'mend' && rows.loaded === 0)) return;
  const index = lakeIndex(run.dataset);
  const replaced = ledger.replaces.filter(old => old.index === index && old.FILE_KEY !== key);
  for (const old of replaced) await removeKey(folder, old.FILE_KEY, null);
  await removeKey(folder, key, placed ? name : null);
}

/** Records that are loaded once more, by a replay of their mend, take their own place. */
function suffixOf({ mendFile }: Run): string {
  return mendFile === null ? '.parquet' : `.${basename(mendFile, extname(mendFile))}.parquet`;
}

/** The former version's file has the same name, and goes only by being replaced. */
async function removeKey(folder: string, key: string, keep: string | null): Promise<void> {
  const names = await readdir(folder);
  const own = names.filter(name => name.startsWith(`${key}.`) && name !== keep);
  await Promise.all(own.map(name => rm(join(folder, name), { force: true })));
}

async function place(source: string, target: string): Promise<boolean> {
  try {
    await syncPath(source);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  await rename(source, target);
  await syncPath(dirname(target));
  return true;
}

function noFile({ loaded }: Rows): OrchestratorError {
  return new OrchestratorError(
    'never',
    `contract breach: ${loaded} rows loaded, but there is no ${WORK_FILES.lake} in WORK_DIR; mend the program that was run`,
  );
}
