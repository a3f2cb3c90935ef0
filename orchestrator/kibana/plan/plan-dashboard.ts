import type { DashboardSettings } from '../../config/dashboard-schema.ts';
import type { Dashboard } from '../dashboard.ts';
import type { DatasetFacts } from '../facts/facts.ts';

export interface PlanContext {
  /** Whether there is the data stream of runs, metrics-orchestrator.runs-default. */
  hasRuns: boolean;
  /** Milliseconds since 1970-01-01 UTC. */
  now: number;
}

export interface Plan {
  dashboard: Dashboard;
  /** Sentences. */
  reasons: string[];
  /** What of the settings could not be done. Sentences. */
  toCheck: string[];
}

/** What is worth showing of a dataset, and where. */
export function planDashboard(facts: DatasetFacts, settings: DashboardSettings, _context: PlanContext): Plan {
  const title = settings.title ?? facts.dataset;
  const columns = facts.fields.map(({ name }) => name).slice(0, 50);
  const dashboard: Dashboard = {
    key: `dataset/${facts.dataset}`,
    title,
    description: '',
    timeRange: null,
    views: [
      {
        key: `dataset/${facts.dataset}`,
        pattern: facts.pattern,
        name: title,
        timeField: null,
        types: Object.fromEntries(facts.fields.map(({ name, type }) => [name, type])),
        formats: {},
      },
    ],
    controls: [],
    panels: [
      {
        key: 'rows',
        title: 'Rows',
        place: { x: 0, y: 0, w: 12, h: 6 },
        kind: 'figure',
        metric: { label: 'Rows', of: 'count' },
      },
      { key: 'documents', title: 'Rows', place: { x: 0, y: 6, w: 48, h: 20 }, kind: 'documents', columns, sort: null },
    ],
  };
  return { dashboard, reasons: facts.notes, toCheck: [] };
}
