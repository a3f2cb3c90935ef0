import { fieldsOf, isFields, listOf, textOf, textsOf, type Fields } from '../json.ts';

/** A column of a layer: a group of documents, a figure of them, or a figure of other columns. */
export interface LensColumn {
  id: string;
  label: string;
  dataType: string;
  /** Lens calls it operationType. */
  operation: string;
  /** Null where it is of no field; `___records___` stands for documents. */
  field: string | null;
  bucketed: boolean;
  params: Fields;
  /** Ids of the columns that it is made of. */
  references: string[];
  /** `{query, language}`, if any. */
  filter: unknown;
  /** True where it is of another time than the panel (a shift, or a part of its range). */
  ofOtherTime: boolean;
}

export interface LensLayer {
  id: string;
  columns: Map<string, LensColumn>;
  order: string[];
  /** Id of a data view that is named in the layer itself, as until Kibana 7.9. */
  inlineDataView: string | null;
  /** True for a part of the documents only, drawn at random. */
  sampled: boolean;
}

export interface Lens {
  visualizationType: string | null;
  visualization: Fields;
  /** Layers over fields; those by ES|QL are not among them. */
  layers: LensLayer[];
  query: unknown;
  filters: unknown;
  state: Fields;
}

/** What the attributes of a Lens visualization say, as far as it can be understood. */
export function readLens(attributes: Fields): Lens {
  const state = fieldsOf(attributes['state']);
  return {
    visualizationType: textOf(attributes['visualizationType']),
    visualization: fieldsOf(state['visualization']),
    layers: Object.entries(rawLayers(state)).map(([id, layer]) => readLayer(id, fieldsOf(layer))),
    query: state['query'],
    filters: state['filters'],
    state,
  };
}

/** Until Kibana 8.6 `formBased` was called `indexpattern`. */
function rawLayers(state: Fields): Fields {
  const sources = fieldsOf(state['datasourceStates']);
  const now = fieldsOf(fieldsOf(sources['formBased'])['layers']);
  return Object.keys(now).length > 0 ? now : fieldsOf(fieldsOf(sources['indexpattern'])['layers']);
}

function readLayer(id: string, layer: Fields): LensLayer {
  const columns = Object.entries(fieldsOf(layer['columns'])).map(([name, column]) =>
    readColumn(name, fieldsOf(column)),
  );
  return {
    id,
    columns: new Map(columns.map(column => [column.id, column])),
    order: textsOf(layer['columnOrder']),
    inlineDataView: textOf(layer['indexPatternId']),
    sampled: typeof layer['sampling'] === 'number' && layer['sampling'] !== 1,
  };
}

/** Names of before Kibana 7.9, which its migrations change. */
const FORMER: Readonly<Record<string, string>> = { avg: 'average', cardinality: 'unique_count' };

function readColumn(id: string, column: Fields): LensColumn {
  const operation = textOf(column['operationType']) ?? '';
  return {
    id,
    label: textOf(column['label']) ?? id,
    dataType: textOf(column['dataType']) ?? '',
    operation: FORMER[operation] ?? operation,
    field: textOf(column['sourceField']),
    bucketed: column['isBucketed'] === true,
    params: fieldsOf(column['params']),
    references: textsOf(column['references']),
    filter: isFields(column['filter']) ? column['filter'] : null,
    ofOtherTime: textOf(column['timeShift']) !== null || textOf(column['reducedTimeRange']) !== null,
  };
}

/** All layers of the visualization itself, as XY and pie have several. */
export function visualizationLayers(visualization: Fields): Fields[] {
  return listOf(visualization['layers']).map(fieldsOf);
}
