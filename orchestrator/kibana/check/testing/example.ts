// A dashboard of all kinds of panels, written by hand after Kibana's own exports, beside what the orchestrator makes.

const VIEW = '5f0c4f8e-1111-4222-8333-000000000001';
const SEARCH = '5f0c4f8e-1111-4222-8333-000000000002';
const DASHBOARD = '5f0c4f8e-1111-4222-8333-000000000003';
const TAG = '5f0c4f8e-1111-4222-8333-000000000004';

/** An object as it stands in an export, with the JSON in its strings taken out: `exampleText` puts it in. */
export interface ExampleObject {
  type: string;
  id: string;
  attributes: Record<string, unknown>;
  references: Array<{ type: string; id: string; name: string }>;
  typeMigrationVersion: string;
  coreMigrationVersion: string;
  managed: boolean;
}

export interface ExamplePanel {
  type: string;
  panelIndex: string;
  gridData: Record<string, unknown>;
  panelRefName?: string;
  embeddableConfig: Record<string, unknown>;
}

/** The parts of the example, each new, so that a test may change them. */
export interface Example {
  tag: ExampleObject;
  view: ExampleObject;
  search: ExampleObject;
  dashboard: ExampleObject;
  panels: ExamplePanel[];
  controls: Record<string, Record<string, unknown>>;
  formats: Record<string, unknown>;
  mapLayers: Array<Record<string, unknown>>;
}

type Column = Record<string, unknown>;

export const KQL = { query: '', language: 'kuery' };
const NO_SEARCH = JSON.stringify({ query: KQL, filter: [] });

/** Columns of Lens, with what each needs. */
export const columns = {
  count: (): Column => ({
    label: 'Documents',
    dataType: 'number',
    operationType: 'count',
    isBucketed: false,
    scale: 'ratio',
    sourceField: '___records___',
    params: { emptyAsNull: true },
  }),
  metric: (operationType: string, sourceField: string, params: Column = {}): Column => ({
    label: `${operationType} of ${sourceField}`,
    dataType: 'number',
    operationType,
    isBucketed: false,
    scale: 'ratio',
    sourceField,
    params,
  }),
  terms: (sourceField: string, by: string, params: Column = {}): Column => ({
    label: `Top values of ${sourceField}`,
    dataType: 'string',
    operationType: 'terms',
    isBucketed: true,
    scale: 'ordinal',
    sourceField,
    params: {
      size: 5,
      orderBy: { type: 'column', columnId: by },
      orderDirection: 'desc',
      otherBucket: true,
      missingBucket: false,
      parentFormat: { id: 'terms' },
      ...params,
    },
  }),
  time: (sourceField: string, interval = 'auto'): Column => ({
    label: sourceField,
    dataType: 'date',
    operationType: 'date_histogram',
    isBucketed: true,
    scale: 'interval',
    sourceField,
    params: { interval, includeEmptyRows: true, dropPartials: false },
  }),
  histogram: (sourceField: string): Column => ({
    label: sourceField,
    dataType: 'number',
    operationType: 'range',
    isBucketed: true,
    scale: 'interval',
    sourceField,
    params: { type: 'histogram', maxBars: 'auto', ranges: [{ from: 0, to: 1000, label: '' }], includeEmptyRows: true },
  }),
};

/** The example over these indices. */
export function makeExample(pattern = 'sales'): Example {
  const count = { n: columns.count() };
  const panels = [
    markdownPanel([0, 0, 36, 4]),
    lensPanel('count', [36, 0, 12, 4], 'lnsMetric', count, { ...ofLayer('count'), metricAccessor: 'n' }),
    lensPanel(
      'time',
      [0, 4, 48, 10],
      'lnsXY',
      { s: columns.terms('REGION', 'n'), x: columns.time('DATE'), ...count },
      { preferredSeriesType: 'bar_stacked', layers: [xyLayer('time', { xAccessor: 'x', splitAccessor: 's' })] },
    ),
    lensPanel(
      'table',
      [0, 14, 24, 10],
      'lnsDatatable',
      {
        p: columns.terms('PRODUCT', 'sum'),
        sum: columns.metric('sum', 'AMOUNT'),
        median: columns.metric('median', 'AMOUNT'),
        last: { ...columns.metric('last_value', 'AMOUNT', { sortField: 'DATE' }), dataType: 'number' },
        north: { ...columns.count(), label: 'North', filter: { query: 'REGION : "north"', language: 'kuery' } },
      },
      { ...ofLayer('table'), columns: ['p', 'sum', 'median', 'last', 'north'].map(columnId => ({ columnId })) },
    ),
    lensPanel(
      'share',
      [24, 14, 24, 10],
      'lnsPie',
      { g: columns.terms('REGION', 'n', { orderBy: { type: 'alphabetical' } }), ...count },
      {
        shape: 'donut',
        layers: [{ ...ofLayer('share'), primaryGroups: ['g'], metrics: ['n'], numberDisplay: 'percent' }],
      },
    ),
    lensPanel(
      'amounts',
      [0, 24, 24, 10],
      'lnsXY',
      { x: columns.histogram('AMOUNT'), ...count },
      { preferredSeriesType: 'bar', layers: [xyLayer('amounts', { xAccessor: 'x' })] },
    ),
    mapPanel([24, 24, 24, 10]),
    documentsPanel([0, 34, 48, 12]),
  ];
  return {
    tag: object('tag', TAG, '8.0.0', { name: 'orchestrator', description: '', color: '#61A2FF' }),
    view: object('index-pattern', VIEW, '8.0.0', {
      title: pattern,
      name: 'Sales',
      timeFieldName: 'DATE',
      fields: '[]',
    }),
    search: searchObject(),
    dashboard: dashboardObject(panels),
    panels,
    controls: {
      region: control(0, 'optionsListControl', 'region', 'REGION'),
      amount: control(1, 'rangeSliderControl', 'amount', 'AMOUNT'),
    },
    formats: {
      AMOUNT: { id: 'number', params: { pattern: '0,0.00' } },
      DATE: { id: 'date', params: { pattern: 'DD/MM/YYYY' } },
    },
    mapLayers: [
      { id: 'tiles', label: 'Road map', type: 'EMS_VECTOR_TILE', sourceDescriptor: { type: 'EMS_TMS' } },
      {
        id: 'points',
        label: 'Places',
        type: 'MVT_VECTOR',
        sourceDescriptor: {
          id: 'points-source',
          type: 'ES_SEARCH',
          geoField: 'PLACE',
          scalingType: 'MVT',
          tooltipProperties: ['PRODUCT', 'AMOUNT'],
          indexPatternRefName: 'layer_1_source_index_pattern',
        },
      },
    ],
  };
}

/** The export: one line an object. */
export function exampleText(example: Example): string {
  const { tag, view, search, dashboard, panels, controls, formats, mapLayers } = example;
  const map = panels.find(panel => panel.type === 'map');
  const attributes = map?.embeddableConfig['attributes'] as Record<string, unknown> | undefined;
  if (attributes) attributes['layerListJSON'] ??= JSON.stringify(mapLayers);
  view.attributes['fieldFormatMap'] ??= JSON.stringify(formats);
  dashboard.attributes['panelsJSON'] ??= JSON.stringify(panels);
  const group = dashboard.attributes['controlGroupInput'] as Record<string, unknown>;
  group['panelsJSON'] ??= JSON.stringify(controls);
  return [tag, view, search, dashboard].map(one => `${JSON.stringify(one)}\n`).join('');
}

/** The Lens layer of one of its panels. */
export function layerOf(example: Example, name: string): { columns: Record<string, Column>; columnOrder: string[] } {
  const panel = example.panels.find(({ panelIndex }) => panelIndex === name);
  const attributes = panel?.embeddableConfig['attributes'] as { state: { datasourceStates: Column } };
  const { layers } = attributes.state.datasourceStates['formBased'] as { layers: Record<string, unknown> };
  return layers[`layer-${name}`] as ReturnType<typeof layerOf>;
}

/** The state of the visualization of one of its panels. */
export function visualizationOf(example: Example, name: string): Record<string, unknown> {
  const panel = example.panels.find(({ panelIndex }) => panelIndex === name);
  const attributes = panel?.embeddableConfig['attributes'] as { state: { visualization: Record<string, unknown> } };
  return attributes.state.visualization;
}

function object(type: string, id: string, version: string, attributes: Record<string, unknown>): ExampleObject {
  return {
    type,
    id,
    attributes,
    references: [],
    typeMigrationVersion: version,
    coreMigrationVersion: '8.8.0',
    managed: false,
  };
}

function searchObject(): ExampleObject {
  const name = 'kibanaSavedObjectMeta.searchSourceJSON.index';
  return {
    ...object('search', SEARCH, '10.5.0', {
      title: 'Sales: documents',
      description: '',
      columns: ['DATE', 'PRODUCT', 'AMOUNT'],
      sort: [['DATE', 'desc']],
      grid: {},
      hideChart: false,
      kibanaSavedObjectMeta: { searchSourceJSON: JSON.stringify({ query: KQL, filter: [], indexRefName: name }) },
    }),
    references: [{ type: 'index-pattern', id: VIEW, name }],
  };
}

function dashboardObject(panels: readonly ExamplePanel[]): ExampleObject {
  const ofPanels = panels.flatMap(({ type, panelIndex }) =>
    type === 'lens' ? [viewReference(`${panelIndex}:indexpattern-datasource-layer-layer-${panelIndex}`)] : [],
  );
  return {
    ...object('dashboard', DASHBOARD, '10.2.0', {
      title: 'Sales',
      description: '',
      timeRestore: true,
      timeFrom: '2024-01-01T00:00:00.000Z',
      timeTo: '2024-12-31T23:59:59.999Z',
      optionsJSON: JSON.stringify({ useMargins: true }),
      controlGroupInput: {
        chainingSystem: 'HIERARCHICAL',
        ignoreParentSettingsJSON: JSON.stringify({ ignoreFilters: false }),
      },
      kibanaSavedObjectMeta: { searchSourceJSON: NO_SEARCH },
    }),
    references: [
      ...ofPanels,
      viewReference('map:layer_1_source_index_pattern'),
      { type: 'search', id: SEARCH, name: 'documents:panel_documents' },
      viewReference('controlGroup_region:optionsListDataView'),
      viewReference('controlGroup_amount:rangeSliderDataView'),
      { type: 'tag', id: TAG, name: `tag-ref-${TAG}` },
    ],
  };
}

function viewReference(name: string) {
  return { type: 'index-pattern', id: VIEW, name };
}

type Grid = readonly [x: number, y: number, w: number, h: number];

function makePanel(
  type: string,
  panelIndex: string,
  [x, y, w, h]: Grid,
  config: Record<string, unknown>,
): ExamplePanel {
  return { type, panelIndex, gridData: { x, y, w, h, i: panelIndex }, embeddableConfig: config };
}

function lensPanel(
  name: string,
  grid: Grid,
  visualizationType: string,
  layerColumns: Record<string, Column>,
  visualization: Record<string, unknown>,
): ExamplePanel {
  const layer = `layer-${name}`;
  return makePanel('lens', name, grid, {
    title: name,
    attributes: {
      title: '',
      type: 'lens',
      visualizationType,
      references: [viewReference(`indexpattern-datasource-layer-${layer}`)],
      state: {
        visualization,
        query: KQL,
        filters: [],
        datasourceStates: {
          formBased: {
            layers: { [layer]: { columns: layerColumns, columnOrder: Object.keys(layerColumns), sampling: 1 } },
          },
          textBased: { layers: {} },
        },
        internalReferences: [],
        adHocDataViews: {},
      },
    },
  });
}

function ofLayer(name: string) {
  return { layerId: `layer-${name}`, layerType: 'data' };
}

function xyLayer(name: string, accessors: Record<string, string>) {
  return { ...ofLayer(name), seriesType: 'bar_stacked', accessors: ['n'], ...accessors };
}

function markdownPanel(grid: Grid): ExamplePanel {
  const savedVis = { type: 'markdown', title: '', params: { fontSize: 12, markdown: '## Sales' }, data: { aggs: [] } };
  return makePanel('visualization', 'text', grid, { hidePanelTitles: true, savedVis });
}

function mapPanel(grid: Grid): ExamplePanel {
  const state = { zoom: 4, center: { lat: 46, lon: 2 }, query: KQL, filters: [] };
  const attributes = { title: '', mapStateJSON: JSON.stringify(state), uiStateJSON: '{}' };
  return makePanel('map', 'map', grid, { title: 'map', attributes });
}

function documentsPanel(grid: Grid): ExamplePanel {
  return { ...makePanel('search', 'documents', grid, { title: 'documents' }), panelRefName: 'panel_documents' };
}

function control(order: number, type: string, id: string, fieldName: string) {
  const explicitInput = { id, fieldName, title: fieldName, dataViewId: VIEW };
  return { order, width: 'medium', grow: true, type, explicitInput };
}
