import type { Reporter } from '../finding.ts';
import { fieldsOf, isFields, listOf, numberOf, shown, textOf } from '../json.ts';
import { checkQuery } from '../structure/query.ts';
import type { LensColumn, LensLayer } from './read-lens.ts';

/** Kinds of fields as Kibana tells them apart (KBN_FIELD_TYPES). */
export type FieldKind = 'number' | 'date' | 'string' | 'boolean' | 'ip' | 'geo' | 'other';

export interface Operation {
  bucketed: boolean;
  /** What it is made of: a field, other columns, or neither. */
  of: 'field' | 'columns' | 'nothing';
  /** Kinds of fields that it takes; undefined: any. */
  takes?: readonly FieldKind[];
  /** What dataType it may have; undefined: any. */
  gives?: readonly string[];
  check?(column: LensColumn, layer: LensLayer, report: Reporter): void;
}

const NUMBER_METRIC = { bucketed: false, of: 'field', takes: ['number'], gives: ['number'] } as const;
const OF_COLUMNS = { bucketed: false, of: 'columns', gives: ['number'] } as const;

/**
 * Operations of Lens (form_based/operations/definitions in elastic/kibana, 8.19): which fields each takes is its
 * getPossibleOperationForField.
 */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  terms: {
    bucketed: true,
    of: 'field',
    takes: ['string', 'number', 'boolean', 'ip'],
    gives: ['string', 'number', 'boolean', 'ip'],
    check: checkTerms,
  },
  date_histogram: { bucketed: true, of: 'field', takes: ['date'], gives: ['date'], check: checkDateHistogram },
  range: { bucketed: true, of: 'field', takes: ['number'], gives: ['number', 'string'], check: checkRange },
  filters: { bucketed: true, of: 'nothing', gives: ['string'], check: checkFilterGroups },
  count: { bucketed: false, of: 'field', gives: ['number'] },
  unique_count: {
    bucketed: false,
    of: 'field',
    takes: ['string', 'number', 'boolean', 'ip', 'date'],
    gives: ['number'],
  },
  sum: NUMBER_METRIC,
  average: NUMBER_METRIC,
  median: NUMBER_METRIC,
  standard_deviation: NUMBER_METRIC,
  // Those of dates, too, since 8.9; a date's is of type date.
  min: { ...NUMBER_METRIC, takes: ['number', 'date'], gives: ['number', 'date'] },
  max: { ...NUMBER_METRIC, takes: ['number', 'date'], gives: ['number', 'date'] },
  percentile: { ...NUMBER_METRIC, check: needsNumber('percentile', 0, 100) },
  percentile_rank: { ...NUMBER_METRIC, check: needsNumber('value', -Infinity, Infinity) },
  last_value: { bucketed: false, of: 'field', check: checkLastValue },
  static_value: { bucketed: false, of: 'nothing', gives: ['number'], check: checkStaticValue },
  formula: { bucketed: false, of: 'columns', gives: ['number'], check: checkFormula },
  math: OF_COLUMNS,
  cumulative_sum: OF_COLUMNS,
  counter_rate: OF_COLUMNS,
  differences: OF_COLUMNS,
  moving_average: { ...OF_COLUMNS, check: needsNumber('window', 1, Infinity) },
  overall_sum: OF_COLUMNS,
  overall_min: OF_COLUMNS,
  overall_max: OF_COLUMNS,
  overall_average: OF_COLUMNS,
  normalize_by_unit: OF_COLUMNS,
  time_scale: OF_COLUMNS,
  time_range: { bucketed: false, of: 'nothing', gives: ['number'] },
  now: { bucketed: false, of: 'nothing', gives: ['number'] },
  interval: { bucketed: false, of: 'nothing', gives: ['number'] },
};

function needsNumber(name: string, low: number, high: number): NonNullable<Operation['check']> {
  return (column, _layer, report) => {
    const value = numberOf(column.params[name]);
    if (value === null || value < low || value > high)
      report.mistake(
        `${columnName(column)} has ${name} ${shown(column.params[name])}.`,
        Number.isFinite(high) ? `Set a number from ${low} to ${high}.` : 'Set a number.',
      );
  };
}

/** How a column is called in messages. */
export function columnName(column: LensColumn): string {
  return `The column "${column.label}" (${column.operation || 'no operation'})`;
}

/** What the editor of Lens allows, and what a search may find in groups (search.max_buckets). */
const MAX_TERMS = 10_000;

function checkTerms(column: LensColumn, layer: LensLayer, report: Reporter): void {
  const { size, orderBy, orderDirection } = column.params;
  if (!Number.isInteger(size) || Number(size) < 1)
    report.mistake(`${columnName(column)} has size ${shown(size)}.`, 'Set a whole number of at least 1.');
  else if (Number(size) > MAX_TERMS)
    report.doubt(`${columnName(column)} asks for ${shown(size)} groups.`, `Ask for at most ${MAX_TERMS}.`);
  if (orderDirection !== 'asc' && orderDirection !== 'desc')
    report.mistake(`${columnName(column)} has orderDirection ${shown(orderDirection)}.`, 'Set asc or desc.');
  checkOrder(column, fieldsOf(orderBy), layer, report);
}

const ORDERS = ['alphabetical', 'column', 'rare', 'significant', 'custom'];

function checkOrder(column: LensColumn, orderBy: Record<string, unknown>, layer: LensLayer, report: Reporter): void {
  const { type, columnId } = orderBy;
  if (!ORDERS.includes(String(type)))
    report.mistake(`${columnName(column)} is ordered by ${shown(type)}.`, `Order by one of ${ORDERS.join(', ')}.`);
  if (type !== 'column') return;
  const by = layer.columns.get(String(columnId));
  if (by === undefined)
    report.mistake(
      `${columnName(column)} is ordered by a column ${shown(columnId)}, which is not there.`,
      'Order by a column of the same layer.',
    );
  else if (by.bucketed)
    report.mistake(`${columnName(column)} is ordered by "${by.label}", which is a group.`, 'Order by a figure.');
}

/** `auto`, or as Elasticsearch takes it; of weeks and longer only one. */
const INTERVAL = /^(auto|\d*(ms|s|m|h|d)|1?(w|M|q|y))$/;

function checkDateHistogram(column: LensColumn, _layer: LensLayer, report: Reporter): void {
  const interval = column.params['interval'];
  if (typeof interval !== 'string' || !INTERVAL.test(interval))
    report.mistake(
      `${columnName(column)} has interval ${shown(interval)}.`,
      'Set auto, or an interval such as 30s, 1h, 1d, 1w, 1M, 1q or 1y.',
    );
  if (interval === 'auto' && column.params['ignoreTimeRange'] === true)
    report.mistake(
      `${columnName(column)} has interval auto, but ignores the time range that it is chosen by.`,
      'Set a fixed interval, or let it follow the time range.',
    );
}

function checkRange(column: LensColumn, _layer: LensLayer, report: Reporter): void {
  const { type, ranges, maxBars } = column.params;
  if (type !== 'histogram' && type !== 'range')
    report.mistake(`${columnName(column)} is of type ${shown(type)}.`, 'Set histogram or range.');
  if (type === 'histogram' && maxBars !== 'auto' && numberOf(maxBars) === null)
    report.mistake(`${columnName(column)} has maxBars ${shown(maxBars)}.`, 'Set auto, or a number.');
  if (type !== 'range') return;
  if (listOf(ranges).length === 0) report.mistake(`${columnName(column)} has no ranges.`, 'Give it at least one.');
  for (const range of listOf(ranges)) {
    const from = numberOf(fieldsOf(range)['from']) ?? -Infinity;
    const to = numberOf(fieldsOf(range)['to']) ?? Infinity;
    if (!isFields(range) || from > to)
      report.mistake(`${columnName(column)} has the range ${shown(range)}.`, 'Let it begin before its end.');
  }
}

function checkFilterGroups(column: LensColumn, _layer: LensLayer, report: Reporter): void {
  const filters = listOf(column.params['filters']);
  if (filters.length === 0) report.mistake(`${columnName(column)} has no filters.`, 'Give it at least one.');
  for (const filter of filters) checkQuery(fieldsOf(filter)['input'], `A filter of "${column.label}"`, report);
}

function checkLastValue(column: LensColumn, _layer: LensLayer, report: Reporter): void {
  if (textOf(column.params['sortField']) === null)
    report.mistake(`${columnName(column)} names no sortField.`, 'Name the date by which the last one is told.');
}

function checkStaticValue(column: LensColumn, _layer: LensLayer, report: Reporter): void {
  const { value } = column.params;
  if (value === undefined || Number.isNaN(Number(value)))
    report.mistake(`${columnName(column)} has value ${shown(value)}.`, 'Set a number.');
}

function checkFormula(column: LensColumn, _layer: LensLayer, report: Reporter): void {
  if (typeof column.params['formula'] !== 'string')
    report.mistake(`${columnName(column)} has no formula.`, 'Write it into params.formula.');
}
