import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { elasticsearchNode } from '../../e2e/index.ts';
import { checkAgainstServer } from './check-server.ts';
import { findingText } from './findings-text.ts';
import { elasticsearchServer } from './server/server.ts';
import { readText } from './testing/check-example.ts';
import { columns, exampleText, layerOf, makeExample, type Example } from './testing/example.ts';
import { makeSales, salesIndex } from './testing/sales.ts';

const INDEX = 'kibana-check-sales';
let index: Awaited<ReturnType<typeof salesIndex>>;

before(async () => {
  index = await salesIndex(elasticsearchNode(), INDEX, makeSales(500));
});

after(() => index?.drop());

async function check(change: (example: Example) => void): Promise<string[]> {
  const example = makeExample(INDEX);
  change(example);
  const { reading, findings } = readText(exampleText(example));
  await checkAgainstServer(reading, elasticsearchServer(index.client), Date.UTC(2025, 0, 1));
  return findings.map(findingText);
}

test('the example is right on a server that has its rows', async () => {
  assert.deepEqual(await check(() => {}), []);
});

function setField(panel: string, column: string, field: string) {
  return (example: Example) => {
    const found = layerOf(example, panel).columns[column];
    if (found) found['sourceField'] = field;
  };
}

function setFilter(query: string) {
  return (example: Example) => {
    const north = layerOf(example, 'table').columns['north'];
    if (north) north['filter'] = { query, language: 'kuery' };
  };
}

function setTimes(timeFrom: string, timeTo: string) {
  return (example: Example) => Object.assign(example.dashboard.attributes, { timeFrom, timeTo });
}

const CHANGES: ReadonlyArray<readonly [name: string, change: (example: Example) => void, found: RegExp]> = [
  ['an index that is not there', e => (e.view.attributes['title'] = 'kibana-check-nothing'), /No index is called/],
  [
    'a time field that is not there',
    e => (e.view.attributes['timeFieldName'] = 'DAY'),
    /time field is of the field DAY/,
  ],
  ['a time field that is no date', e => (e.view.attributes['timeFieldName'] = 'REGION'), /which is of type keyword/],
  ['a format of a field that is not there', e => (e.formats['SUM'] = { id: 'number' }), /A format is of the field SUM/],
  ['a sum of a keyword', setField('table', 'sum', 'PRODUCT'), /PRODUCT, which is of type keyword/],
  ['a sum of a field that is not there', setField('table', 'sum', 'amount'), /such as AMOUNT/],
  ['terms of a text', setField('table', 'p', 'NOTE'), /NOTE \(text\), which can't be grouped/],
  ['terms of points', setField('table', 'p', 'PLACE'), /PLACE, which is of type geo_point/],
  ['terms of numbers as texts', setField('table', 'p', 'AMOUNT'), /dataType string, but AMOUNT is a number/],
  ['a histogram of times over a keyword', setField('time', 'x', 'REGION'), /REGION, which is of type keyword/],
  ['a histogram of numbers over a date', setField('amounts', 'x', 'DATE'), /DATE, which is of type date/],
  [
    'a last value by a keyword',
    e => (layerOf(e, 'table').columns['last']!['params'] = { sortField: 'REGION' }),
    /The sort of/,
  ],
  [
    'a control of a text',
    e => (e.controls['region']!['explicitInput'] = { id: 'region', fieldName: 'NOTE' }),
    /control of NOTE/,
  ],
  [
    'a slider of a keyword',
    e => (e.controls['amount']!['explicitInput'] = { id: 'amount', fieldName: 'REGION' }),
    /control of REGION/,
  ],
  [
    'a map of no points',
    e => ((e.mapLayers[1]!['sourceDescriptor'] as { geoField: string }).geoField = 'AMOUNT'),
    /layer "Places" is of/,
  ],
  [
    'a column of documents that is not there',
    e => (e.search.attributes['columns'] = ['DATE', 'PRICE']),
    /A column is of the field PRICE/,
  ],
  ['a sort by a text', e => (e.search.attributes['sort'] = [['NOTE', 'asc']]), /sort is of the field NOTE/],
  ['a filter of a field that is not there', setFilter('region : north'), /A filter is of the field region/],
  [
    'a filter that finds nothing in a panel',
    e => filterPanel(e, 'REGION : nowhere'),
    /note: .*panel "count": The panel is empty now/,
  ],
  ['times beside the rows', setTimes('2020-01-01', '2020-12-31'), /500 of 500 documents of Sales are outside/],
  ['times that hold few rows', setTimes('2024-01-01', '2024-02-01'), /warning: .* are outside the time range/],
  ['times of half a year', setTimes('2024-01-01', '2024-09-01'), /note: .* are outside the time range/],
  ['a figure of no value', e => emptyFigure(e), /is empty everywhere/],
  [
    'more groups than can be',
    e => (layerOf(e, 'time').columns['x'] = columns.time('DATE', '1m')),
    /more than 1000 groups/,
  ],
];

function filterPanel({ panels }: Example, query: string): void {
  const attributes = panels[1]?.embeddableConfig['attributes'] as { state: Record<string, unknown> };
  attributes.state['query'] = { query, language: 'kuery' };
}

function emptyFigure(example: Example): void {
  const { columns: all } = layerOf(example, 'table');
  all['median'] = {
    ...columns.metric('max', 'AMOUNT'),
    filter: { query: 'REGION : nowhere', language: 'kuery' },
  };
}

for (const [name, change, found] of CHANGES)
  test(`found on the server: ${name}`, async () => {
    const texts = await check(change);
    assert.ok(
      texts.some(text => found.test(text)),
      `${String(found)} is not among:\n${texts.join('\n')}`,
    );
  });
