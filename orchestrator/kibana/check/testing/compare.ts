import type { DuckDBConnection } from '@duckdb/node-api';
import type { Shown } from '../check-server.ts';
import { spanOf, type Span } from '../figures/context.ts';
import type { Figure } from '../figures/figure-column.ts';
import type { Key } from '../figures/group-column.ts';
import type { LayerFigures, Row } from '../figures/layer-figures.ts';
import type { PanelFigures } from '../figures/panel-figures.ts';
import { isFields, textOf } from '../json.ts';
import { parseKql } from '../kql/parse.ts';
import type { Dashboard, Panel } from '../reading.ts';
import type { MappedView } from '../server/check-fields.ts';
import { identifier, kqlSql } from './kql-sql.ts';
import { describe, layerRows, type Relation, type SqlFigure } from './layer-sql.ts';

/** A figure of a panel beside the one that DuckDB computes from the rows of the files. */
export interface ComparedFigure {
  keys: string;
  column: string;
  elasticsearch: Figure;
  duckdb: unknown;
  equal: boolean;
}

export interface Comparison {
  panel: string;
  figures: ComparedFigure[];
}

/** Rows of a dataset's files. */
export interface Rows {
  connection: DuckDBConnection;
  /** Its columns are the fields of the index. */
  table: string;
  /** That of the data view whose panels show them; other panels are left out. */
  pattern: string;
}

/** Every figure of every panel of a dashboard, computed twice. */
export async function compareWithRows(
  { dashboard, panels }: Shown,
  { connection, table, pattern }: Rows,
  now = Date.now(),
): Promise<Comparison[]> {
  const relation = await describe(connection, table);
  const compared: Comparison[] = [];
  for (const [panel, figures] of panels) {
    if (!showsIndex(figures, pattern)) continue;
    const found = await comparePanel({ panel, figures, dashboard, relation, now });
    if (found.length > 0) compared.push({ panel: panel.title, figures: found });
  }
  return compared;
}

/** Whether all that a panel shows is of a data view of this pattern. */
export function showsIndex(figures: PanelFigures, pattern: string): boolean {
  if (figures.kind === 'documents') return figures.view.view.pattern === pattern;
  if (figures.kind === 'none') return false;
  return figures.layers.every(({ view }) => view.view.pattern === pattern);
}

/** What differs, in a line each. */
export function differences(compared: readonly Comparison[]): string[] {
  return compared.flatMap(({ panel, figures }) =>
    figures
      .filter(({ equal }) => !equal)
      .map(
        ({ keys, column, elasticsearch, duckdb }) =>
          `${panel}, ${keys}, ${column}: Elasticsearch ${String(elasticsearch)}, DuckDB ${String(duckdb)}`,
      ),
  );
}

interface Compared {
  panel: Panel;
  figures: PanelFigures;
  dashboard: Dashboard;
  relation: Relation;
  now: number;
}

async function comparePanel(compared: Compared): Promise<ComparedFigure[]> {
  const { panel, figures } = compared;
  switch (figures.kind) {
    case 'layers': {
      const { content } = panel;
      const query = content.kind === 'lens' ? content.lens.query : null;
      const found: ComparedFigure[] = [];
      for (const layer of figures.layers) found.push(...(await compareLayer(layer, query, compared)));
      return found;
    }
    case 'documents': {
      const query = panel.content.kind === 'documents' ? panel.content.query : null;
      return [await compareCount(figures.documents, figures.view, [query], 'true', compared)];
    }
    case 'points': {
      const found: ComparedFigure[] = [];
      for (const { layer, view, documents } of figures.layers)
        found.push(
          await compareCount(documents, view, [layer.query], `${identifier(layer.geoField)} is not null`, compared),
        );
      return found;
    }
    default:
      return [];
  }
}

/** The condition of a panel's rows, from its time range and filters. */
function conditionOf(view: MappedView, queries: readonly unknown[], { panel, dashboard, relation, now }: Compared) {
  const { timeField } = view.view;
  const span = timeField === null ? null : spanOf(panel.timeRange ?? dashboard.timeRange, now);
  const times = timeField === null || span === null ? [] : [timeSql(timeField, span)];
  const filters = [dashboard.query, ...queries].flatMap(query => {
    const kql = isFields(query) ? textOf(query['query']) : null;
    return kql === null ? [] : [kqlSql(parseKql(kql), relation.types)];
  });
  return { span, where: ['true', ...times, ...filters].join(' and ') };
}

function timeSql(field: string, { from, to }: Span): string {
  const moment = `epoch_ms(cast(${identifier(field)} as timestamp))`;
  return `${moment} between ${from} and ${to}`;
}

async function compareCount(
  documents: number,
  view: MappedView,
  queries: readonly unknown[],
  more: string,
  compared: Compared,
): Promise<ComparedFigure> {
  const { where } = conditionOf(view, queries, compared);
  const { connection, table } = compared.relation;
  const reader = await connection.runAndReadAll(`select count(*) as n from ${table} where ${where} and ${more}`);
  const duckdb = Number(reader.getRowObjects()[0]?.['n']);
  return { keys: '', column: 'documents', elasticsearch: documents, duckdb, equal: documents === duckdb };
}

async function compareLayer(layer: LayerFigures, query: unknown, compared: Compared): Promise<ComparedFigure[]> {
  const { span, where } = conditionOf(layer.view, [query], compared);
  const groups = layer.groups.map(({ column }) => column);
  const figures = layer.figures.map(({ column }) => column);
  const expected = await layerRows(compared.relation, { groups, figures, span, where });
  const byKeys = new Map(expected.map(row => [keysText(row.keys), row.figures]));
  const actual = new Map(layer.rows.map((row: Row) => [keysText(row.keys), row.figures]));
  return [...new Set([...byKeys.keys(), ...actual.keys()])].flatMap(keys =>
    figures.map((column, at) => {
      const elasticsearch = actual.get(keys)?.[at] ?? null;
      const wanted = byKeys.get(keys)?.[at];
      // Groups of times without documents are in Elasticsearch's answer alone.
      const empty = elasticsearch === null || elasticsearch === 0;
      const equal = wanted === undefined ? empty : actual.has(keys) && isEqual(elasticsearch, wanted);
      return { keys, column: column.label, elasticsearch, duckdb: wanted?.value ?? null, equal };
    }),
  );
}

function keysText(keys: readonly Key[]): string {
  return keys.map(key => (key.kind === 'others' ? '(others)' : rounded(key.value))).join(' · ');
}

/** Groups of numbers are multiples of a width that is no exact number. */
function rounded(value: string | number): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(12))) : value;
}

function isEqual(actual: Figure, { value, within, anyOf }: SqlFigure): boolean {
  if (anyOf !== null) return anyOf.length === 0 ? actual === null : anyOf.includes(actual);
  if (value === null || actual === null) return value === actual;
  if (typeof value !== 'number' || typeof actual !== 'number') return value === actual;
  const slack = 1e-9 * Math.max(1, Math.abs(value));
  if (within === null) return Math.abs(actual - value) <= slack;
  return actual >= within[0] - slack && actual <= within[1] + slack;
}
