import type { Client } from '@elastic/elasticsearch';
import type { Decision } from '../../default-etl/contract/contract.ts';
import type { Dataset } from '../config/dataset.ts';
import type { Journal } from '../journal/journal.ts';
import type { Dashboard } from './dashboard.ts';
import type { DatasetFacts } from './facts/facts.ts';
import { datasetFacts } from './facts/dataset-facts.ts';
import type { Bounds } from './facts/server.ts';
import { planDashboard } from './plan/plan-dashboard.ts';

export interface DashboardContext {
  /** Whose credentials may read the rows. */
  client: Client;
  /** What the newest run of the dataset that said how it reads its file decided: decisionsOf(). */
  decisions: readonly Decision[];
  /** Whether there is the data stream of runs, metrics-orchestrator.runs-default. */
  hasRuns: boolean;
  /** Where browsers reach the orchestrator's page, without a slash at its end; without one runs have no links. */
  pageUrl?: string | null;
  /** Milliseconds since 1970-01-01 UTC. */
  now: number;
  bounds?: Bounds;
  signal?: AbortSignal;
}

export interface DatasetDashboard {
  dashboard: Dashboard;
  facts: DatasetFacts;
  /** Why each field is shown as it is, and what is not shown. Sentences. */
  reasons: string[];
  /** What of LOAD.dashboard could not be done: fields that the rows do not have. Sentences. */
  toCheck: string[];
}

/**
 * The dashboard of a dataset, from its mapping and its rows. Null where LOAD.dashboard is false, the rows go elsewhere,
 * or there is no index yet. Throws Unanswered where Elasticsearch does not tell what the index has.
 */
export async function dashboardOf(dataset: Dataset, context: DashboardContext): Promise<DatasetDashboard | null> {
  const { target, dashboard: settings = true } = dataset.settings.LOAD;
  if (settings === false || target !== 'elasticsearch') return null;
  const facts = await datasetFacts(dataset, context);
  if (facts === null) return null;
  const { hasRuns, pageUrl = null, now } = context;
  return { ...planDashboard(facts, settings === true ? {} : settings, { hasRuns, pageUrl, now }), facts };
}

/** What the newest of the dataset's runs that said how it reads its file decided; empty where none did. */
export async function decisionsOf(journal: Pick<Journal, 'runs' | 'decisions'>, dataset: string): Promise<Decision[]> {
  const { items } = await journal.runs({ dataset, states: ['done'], limit: RUNS_LOOKED_AT });
  for (const { id } of items) {
    const decisions = await journal.decisions(id);
    if (decisions.length > 0) return decisions;
  }
  return [];
}

const RUNS_LOOKED_AT = 10;
