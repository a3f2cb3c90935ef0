import type { Dashboard, DataView, Panel } from '../../dashboard.ts';

const PLACE = { x: 0, y: 0, w: 24, h: 12 };

export const FLIGHTS: DataView = {
  key: 'dataset/flights',
  pattern: 'flights',
  name: 'Flights',
  timeField: 'TIME_HOUR',
  types: { TIME_HOUR: 'date', DISTANCE: 'long', AIR_TIME: 'integer', PLACE: 'geo_point', LATE: 'boolean' },
  formats: {
    'run.id': { as: 'url', template: 'http://127.0.0.1:8080/runs/{{value}}', label: '{{value}}' },
    DISTANCE: { as: 'number', pattern: '0,0' },
    TIME_HOUR: { as: 'date', pattern: 'DD/MM/YYYY HH:mm' },
  },
};

/** A dashboard of flights, with these panels. */
export function flights(panels: Panel[], change: Partial<Dashboard> = {}): Dashboard {
  return {
    key: 'dataset/flights',
    title: 'Flights',
    description: 'Made for dataset flights',
    timeRange: { from: '2013-01-01T00:00:00.000Z', to: '2014-01-01T00:00:00.000Z' },
    views: [FLIGHTS],
    controls: [],
    panels,
    ...change,
  };
}

const COUNT = { of: 'count', label: 'Rows' } as const;
const OVER_TIME = { by: 'time', field: 'TIME_HOUR', label: 'Time', interval: '1d' } as const;
const CARRIERS = { by: 'values', field: 'CARRIER', label: 'Carrier', size: 10, others: true, order: 0 } as const;
const KM = { as: 'number', pattern: '0,0' } as const;

/** One dashboard for each kind of panel; what comes of it stands in testdata/<name>.ndjson. */
export const KINDS: Readonly<Record<string, Dashboard>> = {
  text: flights([
    { key: 'about', title: 'About', place: PLACE, kind: 'text', markdown: '## Flights\n[Runs](http://a.b/)' },
  ]),
  figure: flights([
    {
      key: 'far',
      title: 'Far flights',
      place: PLACE,
      kind: 'figure',
      filter: 'ORIGIN: "JFK"',
      metric: { of: 'average', field: 'DISTANCE', label: 'Distance', format: KM, filter: 'DISTANCE > 1000' },
    },
  ]),
  bars: flights([
    { key: 'rows', title: 'Rows', place: PLACE, kind: 'chart', shape: 'bar', groups: OVER_TIME, metrics: [COUNT] },
  ]),
  lines: flights([
    {
      key: 'airtime',
      title: 'Air time',
      place: PLACE,
      kind: 'chart',
      shape: 'line',
      groups: OVER_TIME,
      series: CARRIERS,
      metrics: [{ of: 'percentile', field: 'AIR_TIME', percent: 95, label: 'p95' }],
    },
  ]),
  numbers: flights([
    {
      key: 'distances',
      title: 'Distances',
      place: PLACE,
      kind: 'chart',
      shape: 'area',
      groups: { by: 'number', field: 'DISTANCE', label: 'Distance' },
      series: { by: 'number', field: 'AIR_TIME', label: 'Air time', edges: [0, 60, 180] },
      metrics: [COUNT],
    },
  ]),
  share: flights([
    { key: 'carriers', title: 'Carriers', place: PLACE, kind: 'share', groups: CARRIERS, metric: COUNT },
  ]),
  table: flights([
    {
      key: 'carriers',
      title: 'Carriers',
      place: PLACE,
      kind: 'table',
      rows: [CARRIERS],
      metrics: [COUNT, { of: 'last_value', field: 'TAILNUM', sortField: 'TIME_HOUR', label: 'Last plane' }],
    },
  ]),
  map: flights([
    {
      key: 'map',
      title: 'Where',
      place: PLACE,
      kind: 'map',
      field: 'PLACE',
      told: ['CARRIER', 'DISTANCE'],
      filter: 'LATE: true',
      timeRange: { from: 'now-24h', to: 'now' },
    },
  ]),
  documents: flights([
    {
      key: 'documents',
      title: 'Rows',
      place: PLACE,
      kind: 'documents',
      columns: ['CARRIER', 'ORIGIN', 'DEST'],
      sort: { field: 'TIME_HOUR', order: 'desc' },
    },
  ]),
  controls: flights([], {
    timeRange: null,
    controls: [
      { kind: 'values', field: 'CARRIER', title: 'Carrier' },
      { kind: 'range', field: 'DISTANCE', title: 'Distance' },
    ],
  }),
};
