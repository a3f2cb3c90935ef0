import type { KqlNode, KqlValue } from './parse.ts';

/** A query of Elasticsearch. */
export type Query = Readonly<Record<string, unknown>>;

/** What Kibana sends for a filter (node_types of @kbn/es-query), where the types of its fields are not known. */
export function kqlQuery(node: KqlNode): Query {
  switch (node.kind) {
    case 'all':
      return { match_all: {} };
    case 'and':
      return { bool: { filter: node.nodes.map(kqlQuery) } };
    case 'or':
      return { bool: { should: node.nodes.map(kqlQuery), minimum_should_match: 1 } };
    case 'not':
      return { bool: { must_not: kqlQuery(node.node) } };
    case 'nested':
      return { nested: { path: node.path, query: kqlQuery(node.node), score_mode: 'none' } };
    case 'range':
      return { range: { [fieldName(node.field)]: { [node.operator]: node.value.value } } };
    case 'is':
      return isQuery(node.field, node.value);
  }
}

/** Names of the fields that a filter asks, patterns with asterisks among them. */
export function kqlFields(node: KqlNode): string[] {
  switch (node.kind) {
    case 'all':
      return [];
    case 'and':
    case 'or':
      return node.nodes.flatMap(kqlFields);
    case 'not':
      return kqlFields(node.node);
    case 'nested':
      return kqlFields(node.node).map(field => `${node.path}.${field}`);
    case 'range':
      return [fieldName(node.field)];
    case 'is':
      return node.field === null ? [] : [fieldName(node.field)];
  }
}

function fieldName(field: KqlValue): string {
  return String(field.value);
}

function isQuery(field: KqlValue | null, { value, quoted, wildcard }: KqlValue): Query {
  if (wildcard && value === '*' && (field === null || field.value === '*')) return { match_all: {} };
  if (field === null)
    return wildcard
      ? { query_string: { query: escapeQueryString(String(value)) } }
      : { multi_match: { type: quoted ? 'phrase' : 'best_fields', query: value, lenient: true } };
  const name = fieldName(field);
  if (wildcard && value === '*') return { exists: { field: name } };
  if (wildcard) return { query_string: { fields: [name], query: escapeQueryString(String(value)) } };
  return quoted ? { match_phrase: { [name]: value } } : { match: { [name]: value } };
}

/** All but asterisks is meant literally. */
function escapeQueryString(text: string): string {
  return text.replaceAll(/[+\-=!(){}[\]^"~?:\\/ &|]/g, String.raw`\$&`).replaceAll(/[<>]/g, '');
}
