import type { Reporter } from '../finding.ts';
import { fieldsOf, listOf, shown, textOf, textsOf, type Fields } from '../json.ts';
import type { Documents } from '../reading.ts';
import type { Claims } from './claims.ts';
import { readSearchSource, sortedFields } from './search-source.ts';

/** Checks a saved search, which a dashboard shows as a table of documents. */
export function readSavedSearch(
  given: Fields,
  { claims, packaged, report }: { claims: Claims; packaged: boolean; report: Reporter },
): Documents {
  const attributes = withTab(given);
  const found = readSearchSource(attributes, { claims, packaged, report });
  if (found === null)
    report.mistake('The saved search has no search source.', 'Write kibanaSavedObjectMeta.searchSourceJSON.');
  else if (found.dataView === null && typeof fieldsOf(found.source['query'])['esql'] !== 'string')
    report.mistake('The saved search names no data view.', 'Write indexRefName and the reference of that name.');
  checkColumns(attributes, report);
  return {
    kind: 'documents',
    dataView: found?.dataView ?? null,
    // `_source` stands for the whole document.
    columns: textsOf(attributes['columns']).filter(name => name !== '_source'),
    sort: sortedFields(attributes['sort']),
    query: found?.source['query'],
    filters: found?.source['filter'],
  };
}

/** From Kibana 9.2 on a saved search has tabs, of which the first is shown in dashboards. */
function withTab(attributes: Fields): Fields {
  const tab = fieldsOf(fieldsOf(listOf(attributes['tabs'])[0])['attributes']);
  return attributes['kibanaSavedObjectMeta'] === undefined ? { ...attributes, ...tab } : attributes;
}

function checkColumns(attributes: Fields, report: Reporter): void {
  const { columns, sort } = attributes;
  const names = textsOf(columns);
  if (columns !== undefined && (!Array.isArray(columns) || names.length !== columns.length))
    report.mistake(`columns is ${shown(columns)}.`, 'Write a list of names of fields.');
  const seen = new Set<string>();
  const twice = names.find(name => seen.size === seen.add(name).size);
  if (twice !== undefined) report.mistake(`The column ${twice} is there twice.`, 'Name it once.');
  if (sort !== undefined && !listOf(sort).every(isSort) && !isSort(sort))
    report.mistake(`sort is ${shown(sort)}.`, 'Write a list of pairs of a field and asc or desc.');
}

function isSort(pair: unknown): boolean {
  const [field, order, ...more] = listOf(pair);
  return textOf(field) !== null && (order === 'asc' || order === 'desc') && more.length === 0;
}
