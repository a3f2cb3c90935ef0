import type { Reporter } from '../finding.ts';
import { fieldsOf, isFields, listOf, numberOf, shown, textOf, textsOf, type Fields } from '../json.ts';
import type { MapLayer } from '../reading.ts';
import type { Claims } from './claims.ts';
import { embedded } from './embedded.ts';
import { checkFilters, checkQuery } from './query.ts';

interface Place {
  claims: Claims;
  packaged: boolean;
  report: Reporter;
}

/** Kinds of layers (LAYER_TYPE of the plug-in maps), with names that its migrations change. */
const LAYER_TYPES = new Set([
  'BLENDED_VECTOR',
  'EMS_VECTOR_TILE',
  'GEOJSON_VECTOR',
  'HEATMAP',
  'LAYER_GROUP',
  'MVT_VECTOR',
  'RASTER_TILE',
  'TILE',
  'TILED_VECTOR',
  'VECTOR',
  'VECTOR_TILE',
]);

/** Sources that draw documents; all others are of files, services, or of other applications. */
const OF_DOCUMENTS = new Set(['ES_SEARCH', 'ES_GEO_GRID', 'ES_GEO_LINE', 'ES_PEW_PEW', 'ES_TERM_SOURCE']);

/** Checks the attributes of a map; gives those layers that draw documents by a field of points or shapes. */
export function readMap(attributes: Fields, { claims, packaged, report }: Place): MapLayer[] {
  const layers = embedded(attributes['layerListJSON'], 'layerListJSON', packaged, report);
  if (!Array.isArray(layers)) {
    report.mistake('The map has no list of layers.', 'Write layerListJSON.');
    return [];
  }
  checkState(attributes, { claims, packaged, report });
  const ids = layers.map(layer => fieldsOf(layer)['id']);
  if (new Set(ids).size < ids.length) report.mistake('Two layers of the map have one id.', 'Give each its own.');
  return layers.flatMap((layer, index) => readLayer(fieldsOf(layer), index, claims, report));
}

function checkState(attributes: Fields, { claims, packaged, report }: Place): void {
  embedded(attributes['uiStateJSON'], 'uiStateJSON', packaged, report);
  const state = embedded(attributes['mapStateJSON'], 'mapStateJSON', packaged, report);
  if (state === undefined) return;
  const { query, filters, zoom, center } = fieldsOf(state);
  checkQuery(query, 'The query', report);
  checkFilters(filters, claims, report);
  if (zoom !== undefined && (numberOf(zoom) === null || Number(zoom) < 0 || Number(zoom) > 24))
    report.mistake(`The map has zoom ${shown(zoom)}.`, 'Set a number from 0 to 24.');
  const { lat, lon } = fieldsOf(center);
  if (isFields(center) && (Math.abs(numberOf(lat) ?? 91) > 90 || numberOf(lon) === null))
    report.mistake(`The map has its centre at ${shown(center)}.`, 'Set lat from -90 to 90, and lon.');
}

function readLayer(layer: Fields, index: number, claims: Claims, report: Reporter): MapLayer[] {
  const label = textOf(layer['label']) ?? `layer ${index}`;
  const source = fieldsOf(layer['sourceDescriptor']);
  const sourceType = textOf(source['type']);
  if (!LAYER_TYPES.has(String(layer['type'])))
    report.mistake(`The layer "${label}" is of type ${shown(layer['type'])}.`, 'Use a type that Kibana has.');
  if (textOf(layer['id']) === null) report.mistake(`The layer "${label}" has no id.`, 'Give it one.');
  if (sourceType === null && layer['type'] !== 'LAYER_GROUP')
    report.mistake(`The layer "${label}" has no source.`, 'Write its sourceDescriptor.');
  checkQuery(layer['query'], `The query of the layer "${label}"`, report);
  readJoins(layer, label, index, claims, report);
  if (sourceType === null || !OF_DOCUMENTS.has(sourceType)) return [];
  const dataView = dataViewOf(source, label, index, claims, report);
  const geoField = textOf(source['geoField']);
  if (geoField === null) {
    if (sourceType === 'ES_SEARCH' || sourceType === 'ES_GEO_GRID')
      report.mistake(`The layer "${label}" names no geoField.`, 'Name the field of its points or shapes.');
    return [];
  }
  return [
    {
      label,
      dataView,
      geoField,
      grid: sourceType !== 'ES_SEARCH',
      told: textsOf(source['tooltipProperties']),
      styledBy: sourceType === 'ES_SEARCH' ? styleFields(layer) : [],
      query: layer['query'],
    },
  ];
}

function dataViewOf(source: Fields, label: string, index: number, claims: Claims, report: Reporter): string | null {
  const name = source['indexPatternRefName'];
  if (typeof name === 'string') {
    const wanted = `layer_${index}_source_index_pattern`;
    if (name !== wanted)
      report.doubt(`The layer "${label}" refers to ${name}; Kibana calls it ${wanted}.`, `Call it ${wanted}.`);
    return claims.take(name, 'index-pattern', report);
  }
  // A map by value may keep the id in itself, beside a reference of the dashboard.
  if (typeof source['indexPatternId'] === 'string')
    return claims.takeIfAny(`layer_${index}_source_index_pattern`, 'index-pattern', report) ?? source['indexPatternId'];
  report.mistake(`The layer "${label}" names no data view.`, 'Write indexPatternRefName and its reference.');
  return null;
}

function readJoins(layer: Fields, label: string, index: number, claims: Claims, report: Reporter): void {
  for (const [at, join] of listOf(layer['joins']).entries()) {
    const right = fieldsOf(fieldsOf(join)['right']);
    const name = right['indexPatternRefName'];
    if (typeof name === 'string') claims.take(name, 'index-pattern', report);
    else claims.takeIfAny(`layer_${index}_join_${at}_index_pattern`, 'index-pattern', report);
    checkQuery(right['whereQuery'], `A query of the layer "${label}"`, report);
  }
}

/** Fields of documents by which a vector layer is drawn. */
function styleFields(layer: Fields): string[] {
  const properties = Object.values(fieldsOf(fieldsOf(layer['style'])['properties']));
  return properties.flatMap(property => {
    const field = fieldsOf(fieldsOf(fieldsOf(property)['options'])['field']);
    const name = textOf(field['name']);
    return name === null || field['origin'] !== 'source' ? [] : [name];
  });
}
