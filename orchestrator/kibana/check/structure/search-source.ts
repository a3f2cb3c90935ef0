import type { Reporter } from '../finding.ts';
import { fieldsOf, isFields, listOf, type Fields } from '../json.ts';
import type { Claims } from './claims.ts';
import { embedded } from './embedded.ts';
import { checkFilters, checkQuery } from './query.ts';

/**
 * What `kibanaSavedObjectMeta.searchSourceJSON` says, or null where there is nothing of it; checks its query, filters
 * and data view.
 */
export function readSearchSource(
  attributes: Fields,
  { claims, packaged, report }: { claims: Claims; packaged: boolean; report: Reporter },
): { source: Fields; dataView: string | null } | null {
  const meta = fieldsOf(attributes['kibanaSavedObjectMeta']);
  const source = embedded(meta['searchSourceJSON'], 'searchSourceJSON', packaged, report);
  if (source === undefined) return null;
  if (!isFields(source)) {
    report.mistake('searchSourceJSON is not an object.', 'Write at least {"query":{"query":"","language":"kuery"}}.');
    return null;
  }
  checkQuery(source['query'], 'The query', report);
  checkFilters(source['filter'], claims, report);
  return { source, dataView: dataViewOf(source, claims, report) };
}

function dataViewOf(source: Fields, claims: Claims, report: Reporter): string | null {
  const name = source['indexRefName'];
  if (typeof name === 'string') return claims.take(name, 'index-pattern', report);
  if (typeof source['index'] === 'string') return source['index'];
  return null;
}

/** Names of the fields in the sort of a saved search: `[["date", "desc"]]`, or one pair alone. */
export function sortedFields(sort: unknown): Array<{ field: string; order: 'asc' | 'desc' }> {
  const pairs = listOf(sort);
  const list = typeof pairs[0] === 'string' ? [pairs] : pairs;
  return list.flatMap(pair => {
    const [field, order] = listOf(pair);
    return typeof field === 'string' ? [{ field, order: order === 'asc' ? 'asc' : 'desc' }] : [];
  });
}
