import type { Metric, Panel } from '../dashboard.ts';
import { EACH_DATASET, LOADED, RUNS, STATES } from './fields.ts';

const HEIGHT = 14;
/** A dataset that had no file for weeks is what is looked for; older documents are mostly gone. */
const LONG = { from: 'now-30d', to: 'now' };

/** How each dataset stands, and how the runs ended. One row. */
export function standing(y: number): Panel[] {
  return [
    {
      key: 'outcome',
      title: 'Outcome of runs',
      place: { x: 0, y, w: 10, h: HEIGHT },
      filter: RUNS,
      kind: 'share',
      groups: { ...EACH_DATASET, field: 'event.outcome', label: 'Outcome', size: 5, order: 0 },
      metric: { of: 'count', label: 'Runs' },
    },
    {
      key: 'freshness',
      title: 'Last load of each dataset, within 30 days',
      place: { x: 10, y, w: 17, h: HEIGHT },
      timeRange: LONG,
      filter: `${RUNS} and ${LOADED}`,
      kind: 'table',
      rows: [EACH_DATASET],
      metrics: [
        { of: 'max', field: '@timestamp', label: 'Last load' },
        { of: 'count', label: 'Files' },
        { of: 'sum', field: 'orchestrator.run.rows.loaded', label: 'Rows' },
      ],
    },
    {
      key: 'waiting',
      title: 'What waits and runs now',
      place: { x: 27, y, w: 21, h: HEIGHT },
      filter: STATES,
      kind: 'table',
      rows: [EACH_DATASET],
      metrics: [
        last('queued', 'Waiting'),
        last('running', 'Running'),
        last('waits_for', 'Waits for'),
        last('failed', 'Failed'),
        last('to_check', 'To check'),
        last('rows_to_mend', 'Rows to mend'),
      ],
    },
  ];
}

function last(name: string, label: string): Metric {
  return { of: 'last_value', field: `orchestrator.dataset.${name}`, sortField: '@timestamp', label };
}
