import Table from 'cli-table3';
import type { DatasetSummary, Journal, Run } from '../journal/journal.ts';
import type { CommandDeps, ConfigState } from './deps.ts';
import { count, localTime, oneLine, paint } from './text.ts';

const MOST_LISTED = 10;
/** Of the runs that are queued, for those that wait for something. */
const MOST_LOOKED_THROUGH = 1000;

interface Status {
  running: { pid: number; host: string } | null;
  datasets: Array<Omit<DatasetSummary, 'dataset'> & { name: string; watchDir: string | null }>;
  configErrors: readonly string[];
  configWarnings: readonly string[];
  /** What the running orchestrator says is the matter; null where none answers. */
  troubles: readonly string[] | null;
  /** Files that could not be moved or removed, with the reason. */
  disposals: Array<{ run: string; kind: string; file: string; error: string }>;
  /** Runs that wait for something, as their `error` says. */
  waiting: Run[];
  /** Newest first. */
  failures: Run[];
  /** Done, with something to check all the same; newest first. */
  toCheck: Run[];
}

/** `orchestrator status`: read from the journal, so it works while no orchestrator is running. */
export async function showStatus(deps: CommandDeps, options: { json: boolean }): Promise<number> {
  const [running, config] = await Promise.all([deps.holder(), deps.config()]);
  const troubles = running === null ? null : await deps.troubles();
  const status = await deps.withJournal(journal => readStatus(journal, config, { running, troubles }));
  deps.terminal.write(options.json ? `${JSON.stringify(status, null, 2)}\n` : textOf(status, deps.terminal.hasColour));
  return 0;
}

async function readStatus(
  journal: Journal,
  config: ConfigState,
  service: Pick<Status, 'running' | 'troubles'>,
): Promise<Status> {
  const [summaries, queued, failed, doubted, intents] = await Promise.all([
    journal.summaries(),
    journal.runs({ states: ['queued'], limit: MOST_LOOKED_THROUGH }),
    journal.runs({ states: ['failed', 'quarantined'], limit: MOST_LISTED }),
    journal.runs({ toCheck: true, limit: MOST_LISTED }),
    journal.intents(),
  ]);
  const waiting = queued.items.filter(run => run.error !== null).slice(0, MOST_LISTED);
  return {
    ...service,
    datasets: joinDatasets(summaries, config),
    configErrors: config.errors,
    configWarnings: config.warnings,
    waiting,
    failures: failed.items,
    toCheck: doubted.items,
    disposals: intents.flatMap(({ runId, kind, source, error }) =>
      error === null ? [] : [{ run: runId, kind, file: source, error }],
    ),
  };
}

/** Those that are configured and those that the journal remembers. */
function joinDatasets(summaries: DatasetSummary[], config: ConfigState): Status['datasets'] {
  const known = new Map(summaries.map(summary => [summary.dataset, summary]));
  const configured = new Map(config.datasets.map(dataset => [dataset.name, dataset.watchDir]));
  const names = [...new Set([...configured.keys(), ...known.keys()])].toSorted();
  return names.map(name => {
    const { dataset: _, ...summary } = known.get(name) ?? emptySummary(name);
    return { name, watchDir: configured.get(name) ?? null, ...summary };
  });
}

function emptySummary(dataset: string): DatasetSummary {
  const counts = { settling: 0, queued: 0, running: 0, done: 0, failed: 0, quarantined: 0, cancelled: 0, skipped: 0 };
  return {
    dataset,
    paused: false,
    counts,
    rowsLoaded: 0,
    rowsRejected: 0,
    rowsMended: 0,
    rowsFiltered: 0,
    runsToCheck: 0,
    lastEndedAt: null,
  };
}

function textOf(status: Status, hasColour: boolean): string {
  const sections = [
    runningText(status),
    status.datasets.length > 0 ? tableOf(status, hasColour) : 'No dataset yet: write one to config/<dataset>.yaml.',
    emptyText(status),
    section('To look after', [...(status.troubles ?? [])]),
    section('Configuration errors', [...status.configErrors]),
    section('Configuration warnings', [...status.configWarnings]),
    section("Files that can't be moved or removed yet", status.disposals.slice(0, MOST_LISTED).map(disposalText)),
    section('Waiting', status.waiting.map(runText)),
    section('Newest failures', status.failures.map(runText)),
    section('Done, to check', status.toCheck.flatMap(toCheckTexts)),
  ];
  return `${sections.filter(text => text !== '').join('\n\n')}\n`;
}

function runningText({ running }: Status): string {
  if (running === null) return 'No orchestrator is running; start one with: orchestrator start';
  return `An orchestrator is running (pid ${running.pid} on ${running.host}).`;
}

function tableOf(status: Status, hasColour: boolean): string {
  const head = ['dataset', 'waiting', 'running', 'done', 'to check', 'failed', 'rows', 'rejected', 'last'];
  const colAligns = head.map(
    (_, column) => (column === 0 || column === head.length - 1 ? 'left' : 'right') as 'left' | 'right',
  );
  const table = new Table({ head, colAligns, style: hasColour ? { head: ['cyan'] } : { head: [], border: [] } });
  for (const { name, paused, counts, runsToCheck, rowsLoaded, rowsRejected, lastEndedAt } of status.datasets) {
    const failed = counts.failed + counts.quarantined;
    table.push([
      paused ? `${name} (paused)` : name,
      number(counts.settling + counts.queued),
      number(counts.running),
      paint(number(counts.done), 'green', hasColour && counts.done > 0),
      paint(number(runsToCheck), 'yellow', hasColour && runsToCheck > 0),
      paint(number(failed), 'red', hasColour && failed > 0),
      number(rowsLoaded),
      number(rowsRejected),
      lastEndedAt === null ? '' : localTime(lastEndedAt),
    ]);
  }
  return table.toString();
}

function emptyText({ datasets }: Status): string {
  const isEmpty = datasets.every(({ counts }) => Object.values(counts).every(runs => runs === 0));
  const folder = datasets.find(({ watchDir }) => watchDir !== null)?.watchDir;
  return isEmpty && folder ? `No file has been seen yet: copy one into ${folder}.` : '';
}

function section(title: string, lines: string[]): string {
  return lines.length === 0 ? '' : [`${title}:`, ...lines.map(line => `  ${oneLine(line)}`)].join('\n');
}

function number(value: number): string {
  return value.toLocaleString('en');
}

function disposalText({ run, kind, file, error }: Status['disposals'][number]): string {
  return `${file} (${kind}, run ${run}): ${error}`;
}

function toCheckTexts({ id, dataset, file, toCheck }: Run): string[] {
  return toCheck.map(sentence => `${dataset} ${file} (run ${id}): ${sentence}`);
}

function runText({ id, dataset, file, attempt, error }: Run): string {
  return `${dataset} ${file} (run ${id}, ${count(attempt, 'attempt')}): ${error ?? ''}`;
}
