import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '@elastic/elasticsearch';
import { checkAgainstServer } from '../check/check-server.ts';
import { checkStructure } from '../check/check-structure.ts';
import type { Finding } from '../check/finding.ts';
import { findingText } from '../check/findings-text.ts';
import { readObjects } from '../check/read-objects.ts';
import { elasticsearchServer } from '../check/server/server.ts';
import type { Dashboard, DataView, Panel } from '../dashboard.ts';
import { kqlField, kqlValue } from '../escape.ts';
import { toNdjson } from './ndjson.ts';
import { savedObjects } from './saved-objects.ts';
import { flights, FLIGHTS, KINDS } from './testing/dashboards.ts';

const node = process.env['ELASTICSEARCH_NODE'];
const INDEX = `kibana-objects-test-${process.pid}`;
const VIEW: DataView = { ...FLIGHTS, pattern: INDEX };
/** Names of fields that mean something else somewhere, and values that do. */
const HOSTILE = [
  'a "b"',
  String.raw`back\slash`,
  '{{value}}',
  'two\nlines',
  'or',
  'a: b',
  '😀',
  '<b>',
  "it's",
  'prix (€)',
];
let client: Client;

before(async () => {
  if (!node) throw new Error('ELASTICSEARCH_NODE is not set: npm test starts an Elasticsearch and sets it');
  client = new Client({ node });
  const keywords = ['CARRIER', 'ORIGIN', 'DEST', 'TAILNUM', ...HOSTILE].map(name => [
    name,
    { type: 'keyword' as const },
  ]);
  const others = Object.entries(FLIGHTS.types).map(([name, type]) => [name, { type }]);
  const run = { properties: { id: { type: 'keyword' } } };
  await client.indices.create({
    index: INDEX,
    mappings: { properties: { ...Object.fromEntries([...keywords, ...others]), run } },
  });
  await client.bulk({
    refresh: true,
    operations: Array.from({ length: 60 }, (_, at) => [{ index: { _index: INDEX } }, flight(at)]).flat(),
  });
});

after(async () => {
  await client.indices.delete({ index: INDEX, ignore_unavailable: true });
  await client.close();
});

for (const [kind, dashboard] of Object.entries(KINDS)) {
  test(`${kind}: it shows rows, and nothing is found wrong with it`, async () => {
    const timeRange = { from: '2013-01-01T00:00:00.000Z', to: '2014-01-01T00:00:00.000Z' };
    const panels = dashboard.panels.map(panel => ({ ...panel, timeRange }));
    assert.deepEqual(await findings({ ...dashboard, views: [VIEW], panels }), []);
  });
}

test('fields of any name are counted, grouped, filtered by and listed as what they are', async () => {
  const panels = HOSTILE.flatMap((name, at) => panelsOf(name, at * 24));
  const controls = HOSTILE.map(field => ({ kind: 'values', field, title: field }) as const);
  assert.deepEqual(await findings(flights(panels, { views: [VIEW], controls: [...controls] })), []);
});

async function findings(dashboard: Dashboard): Promise<string[]> {
  const found: Finding[] = [];
  const reading = checkStructure(readObjects('objects', toNdjson(savedObjects(dashboard)), found), found);
  await checkAgainstServer(reading, elasticsearchServer(client), Date.UTC(2014, 0, 1));
  return found.map(findingText);
}

/** With the value that all rows have: a panel without rows would be found. */
function panelsOf(name: string, y: number): Panel[] {
  const filter = `${kqlField(name)}: ${kqlValue(name)}`;
  const groups = { by: 'values', field: name, label: name, size: 5, others: true, order: 0 } as const;
  return [
    {
      key: `${name}/figure`,
      title: name,
      place: { x: 0, y, w: 24, h: 12 },
      kind: 'figure',
      filter,
      metric: { of: 'last_value', field: name, sortField: 'TIME_HOUR', label: name, filter },
    },
    {
      key: `${name}/chart`,
      title: name,
      place: { x: 24, y, w: 24, h: 12 },
      kind: 'chart',
      shape: 'bar-horizontal',
      groups,
      metrics: [{ of: 'count', label: name, filter }],
    },
    {
      key: `${name}/documents`,
      title: name,
      place: { x: 0, y: y + 12, w: 48, h: 12 },
      kind: 'documents',
      columns: [name],
      sort: { field: name, order: 'asc' },
      filter,
    },
  ];
}

function flight(at: number): Record<string, unknown> {
  return {
    TIME_HOUR: new Date(Date.UTC(2013, at % 12, 1 + (at % 28), 5)).toISOString(),
    CARRIER: ['UA', 'DL', 'AA'][at % 3],
    ORIGIN: 'JFK',
    DEST: ['LAX', 'BOS'][at % 2],
    TAILNUM: `N${at}`,
    DISTANCE: 200 + at * 40,
    AIR_TIME: 30 + at * 2,
    LATE: at % 2 === 0,
    PLACE: { lat: 40 + at / 100, lon: -73 },
    run: { id: `run-${at}` },
    ...Object.fromEntries(HOSTILE.map(name => [name, name])),
  };
}
