import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { OrchestratorError } from '../errors.ts';
import { type FoundPath, isRunId, type Journal, type Run } from '../journal/journal.ts';
import { oneLine } from './text.ts';

/** More would be a wall of text. */
const MOST_NAMED = 10;
const MOST_RUNS = 1000;

/** The runs of a path, newest first. */
export interface FoundRuns {
  dataset: string;
  file: string;
  runs: Run[];
}

/**
 * The run that somebody means by an id or a file: of a file the newest that `isMeant`, or the newest of all where none is. Throws an OrchestratorError (`never`)
 * where there is none, or several files may be meant.
 */
export async function findRun(
  journal: Journal,
  text: string,
  isMeant: (run: Run) => boolean = () => true,
): Promise<Run> {
  if (isRunId(text)) return knownRun(journal, text);
  const { runs } = await findFile(journal, text);
  const found = runs.find(isMeant) ?? runs[0];
  if (found === undefined) throw unknown(text);
  return found;
}

/** As findRun(), all runs of the file. A file that was moved to the backup or the quarantine is the run's whose file it was. */
export async function findFile(journal: Journal, text: string): Promise<FoundRuns> {
  const found = await pathsOf(journal, text);
  const [path, ...others] = found;
  if (path === undefined) throw unknown(text);
  if (others.length > 0) throw ambiguous(text, found);
  const { dataset, file, runId } = path;
  if (runId !== null) return { dataset, file, runs: [await knownRun(journal, runId)] };
  return { dataset, file, runs: (await journal.runs({ dataset, path: file, limit: MOST_RUNS })).items };
}

/** The file that somebody means by a run's id, or as findFile(); undefined where no run has it. Throws an OrchestratorError (`never`) where several may be meant. */
export async function namedFile(journal: Journal, text: string): Promise<FoundPath | undefined> {
  const run = isRunId(text) ? await journal.run(text) : undefined;
  if (run !== undefined) return { dataset: run.dataset, file: run.file, runId: null };
  const found = await pathsOf(journal, text);
  if (found.length > 1) throw ambiguous(text, found);
  return found[0];
}

/** The newest run of a dataset, or of a file, that has rejected rows; a run by its id. Else as findRun(). */
export async function findRejected(journal: Journal, text: string): Promise<Run> {
  const hasRejects = ({ rows, state }: Run) => (rows?.rejected ?? 0) > 0 || state === 'quarantined';
  if (!(await isDataset(journal, text))) return findRun(journal, text, hasRejects);
  let cursor: string | null = null;
  do {
    const after: { cursor?: string } = cursor === null ? {} : { cursor };
    const page = await journal.runs({ dataset: text, states: ['done', 'quarantined'], limit: MOST_RUNS, ...after });
    const found = page.items.find(run => hasRejects(run) && run.rowsMended < (run.rows?.rejected ?? 1));
    if (found !== undefined) return found;
    cursor = page.nextCursor;
  } while (cursor !== null);
  throw new OrchestratorError('never', `dataset ${text} has no run with rejected rows that are still to be mended`);
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

/** By where it lies, from here; else by the end of the path that a run has. */
async function pathsOf(journal: Journal, text: string): Promise<FoundPath[]> {
  const absolute = resolve(text);
  const real = await realpath(absolute).catch(() => absolute);
  const here = await Promise.all([...new Set([absolute, real])].map(path => journal.pathsAt(path)));
  const lying = distinct(here.flat());
  if (lying.length > 0) return lying;
  const { items } = await journal.runs({ file: text, limit: MOST_RUNS });
  const ends = items.filter(({ file }) => file === text || file.endsWith(`/${text}`));
  return distinct(ends.map(({ dataset, file }) => ({ dataset, file, runId: null })));
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
    `${oneLine(text)} may be several files: ${names.join(', ')}${more}; name more of its path, or the id that orchestrator runs --json gives`,
  );
}
