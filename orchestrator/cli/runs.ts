import Table from 'cli-table3';
import { OrchestratorError } from '../errors.ts';
import { type Journal, type Run, RUN_STATES, type RunState } from '../journal/journal.ts';
import type { CommandDeps, Terminal } from './deps.ts';
import { findFile, isDataset, knownRun } from './find-run.ts';
import { localTime, oneLine, paint } from './text.ts';

export interface RunsRequest {
  /** A dataset, or a file; all where left out. */
  of?: string;
  states: readonly RunState[];
  limit: number;
  json: boolean;
}

/** `orchestrator runs [DATASET|FILE]`: newest first. */
export function listRuns(deps: CommandDeps, request: RunsRequest): Promise<number> {
  return deps.withJournal(async journal => {
    const runs = await read(journal, request);
    const { terminal } = deps;
    if (request.json) terminal.write(runs.map(run => `${JSON.stringify(run)}\n`).join(''));
    else terminal.write(runs.length === 0 ? 'There is no such run.\n' : tableOf(runs, terminal));
    const link = request.json ? null : await newestRowsLink(deps, runs, request.of);
    if (link !== null) terminal.write(`rows in Kibana: ${link}\n`);
    return 0;
  });
}

/** Of what was named, where its newest run that is done has its rows; null: nothing was named, or there is no Kibana. */
async function newestRowsLink(deps: CommandDeps, runs: readonly Run[], of: string | undefined): Promise<string | null> {
  const newest = runs.find(({ state }) => state === 'done');
  if (of === undefined || newest === undefined || deps.kibana() === null) return null;
  const { rowsLinkOf } = await import('./rows-link.ts');
  return rowsLinkOf(deps, newest);
}

async function read(journal: Journal, { of, states, limit }: RunsRequest): Promise<Run[]> {
  const filter = { limit, ...(states.length === 0 ? {} : { states: [...states] }) };
  if (of === undefined) return (await journal.runs(filter)).items;
  if (await isDataset(journal, of)) return (await journal.runs({ ...filter, dataset: of })).items;
  const { dataset, file, runId } = await findFile(journal, of);
  if (runId === null) return (await journal.runs({ ...filter, dataset, path: file })).items;
  const run = await knownRun(journal, runId);
  return states.length === 0 || states.includes(run.state) ? [run] : [];
}

/** The states that a list of names gives, with commas between. Throws an OrchestratorError (`never`) where one is none. */
export function statesOf(text: string): RunState[] {
  const names = text.split(',').map(name => name.trim());
  const known: readonly string[] = RUN_STATES;
  const wrong = names.find(name => !known.includes(name));
  if (wrong === undefined) return names as RunState[];
  throw new OrchestratorError('never', `${wrong || '(nothing)'} is not a state; there are ${known.join(', ')}`);
}

function tableOf(runs: readonly Run[], { hasColour }: Terminal): string {
  const head = ['when', 'dataset', 'file', 'state', 'rows', 'rejected', 'took', ''];
  const colAligns = head.map((_, column) => (column > 3 && column < 7 ? 'right' : 'left') as 'left' | 'right');
  const table = new Table({ head, colAligns, style: hasColour ? { head: ['cyan'] } : { head: [], border: [] } });
  for (const run of runs) {
    const { dataset, file, root, state, rows, toCheck, error, action } = run;
    table.push([
      localTime(run.endedAt ?? run.startedAt ?? run.queuedAt ?? run.seenAt),
      dataset,
      oneLine(root === '/' ? `/${file}` : file),
      paint(stateText(run), colourOf(state, toCheck.length > 0), hasColour),
      rows === null ? '' : rows.loaded.toLocaleString('en'),
      rows === null ? '' : (rows.rejected - run.rowsMended).toLocaleString('en'),
      tookText(run),
      oneLine([action === 'add' ? '' : action, error ?? '', ...toCheck].filter(text => text !== '').join(': ')),
    ]);
  }
  return `${table.toString()}\n`;
}

function stateText({ state, toCheck, progress }: Run): string {
  if (state === 'running' && progress !== null) return `running, ${progress.rows.toLocaleString('en')} rows`;
  return toCheck.length > 0 ? `${state}, to check` : state;
}

function colourOf(state: RunState, isDoubtful: boolean): 'green' | 'yellow' | 'red' | 'dim' {
  if (state === 'done' && !isDoubtful) return 'green';
  if (state === 'failed' || state === 'quarantined') return 'red';
  return state === 'cancelled' || state === 'skipped' ? 'dim' : 'yellow';
}

function tookText({ startedAt, endedAt }: Run): string {
  if (startedAt === null || endedAt === null) return '';
  const seconds = (endedAt - startedAt) / 1000;
  return seconds < 120 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`;
}
