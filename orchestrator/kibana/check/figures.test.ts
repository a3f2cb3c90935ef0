import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { elasticsearchNode } from '../../e2e/index.ts';
import { checkAgainstServer } from './check-server.ts';
import { findingText } from './findings-text.ts';
import { elasticsearchServer } from './server/server.ts';
import { readText } from './testing/check-example.ts';
import { compareWithRows, differences } from './testing/compare.ts';
import { columns, exampleText, layerOf, makeExample, type Example } from './testing/example.ts';
import { makeSales, salesIndex } from './testing/sales.ts';

const INDEX = 'kibana-check-figures';
const sales = makeSales(3000);
let index: Awaited<ReturnType<typeof salesIndex>>;
let instance: DuckDBInstance;

before(async () => {
  index = await salesIndex(elasticsearchNode(), INDEX, sales);
  instance = await DuckDBInstance.create(':memory:');
  const folder = await mkdtemp(join(tmpdir(), 'kibana-figures-'));
  await writeFile(join(folder, 'sales.ndjson'), sales.map(sale => JSON.stringify(sale)).join('\n'));
  const connection = await instance.connect();
  await connection.run(
    `create table sales as select * replace (cast(DATE as timestamp) as DATE)
     from read_json('${join(folder, 'sales.ndjson')}', format = 'newline_delimited')`,
  );
  connection.closeSync();
  await rm(folder, { recursive: true });
});

after(async () => {
  instance?.closeSync();
  await index?.drop();
});

async function compare(change: (example: Example) => void) {
  const example = makeExample(INDEX);
  change(example);
  const { reading, findings } = readText(exampleText(example));
  const shown = await checkAgainstServer(reading, elasticsearchServer(index.client));
  assert.deepEqual(findings.map(findingText), []);
  const connection = await instance.connect();
  const compared = await compareWithRows(shown[0]!, { connection, table: 'sales', pattern: INDEX });
  connection.closeSync();
  return compared;
}

test('every panel shows what DuckDB computes from the rows', async () => {
  const compared = await compare(() => {});
  assert.deepEqual(differences(compared), []);
  const counts = Object.fromEntries(compared.map(({ panel, figures }) => [panel, figures.length]));
  assert.deepEqual(Object.keys(counts), ['count', 'time', 'table', 'share', 'amounts', 'map', 'documents']);
  assert.equal(counts['table'], 6 * 4);
  assert.ok(Number(counts['time']) > 300, `${counts['time']}`);
});

const metrics = ['average', 'max', 'min', 'standard_deviation', 'sum', 'unique_count'];

for (const operation of [...metrics, 'percentile'])
  test(`equal: ${operation}`, async () => {
    const compared = await compare(example => {
      const layer = layerOf(example, 'table');
      const column = columns.metric(operation, 'AMOUNT', operation === 'percentile' ? { percentile: 95 } : {});
      layer.columns['sum'] = column;
      layer.columns['median'] = {
        ...column,
        filter: { query: 'AMOUNT < 500 and not REGION : nor*', language: 'kuery' },
      };
    });
    assert.deepEqual(differences(compared), []);
  });

for (const interval of ['1d', '1w', '1M', '1q', '1y', '30d', '12h', 'd'])
  test(`equal: times by ${interval}`, async () => {
    const compared = await compare(example => {
      layerOf(example, 'time').columns['x'] = columns.time('DATE', interval);
    });
    assert.deepEqual(differences(compared), []);
  });

const GROUPS: Readonly<Record<string, Record<string, unknown>>> = {
  ranges: {
    ...columns.histogram('AMOUNT'),
    dataType: 'string',
    params: {
      type: 'range',
      ranges: [
        { from: null, to: 100 },
        { from: 100, to: 500 },
        { from: 500, to: null },
      ],
    },
  },
  filters: {
    label: 'filters',
    dataType: 'string',
    operationType: 'filters',
    isBucketed: true,
    params: {
      filters: [
        { label: 'much', input: { query: 'AMOUNT >= 500', language: 'kuery' } },
        { label: 'north or none', input: { query: 'REGION : north or not REGION : *', language: 'kuery' } },
      ],
    },
  },
};

for (const [name, column] of Object.entries(GROUPS))
  test(`equal: groups by ${name}`, async () => {
    const compared = await compare(example => {
      layerOf(example, 'amounts').columns['x'] = column;
    });
    assert.deepEqual(differences(compared), []);
  });

test('equal: top values within top values, each with its others', async () => {
  const compared = await compare(example => {
    const time = layerOf(example, 'time');
    time.columns['s'] = columns.terms('REGION', 'n', { size: 3 });
    time.columns['x'] = columns.terms('PRODUCT', 'n', { size: 2, orderDirection: 'asc' });
  });
  assert.deepEqual(differences(compared), []);
  const time = compared.find(({ panel }) => panel === 'time');
  assert.equal(time?.figures.length, 4 * 3);
});

test('a row that is missing in the index is found', async () => {
  const { hits } = await index.client.search({ index: INDEX, size: 1 });
  await index.client.delete({ index: INDEX, id: hits.hits[0]?._id ?? '', refresh: true });
  const compared = await compare(() => {});
  assert.ok(differences(compared).length >= 5, differences(compared).join('\n'));
});
