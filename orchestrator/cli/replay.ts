import { createReadStream } from 'node:fs';
import { kindOf, messageOf, OrchestratorError } from '../errors.ts';
import type { Journal, Run, RunState } from '../journal/journal.ts';
import { everyRun } from '../operations/every-run.ts';
import { mendRejects } from '../operations/mend.ts';
import { count } from '../text/count.ts';
import type { CommandDeps } from './deps.ts';
import { findRun } from './find-run.ts';
import { followRuns } from './follow.ts';
import { oneLine } from './text.ts';

export interface ReplayRequest {
  /** Ids, or files: the newest run that read the file is meant. */
  runs: readonly string[];
  /** All of a dataset in these states, each path's latest version. */
  dataset?: string;
  states: readonly RunState[];
  /** NDJSON with mended rejects of the one run named. */
  rejects?: string;
  follow: boolean;
}

/** `orchestrator replay RUN|FILE…`: new runs of versions that were run before. */
export async function replayRuns(deps: CommandDeps, request: ReplayRequest): Promise<number> {
  const { terminal, interrupted } = deps;
  const work = async (journal: Journal) => {
    const { runs, refused } =
      request.rejects === undefined ? await replayAll(deps, journal, request) : await mend(deps, journal, request);
    terminal.writeError(`${count(runs.length, 'run')} queued\n`);
    for (const sentence of await whatKeepsThem(deps, journal, runs, request)) terminal.writeError(`${sentence}\n`);
    const code = request.follow ? await followRuns({ journal, runs, terminal, interrupted }) : 0;
    return refused > 0 && code === 0 ? 1 : code;
  };
  return request.follow ? deps.withScheduler(work) : deps.withJournal(work);
}

type Replayed = { runs: Run[]; refused: number };

async function replayAll(deps: CommandDeps, journal: Journal, request: ReplayRequest): Promise<Replayed> {
  const named = await Promise.all(request.runs.map(name => findRun(journal, name, { isMeant: hasReadFile })));
  const found = request.dataset === undefined ? [] : await latestRuns(journal, request.dataset, request.states);
  const runs: Run[] = [];
  let refused = 0;
  for (const run of [...named, ...found]) {
    const next = await replayOne(deps, journal, run);
    if (typeof next !== 'string') runs.push(next);
    else refused += 1;
    if (typeof next === 'string') deps.terminal.writeError(`${oneLine(next)}\n`);
  }
  return { runs, refused };
}

/** Why nothing may come of what was queued, for now. */
async function whatKeepsThem(
  deps: CommandDeps,
  journal: Journal,
  runs: readonly Run[],
  { follow }: ReplayRequest,
): Promise<string[]> {
  if (runs.length === 0) return [];
  const paused = (await journal.summaries()).filter(
    ({ dataset, paused: isPaused }) => isPaused && runs.some(run => run.dataset === dataset),
  );
  const sentences = paused.map(({ dataset }) => `dataset ${dataset} is paused: orchestrator resume ${dataset}`);
  const isIdle = !follow && (await deps.holder()) === null;
  return isIdle
    ? [...sentences, 'no orchestrator is running: the next one started will run them, or run them now with --follow']
    : sentences;
}

/** Why not, where it can't be replayed: the others of many are replayed all the same. */
async function replayOne(deps: CommandDeps, journal: Journal, run: Run): Promise<Run | string> {
  try {
    return (await deps.replay(journal, run)) ?? `${run.file} is waiting or running already; not replayed`;
  } catch (error) {
    if (kindOf(error) !== 'never' && kindOf(error) !== 'wait') throw error;
    return messageOf(error);
  }
}

async function mend(deps: CommandDeps, journal: Journal, { runs, rejects }: ReplayRequest): Promise<Replayed> {
  const [id, ...more] = runs;
  if (id === undefined || more.length > 0 || rejects === undefined) {
    throw new OrchestratorError('never', '--rejects needs exactly one RUN: the one whose rejects were mended');
  }
  const run = await findRun(journal, id, { isMeant: hasReadFile });
  const content = createReadStream(rejects);
  return { runs: [await mendRejects({ journal, dataDir: deps.dataDir(), run, content, now: deps.now() })], refused: 0 };
}

/** Neither a file that was never complete, nor the removal of its rows, nor a few mended ones. */
function hasReadFile({ version, action }: Run): boolean {
  return version !== null && (action === 'add' || action === 'change');
}

/** A path that has a newer version, or was replayed since, is left alone. */
async function latestRuns(journal: Journal, dataset: string, states: readonly RunState[]): Promise<Run[]> {
  const found: Run[] = [];
  for await (const run of everyRun(page => journal.runs({ dataset, states: [...states], ...page })))
    if ((await journal.latest(dataset, run.file))?.id === run.id) found.push(run);
  return found.toReversed();
}
