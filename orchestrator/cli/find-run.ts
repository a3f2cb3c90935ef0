import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { OrchestratorError } from '../errors.ts';
import { type FoundPath, isRunId, type Journal, type Run, type RunState } from '../journal/journal.ts';
import { everyRun } from '../operations/every-run.ts';
import { oneLine } from './text.ts';

/** More would be a wall of text. */
const MOST_NAMED = 10;

/** Which run of a file is meant; any where nothing is said. */
export interface Meant {
  states?: RunState[];
  isMeant?(run: Run): boolean;
}

/**
 * The run that somebody means by an id or a file: of a file the newest that is meant, or the newest of all where none
 * is. Throws an OrchestratorError (`never`) where there is none, or several files may be meant.
 */
export async function findRun(journal: Journal, text: string, meant: Meant = {}): Promise<Run> {
  if (isRunId(text)) return knownRun(journal, text);
  const { dataset, file, runId } = await findFile(journal, text);
  if (runId !== null) return knownRun(journal, runId);
  const path = { dataset, path: file };
  const run = (await newestMeant(journal, path, meant)) ?? (await newestMeant(journal, path, {}));
  if (run === undefined) throw unknown(text);
  return run;
}

/**
 * The file that somebody means, as findRun(). One that was moved to the backup or the quarantine is that of the run
 * after which it was.
 */
export async function findFile(journal: Journal, text: string): Promise<FoundPath> {
  const found = await onlyPath(journal, text);
  if (found === undefined) throw unknown(text);
  return found;
}

/**
 * The file that somebody means by a run's id, or as findFile(); undefined where no run has it. Throws an
 * OrchestratorError (`never`) where several may be meant.
 */
export async function namedFile(journal: Journal, text: string): Promise<FoundPath | undefined> {
  const run = isRunId(text) ? await journal.run(text) : undefined;
  if (run !== undefined) return { dataset: run.dataset, file: run.file, runId: null };
  return onlyPath(journal, text);
}

/** The newest run of a dataset, or of a file, that has rejected rows; a run by its id. Else as findRun(). */
export async function findRejected(journal: Journal, text: string): Promise<Run> {
  const states: RunState[] = ['done', 'quarantined'];
  const hasRejects = ({ rows, state }: Run) => (rows?.rejected ?? 0) > 0 || state === 'quarantined';
  if (!(await isDataset(journal, text))) return findRun(journal, text, { states, isMeant: hasRejects });
  const isMeant = (run: Run) => hasRejects(run) && run.rowsMended < (run.rows?.rejected ?? 1);
  const found = await newestMeant(journal, { dataset: text }, { states, isMeant });
  if (found !== undefined) return found;
  throw new OrchestratorError('never', `dataset ${text} has no run with rejected rows that are still to be mended`);
}

async function newestMeant(
  journal: Journal,
  filter: { dataset: string; path?: string },
  { states, isMeant = () => true }: Meant,
): Promise<Run | undefined> {
  const wanted = { ...filter, ...(states && { states }) };
  for await (const run of everyRun(page => journal.runs({ ...wanted, ...page }))) if (isMeant(run)) return run;
  return undefined;
}

/** Whether the journal knows a dataset of this name. */
export async function isDataset(journal: Journal, name: string): Promise<boolean> {
  return (await journal.summaries()).some(({ dataset }) => dataset === name);
}

/** Throws an OrchestratorError (`never`) where there is none. */
export async function knownRun(journal: Journal, id: string): Promise<Run> {
  const run = isRunId(id) ? await journal.run(id) : undefined;
  if (run === undefined)
    throw new OrchestratorError('never', `there is no run ${id}; orchestrator runs lists the newest`);
  return run;
}

async function onlyPath(journal: Journal, text: string): Promise<FoundPath | undefined> {
  const found = await pathsOf(journal, text);
  if (found.length > 1) throw ambiguous(text, found);
  return found[0];
}

/** By where it lies, from here; else by the end of the path that a run has. */
async function pathsOf(journal: Journal, text: string): Promise<FoundPath[]> {
  const absolute = resolve(text);
  const real = await realpath(absolute).catch(() => absolute);
  const here = await Promise.all([...new Set([absolute, real])].map(path => journal.pathsAt(path)));
  const lying = distinct(here.flat());
  return lying.length > 0 ? lying : journal.pathsNamed(text, MOST_NAMED + 1);
}

function distinct(paths: readonly FoundPath[]): FoundPath[] {
  return [...new Map(paths.map(path => [`${path.dataset}\0${path.file}\0${path.runId}`, path])).values()];
}

function unknown(text: string): OrchestratorError {
  return new OrchestratorError(
    'never',
    `no run has the id or the file ${oneLine(text)}; orchestrator runs lists the newest, orchestrator explain says why a file was not taken`,
  );
}

function ambiguous(text: string, paths: readonly FoundPath[]): OrchestratorError {
  const names = paths.slice(0, MOST_NAMED).map(({ dataset, file }) => `${dataset} ${oneLine(file)}`);
  const more = paths.length > MOST_NAMED ? ', …' : '';
  return new OrchestratorError(
    'never',
    `${oneLine(text)} matches several files: ${names.join(', ')}${more}; give more of the path, or the id that orchestrator runs --json gives`,
  );
}
