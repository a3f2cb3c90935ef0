import type { Client } from '@elastic/elasticsearch';
import type { Dataset } from '../config/dataset.ts';
import { messageOf, statusOf } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { Dashboard } from './dashboard.ts';
import { dashboardOf, decisionsOf } from './dashboard-of.ts';
import { Unanswered } from './facts/server.ts';

export interface GatherContext {
  /** Whose credentials may read the rows (rows-client.ts). */
  client: Client;
  journal: Pick<Journal, 'runs' | 'decisions'>;
  /** Whether there is the data stream of runs: hasRunsStream(). */
  hasRuns: boolean;
  /** Where browsers reach the orchestrator's page, as the operator's dashboard has it; without one runs have no links. */
  pageUrl?: string | null;
  /** Milliseconds since 1970-01-01 UTC. */
  now: number;
  signal?: AbortSignal;
}

/** The dashboard of a dataset, or why there is none. */
export type Gathered = GatheredDashboard | NoDashboard;

export interface GatheredDashboard {
  dashboard: Dashboard;
  /** Of LOAD.dashboard, what could not be done. Sentences. */
  toCheck: string[];
  /** Why each field is shown as it is. Sentences. */
  reasons: string[];
  /** False where Elasticsearch was away for a part of it: it may show more in a while. */
  isComplete: boolean;
  /** False where it did not even count the rows: it refuses to, or takes too long. */
  isMeasured: boolean;
}

export interface NoDashboard {
  dashboard: null;
  /** After the dataset's name. */
  why: string;
  /** It may be otherwise in a while. */
  isAway: boolean;
}

/** Asks for the dashboard of a dataset; throws nothing for what Elasticsearch does not answer. */
export async function gatherDashboard(dataset: Dataset, context: GatherContext): Promise<Gathered> {
  const { target, dashboard: settings } = dataset.settings.LOAD;
  if (settings === false) return none('wants no dashboard (LOAD.dashboard: false)');
  if (target !== 'elasticsearch') return none(`has its rows in ${target}, not in Elasticsearch`);
  try {
    const { journal, ...others } = context;
    const decisions = await decisionsOf(journal, dataset.name);
    const found = await dashboardOf(dataset, { ...others, decisions });
    if (found === null) return none('has no rows in Elasticsearch yet');
    const { isComplete, rows } = found.facts;
    return { ...found, isComplete, isMeasured: rows !== null };
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    return { dashboard: null, why: `can't be looked at in Elasticsearch: ${messageOf(error)}`, isAway: true };
  }
}

/** Whether runs are written to Elasticsearch, and may be seen by these credentials. */
export async function hasRunsStream(client: Client, signal?: AbortSignal): Promise<boolean> {
  try {
    return await client.indices.exists({ index: RUNS_STREAM }, signal === undefined ? {} : { signal });
  } catch (error) {
    if (statusOf(error) === 403) return false;
    throw error;
  }
}

/** telemetry/README.md */
const RUNS_STREAM = 'metrics-orchestrator.runs-default';

function none(why: string): Gathered {
  return { dashboard: null, why, isAway: false };
}
