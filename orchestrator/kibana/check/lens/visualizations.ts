import { fieldsOf, listOf, textOf, textsOf, type Fields } from '../json.ts';
import { visualizationLayers } from './read-lens.ts';

/** A place of a visualization that shows a column. */
export interface Accessor {
  /** Its name in the state, such as `xAccessor`. */
  name: string;
  layerId: string;
  columnId: string;
  /** What the column has to be; null: either. */
  wants: 'group' | 'figure' | null;
}

export interface Shape {
  /** Ids of its layers, with which are drawn from columns. */
  layers: Array<{ id: string; type: string }>;
  accessors: Accessor[];
  /** Names of accessors that are needed and missing. */
  missing: string[];
  /** True for a form that Kibana's migrations change. */
  former?: true;
}

type Wants = Accessor['wants'];

/** What a visualization shows, or null for one that is not known here. `undefined` layer ids are given as ''. */
export function visualizationShape(type: string, visualization: Fields): Shape | null {
  return SHAPES[type]?.(visualization) ?? null;
}

const SHAPES: Readonly<Record<string, (visualization: Fields) => Shape>> = {
  lnsXY: xyShape,
  lnsPie: pieShape,
  lnsDatatable: tableShape,
  lnsMetric: metricShape,
  lnsLegacyMetric: single({ accessor: 'figure!' }),
  // Its name until Kibana 8.4.
  lnsMetricLegacy: single({ accessor: 'figure!' }),
  lnsHeatmap: single({ xAccessor: 'group', yAccessor: 'group', valueAccessor: 'figure!' }),
  lnsTagcloud: single({ tagAccessor: 'group!', valueAccessor: 'figure!' }),
  lnsChoropleth: single({ regionAccessor: 'group!', valueAccessor: 'figure!' }),
  lnsGauge: single({
    metricAccessor: 'figure!',
    minAccessor: 'figure',
    maxAccessor: 'figure',
    goalAccessor: 'figure',
  }),
};

/** What is called lnsLegacyMetric since Kibana 8.4 was lnsMetric before, with one accessor. */
function metricShape(visualization: Fields): Shape {
  const former = visualization['metricAccessor'] === undefined && visualization['accessor'] !== undefined;
  if (former) return { ...single({ accessor: 'figure!' })(visualization), former: true };
  return single({
    metricAccessor: 'figure!',
    secondaryMetricAccessor: 'figure',
    maxAccessor: 'figure',
    breakdownByAccessor: 'group',
  })(visualization);
}

/** Of one layer, with one column an accessor; an exclamation mark says that it is needed. */
function single(accessors: Readonly<Record<string, string>>): (visualization: Fields) => Shape {
  return visualization => {
    const layerId = textOf(visualization['layerId']) ?? '';
    const found: Accessor[] = [];
    const missing: string[] = [];
    for (const [name, kind] of Object.entries(accessors)) {
      const columnId = textOf(visualization[name]);
      const wants: Wants = kind.startsWith('group') ? 'group' : 'figure';
      if (columnId !== null) found.push({ name, layerId, columnId, wants });
      else if (kind.endsWith('!')) missing.push(name);
    }
    // What an edited metric leaves behind: the layer of its trend line.
    const trend = textOf(visualization['trendlineLayerId']);
    const layers = [{ id: layerId, type: textOf(visualization['layerType']) ?? 'data' }];
    if (trend !== null) layers.push({ id: trend, type: 'metricTrendline' });
    const trendAccessors = ['trendlineTimeAccessor', 'trendlineMetricAccessor', 'trendlineBreakdownByAccessor'];
    for (const name of trend === null ? [] : trendAccessors) {
      const columnId = textOf(visualization[name]);
      if (columnId !== null) found.push({ name, layerId: trend ?? '', columnId, wants: null });
    }
    return { layers, accessors: found, missing };
  };
}

function xyShape(visualization: Fields): Shape {
  const shape: Shape = { layers: [], accessors: [], missing: [] };
  for (const layer of visualizationLayers(visualization)) {
    const layerId = textOf(layer['layerId']) ?? '';
    const type = textOf(layer['layerType']) ?? 'data';
    shape.layers.push({ id: layerId, type });
    if (type !== 'data' && type !== 'referenceLine') continue;
    const add = (name: string, wants: Wants, columnIds: string[]) =>
      shape.accessors.push(...columnIds.map(columnId => ({ name, layerId, columnId, wants })));
    const figures = textsOf(layer['accessors']);
    add('accessors', type === 'data' ? 'figure' : null, figures);
    if (figures.length === 0) shape.missing.push(`accessors of layer ${layerId}`);
    add('xAccessor', 'group', textOrTexts(layer['xAccessor']));
    // One text in 8.x, also a list in 9.x.
    add('splitAccessor', 'group', [...textOrTexts(layer['splitAccessor']), ...textsOf(layer['splitAccessors'])]);
  }
  if (shape.layers.length === 0) shape.missing.push('layers');
  return shape;
}

function textOrTexts(value: unknown): string[] {
  return typeof value === 'string' ? [value] : textsOf(value);
}

function pieShape(visualization: Fields): Shape {
  const shape: Shape = { layers: [], accessors: [], missing: [] };
  for (const layer of visualizationLayers(visualization)) {
    const layerId = textOf(layer['layerId']) ?? '';
    shape.layers.push({ id: layerId, type: 'data' });
    const add = (name: string, wants: Wants) => {
      // `groups` and `metric` until Kibana 8.5.
      const columnIds = textOrTexts(layer[name]);
      shape.accessors.push(...columnIds.map(columnId => ({ name, layerId, columnId, wants })));
      return columnIds.length;
    };
    for (const name of ['primaryGroups', 'secondaryGroups', 'groups']) add(name, 'group');
    if (add('metrics', 'figure') + add('metric', 'figure') === 0) shape.missing.push(`metrics of layer ${layerId}`);
  }
  if (shape.layers.length === 0) shape.missing.push('layers');
  return shape;
}

function tableShape(visualization: Fields): Shape {
  // Before Kibana 7.10 it was a layer in a list.
  const layer = visualization['layerId'] === undefined ? fieldsOf(listOf(visualization['layers'])[0]) : visualization;
  const layerId = textOf(layer['layerId']) ?? '';
  const columns = listOf(layer['columns']).flatMap(column => {
    const columnId = typeof column === 'string' ? column : textOf(fieldsOf(column)['columnId']);
    return columnId === null ? [] : [{ name: 'columns', layerId, columnId, wants: null }];
  });
  const sorted = textOf(fieldsOf(layer['sorting'])['columnId']);
  // A column that is split has other names of its own.
  const sorting = sorted === null || sorted.includes('---') ? [] : [sorted];
  return {
    layers: [{ id: layerId, type: 'data' }],
    accessors: [...columns, ...sorting.map(columnId => ({ name: 'sorting', layerId, columnId, wants: null }))],
    missing: columns.length === 0 ? ['columns'] : [],
  };
}
