// What a layer of a Lens panel shows, computed by DuckDB from rows: written from what Lens means, beside figures/, which
// asks Elasticsearch.
import type { DuckDBConnection } from '@duckdb/node-api';
import { fieldsOf, isFields, listOf, numberOf, textOf } from '../json.ts';
import { parseKql } from '../kql/parse.ts';
import { isRecords } from '../lens/columns.ts';
import type { LensColumn } from '../lens/read-lens.ts';
import type { Key } from '../figures/group-column.ts';
import { autoInterval, numberInterval, parseInterval } from '../figures/interval.ts';
import type { Span } from '../figures/context.ts';
import { identifier, kqlSql, text, type ColumnTypes } from './kql-sql.ts';

/** Rows of files as a table of DuckDB, whose columns are named and typed as the fields of the index. */
export interface Relation {
  connection: DuckDBConnection;
  table: string;
  types: ColumnTypes;
}

/** A figure with how far Elasticsearch's may be from it: some of its figures are estimates. */
export interface SqlFigure {
  value: unknown;
  /** Both included. */
  within: readonly [low: number, high: number] | null;
  /** Any of them: the last ones of one moment are equally the last. */
  anyOf: unknown[] | null;
}

export interface SqlRow {
  keys: Key[];
  figures: SqlFigure[];
}

export interface SqlLayer {
  groups: LensColumn[];
  figures: LensColumn[];
  span: Span | null;
  /** The condition that its documents meet. */
  where: string;
}

/** The table and its columns' types. */
export async function describe(connection: DuckDBConnection, table: string): Promise<Relation> {
  const reader = await connection.runAndReadAll(`describe ${table}`);
  const rows = reader.getRowObjects();
  return {
    connection,
    table,
    types: new Map(rows.map(row => [String(row['column_name']), String(row['column_type'])])),
  };
}

export async function layerRows(relation: Relation, layer: SqlLayer): Promise<SqlRow[]> {
  return rowsWithin(relation, layer, 0, layer.where, []);
}

async function rowsWithin(
  relation: Relation,
  layer: SqlLayer,
  level: number,
  where: string,
  keys: Key[],
): Promise<SqlRow[]> {
  const column = layer.groups[level];
  if (column === undefined) return [{ keys, figures: (await figuresOf(relation, layer, where)).figures }];
  const groups = await groupsOf(relation, layer, column, where);
  const rows: SqlRow[] = [];
  for (const { key, condition } of groups) {
    if (level < layer.groups.length - 1) {
      rows.push(...(await rowsWithin(relation, layer, level + 1, `${where} and ${condition}`, [...keys, key])));
      continue;
    }
    const found = await figuresOf(relation, layer, `${where} and ${condition}`);
    if (found.documents > 0) rows.push({ keys: [...keys, key], figures: found.figures });
  }
  return rows;
}

interface SqlGroup {
  key: Key;
  condition: string;
}

async function groupsOf(relation: Relation, layer: SqlLayer, column: LensColumn, where: string): Promise<SqlGroup[]> {
  const { params } = column;
  switch (column.operation) {
    case 'terms':
      return termsGroups(relation, layer, column, where);
    case 'date_histogram':
      return timeGroups(relation, layer, column, where);
    case 'filters':
      return listOf(params['filters']).map(filter => {
        const { input, label } = fieldsOf(filter);
        const query = String(fieldsOf(input)['query']);
        const value = textOf(label) ?? query;
        return { key: { kind: 'value', value, text: value }, condition: kqlSql(parseKql(query), relation.types) };
      });
    default:
      return params['type'] === 'range' ? rangeGroups(column) : histogramGroups(relation, column, where);
  }
}

async function termsGroups(
  relation: Relation,
  layer: SqlLayer,
  column: LensColumn,
  where: string,
): Promise<SqlGroup[]> {
  const name = identifier(column.field ?? '');
  const { orderBy, orderDirection, size, otherBucket } = column.params;
  const by = layer.figures.find(({ id }) => id === fieldsOf(orderBy)['columnId']);
  const order = fieldsOf(orderBy)['type'] === 'column' && by !== undefined ? figureSql(by, relation.types) : 'k';
  const direction = orderDirection === 'asc' ? 'asc' : 'desc';
  const found = await all(
    relation,
    `select ${name} as k from ${relation.table} where ${where} and ${name} is not null
     group by k order by ${order} ${direction} nulls last, k limit ${Number(size)}`,
  );
  const groups: SqlGroup[] = found.map(row => {
    const value = plain(row['k']) as string | number;
    return { key: { kind: 'value', value, text: String(value) }, condition: `${name} = ${literal(row['k'])}` };
  });
  if (otherBucket !== true || groups.length === 0) return groups;
  const not = groups.map(({ condition }) => `not (${condition})`).join(' and ');
  return [...groups, { key: { kind: 'others' }, condition: `(${name} is not null and ${not})` }];
}

function literal(value: unknown): string {
  return typeof value === 'string' ? text(value) : String(value as number);
}

async function timeGroups(
  relation: Relation,
  { span }: SqlLayer,
  column: LensColumn,
  where: string,
): Promise<SqlGroup[]> {
  const wanted = textOf(column.params['interval']) ?? 'auto';
  const interval = wanted === 'auto' && span !== null ? autoInterval(span.to - span.from) : parseInterval(wanted);
  if (interval === null) throw new Error(`the interval ${wanted} can't be told`);
  const moment = `epoch_ms(cast(${identifier(column.field ?? '')} as timestamp))`;
  const group =
    'fixedMs' in interval
      ? `(floor(${moment} / ${interval.fixedMs}) * ${interval.fixedMs})::bigint`
      : `epoch_ms(date_trunc('${CALENDAR[interval.calendar.slice(1)]}', make_timestamp(${moment} * 1000)))`;
  return valueGroups(relation, group, where);
}

const CALENDAR: Readonly<Record<string, string>> = {
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  M: 'month',
  q: 'quarter',
  y: 'year',
};

async function valueGroups(relation: Relation, group: string, where: string): Promise<SqlGroup[]> {
  const found = await all(
    relation,
    `select distinct ${group} as k from ${relation.table} where ${where} and ${group} is not null order by k`,
  );
  return found.map(row => {
    const value = Number(row['k']);
    return { key: { kind: 'value', value, text: String(value) }, condition: `${group} = ${value}` };
  });
}

async function histogramGroups(relation: Relation, column: LensColumn, where: string): Promise<SqlGroup[]> {
  const name = identifier(column.field ?? '');
  const [bounds] = await all(
    relation,
    `select min(${name}) as low, max(${name}) as high from ${relation.table} where ${where}`,
  );
  const [min, max] = [Number(bounds?.['low']), Number(bounds?.['high'])];
  const whole = (relation.types.get(column.field ?? '') ?? '').endsWith('INT');
  const width = numberInterval({ min, max, maxBars: numberOf(column.params['maxBars']) ?? 'auto', whole });
  return valueGroups(relation, `(floor(${name} / ${width}) * ${width})`, where);
}

function rangeGroups(column: LensColumn): SqlGroup[] {
  const name = identifier(column.field ?? '');
  return listOf(column.params['ranges']).map(range => {
    const [from, to] = [numberOf(fieldsOf(range)['from']), numberOf(fieldsOf(range)['to'])];
    const conditions = [from === null ? 'true' : `${name} >= ${from}`, to === null ? 'true' : `${name} < ${to}`];
    return {
      key: { kind: 'value', value: from ?? -Infinity, text: '' },
      condition: `(${name} is not null and ${conditions.join(' and ')})`,
    };
  });
}

/** The figures of all documents that meet the condition. */
async function figuresOf(relation: Relation, { figures }: SqlLayer, where: string) {
  const parts = figures.flatMap((column, at) => [
    `${figureSql(column, relation.types)} as f${at}`,
    ...boundsSql(column, relation.types).map((bound, side) => `${bound} as b${at}_${side}`),
  ]);
  const sql = `select count(*) as documents${parts.map(part => `, ${part}`).join('')} from ${relation.table} where ${where}`;
  const row = (await all(relation, sql))[0] ?? {};
  return { documents: Number(row['documents']), figures: figures.map((column, at) => sqlFigure(column, row, at)) };
}

function sqlFigure({ operation }: LensColumn, row: Record<string, unknown>, at: number): SqlFigure {
  const value = plain(row[`f${at}`]);
  const [low, high] = [row[`b${at}_0`], row[`b${at}_1`]].map(Number);
  if (operation === 'last_value') {
    const latest = listOf(fieldsOf(row[`f${at}`])['items']).map(item => fieldsOf(fieldsOf(item)['entries']));
    const moment = String(latest[0]?.['s']);
    const ties = latest.filter(one => String(one['s']) === moment).map(one => plain(one['v']));
    return { value: ties[0] ?? null, within: null, anyOf: ties };
  }
  if (operation === 'unique_count') {
    const count = Number(value);
    // HyperLogLog++ counts few values exactly.
    return { value, within: count < 1000 ? null : [count * 0.94, count * 1.06], anyOf: null };
  }
  if (low === undefined || high === undefined || Number.isNaN(low)) return { value, within: null, anyOf: null };
  return { value, within: [low, high], anyOf: null };
}

/** How far an estimate of a percentile may be: one percent of the rows on either side (t-digest). */
function boundsSql(column: LensColumn, types: ColumnTypes): string[] {
  const percent = percentOf(column);
  if (percent === null || column.field === null) return [];
  const bounds = [Math.max(percent - 1, 0), Math.min(percent + 1, 100)];
  return bounds.map(
    bound => `quantile_cont(${identifier(column.field ?? '')}, ${bound / 100})${filterSql(column, types)}`,
  );
}

function percentOf({ operation, params }: LensColumn): number | null {
  if (operation === 'median') return 50;
  return operation === 'percentile' ? (numberOf(params['percentile']) ?? 50) : null;
}

function figureSql(column: LensColumn, types: ColumnTypes): string {
  const filter = filterSql(column, types);
  const name = identifier(column.field ?? '');
  const percent = percentOf(column);
  if (percent !== null) return `quantile_cont(${name}, ${percent / 100})${filter}`;
  switch (column.operation) {
    case 'count':
      return `count(${isRecords(column.field) ? '*' : name})${filter}`;
    case 'unique_count':
      return `count(distinct ${name})${filter}`;
    case 'sum':
      return `coalesce(sum(${name})${filter}, 0)`;
    case 'average':
      return `avg(${name})${filter}`;
    case 'min':
    case 'max':
      return dated(`${column.operation}(${name})${filter}`, types.get(column.field ?? ''));
    case 'standard_deviation':
      return `stddev_pop(${name})${filter}`;
    case 'last_value': {
      const sort = identifier(textOf(column.params['sortField']) ?? '');
      return `arg_max({v: ${name}, s: ${sort}}, ${sort}, 500)${filterSql(column, types, `${name} is not null`)}`;
    }
    default:
      throw new Error(`${column.operation} is not computed in SQL`);
  }
}

/** Times are milliseconds since 1970 in Elasticsearch's figures. */
function dated(sql: string, type = ''): string {
  return /^(DATE|TIMESTAMP)/.test(type) ? `epoch_ms(cast(${sql} as timestamp))` : sql;
}

function filterSql({ filter }: LensColumn, types: ColumnTypes, more = 'true'): string {
  const query = isFields(filter) ? textOf(filter['query']) : null;
  if (query === null && more === 'true') return '';
  return ` filter (where ${more}${query === null ? '' : ` and ${kqlSql(parseKql(query), types)}`})`;
}

async function all({ connection }: Relation, sql: string): Promise<Array<Record<string, unknown>>> {
  return (await connection.runAndReadAll(sql)).getRowObjects();
}

/** A number where DuckDB gives a bigint or a decimal. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'object' && value !== null && 'toDouble' in value)
    return (value as { toDouble(): number }).toDouble();
  return value;
}
