import type { Control, Dashboard } from '../dashboard.ts';
import { overTime } from './over-time.ts';
import { overview } from './overview.ts';
import { standing } from './standing.ts';
import { toLookAt } from './to-look-at.ts';
import { logView, runsView, type ViewsOptions } from './views.ts';

const CONTROLS: Control[] = [
  { kind: 'values', field: 'event.dataset', title: 'Dataset' },
  { kind: 'values', field: 'orchestrator.run.state', title: 'State of runs' },
];

/** What the orchestrator does, for whoever looks after it: of the last day, read anew every half minute. */
export function operationsDashboard(options: ViewsOptions): Dashboard {
  return {
    key: 'operations',
    title: 'Orchestrator: operations',
    description:
      'Runs, what waits, what failed and why, how fresh each dataset is, and the log. Choosing a state shows runs alone: what waits and the log have none.',
    timeRange: { from: 'now-24h', to: 'now' },
    refreshSeconds: 30,
    views: [runsView(options), logView(options)],
    controls: CONTROLS,
    panels: [...overview(0), ...overTime(5), ...standing(25), ...toLookAt(39)],
  };
}
