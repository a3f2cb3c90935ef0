import type { Grouping, Metric, Panel } from '../dashboard.ts';
import { EACH_DATASET, EACH_HOUR, LOADED, RUNS } from './fields.ts';

const EACH_STATE: Grouping = {
  by: 'values',
  field: 'orchestrator.run.state',
  label: 'State',
  size: 5,
  others: false,
  order: 'value',
};
const HEIGHT = 10;

/** How much was done in each hour, and how long it took. Two rows. */
export function overTime(y: number): Panel[] {
  return [
    {
      key: 'runs-per-hour',
      title: 'Runs per hour, by state',
      place: { x: 0, y, w: 16, h: HEIGHT },
      filter: RUNS,
      kind: 'chart',
      shape: 'bar',
      groups: EACH_HOUR,
      series: EACH_STATE,
      metrics: [{ of: 'count', label: 'Runs' }],
    },
    {
      key: 'files-per-hour',
      title: 'Files loaded per hour, by dataset',
      place: { x: 16, y, w: 16, h: HEIGHT },
      filter: `${RUNS} and ${LOADED}`,
      kind: 'chart',
      shape: 'bar',
      groups: EACH_HOUR,
      series: { ...EACH_DATASET, size: 10, others: true, order: 0 },
      metrics: [{ of: 'count', label: 'Files' }],
    },
    {
      key: 'rows-per-hour',
      title: 'Rows per hour',
      place: { x: 32, y, w: 16, h: HEIGHT },
      filter: RUNS,
      kind: 'chart',
      shape: 'bar',
      groups: EACH_HOUR,
      metrics: [rows('loaded', 'Loaded'), rows('rejected', 'Rejected'), rows('filtered', 'Filtered')],
    },
    ...times(y + HEIGHT),
  ];
}

function times(y: number): Panel[] {
  return [
    {
      key: 'durations',
      title: 'How long runs take',
      place: { x: 0, y, w: 16, h: HEIGHT },
      filter: RUNS,
      kind: 'chart',
      shape: 'line',
      groups: EACH_HOUR,
      metrics: percentiles('orchestrator.run.duration_ms'),
    },
    {
      key: 'waits',
      title: 'How long files wait for their run',
      place: { x: 16, y, w: 16, h: HEIGHT },
      filter: RUNS,
      kind: 'chart',
      shape: 'line',
      groups: EACH_HOUR,
      metrics: percentiles('orchestrator.run.wait_ms'),
    },
    {
      key: 'rejected-by-dataset',
      title: 'Rejected rows, by dataset',
      place: { x: 32, y, w: 16, h: HEIGHT },
      filter: `${RUNS} and orchestrator.run.rows.rejected > 0`,
      kind: 'chart',
      shape: 'bar-horizontal',
      groups: { ...EACH_DATASET, size: 20, order: 0 },
      metrics: [rows('rejected', 'Rejected rows')],
    },
  ];
}

function rows(name: string, label: string): Metric {
  return { of: 'sum', field: `orchestrator.run.rows.${name}`, label };
}

function percentiles(field: string): Metric[] {
  return [50, 95].map(percent => ({
    of: 'percentile',
    field,
    percent,
    label: `p${percent}`,
    format: { as: 'duration', unit: 'milliseconds' },
  }));
}
