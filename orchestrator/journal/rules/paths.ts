import { versionAt } from '../../../default-etl/contract/contract.ts';
import { posix } from 'node:path';
import { OrchestratorError } from '../../errors.ts';
import type { Run } from '../journal.ts';
import type { Tx } from './tx.ts';

/** A new run of a path: columns that each of them has. */
export interface NewRun {
  dataset: string;
  file: string;
  root: string;
  priority: number;
  now: number;
}

export function runById(tx: Tx, id: string): Run | undefined {
  return tx.selectRuns('id = $id', { id })[0];
}

export function requireRun(tx: Tx, id: string): Run {
  const run = runById(tx, id);
  if (run === undefined) throw new OrchestratorError('never', `there is no run ${id}; it may have been pruned`);
  return run;
}

export function bug(run: Run, what: string): OrchestratorError {
  return new OrchestratorError('bug', `run ${run.id} of ${run.dataset}/${run.file} is ${run.state}: ${what}`);
}

export function absolutePath(root: string, file: string): string {
  return posix.join(root, file);
}

export function ensureDataset(tx: Tx, dataset: string): void {
  tx.execute('INSERT INTO datasets (name) VALUES ($dataset) ON CONFLICT DO NOTHING', { dataset });
}

/** The run of a path that is to run: settling or queued. */
export function waitingRun(tx: Tx, dataset: string, file: string): Run | undefined {
  const where = `dataset = $dataset AND file = $file AND state IN ('settling', 'queued')`;
  return tx.selectRuns(where, { dataset, file })[0];
}

export function runningRun(tx: Tx, dataset: string, file: string): Run | undefined {
  return tx.selectRuns(`dataset = $dataset AND file = $file AND state = 'running'`, { dataset, file })[0];
}

/** The run of a path that is under way: the one that waits, else the one that runs. */
export function openRun(tx: Tx, dataset: string, file: string): Run | undefined {
  return waitingRun(tx, dataset, file) ?? runningRun(tx, dataset, file);
}

/** The run of a path with the highest VERSION. */
export function latestRun(tx: Tx, dataset: string, file: string): Run | undefined {
  const where = 'dataset = $dataset AND file = $file AND version IS NOT NULL ORDER BY version DESC LIMIT 1';
  return tx.selectRuns(where, { dataset, file })[0];
}

/** The same among those that read the file at its path: a mend adds to a version, it is none. */
export function latestVersion(tx: Tx, dataset: string, file: string): Run | undefined {
  const where = `dataset = $dataset AND file = $file AND version IS NOT NULL AND action <> 'mend' AND read_from IS NULL ORDER BY version DESC LIMIT 1`;
  return tx.selectRuns(where, { dataset, file })[0];
}

/** The same among those that loaded the file. */
export function latestDone(tx: Tx, dataset: string, file: string): Run | undefined {
  const where = `dataset = $dataset AND file = $file AND version IS NOT NULL AND state = 'done' AND action IN ('add', 'change')
    ORDER BY version DESC LIMIT 1`;
  return tx.selectRuns(where, { dataset, file })[0];
}

/** Newer than the run, and of the file itself: a mend adds to a version, it is none. */
export function newerRun(tx: Tx, run: Run): Run | undefined {
  const where = `dataset = $dataset AND file = $file AND version > $version AND action <> 'mend' ORDER BY version DESC LIMIT 1`;
  return tx.selectRuns(where, { dataset: run.dataset, file: run.file, version: run.version })[0];
}

/** VERSION (rule 4): above all of the dataset's, above `atLeast`, and not below the clock, should the journal be a new one. */
export function allocateVersion(tx: Tx, dataset: string, now: number, atLeast = 1): number {
  const clock = versionAt(now);
  const row = tx.get<{ last_version: number }>(
    // rule 4: VERSION is not below the clock
    // rule 4: VERSION is above the one before
    'UPDATE datasets SET last_version = max(last_version + 1, $clock, $atLeast) WHERE name = $dataset RETURNING last_version',
    { dataset, clock, atLeast },
  );
  if (row === undefined) throw new OrchestratorError('bug', `dataset ${dataset} is not in the journal`);
  return row.last_version;
}

/** What a queued run of a path whose predecessor still runs has to say. */
export function reasonToWait(tx: Tx, dataset: string, file: string): string | null {
  const running = runningRun(tx, dataset, file);
  // rule 2: what waits says for what
  return running === undefined ? null : `waits for run ${running.id} of the same file`;
}

/** Ends a run that waits. */
export function endWaiting(tx: Tx, run: Run, state: 'skipped' | 'cancelled', error: string, now: number): Run {
  const set = 'state = $state, error = $error, ended_at = $now, due_at = NULL, ready = NULL';
  return tx.updateRun(run.id, set, { state, error, now });
}

/** The columns every new run begins with. */
export function newRunColumns(id: string, run: NewRun) {
  return {
    id,
    dataset: run.dataset,
    file: run.file,
    file_folded: foldPath(run.file),
    root: run.root,
    priority: run.priority,
    seen_at: run.now,
  };
}

/** The sigma within a word, for both of its small forms. */
export const SIGMA = 'σ';
const FINAL_SIGMA = 'ς';

/** Upper and lower case, the two ways of writing accents, and the two small forms of the Greek sigma are one. */
export function foldPath(path: string): string {
  return path.normalize('NFC').toLowerCase().replaceAll(FINAL_SIGMA, SIGMA);
}

/** That a run's path has `$part`, as foldPath() makes it. What version 0.1.0 wrote has final sigmas. */
export function hasPart(part: string): string {
  const folded = part.includes(SIGMA) ? `replace(file_folded, '${FINAL_SIGMA}', '${SIGMA}')` : 'file_folded';
  return `instr(${folded}, $part) > 0`;
}
