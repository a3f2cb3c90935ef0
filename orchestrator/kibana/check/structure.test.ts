import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingText } from './findings-text.ts';
import { readText } from './testing/check-example.ts';
import {
  columns,
  exampleText,
  layerOf,
  makeExample,
  visualizationOf,
  type Example,
  type ExamplePanel,
} from './testing/example.ts';

type Change = (example: Example) => void;

test('the example has no mistake, no doubt, and nothing that is not looked into', () => {
  assert.deepEqual(readText(exampleText(makeExample())).findings.map(findingText), []);
});

function panelOf({ panels }: Example, index: string): ExamplePanel {
  const found = panels.find(({ panelIndex }) => panelIndex === index);
  assert.ok(found);
  return found;
}

function attributesOf(example: Example, index: string): Record<string, unknown> {
  return panelOf(example, index).embeddableConfig['attributes'] as Record<string, unknown>;
}

function dropReference(example: Example, name: string): void {
  const { dashboard } = example;
  dashboard.references = dashboard.references.filter(reference => reference.name !== name);
}

function columnOf(example: Example, panel: string, column: string): Record<string, unknown> {
  const found = layerOf(example, panel).columns[column];
  assert.ok(found);
  return found;
}

function paramsOf(example: Example, panel: string, column: string): Record<string, unknown> {
  return columnOf(example, panel, column)['params'] as Record<string, unknown>;
}

/** What is done to the example, and what has to be found then. */
const CHANGES: ReadonlyArray<readonly [name: string, change: Change, found: RegExp]> = [
  ['an object without an id', e => (e.view.id = ''), /lacks id/],
  ['no references', e => delete (e.search as Partial<typeof e.search>).references, /no list of references/],
  ['a reference without a type', e => (e.search.references[0]!.type = ''), /lacks its type, id or name/],
  ['two objects of one id', e => (e.tag = { ...e.view }), /same type and id/],
  [
    'no typeMigrationVersion',
    e => delete (e.dashboard as Partial<typeof e.dashboard>).typeMigrationVersion,
    /no typeMig/,
  ],
  ['no coreMigrationVersion', e => delete (e.view as Partial<typeof e.view>).coreMigrationVersion, /no coreMig/],
  ['a version of the future', e => (e.dashboard.typeMigrationVersion = '10.9.0'), /newer than Kibana 8.19/],
  ['a core version of the future', e => (e.tag.coreMigrationVersion = '9.0.0'), /newer than Kibana 8.19/],
  ['no version at all', e => (e.view.typeMigrationVersion = '8'), /not a version/],
  ['panelsJSON that is no JSON', e => (e.dashboard.attributes['panelsJSON'] = '[{]'), /panelsJSON is not valid JSON/],
  ['panelsJSON as a list', e => (e.dashboard.attributes['panelsJSON'] = []), /panelsJSON is not a string/],
  ['panelsJSON as an object', e => (e.dashboard.attributes['panelsJSON'] = '{}'), /panelsJSON is not a list/],
  ['optionsJSON that is no JSON', e => (e.dashboard.attributes['optionsJSON'] = '{'), /optionsJSON is not valid JSON/],
  [
    'searchSourceJSON that is no JSON',
    e => (e.search.attributes['kibanaSavedObjectMeta'] = { searchSourceJSON: '{"query"' }),
    /searchSourceJSON is not valid JSON/,
  ],
  ['no search source', e => delete e.dashboard.attributes['kibanaSavedObjectMeta'], /has no search source/],
  ['fieldFormatMap that is no JSON', e => (e.view.attributes['fieldFormatMap'] = '{a}'), /fieldFormatMap is not valid/],
  ['a format that is not there', e => (e.formats['AMOUNT'] = { id: 'numbers' }), /Kibana does not have/],
  [
    'a pattern that is no text',
    e => (e.formats['AMOUNT'] = { id: 'number', params: { pattern: 2 } }),
    /pattern of AMOUNT/,
  ],
  ['a data view without a pattern', e => (e.view.attributes['title'] = ''), /no title/],
  ['a data view of a bad pattern', e => (e.view.attributes['title'] = 'sales and more'), /can be no name/],
  ['a time field that is no text', e => (e.view.attributes['timeFieldName'] = 1), /timeFieldName is 1/],
  ['a colour that is none', e => (e.tag.attributes['color'] = 'blue'), /has the color/],
  [
    'the reference of a layer is gone',
    e => dropReference(e, 'time:indexpattern-datasource-layer-layer-time'),
    /no reference time:/,
  ],
  [
    'the reference of a saved search is gone',
    e => dropReference(e, 'documents:panel_documents'),
    /no reference documents:/,
  ],
  [
    'the reference of a control is gone',
    e => dropReference(e, 'controlGroup_region:optionsListDataView'),
    /no reference controlG/,
  ],
  ['the reference of a map is gone', e => dropReference(e, 'map:layer_1_source_index_pattern'), /no reference map:/],
  ['the reference of a search source is gone', e => (e.search.references = []), /no reference kibanaSaved/],
  [
    'a layer refers to a saved search',
    e => {
      const reference = e.dashboard.references.find(({ name }) => name.startsWith('time:'));
      if (reference) Object.assign(reference, { type: 'search', id: e.search.id });
    },
    /where index-pattern is wanted/,
  ],
  [
    'a panel of documents refers to a data view',
    e => {
      const reference = e.dashboard.references.find(({ name }) => name.startsWith('documents:'));
      if (reference) Object.assign(reference, { type: 'index-pattern', id: e.view.id });
    },
    /reference is to an object of type index-pattern/,
  ],
  ['a reference to an object that is not there', e => (e.search.references[0]!.id = 'elsewhere'), /not in the file/],
  ['a reference to an object of another type', e => (e.search.references[0]!.id = e.tag.id), /which is of type tag/],
  [
    'the two references of a layer differ',
    e => {
      const [inner] = attributesOf(e, 'time')['references'] as Array<{ id: string }>;
      if (inner) inner.id = 'elsewhere';
    },
    /own reference .* is to elsewhere/,
  ],
  [
    'a layer lacks the reference within the panel',
    e => (attributesOf(e, 'time')['references'] = []),
    /no reference indexpattern/,
  ],
  [
    'a reference that nothing uses',
    e => e.dashboard.references.push({ type: 'index-pattern', id: e.view.id, name: 'old' }),
    /Nothing uses the reference old/,
  ],
  ['a reference twice', e => e.search.references.push({ ...e.search.references[0]! }), /is there twice/],
  ['two panels on one another', e => (panelOf(e, 'share').gridData['x'] = 12), /lies on the panel/],
  ['a panel beyond the grid', e => (panelOf(e, 'share').gridData['w'] = 30), /grid has 48 columns/],
  ['a panel of no height', e => (panelOf(e, 'map').gridData['h'] = 0), /wide and 0 high/],
  ['a panel without a place', e => (panelOf(e, 'map').gridData = { i: 'map' }), /panel's place is/],
  ['a place of half columns', e => (panelOf(e, 'map').gridData['h'] = 9.5), /whole numbers/],
  ['panelIndex is not gridData.i', e => (panelOf(e, 'map').gridData['i'] = '8'), /panelIndex is map, gridData.i/],
  [
    'two panels of one index',
    e => e.panels.push({ ...panelOf(e, 'text'), gridData: { x: 0, y: 60, w: 9, h: 9, i: 'text' } }),
    /Two panels have the panelIndex/,
  ],
  ['a panel in a section that is not there', e => (panelOf(e, 'map').gridData['sectionId'] = 's'), /section "s"/],
  ['a panel of an unknown type without anything', e => (panelOf(e, 'map').embeddableConfig = {}), /shows nothing/],
  ['a panel that is not looked into', e => (panelOf(e, 'text').type = 'links'), /type links are not looked into/],
  [
    'the end of time before its beginning',
    e => (e.dashboard.attributes['timeTo'] = '2023-01-01'),
    /ends \(2023-01-01\) before/,
  ],
  ['a time that is none', e => (e.dashboard.attributes['timeFrom'] = 'yesterday'), /can't be understood/],
  ['a time range without an end', e => delete e.dashboard.attributes['timeTo'], /timeFrom or timeTo is missing/],
  [
    "a panel's time that is none",
    e => (panelOf(e, 'time').embeddableConfig['timeRange'] = { from: 'now-1x', to: 'now' }),
    /can't be understood/,
  ],
  ['a control of an unknown kind', e => (e.controls['region']!['type'] = 'slider'), /control is of type "slider"/],
  ['a control without a field', e => (e.controls['region']!['explicitInput'] = { id: 'region' }), /names no field/],
  [
    'a control of another id',
    e => ((e.controls['region']!['explicitInput'] as { id: string }).id = 'other'),
    /explicitInput.id is "other"/,
  ],
  ['two controls of one order', e => (e.controls['amount']!['order'] = 0), /have one order/],
  ['a column that is not in columnOrder', e => layerOf(e, 'time').columnOrder.pop(), /not in columnOrder/],
  [
    'columnOrder names what is not there',
    e => layerOf(e, 'time').columnOrder.push('y'),
    /names "y", which is no column/,
  ],
  ['columnOrder names a column twice', e => layerOf(e, 'time').columnOrder.push('n'), /in columnOrder 2 times/],
  ['a group after a figure', e => layerOf(e, 'time').columnOrder.reverse(), /group after a figure/],
  [
    'an operation that is not there',
    e => (columnOf(e, 'table', 'sum')['operationType'] = 'total'),
    /knows no such operation/,
  ],
  ['an operation of the other kind', e => (columnOf(e, 'table', 'sum')['operationType'] = 'terms'), /isBucketed false/],
  ['a figure of the wrong type', e => (columnOf(e, 'table', 'sum')['dataType'] = 'string'), /dataType "string"/],
  ['a sum of no field', e => delete columnOf(e, 'table', 'sum')['sourceField'], /no sourceField/],
  [
    'a sum of documents',
    e => (columnOf(e, 'table', 'sum')['sourceField'] = '___records___'),
    /of documents, not of a field/,
  ],
  ['terms without a size', e => delete paramsOf(e, 'table', 'p')['size'], /has size nothing/],
  ['terms in no direction', e => (paramsOf(e, 'table', 'p')['orderDirection'] = 'down'), /orderDirection "down"/],
  ['terms in no order', e => delete paramsOf(e, 'table', 'p')['orderBy'], /is ordered by nothing/],
  [
    'terms ordered by what is not there',
    e => (paramsOf(e, 'table', 'p')['orderBy'] = { type: 'column', columnId: 'total' }),
    /ordered by a column "total"/,
  ],
  [
    'terms ordered by themselves',
    e => (paramsOf(e, 'table', 'p')['orderBy'] = { type: 'column', columnId: 'p' }),
    /which is a group/,
  ],
  ['an interval that is none', e => (paramsOf(e, 'time', 'x')['interval'] = '2 weeks'), /interval "2 weeks"/],
  ['two weeks', e => (paramsOf(e, 'time', 'x')['interval'] = '2w'), /interval "2w"/],
  ['a range of no kind', e => (paramsOf(e, 'amounts', 'x')['type'] = 'steps'), /is of type "steps"/],
  ['a last value without an order', e => delete paramsOf(e, 'table', 'last')['sortField'], /names no sortField/],
  [
    'a format that Lens does not have',
    e => (paramsOf(e, 'table', 'sum')['format'] = { id: 'numeral' }),
    /has the format "numeral"/,
  ],
  [
    'a percentile above 100',
    e => Object.assign(columnOf(e, 'table', 'sum'), columns.metric('percentile', 'AMOUNT', { percentile: 950 })),
    /percentile 950/,
  ],
  [
    'a filter that is no KQL',
    e => (columnOf(e, 'table', 'north')['filter'] = { query: 'REGION : ', language: 'kuery' }),
    /not valid KQL/,
  ],
  [
    'a filter of no language',
    e => (columnOf(e, 'table', 'north')['filter'] = { query: 'REGION : x' }),
    /not a query with its lan/,
  ],
  [
    'a query of an unknown language',
    e => ((attributesOf(e, 'time')['state'] as Record<string, unknown>)['query'] = { query: '', language: 'sql' }),
    /language "sql"/,
  ],
  [
    'a filter without meta',
    e => ((attributesOf(e, 'time')['state'] as Record<string, unknown>)['filters'] = [{ query: {} }]),
    /has no meta/,
  ],
  ['a metric of no column', e => (visualizationOf(e, 'count')['metricAccessor'] = 'm'), /names m, which is no column/],
  [
    'a metric that is not named',
    e => delete visualizationOf(e, 'count')['metricAccessor'],
    /shows nothing as metricAccessor/,
  ],
  ['a layer that is not there', e => (visualizationOf(e, 'count')['layerId'] = 'old'), /shows a layer "old"/],
  [
    'a figure as the axis',
    e => ((visualizationOf(e, 'time')['layers'] as Array<Record<string, unknown>>)[0]!['xAccessor'] = 'n'),
    /where a group is wanted/,
  ],
  [
    'a column that is not shown',
    e => delete (visualizationOf(e, 'time')['layers'] as Array<Record<string, unknown>>)[0]!['splitAccessor'],
    /is not shown/,
  ],
  ['a chart without a type', e => delete attributesOf(e, 'time')['visualizationType'], /visualizationType is missing/],
  ['a chart without a state', e => delete attributesOf(e, 'time')['state'], /has no state/],
  ['a layer of a map of no kind', e => (e.mapLayers[1]!['type'] = 'POINTS'), /is of type "POINTS"/],
  [
    'a layer of a map without points',
    e => delete (e.mapLayers[1]!['sourceDescriptor'] as Record<string, unknown>)['geoField'],
    /names no geoField/,
  ],
  ['a map without layers', e => (attributesOf(e, 'map')['layerListJSON'] = '{}'), /no list of layers/],
  ['a map in no place', e => (attributesOf(e, 'map')['mapStateJSON'] = '{"center":{"lat":200,"lon":0}}'), /centre at/],
  [
    'a column of documents twice',
    e => (e.search.attributes['columns'] = ['DATE', 'DATE']),
    /column DATE is there twice/,
  ],
  ['a sort that is none', e => (e.search.attributes['sort'] = [['DATE', 'down']]), /sort is/],
];

for (const [name, change, found] of CHANGES)
  test(`found: ${name}`, () => {
    const example = makeExample();
    change(example);
    const texts = readText(exampleText(example)).findings.map(findingText);
    assert.ok(
      texts.some(text => found.test(text)),
      `${String(found)} is not among:\n${texts.join('\n')}`,
    );
  });

test('lines that are no JSON, or no objects, are told with their number', () => {
  const { findings } = readText(`${exampleText(makeExample())}{"type"\n[]\n`);
  assert.deepEqual(
    findings.map(({ origin, level }) => [origin, level]),
    [
      ['example.ndjson:5', 'mistake'],
      ['example.ndjson:6', 'mistake'],
    ],
  );
});

test("the last line of Kibana's exports, which counts them, is no object", () => {
  const { findings } = readText(`${exampleText(makeExample())}{"exportedCount":4,"missingRefCount":0}\n`);
  assert.deepEqual(findings, []);
});

test('what others wrote does not steer the terminal', () => {
  const example = makeExample();
  example.dashboard.attributes['title'] = 'Sales\u001b[2J\n';
  example.dashboard.attributes['optionsJSON'] = '{';
  const [finding] = readText(exampleText(example)).findings;
  // oxlint-disable-next-line no-control-regex -- these are what must not be there
  assert.doesNotMatch(finding === undefined ? '\n' : findingText(finding), /[\u0000-\u001f]/);
});
