import type { Reporter } from '../finding.ts';
import { fieldsOf, isFields, listOf, textOf, type Fields } from '../json.ts';
import type { Reference } from '../saved-object.ts';
import { makeClaims, type Claims } from '../structure/claims.ts';
import { checkFilters, checkQuery } from '../structure/query.ts';
import { checkColumns } from './columns.ts';
import { columnName } from './operations.ts';
import { readLens, type Lens, type LensColumn, type LensLayer } from './read-lens.ts';
import { visualizationShape, type Accessor, type Shape } from './visualizations.ts';

/** What the check found beside mistakes: a data view's id by layer. */
export interface CheckedLens {
  lens: Lens;
  dataViews: Map<string, string>;
}

/** Checks the attributes of a Lens visualization; its references are taken from `claims`. */
export function checkLens(attributes: Fields, claims: Claims, report: Reporter): CheckedLens {
  const lens = readLens(attributes);
  const dataViews = new Map<string, string>();
  if (!isFields(attributes['state'])) {
    report.mistake('The visualization has no state.', 'Write attributes.state.');
    return { lens, dataViews };
  }
  checkQuery(lens.query, 'The query', report);
  checkFilters(lens.filters, claims, report);
  const own = makeClaims(internalReferences(lens.state));
  for (const layer of lens.layers) {
    checkColumns(layer, report);
    const id = layerDataView(layer, claims, own, lens.state, report);
    if (id !== null) dataViews.set(layer.id, id);
  }
  // Kept by Kibana until 8.2 for the view that was chosen last.
  claims.takeIfAny('indexpattern-datasource-current-indexpattern', 'index-pattern', report);
  checkVisualization(lens, claims, report);
  return { lens, dataViews };
}

function internalReferences(state: Fields): Reference[] {
  return listOf(state['internalReferences']).flatMap(item => {
    const { type, id, name } = fieldsOf(item);
    return typeof id === 'string' && typeof name === 'string' ? [{ type: textOf(type) ?? '', id, name }] : [];
  });
}

/** The data view of a layer, by a reference of its name; one of the visualization's own is in adHocDataViews. */
function layerDataView(
  { id, inlineDataView }: LensLayer,
  claims: Claims,
  own: Claims,
  state: Fields,
  report: Reporter,
): string | null {
  const name = `indexpattern-datasource-layer-${id}`;
  const ownId = own.takeIfAny(name, 'index-pattern', report);
  if (ownId === null && inlineDataView !== null)
    return claims.takeIfAny(name, 'index-pattern', report) ?? inlineDataView;
  if (ownId === null) return claims.take(name, 'index-pattern', report);
  if (!(ownId in fieldsOf(state['adHocDataViews'])))
    report.mistake(`The layer ${id} uses a data view of its own that is not in adHocDataViews.`, 'Add it there.');
  return null;
}

function checkVisualization(lens: Lens, claims: Claims, report: Reporter): void {
  const type = lens.visualizationType;
  if (type === null) {
    report.mistake('visualizationType is missing.', 'Write one, such as lnsXY.');
    return;
  }
  const shape = visualizationShape(type, lens.visualization);
  if (shape === null) {
    report.note(`Lens visualizations of type ${type} are not looked into.`, 'Look at it in Kibana.');
    claims.takeAll('');
    return;
  }
  // Layers of annotations have data views by references of other names.
  if (shape.layers.some(layer => layer.type === 'annotations')) claims.takeAll('');
  checkShape(shape, lens, report);
}

function checkShape(shape: Shape, lens: Lens, report: Reporter): void {
  const layers = new Map(lens.layers.map(layer => [layer.id, layer]));
  if (isTextBased(lens)) {
    report.note('The visualization is by ES|QL, which is not looked into.', 'Look at it in Kibana.');
    return;
  }
  if (shape.former)
    report.note('The visualization has the form of before Kibana 8.4.', 'Give the object the version of that form.');
  for (const name of shape.missing)
    report.mistake(`The visualization shows nothing as ${name}.`, `Name a column in ${name}.`);
  for (const { id, type } of shape.layers)
    if (!layers.has(id) && type !== 'annotations')
      report.mistake(`The visualization shows a layer "${id}", which has no columns.`, 'Name a layer of formBased.');
  for (const layer of layers.values())
    if (!shape.layers.some(({ id }) => id === layer.id))
      report.mistake(`The layer ${layer.id} is not shown by the visualization.`, 'Show it, or take it out.');
  for (const accessor of shape.accessors) checkAccessor(accessor, layers.get(accessor.layerId), report);
  for (const layer of layers.values()) checkAllShown(layer, shape, report);
}

function isTextBased({ state }: Lens): boolean {
  const sources = fieldsOf(state['datasourceStates']);
  return Object.keys(fieldsOf(fieldsOf(sources['textBased'])['layers'])).length > 0;
}

function checkAccessor(accessor: Accessor, layer: LensLayer | undefined, report: Reporter): void {
  if (layer === undefined) return;
  const column = layer.columns.get(accessor.columnId);
  if (column === undefined) {
    report.mistake(
      `${accessor.name} names ${accessor.columnId}, which is no column of its layer.`,
      'Name a column of the layer.',
    );
    return;
  }
  if (accessor.wants === null || (accessor.wants === 'group') === column.bucketed) return;
  report.mistake(
    `${accessor.name} shows ${columnName(column).replace(/^T/, 't')}, where a ${accessor.wants} is wanted.`,
    `Name a ${accessor.wants}.`,
  );
}

/** A column that is neither shown nor part of another one is asked for in vain, and divides what is shown. */
function checkAllShown(layer: LensLayer, shape: Shape, report: Reporter): void {
  const shown = new Set(shape.accessors.filter(({ layerId }) => layerId === layer.id).map(({ columnId }) => columnId));
  const uses = (column: LensColumn): string[] => {
    const orderBy = fieldsOf(column.params['orderBy']);
    return [...column.references, ...(typeof orderBy['columnId'] === 'string' ? [orderBy['columnId']] : [])];
  };
  const used = new Set([...layer.columns.values()].flatMap(uses));
  for (const column of layer.columns.values())
    if (!shown.has(column.id) && !used.has(column.id))
      report.doubt(`${columnName(column)} is not shown.`, 'Show it, or take it out of the layer.');
}
