import type { Reporter } from '../finding.ts';
import { fieldsOf, isFields, textOf, textsOf } from '../json.ts';
import { KqlError, parseKql } from '../kql/parse.ts';
import { kqlFields } from '../kql/query.ts';
import { isRecords } from '../lens/columns.ts';
import { columnName, OPERATIONS, type FieldKind } from '../lens/operations.ts';
import type { LensColumn } from '../lens/read-lens.ts';
import type { Control, Dashboard, DataView, Documents, MapLayer, Panel } from '../reading.ts';
import { META_FIELDS, type MappedField } from './mapping.ts';

/** A data view with the fields that its indices have. */
export interface MappedView {
  view: DataView;
  fields: Map<string, MappedField>;
}

/** By id; a data view that isn't in the file has none. */
export type MappedViews = ReadonlyMap<string, MappedView>;

/** What a use wants of a field. */
interface Wanted {
  /** How the use is called: `The column "Amount" (sum)`. */
  use: string;
  kinds?: readonly FieldKind[] | undefined;
  aggregatable?: boolean;
}

/** Checks the fields that a data view itself names. */
export function checkViewFields({ view, fields }: MappedView): void {
  const { report } = view;
  if (view.timeField !== null)
    checkField(view.timeField, fields, { use: 'The time field', kinds: ['date'], aggregatable: true }, report);
  for (const field of view.formats.keys()) checkField(field, fields, { use: 'A format' }, report);
}

/** Checks the fields that a dashboard's panels and controls name. */
export function checkDashboardFields(dashboard: Dashboard, views: MappedViews): void {
  for (const control of dashboard.controls) checkControl(control, views, dashboard.report);
  for (const panel of dashboard.panels) checkPanelFields(panel, views);
}

function checkControl({ field, kind, title, dataView }: Control, views: MappedViews, report: Reporter): void {
  const mapped = dataView === null ? undefined : views.get(dataView);
  if (mapped === undefined) return;
  // OptionsList takes these kinds, RangeSlider numbers (isFieldCompatible of each, plug-in controls).
  const kinds: FieldKind[] = kind === 'range' ? ['number'] : ['string', 'boolean', 'number', 'ip', 'date'];
  const wanted = { use: `The control of ${field}`, kinds, aggregatable: true };
  checkField(field, mapped.fields, wanted, report.inPanel(`control "${title}"`));
}

function checkPanelFields({ content, report }: Panel, views: MappedViews): void {
  switch (content.kind) {
    case 'lens':
      for (const layer of content.lens.layers) {
        const mapped = views.get(content.dataViews.get(layer.id) ?? '');
        if (mapped === undefined) continue;
        for (const column of layer.columns.values()) checkColumnField(column, mapped.fields, report);
        checkQueryFields(content.lens.query, mapped.fields, report);
      }
      break;
    case 'map':
      for (const layer of content.layers) checkMapLayer(layer, views, report);
      break;
    case 'documents':
      checkDocuments(content, views, report);
      break;
    default:
  }
}

function checkColumnField(column: LensColumn, fields: MappedView['fields'], report: Reporter): void {
  const operation = OPERATIONS[column.operation];
  checkQueryFields(column.filter, fields, report);
  for (const filter of Array.isArray(column.params['filters']) ? column.params['filters'] : [])
    checkQueryFields(fieldsOf(filter)['input'], fields, report);
  if (operation?.of !== 'field' || column.field === null || isRecords(column.field)) return;
  const use = columnName(column);
  const found = checkField(column.field, fields, { use, kinds: operation.takes, aggregatable: true }, report);
  if (found) checkDataType(column, found, report);
  const more = column.operation === 'terms' ? textsOf(column.params['secondaryFields']) : [];
  for (const field of more) checkField(field, fields, { use, kinds: operation.takes, aggregatable: true }, report);
  const sortField = textOf(column.params['sortField']);
  if (column.operation === 'last_value' && sortField !== null)
    checkField(sortField, fields, { use: `The sort of ${use.replace('The', 'the')}`, kinds: ['date'] }, report);
}

/** What these operations give is of the field's own kind. */
const OF_THE_FIELD = new Set(['terms', 'last_value', 'min', 'max']);

function checkDataType(column: LensColumn, { kind }: MappedField, report: Reporter): void {
  if (!OF_THE_FIELD.has(column.operation) || column.dataType === kind || kind === 'other' || kind === 'geo') return;
  // Several fields together are a text.
  if (textsOf(column.params['secondaryFields']).length > 0 && column.dataType === 'string') return;
  report.mistake(
    `${columnName(column)} has dataType ${column.dataType}, but ${column.field} is a ${kind}.`,
    `Set dataType to ${kind}.`,
  );
}

function checkMapLayer(layer: MapLayer, views: MappedViews, report: Reporter): void {
  const mapped = layer.dataView === null ? undefined : views.get(layer.dataView);
  if (mapped === undefined) return;
  checkField(layer.geoField, mapped.fields, { use: `The layer "${layer.label}"`, kinds: ['geo'] }, report);
  for (const field of [...layer.told, ...layer.styledBy])
    checkField(field, mapped.fields, { use: `The layer "${layer.label}"` }, report);
  checkQueryFields(layer.query, mapped.fields, report);
}

function checkDocuments({ dataView, columns, sort, query }: Documents, views: MappedViews, report: Reporter): void {
  const mapped = dataView === null ? undefined : views.get(dataView);
  if (mapped === undefined) return;
  for (const field of columns) checkField(field, mapped.fields, { use: 'A column' }, report);
  for (const { field } of sort) checkField(field, mapped.fields, { use: 'The sort', aggregatable: true }, report);
  checkQueryFields(query, mapped.fields, report);
}

/** Fields that a filter in KQL names. A filter over a field that is not there finds nothing, without an error. */
export function checkQueryFields(query: unknown, fields: MappedView['fields'], report: Reporter): void {
  if (!isFields(query) || query['language'] !== 'kuery' || typeof query['query'] !== 'string') return;
  try {
    for (const field of kqlFields(parseKql(query['query'])))
      if (!field.includes('*')) checkField(field, fields, { use: 'A filter' }, report);
  } catch (error) {
    // Told by the check of the structure.
    if (!(error instanceof KqlError)) throw error;
  }
}

function checkField(
  name: string,
  fields: MappedView['fields'],
  { use, kinds, aggregatable }: Wanted,
  report: Reporter,
): MappedField | null {
  if (META_FIELDS.has(name)) return null;
  const field = fields.get(name);
  const types = field?.types.join(' and ');
  if (field === undefined) {
    report.mistake(
      `${use} is of the field ${name}, which no index has.`,
      `Name one that is there${similar(name, fields)}.`,
    );
    return null;
  }
  if (field.types.length > 1 && field.kind === 'other')
    report.mistake(`${use} is of the field ${name}, which is ${types} by index.`, 'Make its type the same everywhere.');
  else if (kinds !== undefined && !kinds.includes(field.kind))
    report.mistake(`${use} is of the field ${name}, which is of type ${types}.`, `Name a ${kinds.join(' or ')} field.`);
  else if (aggregatable === true && !field.aggregatable) {
    const keyword = fields.get(`${name}.keyword`) === undefined ? 'a keyword field' : `${name}.keyword`;
    report.mistake(`${use} is of the field ${name} (${types}), which can't be grouped or sorted.`, `Name ${keyword}.`);
  }
  return field;
}

function similar(name: string, fields: MappedView['fields']): string {
  const same = [...fields.keys()].find(other => other.toLowerCase() === name.toLowerCase());
  return same === undefined ? '' : `, such as ${same}`;
}
