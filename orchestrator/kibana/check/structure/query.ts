import type { Reporter } from '../finding.ts';
import { isFields, listOf, shown } from '../json.ts';
import { KqlError, parseKql } from '../kql/parse.ts';
import type { Claims } from './claims.ts';

/** `{query, language}` as Kibana keeps it; a filter in KQL must be understood. */
export function checkQuery(query: unknown, where: string, report: Reporter): void {
  if (query === undefined || query === null) return;
  if (isFields(query) && typeof query['esql'] === 'string') {
    report.note(`${where} is ES|QL, which is not looked into.`, 'Look at it in Kibana.');
    return;
  }
  // As kept until Kibana 6, which migrateLegacyQuery of the plug-in data understands.
  if (isFields(query) && (isFields(query['query_string']) || isFields(query['query']))) {
    report.note(`${where} has the form of before Kibana 6, which is not looked into.`, 'Write it as KQL.');
    return;
  }
  if (!isFields(query) || query['query'] === undefined || typeof query['language'] !== 'string') {
    report.mistake(`${where} is ${shown(query)}, not a query with its language.`, 'Write {query, language: "kuery"}.');
    return;
  }
  if (query['language'] === 'lucene') return;
  if (query['language'] !== 'kuery')
    report.mistake(`${where} has the language ${shown(query['language'])}.`, 'Write kuery or lucene.');
  else if (typeof query['query'] !== 'string')
    report.mistake(`${where} is ${shown(query['query'])}, not a text.`, 'Write the filter as text.');
  else checkKql(query['query'], where, report);
}

function checkKql(text: string, where: string, report: Reporter): void {
  try {
    parseKql(text);
  } catch (error) {
    if (!(error instanceof KqlError)) throw error;
    report.mistake(`${where} is not valid KQL, ${error.message}: ${shown(text)}.`, 'Correct the filter.');
  }
}

/** The filters of a search source: each has its `meta`, and its data view by a reference that `meta.index` names. */
export function checkFilters(filters: unknown, claims: Claims, report: Reporter): void {
  if (filters === undefined) return;
  if (!Array.isArray(filters)) {
    report.mistake('filter is not a list.', 'Write a list, empty where there is none.');
    return;
  }
  for (const filter of listOf(filters)) {
    if (!isFields(filter) || !isFields(filter['meta'])) {
      report.mistake(`The filter ${shown(filter)} has no meta.`, 'Write it as Kibana does, with meta and query.');
      continue;
    }
    const { indexRefName, index } = filter['meta'];
    if (typeof indexRefName === 'string') claims.take(indexRefName, 'index-pattern', report);
    else if (typeof index === 'string') claims.takeIfAny(index, 'index-pattern', report);
  }
}
