import type { Reporter } from '../finding.ts';
import { fieldsOf, isFields, shown, textOf, type Fields } from '../json.ts';
import type { DataView, FieldFormat } from '../reading.ts';
import type { SavedObject } from '../saved-object.ts';
import { embedded } from './embedded.ts';

/** Formats of fields (FIELD_FORMAT_IDS of the plug-in fieldFormats), with the texts that each needs. */
const FORMATS: Readonly<Record<string, readonly string[]>> = {
  boolean: [],
  bytes: [],
  color: [],
  currency: [],
  custom: [],
  date: [],
  date_nanos: [],
  duration: [],
  geo_point: [],
  histogram: [],
  ip: [],
  number: [],
  percent: [],
  relative_date: [],
  static_lookup: [],
  string: [],
  terms: [],
  truncate: [],
  url: ['urlTemplate'],
};

/** Checks a data view (saved object of type index-pattern). */
export function readDataView({ id, attributes, packaged }: SavedObject, report: Reporter): DataView {
  const pattern = textOf(attributes['title']);
  if (pattern === null) report.mistake('The data view has no title.', 'Write the pattern of its indices as title.');
  else if (/\s|^[_+-]|["\\<>|?#]/.test(pattern))
    report.mistake(`The pattern ${shown(pattern)} can be no name of an index.`, 'Write names of indices, with commas.');
  const part = (name: string) => embedded(attributes[name], name, packaged, report);
  for (const name of ['fields', 'fieldAttrs', 'sourceFilters', 'typeMeta']) part(name);
  return {
    id,
    pattern: pattern ?? '',
    name: textOf(attributes['name']) ?? pattern ?? id,
    timeField: timeFieldOf(attributes, report),
    formats: formatsOf(part('fieldFormatMap'), report),
    runtimeFields: runtimeTypes(fieldsOf(part('runtimeFieldMap'))),
    report,
  };
}

function runtimeTypes(map: Fields): Map<string, string> {
  return new Map(Object.entries(map).map(([name, field]) => [name, textOf(fieldsOf(field)['type']) ?? 'keyword']));
}

function timeFieldOf({ timeFieldName }: Fields, report: Reporter): string | null {
  if (timeFieldName !== undefined && typeof timeFieldName !== 'string')
    report.mistake(`timeFieldName is ${shown(timeFieldName)}.`, 'Name a field, or leave it out.');
  return textOf(timeFieldName);
}

function formatsOf(map: unknown, report: Reporter): Map<string, FieldFormat> {
  const formats = new Map<string, FieldFormat>();
  if (map === undefined) return formats;
  if (!isFields(map)) {
    report.mistake('fieldFormatMap is not an object.', 'Write a format by field.');
    return formats;
  }
  for (const [field, format] of Object.entries(map)) {
    const id = textOf(fieldsOf(format)['id']);
    const params = fieldsOf(fieldsOf(format)['params']);
    checkFormat(field, id, params, report);
    if (id !== null) formats.set(field, { id, params });
  }
  return formats;
}

function checkFormat(field: string, id: string | null, params: Fields, report: Reporter): void {
  const needed = id === null ? undefined : FORMATS[id];
  if (needed === undefined) {
    report.mistake(`The format of ${field} is ${shown(id)}, which Kibana does not have.`, 'Choose one that it has.');
    return;
  }
  for (const name of needed)
    if (textOf(params[name]) === null)
      report.doubt(`The format ${id} of ${field} lacks ${name} and does nothing.`, `Write params.${name}.`);
  if (params['pattern'] !== undefined && typeof params['pattern'] !== 'string')
    report.mistake(`The pattern of ${field} is ${shown(params['pattern'])}.`, 'Write it as text.');
}
