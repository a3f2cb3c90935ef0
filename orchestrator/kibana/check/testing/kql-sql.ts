import type { KqlNode, KqlValue } from '../kql/parse.ts';

/** DuckDB's types of the columns of a relation, by name. */
export type ColumnTypes = ReadonlyMap<string, string>;

/** The condition in SQL that a filter means, where no value is null; made from the filter, not from its query. */
export function kqlSql(node: KqlNode, types: ColumnTypes): string {
  switch (node.kind) {
    case 'all':
      return 'true';
    case 'and':
    case 'or':
      return `(${node.nodes.map(one => kqlSql(one, types)).join(` ${node.kind} `)})`;
    case 'not':
      return `(not ${kqlSql(node.node, types)})`;
    case 'range':
      return known(compare(String(node.field.value), SIGNS[node.operator], node.value, types));
    case 'is':
      return isSql(node.field, node.value, types);
    case 'nested':
      throw new Error(`a relation has no nested field ${node.path}`);
  }
}

const SIGNS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/** A comparison with null is not true in Elasticsearch, and its negation is. */
function known(condition: string): string {
  return `coalesce(${condition}, false)`;
}

function isSql(field: KqlValue | null, value: KqlValue, types: ColumnTypes): string {
  if (field === null) throw new Error('a filter without a field is not compared');
  const name = String(field.value);
  if (!value.wildcard) return known(compare(name, '=', value, types));
  if (value.value === '*') return `(${identifier(name)} is not null)`;
  const pattern = String(value.value)
    .replaceAll(/[\\%_]/g, String.raw`\$&`)
    .replaceAll('*', '%');
  return known(`${identifier(name)} like ${text(pattern)} escape '\\'`);
}

function compare(name: string, sign: string, { value }: KqlValue, types: ColumnTypes): string {
  const type = types.get(name);
  if (type === undefined) throw new Error(`the relation has no column ${name}`);
  const literal = /^(DATE|TIMESTAMP)/.test(type)
    ? `timestamp ${text(String(value))}`
    : /^(VARCHAR|BOOLEAN)$/.test(type)
      ? text(String(value))
      : `${Number(value)}`;
  return `${identifier(name)} ${sign} ${literal}`;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
