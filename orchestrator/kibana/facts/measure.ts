import { dateEnds } from './date-ends.ts';
import type { DateValues, FieldFacts, NumberValues, Values } from './facts.ts';
import { type Server, Unanswered } from './server.ts';

/** Fields of one request: 19 of 336,776 rows take 1 to 3 s in one (two cores, Elasticsearch 9.5, 1 December 2026). */
const FIELDS_AT_ONCE = 10;
const MOST_TOP = 20;
/** Up to so many, different values are counted exactly, or nearly so. */
const EXACT_DISTINCT = 1_000;
const DAY_MS = 86_400_000;
/** Elasticsearch makes 65,536 groups at most (search.max_buckets). */
const MOST_DAYS = 50_000;

type Measured = Pick<FieldFacts, 'name' | 'kind' | 'type' | 'grouped' | 'samples'>;

export interface Measurement {
  /** By the fields' names. */
  values: Map<string, Values>;
  rows: number | null;
  notes: string[];
  /** False where the server was away. */
  isComplete: boolean;
}

/** Figures of the values of these fields, by a few searches. Never throws: what the server does not say is noted. */
export async function measure(server: Server, pattern: string, fields: readonly Measured[]): Promise<Measurement> {
  const measurement: Measurement = { values: new Map(), rows: null, notes: [], isComplete: true };
  try {
    for (let at = 0; at < Math.max(1, fields.length); at += FIELDS_AT_ONCE)
      await measureSome(server, pattern, fields.slice(at, at + FIELDS_AT_ONCE), measurement);
    await countDays(server, pattern, measurement, new Map(fields.map(({ name, samples }) => [name, samples])));
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    measurement.notes.push(`What the values are is not all known: ${error.message}.`);
    measurement.isComplete = !error.isAway;
  }
  return measurement;
}

/** Where a search of several fields takes too long, or is refused because of one of them, they are asked for in parts. */
async function measureSome(
  server: Server,
  pattern: string,
  fields: readonly Measured[],
  measurement: Measurement,
): Promise<void> {
  const why = await tryToMeasure(server, pattern, fields, measurement);
  if (why === null) return;
  if (fields.length <= 1) {
    measurement.notes.push(`What the values of ${fields[0]?.name ?? 'columns'} are is not known: ${why}.`);
    return;
  }
  const half = Math.ceil(fields.length / 2);
  await measureSome(server, pattern, fields.slice(0, half), measurement);
  await measureSome(server, pattern, fields.slice(half), measurement);
}

/** Resolves with why there are no values, where fewer fields may have some. Throws Unanswered. */
async function tryToMeasure(
  server: Server,
  pattern: string,
  fields: readonly Measured[],
  measurement: Measurement,
): Promise<string | null> {
  try {
    const answer = await search(server, pattern, aggregationsOf(fields));
    if (answer.timed_out) return `counting them takes longer than ${server.searchMs / 1000} s`;
    measurement.rows = answer.hits.total.value;
    for (const [position, field] of fields.entries()) {
      measurement.values.set(field.name, valuesOf(field, `f${position}`, answer.aggregations ?? {}));
    }
    return null;
  } catch (error) {
    if (error instanceof Unanswered && error.status === 400) return error.message;
    throw error;
  }
}

interface SearchAnswer {
  timed_out: boolean;
  hits: { total: { value: number } };
  aggregations?: Readonly<Record<string, Aggregation>>;
}

/** What these aggregations answer. */
interface Aggregation {
  doc_count?: number;
  count?: number;
  value?: number | null;
  sum?: number;
  sum_of_squares?: number | null;
  min?: number | null;
  max?: number | null;
  avg?: number | null;
  values?: Record<string, number | null>;
  buckets?: ReadonlyArray<{ key: string | number; key_as_string?: string; doc_count: number }>;
}

async function search(server: Server, pattern: string, aggs: object): Promise<SearchAnswer> {
  return await server.ask<SearchAnswer>({
    method: 'POST',
    path: `/${encodeURIComponent(pattern)}/_search`,
    query: { ignore_unavailable: 'true', request_cache: 'true' },
    body: { size: 0, track_total_hits: true, timeout: `${server.searchMs}ms`, aggs },
  });
}

function aggregationsOf(fields: readonly Measured[]): Record<string, object> {
  return Object.assign({}, ...fields.map((field, position) => aggregationsOfOne(field, `f${position}`)));
}

function aggregationsOfOne({ name, kind, grouped }: Measured, key: string): Record<string, object> {
  const documents = { [`${key}.documents`]: { filter: { exists: { field: name } } } };
  if (grouped === null || kind === 'geo_point') return documents;
  const field = grouped;
  const distinct = { [`${key}.distinct`]: { cardinality: { field, precision_threshold: EXACT_DISTINCT } } };
  switch (kind) {
    case 'number':
      return {
        ...documents,
        ...distinct,
        [`${key}.stats`]: { extended_stats: { field } },
        [`${key}.negatives`]: { filter: { range: { [field]: { lt: 0 } } } },
      };
    case 'date':
      return {
        ...documents,
        ...distinct,
        [`${key}.min`]: { min: { field } },
        [`${key}.max`]: { max: { field } },
        [`${key}.middle`]: { percentiles: { field, percents: [1, 99] } },
      };
    default:
      return { ...documents, ...distinct, [`${key}.top`]: { terms: { field, size: MOST_TOP } } };
  }
}

function valuesOf(
  { kind, type, samples }: Measured,
  key: string,
  found: Readonly<Record<string, Aggregation>>,
): Values {
  const of = (name: string) => found[`${key}.${name}`];
  const number = kind === 'number' ? numberValues(type, samples, of) : undefined;
  const date = kind === 'date' ? dateValues(of) : undefined;
  const top = of('top')?.buckets?.map(({ key: value, key_as_string: text, doc_count: documents }) => ({
    value: (text ?? String(value)).slice(0, 200),
    documents,
  }));
  return {
    documents: of('documents')?.doc_count ?? 0,
    distinct: of('distinct')?.value ?? null,
    ...(number && { number }),
    ...(date && { date }),
    ...(top && { top }),
  };
}

type Of = (name: string) => Aggregation | undefined;

function numberValues(type: string, samples: readonly string[], of: Of): NumberValues | undefined {
  const { min, max, avg, sum = 0, sum_of_squares: squares } = of('stats') ?? {};
  if (min == null || max == null || avg == null) return undefined;
  const isWhole =
    WHOLE_TYPES.has(type) ||
    ([min, max, sum, squares ?? 0].every(value => Number.isInteger(value)) &&
      samples.every(text => !/[.,]\d*[1-9]/.test(text)));
  return { min, max, average: avg, negatives: of('negatives')?.doc_count ?? 0, isWhole };
}

const WHOLE_TYPES: ReadonlySet<string> = new Set(['byte', 'short', 'integer', 'long', 'unsigned_long']);

function dateValues(of: Of): DateValues | undefined {
  const [min, max] = [of('min')?.value, of('max')?.value];
  if (min == null || max == null) return undefined;
  const { '1.0': from, '99.0': to } = of('middle')?.values ?? {};
  return { min, max, middle: [from ?? min, to ?? max], days: null, hasTimes: false };
}

/** Of dates that span no more than can be counted, without the few that are far off. */
async function countDays(
  server: Server,
  pattern: string,
  { values }: Measurement,
  samples: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const dates = [...values].flatMap(([name, found]) => (found.date ? [{ name, found, date: found.date }] : []));
  for (const { name, found, date } of dates) {
    const [from, to] = dateEnds(date);
    if ((to - from) / DAY_MS > MOST_DAYS) continue;
    const field = name;
    const days = { date_histogram: { field, fixed_interval: '1d', min_doc_count: 1 } };
    const range = { [field]: { gte: Math.floor(from), lte: Math.ceil(to), format: 'epoch_millis' } };
    const answer = await server.ask<Pick<SearchAnswer, 'timed_out' | 'aggregations'>>({
      method: 'POST',
      path: `/${encodeURIComponent(pattern)}/_search`,
      query: { ignore_unavailable: 'true', filter_path: 'timed_out,aggregations.count' },
      body: {
        size: 0,
        timeout: `${server.searchMs}ms`,
        query: { range },
        aggs: { days, count: { stats_bucket: { buckets_path: 'days>_count' } } },
      },
    });
    const counted = answer.timed_out ? null : (answer.aggregations?.['count']?.count ?? null);
    date.days = counted;
    date.hasTimes = hasTimes(samples.get(name) ?? [], found.distinct ?? 0, counted);
  }
}

/** Texts tell; where there are none, or they are numbers, times tell that are more than the days. */
function hasTimes(samples: readonly string[], distinct: number, days: number | null): boolean {
  const written = samples.filter(text => /\d[-/.]\d/.test(text));
  if (written.length > 0) return written.some(text => /\d:\d/.test(text) && !/[T ]00:00(:00(\.0+)?)?(\D|$)/.test(text));
  return days !== null && distinct > days * 1.2;
}
