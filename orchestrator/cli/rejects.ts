import { createReadStream, createWriteStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { codeOf, messageOf, OrchestratorError } from '../errors.ts';
import type { Journal, Run } from '../journal/journal.ts';
import { mendRefusal } from '../text/mend-refusal.ts';
import { rejectsAsCsv, rejectsAsLines } from '../rejects/export.ts';
import { mendRejects } from '../operations/mend.ts';
import { type OpenRejects, openRejects } from '../rejects/open-rejects.ts';
import { count } from '../text/count.ts';
import type { CommandDeps, Terminal } from './deps.ts';
import { followRuns } from './follow.ts';
import { findRejected, knownRun } from './find-run.ts';
import { oneLine, paint } from './text.ts';

const MOST_LISTED = 100;
const MOST_CHARACTERS = 300;

export interface RejectsRequest {
  /** An id, a file or a dataset: the newest run with rejected rows is meant. */
  run: string;
  json: boolean;
  /** Path, or `-`. */
  download?: string;
  /** Path. */
  load?: string;
  follow: boolean;
}

/** `orchestrator rejects RUN|FILE|DATASET`: lists them, writes them to be mended, loads what was mended. */
export async function handleRejects(deps: CommandDeps, request: RejectsRequest): Promise<number> {
  const { load } = request;
  if (load !== undefined) return loadMended(deps, request, load);
  return deps.withJournal(async journal => {
    const rejects = await openRejects(journal, deps.dataDir(), await findRejected(journal, request.run));
    if (request.download !== undefined) return download(deps, rejects, request.download);
    if (!request.json) return list(deps.terminal, rejects);
    for await (const line of rejectsAsLines(rejects)) deps.terminal.write(line);
    return 0;
  });
}

async function loadMended(deps: CommandDeps, { run: id, follow }: RejectsRequest, path: string): Promise<number> {
  const { terminal, interrupted } = deps;
  await assertReadable(path);
  const work = async (journal: Journal) => {
    const run = await findRejected(journal, id);
    const content = createReadStream(path);
    const mend = await mendRejects({ journal, dataDir: deps.dataDir(), run, content, now: deps.now() });
    const later = follow || (await deps.holder()) !== null ? '' : '; it waits for the start of an orchestrator';
    terminal.writeError(`run ${mend.id} is queued${later}\n`);
    if (!follow) return 0;
    const code = await followRuns({ journal, runs: [mend], terminal, interrupted });
    tellMended(terminal, await knownRun(journal, mend.replayOf ?? run.id));
    return code;
  };
  return follow ? deps.withScheduler(work) : deps.withJournal(work);
}

async function assertReadable(path: string): Promise<void> {
  const fault = await access(path, constants.R_OK)
    .then(async () => ((await stat(path)).isFile() ? undefined : 'it is no regular file'))
    .catch((error: unknown) => codeOf(error) ?? messageOf(error));
  if (fault !== undefined) throw new OrchestratorError('never', `${path} can't be read (${fault})`);
}

function tellMended({ write }: Terminal, { id, rows, rowsMended }: Run): void {
  const rejected = rows?.rejected ?? 0;
  write(`of ${count(rejected, 'rejected row')} of run ${id}, ${rowsMended.toLocaleString('en')} are mended\n`);
}

async function download({ terminal, interrupted }: CommandDeps, rejects: OpenRejects, path: string): Promise<number> {
  if (rejects.files === null) throw noRejects(rejects.run);
  if (path === '-') {
    for await (const part of rejectsAsCsv(rejects, interrupted)) terminal.writeContent(part);
    return 0;
  }
  // Never over another: it may be the one that was mended by hand.
  await pipeline(rejectsAsCsv(rejects, interrupted), createWriteStream(path, { flags: 'wx' })).catch(
    (error: unknown) => {
      if (error instanceof OrchestratorError) throw error;
      const why = codeOf(error) === 'EEXIST' ? 'it is there already; name another' : messageOf(error);
      throw new OrchestratorError('never', `${path} can't be written: ${why}`);
    },
  );
  const { id } = rejects.run;
  const refusal = mendRefusal(rejects.run);
  const next = refusal === null ? `mend it, then: orchestrator rejects ${id} --load ${path}` : `run ${id} ${refusal}`;
  terminal.writeError(`written to ${path}; ${next}\n`);
  return 0;
}

async function list({ write, hasColour }: Terminal, rejects: OpenRejects): Promise<number> {
  const { run } = rejects;
  let listed = 0;
  for await (const { row, line, reason, raw } of rejects.list()) {
    listed += 1;
    if (listed > MOST_LISTED) continue;
    const place = `row ${row}${line === null ? '' : `, line ${line}`}`;
    write(`${place}: ${oneLine(reason)}\n  ${paint(oneLine(shorten(raw)), 'dim', hasColour)}\n`);
  }
  const total = run.rows?.rejected ?? listed;
  const mended = run.rowsMended === 0 ? '' : `, ${run.rowsMended.toLocaleString('en')} mended since`;
  const more = listed > MOST_LISTED ? `; the first ${MOST_LISTED} are shown, --json has all` : '';
  write(`${run.dataset} ${oneLine(run.file)}: ${count(total, 'row')} rejected${mended}${more}\n`);
  const refusal = listed === 0 ? null : mendRefusal(run);
  if (refusal !== null) write(`It ${refusal}.\n`);
  return 0;
}

function shorten(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}…`;
}

function noRejects(run: Run): OrchestratorError {
  const why = (run.rows?.rejected ?? 0) > 0 ? 'its rejected rows are no longer kept' : 'it has no rejected rows';
  return new OrchestratorError('never', `run ${run.id} of ${run.dataset}/${run.file}: ${why}`);
}
