import type { DatasetSummary, Journal, Run } from '../journal/journal.ts';
import type { CommandDeps, ServiceState } from './deps.ts';
import { statusText } from './status-text.ts';

/** Of each kind of run to look after. */
const MOST_LISTED = 10;
/** Of the runs that are done, for those that add to former files. */
const NEWEST = 100;

/** What `status --json` gives. */
export interface Status {
  running: { pid: number; host: string } | null;
  /** Whether anything wants somebody: then the exit code is 1. */
  toLookAfter: boolean;
  datasets: Array<Omit<DatasetSummary, 'dataset'> & { name: string; watchDir: string | null }>;
  configErrors: readonly string[];
  configWarnings: readonly string[];
  /** What the running orchestrator says is the matter; null where none answers. */
  troubles: readonly string[] | null;
  /** What it says of its folders that is meant so. */
  notices: readonly string[];
  /** Files that could not be moved or removed, with the reason. */
  disposals: Array<{ run: string; kind: string; file: string; error: string }>;
  /** Runs that wait for something, as their `error` says; newest first, as all of these. */
  waiting: Run[];
  /** Failed and quarantined, not mended since, not acknowledged. */
  failures: Run[];
  /** Done, with something to check, or left alone, not acknowledged. */
  toCheck: Run[];
  /** Of the newest runs, those whose rows stand beside those of a former file of their name. */
  beside: Run[];
}

/**
 * `orchestrator status`: read from the journal, so it works while no orchestrator is running. Resolves to 1 where
 * something needs looking after: all that is listed but warnings and notices, and files that wait while nothing runs.
 */
export async function showStatus(deps: CommandDeps, options: { json: boolean }): Promise<number> {
  const running = await deps.holder();
  const state = running === null ? null : await deps.state();
  const config = state ?? { ...(await deps.config()), troubles: null, notices: [] };
  const status = await deps.withJournal(journal => readStatus(journal, config, running));
  const { write, hasColour } = deps.terminal;
  write(options.json ? `${JSON.stringify(status, null, 2)}\n` : statusText(status, hasColour));
  return status.toLookAfter ? 1 : 0;
}

type Config = Omit<ServiceState, 'troubles'> & { troubles: readonly string[] | null };

async function readStatus(journal: Journal, config: Config, running: Status['running']): Promise<Status> {
  const [summaries, waiting, failed, doubted, intents, newest] = await Promise.all([
    journal.summaries(),
    journal.waiting({ limit: MOST_LISTED }),
    journal.attention({ kind: 'failed', limit: MOST_LISTED }),
    journal.attention({ kind: 'to-check', limit: MOST_LISTED }),
    journal.intents(),
    journal.runs({ states: ['done'], limit: NEWEST }),
  ]);
  const told = {
    configErrors: config.errors,
    troubles: config.troubles,
    waiting: waiting.items,
    failures: failed.items,
    toCheck: doubted.items,
    disposals: intents.flatMap(({ runId, kind, source, error }) =>
      error === null ? [] : [{ run: runId, kind, file: source, error }],
    ),
  };
  const isLeft = running === null && summaries.some(({ counts }) => counts.settling + counts.queued > 0);
  return {
    running,
    toLookAfter: isLeft || Object.values(told).some(lines => (lines?.length ?? 0) > 0),
    datasets: joinDatasets(summaries, config),
    configWarnings: config.warnings,
    notices: config.notices,
    beside: newest.items.filter(run => run.beside > 0).slice(0, MOST_LISTED),
    ...told,
  };
}

/** Those that are configured and those that the journal remembers. */
function joinDatasets(summaries: DatasetSummary[], config: Config): Status['datasets'] {
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
    runsFailed: 0,
    runsToCheck: 0,
    rowsThere: 0,
    rowsToMend: 0,
    valuesLeftOut: 0,
    lastEndedAt: null,
    loadsNotice: null,
  };
}
