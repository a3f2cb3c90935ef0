import type { Dashboard } from '../dashboard.ts';
import { savedObjects } from '../objects/saved-objects.ts';
import type { WantedDashboard } from '../push/push.ts';

/** A dashboard of a dataset with a data view, a figure and a table, as it is pushed. */
export function wantedDashboard(
  dataset: string,
  { columns = ['CITY', 'AMOUNT'], title = dataset } = {},
): WantedDashboard {
  const key = `dataset/${dataset}`;
  const dashboard: Dashboard = {
    key,
    title,
    description: '',
    timeRange: { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' },
    views: [
      {
        key,
        pattern: dataset,
        name: title,
        timeField: null,
        types: Object.fromEntries(columns.map(column => [column, 'keyword'])),
        formats: Object.fromEntries(columns.map(column => [column, { as: 'number', pattern: '0,0' }])),
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
  return { key, objects: savedObjects(dashboard) };
}
