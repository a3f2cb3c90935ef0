import { fieldsOf, listOf, numberOf, textOf, textsOf, type Fields } from '../json.ts';
import type { LensColumn } from '../lens/read-lens.ts';
import type { Query } from '../kql/query.ts';
import { queryOf, type Span } from './context.ts';
import { autoInterval, groupCount, intervalEnd, MAX_BARS, parseInterval, type Interval } from './interval.ts';

/** Which group a row is of. */
export type Key =
  /** `value`: a time in milliseconds, the lower bound of a range, or the value itself; `text`: how it is called. */
  | { kind: 'value'; value: string | number; text: string }
  /** All values that have no group of their own. */
  | { kind: 'others' };

/** How documents are grouped, as Elasticsearch does it. */
export interface GroupColumn {
  column: LensColumn;
  aggregation: Fields;
  /** Groups of the answer to it, with what else is in them. */
  groups(answer: Fields): Array<{ key: Key; filter: Query; group: Fields }>;
  /** The field whose further values make one more group; null: there is none. */
  othersOf: string | null;
  /** Set for times. */
  interval: Interval | null;
}

/** What a group is made of beside its column. */
export interface GroupContext {
  /** The time range of the panel; null: all times. */
  span: Span | null;
  /** By its own range, where the column is not of the view's time field, `auto` and empty groups have no bounds. */
  timeField: string | null;
  /** What the terms are ordered by, in the aggregation's own names. */
  order(columnId: string): string | null;
  /** The lowest and highest value of a number, and the width of its groups; asked for beforehand. */
  histogram: { min: number; max: number; interval: number } | null;
}

/** The column's groups, or a sentence that says why they can't be had. */
export function groupColumn(column: LensColumn, context: GroupContext): GroupColumn | string {
  switch (column.operation) {
    case 'terms':
      return termsGroup(column, context);
    case 'date_histogram':
      return timeGroup(column, context);
    case 'filters':
      return filtersGroup(column);
    case 'range':
      return column.params['type'] === 'range' ? rangesGroup(column) : histogramGroup(column, context);
    default:
      return `Groups by ${column.operation} are not computed here.`;
  }
}

function termsGroup(column: LensColumn, context: GroupContext): GroupColumn | string {
  const { params } = column;
  const field = column.field ?? '';
  if (textsOf(params['secondaryFields']).length > 0) return 'Groups by several fields are not computed here.';
  const { type, columnId } = fieldsOf(params['orderBy']);
  const by = type === 'alphabetical' ? '_key' : type === 'column' ? context.order(String(columnId)) : null;
  if (by === null) return `An order by ${String(type)} is not computed here.`;
  if (params['includeIsRegex'] === true || params['excludeIsRegex'] === true)
    return 'Patterns of values are not computed here.';
  const some = (name: string) => {
    const values = listOf(params[name]);
    return values.length === 0 ? {} : { [name]: values };
  };
  return {
    column,
    aggregation: {
      terms: {
        field,
        size: numberOf(params['size']) ?? 5,
        order: { [by]: params['orderDirection'] === 'asc' ? 'asc' : 'desc' },
        ...some('include'),
        ...some('exclude'),
      },
    },
    groups: answer =>
      bucketsOf(answer).map(group => {
        const value = keyOf(group['key']);
        const text = textOf(group['key_as_string']) ?? String(value);
        return { key: { kind: 'value', value, text }, filter: { term: { [field]: value } }, group };
      }),
    othersOf: params['otherBucket'] === true ? field : null,
    interval: null,
  };
}

function keyOf(key: unknown): string | number {
  return typeof key === 'number' ? key : String(key as string);
}

function bucketsOf(answer: Fields): Fields[] {
  return listOf(answer['buckets']).map(fieldsOf);
}

function timeGroup(column: LensColumn, { span, timeField }: GroupContext): GroupColumn | string {
  const field = column.field ?? '';
  const text = textOf(column.params['interval']) ?? 'auto';
  if (text === 'auto' && span === null) return 'The interval auto needs a time range.';
  const bounded = span !== null && (text === 'auto' || field === timeField) ? span : null;
  const interval = text === 'auto' && span !== null ? autoInterval(span.to - span.from) : parseInterval(text);
  if (interval === null) return `${text} is no interval.`;
  if (bounded !== null && groupCount(bounded.to - bounded.from, interval) > MAX_BARS)
    return `The time range has more than ${MAX_BARS} groups of ${text}: Kibana takes wider ones.`;
  const empty = column.params['includeEmptyRows'] === true;
  return {
    column,
    aggregation: {
      date_histogram: {
        field,
        ...('calendar' in interval ? { calendar_interval: interval.calendar } : { fixed_interval: interval.fixed }),
        time_zone: 'UTC',
        min_doc_count: empty ? 0 : 1,
        ...(empty && bounded !== null ? { extended_bounds: { min: bounded.from, max: bounded.to } } : {}),
      },
    },
    groups: answer =>
      bucketsOf(answer).map(group => {
        const value = numberOf(group['key']) ?? 0;
        const filter = { range: { [field]: { gte: value, lt: intervalEnd(value, interval), format: 'epoch_millis' } } };
        return { key: { kind: 'value', value, text: new Date(value).toISOString() }, filter, group };
      }),
    othersOf: null,
    interval,
  };
}

function filtersGroup(column: LensColumn): GroupColumn {
  const filters = listOf(column.params['filters']).map(filter => {
    const { input, label } = fieldsOf(filter);
    const text = textOf(label) ?? textOf(fieldsOf(input)['query']) ?? '*';
    return { text, filter: queryOf(input) ?? { match_all: {} } };
  });
  return {
    column,
    aggregation: { filters: { filters: Object.fromEntries(filters.map(({ filter }, at) => [`f${at}`, filter])) } },
    groups: answer =>
      filters.map(({ text, filter }, at) => ({
        key: { kind: 'value', value: text, text },
        filter,
        group: fieldsOf(fieldsOf(answer['buckets'])[`f${at}`]),
      })),
    othersOf: null,
    interval: null,
  };
}

function rangesGroup(column: LensColumn): GroupColumn {
  const field = column.field ?? '';
  const ranges = listOf(column.params['ranges']).map(range => boundsOf(fieldsOf(range)));
  const labels = listOf(column.params['ranges']).map(range => textOf(fieldsOf(range)['label']));
  return {
    column,
    aggregation: { range: { field, ranges } },
    groups: answer =>
      bucketsOf(answer).map(group => {
        const bounds = boundsOf(group);
        const name = rangeName(bounds);
        const label = labels[ranges.findIndex(range => rangeName(range) === name)];
        const { from, to } = bounds;
        const within = { ...(from === undefined ? {} : { gte: from }), ...(to === undefined ? {} : { lt: to }) };
        return {
          key: { kind: 'value', value: from ?? -Infinity, text: label ?? name },
          filter: { range: { [field]: within } },
          group,
        };
      }),
    othersOf: null,
    interval: null,
  };
}

interface Bounds {
  from?: number;
  to?: number;
}

function boundsOf({ from, to }: Fields): Bounds {
  const [low, high] = [numberOf(from), numberOf(to)];
  return { ...(low === null ? {} : { from: low }), ...(high === null ? {} : { to: high }) };
}

function rangeName({ from, to }: Bounds): string {
  if (from === undefined) return `< ${to}`;
  return to === undefined ? `≥ ${from}` : `${from} → ${to}`;
}

function histogramGroup(column: LensColumn, { histogram }: GroupContext): GroupColumn | string {
  const field = column.field ?? '';
  if (histogram === null) return `${field} has no values in the time range.`;
  const { min, max, interval } = histogram;
  const empty = column.params['includeEmptyRows'] === true;
  return {
    column,
    aggregation: {
      histogram: {
        field,
        interval,
        min_doc_count: empty ? 0 : 1,
        ...(empty ? { extended_bounds: { min, max } } : {}),
      },
    },
    groups: answer =>
      bucketsOf(answer).map(group => {
        const value = numberOf(group['key']) ?? 0;
        return {
          key: { kind: 'value', value, text: String(value) },
          filter: { range: { [field]: { gte: value, lt: value + interval } } },
          group,
        };
      }),
    othersOf: null,
    interval: null,
  };
}
