import { fieldsOf, isFields, listOf } from '../json.ts';
import { KqlError, parseKql } from '../kql/parse.ts';
import { kqlQuery, type Query } from '../kql/query.ts';
import type { TimeRange } from '../reading.ts';
import { parseInstant } from './date-math.ts';

/** A time range in milliseconds since 1970. */
export interface Span {
  from: number;
  to: number;
}

/** The range as it is at a moment, or null where it can't be understood. */
export function spanOf(range: TimeRange | null, now: number): Span | null {
  const from = range === null ? null : parseInstant(range.from, now, 'start');
  const to = range === null ? null : parseInstant(range.to, now, 'end');
  return from === null || to === null || from >= to ? null : { from, to };
}

/** The filter of a time range, as Kibana sends it. */
export function timeFilter(field: string, { from, to }: Span): Query {
  const iso = (at: number) => new Date(at).toISOString();
  return { range: { [field]: { gte: iso(from), lte: iso(to), format: 'strict_date_optional_time' } } };
}

/** What a `{query, language}` asks of Elasticsearch; null: nothing, or what is not understood here. */
export function queryOf(query: unknown): Query | null {
  if (!isFields(query) || typeof query['query'] !== 'string' || query['query'].trim() === '') return null;
  if (query['language'] === 'lucene') return { query_string: { query: query['query'], analyze_wildcard: true } };
  try {
    return kqlQuery(parseKql(query['query']));
  } catch (error) {
    if (error instanceof KqlError) return null;
    throw error;
  }
}

/** What the filters of a search source ask; those that are switched off ask nothing. */
export function filterQueries(filters: unknown): Query[] {
  return listOf(filters).flatMap(filter => {
    const { meta, query } = fieldsOf(filter);
    if (!isFields(query) || Object.keys(query).length === 0 || fieldsOf(meta)['disabled'] === true) return [];
    return [fieldsOf(meta)['negate'] === true ? { bool: { must_not: query } } : query];
  });
}

export function allOf(queries: ReadonlyArray<Query | null>): Query {
  const filter = queries.filter(query => query !== null);
  return filter.length === 0 ? { match_all: {} } : { bool: { filter } };
}
