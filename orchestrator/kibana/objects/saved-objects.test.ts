import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Dashboard, Grouping, Metric, Panel } from '../dashboard.ts';
import { toNdjson } from './ndjson.ts';
import { inOrder, savedObjects } from './saved-objects.ts';
import type { Reference, SavedObject } from './saved-object.ts';
import { flights, FLIGHTS, KINDS } from './testing/dashboards.ts';

for (const [kind, dashboard] of Object.entries(KINDS)) {
  test(`${kind}: byte for byte what was reviewed`, () => {
    const reviewed = readFileSync(new URL(`testdata/${kind}.ndjson`, import.meta.url), 'utf8');
    assert.equal(toNdjson(savedObjects(dashboard)), reviewed);
  });
}

test('two panels, or two data views, with one key are refused', () => {
  const panel = KINDS['text']!.panels[0]!;
  assert.throws(() => savedObjects(flights([panel, panel])), /two of panel about/);
  assert.throws(() => savedObjects(flights([], { views: [FLIGHTS, FLIGHTS] })), /two of data view dataset\/flights/);
});

test('a data view that the dashboard doesn’t have is refused', () => {
  const panel = { ...KINDS['bars']!.panels[0]!, view: 'other' };
  assert.throws(() => savedObjects(flights([panel])), /dashboard dataset\/flights has no data view other/);
});

test('a panel that moves, and is called otherwise, keeps its id; so does a control', () => {
  const [before, after] = [KINDS['documents']!, structuredClone(KINDS['documents']!)];
  after.panels[0]!.title = 'Newest rows';
  after.panels[0]!.place.y = 30;
  after.panels.unshift(KINDS['text']!.panels[0]!);
  const ids = (dashboard: Dashboard) => savedObjects(dashboard).map(({ id }) => id);
  assert.deepEqual(ids(after), ids(before));
  assert.equal(
    panelsOf(dashboardOf(savedObjects(after)))[1]!.panelIndex,
    panelsOf(dashboardOf(savedObjects(before)))[0]!.panelIndex,
  );
  const turned = { ...KINDS['controls']!, controls: KINDS['controls']!.controls.toReversed() };
  assert.deepEqual(controlsOf(turned).toSorted(), controlsOf(KINDS['controls']!).toSorted());
});

test('a control that is named twice is there once', () => {
  const [control] = KINDS['controls']!.controls;
  const twice = flights([], { controls: [control!, { ...control!, title: 'Again' }] });
  assert.equal(controlsOf(twice).length, 1);
  assert.equal(dashboardOf(savedObjects(twice)).references.length, 2);
});

test('what several dashboards share is there once, and what others stand on comes first', () => {
  const other = { ...KINDS['documents']!, key: 'dataset/others' };
  const objects = inOrder([...savedObjects(other), ...savedObjects(KINDS['documents']!)]);
  const types = ['tag', 'index-pattern', 'search', 'search', 'dashboard', 'dashboard'];
  assert.deepEqual(
    objects.map(({ type }) => type),
    types,
  );
  assert.deepEqual(inOrder(objects.toReversed()), objects);
});

test('1,000 columns are all listed, in their order', () => {
  const columns = Array.from({ length: 1000 }, (_, column) => `column ${999 - column}`);
  const objects = savedObjects(flights([{ ...documents(), columns }]));
  assert.deepEqual(objects.find(({ type }) => type === 'search')!.attributes['columns'], columns);
});

test('series that don’t add up are not stacked; those that do are', () => {
  const lines = KINDS['lines']!.panels[0]! as Panel & { kind: 'chart' };
  const seriesType = (panel: Panel) => lensState(panel).visualization['preferredSeriesType'];
  assert.equal(seriesType({ ...lines, shape: 'bar' }), 'bar');
  assert.equal(seriesType({ ...lines, shape: 'area', metrics: [{ of: 'count', label: 'Rows' }] }), 'area_stacked');
  const horizontal: Panel = { ...lines, shape: 'bar-horizontal', metrics: [{ of: 'count', label: 'Rows' }] };
  assert.equal(seriesType(horizontal), 'bar_horizontal_stacked');
  assert.equal(seriesType({ ...lines, shape: 'line' }), 'line');
});

test('values that Lens can’t rank by the metric are in their own order', () => {
  const table = KINDS['table']!.panels[0]! as Panel & { kind: 'table' };
  const orders: Array<[Metric, string]> = [
    [{ of: 'percentile', field: 'AIR_TIME', percent: 99.9, label: 'p99.9' }, 'alphabetical'],
    [{ of: 'percentile', field: 'AIR_TIME', percent: 99, label: 'p99' }, 'column'],
    [{ of: 'last_value', field: 'TAILNUM', sortField: 'TIME_HOUR', label: 'Plane' }, 'alphabetical'],
    [{ of: 'last_value', field: 'AIR_TIME', sortField: 'TIME_HOUR', label: 'Last' }, 'column'],
  ];
  for (const [metric, type] of orders) {
    const [rows] = lensState({ ...table, metrics: [metric] }).columns;
    assert.equal((rows!.params['orderBy'] as { type: string }).type, type, metric.label);
  }
});

test('columns have the types that Kibana gives their fields', () => {
  const type = (metric: Metric) =>
    lensState({ ...KINDS['figure']!.panels[0]!, kind: 'figure', metric }).columns[0]!.dataType;
  assert.equal(type({ of: 'max', field: 'TIME_HOUR', label: 'Newest' }), 'date');
  assert.equal(type({ of: 'max', field: 'DISTANCE', label: 'Farthest' }), 'number');
  assert.equal(type({ of: 'unique_count', field: 'CARRIER', label: 'Carriers' }), 'number');
  assert.equal(type({ of: 'last_value', field: 'LATE', sortField: 'TIME_HOUR', label: 'Late' }), 'boolean');
  assert.equal(type({ of: 'last_value', field: 'constructor', sortField: 'TIME_HOUR', label: 'Name' }), 'string');
});

const NAME = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('a"b', 'a\\', '*', '{{value}}', 'two\nlines', '\u2028', '😀', '__proto__', 'constructor', '1', ''),
);
const METRIC: fc.Arbitrary<Metric> = fc.oneof(
  NAME.map(label => ({ of: 'count', label }) as const),
  fc.tuple(NAME, NAME).map(([label, field]) => ({ of: 'sum', label, field }) as const),
  fc.tuple(NAME, NAME).map(([label, field]) => ({ of: 'last_value', label, field, sortField: field }) as const),
);
const GROUPING: fc.Arbitrary<Grouping> = fc.oneof(
  fc.tuple(NAME, NAME).map(([label, field]) => ({ by: 'time', label, field, interval: 'auto' }) as const),
  fc
    .tuple(NAME, NAME)
    .map(([label, field]) => ({ by: 'values', label, field, size: 5, others: true, order: 0 }) as const),
);
const METRICS = fc.array(METRIC, { minLength: 1, maxLength: 3 });
const KIND = fc.oneof(
  NAME.map(markdown => ({ kind: 'text', markdown }) as const),
  METRIC.map(metric => ({ kind: 'figure', metric }) as const),
  fc
    .tuple(GROUPING, GROUPING, METRICS)
    .map(([groups, series, metrics]) => ({ kind: 'chart', shape: 'bar', groups, series, metrics }) as const),
  fc.tuple(GROUPING, METRIC).map(([groups, metric]) => ({ kind: 'share', groups, metric }) as const),
  fc
    .tuple(fc.array(GROUPING, { minLength: 1 }), METRICS)
    .map(([rows, metrics]) => ({ kind: 'table', rows, metrics }) as const),
  fc.tuple(NAME, fc.array(NAME)).map(([field, told]) => ({ kind: 'map', field, told }) as const),
  fc.array(NAME).map(columns => ({ kind: 'documents', columns, sort: null }) as const),
);
const DASHBOARD: fc.Arbitrary<Dashboard> = fc
  .tuple(
    NAME,
    NAME,
    fc.uniqueArray(NAME, { maxLength: 5 }),
    fc.array(KIND, { minLength: 5, maxLength: 5 }),
    fc.uniqueArray(NAME),
  )
  .map(([key, title, keys, kinds, fields]) => ({
    key,
    title,
    description: title,
    timeRange: null,
    views: [FLIGHTS, { ...FLIGHTS, key: 'second', pattern: title }],
    controls: fields.map(field => ({ kind: 'values', field, title: field, view: 'second' })),
    panels: keys.map((name, at) => ({
      key: name,
      title: name,
      place: { x: 0, y: at * 10, w: 48, h: 10 },
      ...(at % 2 === 0 ? { view: 'second' } : {}),
      ...kinds[at]!,
    })),
  }));

test('whatever names and values hold: one line each, no id twice, no reference missing, none too many', () => {
  fc.assert(
    fc.property(DASHBOARD, dashboard => {
      const objects = savedObjects(dashboard);
      const lines = toNdjson(objects).split('\n').slice(0, -1);
      assert.deepEqual(
        lines.map(line => JSON.parse(line) as unknown),
        JSON.parse(JSON.stringify(objects)),
      );
      assert.equal(new Set(objects.map(({ id }) => id)).size, objects.length);
      const known = new Set(objects.map(({ type, id }) => `${type} ${id}`));
      for (const { references } of objects) {
        assert.ok(references.every(({ type, id }) => known.has(`${type} ${id}`)));
        assert.equal(new Set(references.map(({ name }) => name)).size, references.length);
      }
      assertAllNamed(dashboardOf(objects));
    }),
  );
});

interface PanelJson {
  panelIndex: string;
  gridData: { i: string };
  panelRefName?: string;
  embeddableConfig: { attributes?: { references?: Reference[]; layerListJSON?: string } };
}

/** Each name by which a panel or a control looks for an object is among the dashboard's references, and no other is. */
function assertAllNamed(dashboard: SavedObject): void {
  const panels = panelsOf(dashboard);
  const wanted = panels.flatMap(panel => namesIn(panel).map(name => `${panel.panelIndex}:${name}`));
  const controls = Object.keys(controlsIn(dashboard)).map(id => `controlGroup_${id}:optionsListDataView`);
  const tag = dashboard.references.filter(({ type }) => type === 'tag').map(({ name }) => name);
  assert.deepEqual(
    dashboard.references.map(({ name }) => name).toSorted(),
    [...wanted, ...controls, ...tag].toSorted(),
  );
  assert.ok(panels.every(({ panelIndex, gridData }) => panelIndex === gridData.i));
}

function namesIn({ panelRefName, embeddableConfig: { attributes } }: PanelJson): string[] {
  if (panelRefName !== undefined) return [panelRefName];
  const layers = JSON.parse(attributes?.layerListJSON ?? '[]') as Array<{ sourceDescriptor: Record<string, unknown> }>;
  const ofLayers = layers.map(({ sourceDescriptor }) => sourceDescriptor['indexPatternRefName']);
  return [
    ...ofLayers.filter(name => typeof name === 'string'),
    ...(attributes?.references ?? []).map(({ name }) => name),
  ];
}

function dashboardOf(objects: readonly SavedObject[]): SavedObject {
  return objects.find(({ type }) => type === 'dashboard')!;
}

function panelsOf({ attributes }: SavedObject): PanelJson[] {
  return JSON.parse(attributes['panelsJSON'] as string) as PanelJson[];
}

function controlsIn({ attributes }: SavedObject): Record<string, unknown> {
  const { panelsJSON } = (attributes['controlGroupInput'] ?? { panelsJSON: '{}' }) as { panelsJSON: string };
  return JSON.parse(panelsJSON) as Record<string, unknown>;
}

function controlsOf(dashboard: Dashboard): string[] {
  return Object.keys(controlsIn(dashboardOf(savedObjects(dashboard))));
}

function documents(): Panel & { kind: 'documents' } {
  return KINDS['documents']!.panels[0] as Panel & { kind: 'documents' };
}

interface LensJson {
  columns: Array<{ dataType: string; params: Record<string, unknown> }>;
  visualization: Record<string, unknown>;
}

/** What Lens is told of a panel, its columns in their order. */
function lensState(panel: Panel): LensJson {
  const [json] = panelsOf(dashboardOf(savedObjects(flights([panel]))));
  const { state } = json!.embeddableConfig.attributes as unknown as {
    state: {
      visualization: Record<string, unknown>;
      datasourceStates: { formBased: { layers: Record<string, LayerJson> } };
    };
  };
  const [layer] = Object.values(state.datasourceStates.formBased.layers);
  return { visualization: state.visualization, columns: layer!.columnOrder.map(id => layer!.columns[id]!) };
}

interface LayerJson {
  columnOrder: string[];
  columns: Record<string, LensJson['columns'][number]>;
}
