import type { Metric, Panel } from '../dashboard.ts';
import { LOADED, RUNS } from './fields.ts';

const FIGURES: ReadonlyArray<{ key: string; title: string; metric: Metric }> = [
  { key: 'runs', title: 'Runs that ended', metric: { of: 'count', label: 'Runs' } },
  { key: 'files', title: 'Files loaded', metric: { of: 'count', label: 'Files', filter: LOADED } },
  {
    key: 'rows',
    title: 'Rows loaded',
    metric: { of: 'sum', field: 'orchestrator.run.rows.loaded', label: 'Rows' },
  },
  {
    key: 'rejected',
    title: 'Rows rejected',
    metric: { of: 'sum', field: 'orchestrator.run.rows.rejected', label: 'Rows' },
  },
  {
    key: 'failed',
    title: 'Runs that failed',
    metric: { of: 'count', label: 'Runs', filter: 'event.outcome: "failure"' },
  },
  {
    key: 'to-check',
    title: 'Runs to check',
    metric: { of: 'count', label: 'Runs', filter: 'orchestrator.run.to_check: *' },
  },
];
const WIDTH = 8;
const HEIGHT = 5;

/** The figures at the top. */
export function overview(y: number): Panel[] {
  return FIGURES.map(({ key, title, metric }, at) => ({
    key: `figure-${key}`,
    title,
    place: { x: at * WIDTH, y, w: WIDTH, h: HEIGHT },
    filter: RUNS,
    kind: 'figure',
    metric,
  }));
}
