import type { Reporter } from '../finding.ts';
import { fieldsOf, shown } from '../json.ts';
import { checkQuery } from '../structure/query.ts';
import { columnName, OPERATIONS } from './operations.ts';
import type { LensColumn, LensLayer } from './read-lens.ts';

/** The field that stands for whole documents; `Records` until Kibana 7.10. */
const RECORDS = new Set(['___records___', 'Records']);

export function isRecords(field: string | null): boolean {
  return field !== null && RECORDS.has(field);
}

const MAX_COLUMNS = 500;

/** Checks the columns of a layer: their order, operations, fields, parameters, and what they are made of. */
export function checkColumns(layer: LensLayer, report: Reporter): void {
  if (layer.columns.size > MAX_COLUMNS || layer.order.length > MAX_COLUMNS) {
    report.mistake(`The layer ${layer.id} has more than ${MAX_COLUMNS} columns.`, 'Take some out.');
    return;
  }
  if (layer.columns.size === 0) report.mistake(`The layer ${layer.id} has no columns.`, 'Give it at least one column.');
  checkOrder(layer, report);
  for (const column of layer.columns.values()) checkColumn(column, layer, report);
}

function checkOrder({ id, columns, order }: LensLayer, report: Reporter): void {
  for (const name of order.filter(one => !columns.has(one)))
    report.mistake(`columnOrder of layer ${id} names ${shown(name)}, which is no column of it.`, 'Take the name out.');
  for (const column of columns.values()) {
    const times = order.filter(name => name === column.id).length;
    if (times === 0) report.mistake(`${columnName(column)} is not in columnOrder: it is never asked for.`, 'Add it.');
    if (times > 1) report.mistake(`${columnName(column)} is in columnOrder ${times} times.`, 'Name it once.');
  }
  const kinds = order.flatMap(name => columns.get(name)?.bucketed ?? []);
  if (kinds.lastIndexOf(true) > kinds.indexOf(false) && kinds.includes(false))
    report.mistake(
      `columnOrder of layer ${id} has a group after a figure.`,
      'Put all groups first: their order is that in which they are nested.',
    );
}

function checkColumn(column: LensColumn, layer: LensLayer, report: Reporter): void {
  const operation = OPERATIONS[column.operation];
  if (operation === undefined) {
    report.mistake(`${columnName(column)}: Lens knows no such operation.`, 'Use an operation of Lens.');
    return;
  }
  if (operation.bucketed !== column.bucketed)
    report.mistake(
      `${columnName(column)} has isBucketed ${column.bucketed}.`,
      `Set isBucketed to ${operation.bucketed}.`,
    );
  if (operation.gives && !operation.gives.includes(column.dataType))
    report.mistake(
      `${columnName(column)} has dataType ${shown(column.dataType)}.`,
      `Set dataType to ${operation.gives.join(' or ')}.`,
    );
  checkSource(column, layer, report);
  checkFormat(column, report);
  operation.check?.(column, layer, report);
  if (column.filter !== null) checkQuery(column.filter, `The filter of "${column.label}"`, report);
}

function checkSource(column: LensColumn, layer: LensLayer, report: Reporter): void {
  const of = OPERATIONS[column.operation]?.of;
  if (of === 'field' && column.field === null)
    report.mistake(`${columnName(column)} has no sourceField.`, 'Name the field that it is of.');
  if (of === 'field' && isRecords(column.field) && column.operation !== 'count')
    report.mistake(`${columnName(column)} is of documents, not of a field.`, 'Name a field, or count.');
  for (const name of column.references)
    if (!layer.columns.has(name))
      report.mistake(`${columnName(column)} is made of ${shown(name)}, which is no column.`, 'Add that column.');
  if (
    of === 'columns' &&
    column.references.length === 0 &&
    column.operation !== 'formula' &&
    column.operation !== 'math'
  )
    report.mistake(`${columnName(column)} names no column that it is made of.`, 'Name one in its references.');
}

/** Formats of a column (supported_formats.ts of the plug-in lens). */
const FORMATS = new Set<unknown>(['bits', 'bytes', 'custom', 'duration', 'number', 'percent']);

function checkFormat(column: LensColumn, report: Reporter): void {
  const { id } = fieldsOf(column.params['format']);
  if (column.params['format'] !== undefined && !FORMATS.has(id))
    report.doubt(`${columnName(column)} has the format ${shown(id)}.`, `Use one of ${[...FORMATS].join(', ')}.`);
}
