import { readRunLog } from '../api/run-log.ts';
import { OrchestratorError } from '../errors.ts';
import type { Journal, Run } from '../journal/journal.ts';
import type { CommandDeps } from './deps.ts';
import { findRun } from './find-run.ts';
import { streamOf } from './service-address.ts';
import { oneLine } from './text.ts';

export interface LogsRequest {
  /** A run, or a file: the newest of its runs that was started. */
  of: string;
  attempt?: number;
  follow: boolean;
}

/** `orchestrator logs RUN|FILE`: what the attempts printed, without the secrets that they were given. */
export function showLogs(deps: CommandDeps, request: LogsRequest): Promise<number> {
  return deps.withJournal(async journal => {
    const run = await findRun(journal, request.of, { isMeant: ({ attempt }) => attempt > 0 });
    const { terminal } = deps;
    terminal.writeError(`${run.dataset} ${oneLine(run.file)}, run ${run.id}: ${run.state}\n`);
    const log = (await askLog(deps, run, request)) ?? (await readLog(deps, journal, run, request));
    for await (const piece of log) terminal.write(piece);
    return 0;
  });
}

/** The running orchestrator knows best which secrets a run was given. null where none answers. */
async function askLog(deps: CommandDeps, { id }: Run, { attempt, follow }: LogsRequest) {
  if ((await deps.holder()) === null) return null;
  const query = new URLSearchParams({
    ...(attempt === undefined ? {} : { attempt: String(attempt) }),
    ...(follow ? { follow: '1' } : {}),
  });
  return streamOf(deps.service(), `/api/runs/${id}/log?${query.toString()}`, deps.interrupted);
}

async function readLog(deps: CommandDeps, journal: Journal, run: Run, { attempt, follow }: LogsRequest) {
  const all = await journal.attempts(run.id);
  const attempts = attempt === undefined ? all : all.filter(each => each.attempt === attempt);
  if (attempt !== undefined && attempts.length === 0)
    throw new OrchestratorError('never', `run ${run.id} of ${run.file} has no attempt ${attempt}`);
  const mask = await deps.maskOf(run.dataset);
  const current = follow ? { current: () => journal.run(run.id) } : {};
  return readRunLog({ dataDir: deps.dataDir(), run, attempts, mask, signal: deps.interrupted, ...current });
}
