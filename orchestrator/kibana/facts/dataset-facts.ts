import type { Client } from '@elastic/elasticsearch';
import type { Decision } from '../../../default-etl/contract/contract.ts';
import type { Dataset } from '../../config/dataset.ts';
import { decidedColumns, inFileOrder } from './column-order.ts';
import type { DatasetFacts, FieldFacts, LeftOut } from './facts.ts';
import { languageOf } from './language.ts';
import { conflict, type FoundField, type Mapped, mappedFields } from './mapped-fields.ts';
import { measure, type Measurement } from './measure.ts';
import { patternOf } from './pattern.ts';
import { type Bounds, Server, Unanswered } from './server.ts';
import { type SourceColumns, sourceColumns } from './source-texts.ts';

/** Fields whose values are asked for: those of dates and positions first, then in the file's order. */
const MOST_MEASURED = 150;
/** Indices whose mappings are read: the newest. */
const MOST_INDICES = 10;
const SAMPLED_DOCUMENTS = 100;
const MOST_LEFT_OUT = 200;

export interface FactsContext {
  /** Whose credentials may read the rows. */
  client: Client;
  /** What the newest run of the dataset that said how it reads its file decided. */
  decisions: readonly Decision[];
  bounds?: Bounds;
  signal?: AbortSignal;
}

/**
 * What is known of a dataset's rows, or null where there is no index yet. Throws Unanswered where the server tells
 * nothing of its mapping; one that forbids reading rows gives facts of the mapping alone, and a note.
 */
export async function datasetFacts(
  { name, settings }: Pick<Dataset, 'name' | 'settings'>,
  { client, decisions, bounds, signal }: FactsContext,
): Promise<DatasetFacts | null> {
  const server = new Server(client, bounds, signal);
  const pattern = patternOf(settings.LOAD, name);
  const indices = await newestIndices(server, pattern);
  if (indices === null) return null;
  const mapped = await mappedOf(server, pattern, indices);
  const documents = await sampled(server, indices[0] as string);
  const lists = [...documents.rows.map(row => [...row.keys()]), decidedColumns(decisions)];
  const order = inFileOrder(
    mapped.fields.map(field => field.name),
    lists,
  );
  const fields = withSamples(mapped, order, documents.rows);
  const chosen = worthMeasuring(fields);
  const measured = await measure(server, pattern, chosen);
  const known = fields.map(field => ({ ...field, values: measured.values.get(field.name) ?? null }));
  return {
    dataset: name,
    pattern,
    rows: measured.rows,
    language: languageOf(known, decisions, hasDecimalComma(settings.TRANSFORM)),
    fields: known,
    leftOut: mapped.leftOut.slice(0, MOST_LEFT_OUT),
    notes: notesOf({ indices, documents, fields, chosen, measured }),
    isComplete: measured.isComplete && !documents.isAway,
  };
}

/** By when they were made, the newest first; null where there are none. */
async function newestIndices(server: Server, pattern: string): Promise<string[] | null> {
  try {
    const found = await server.ask<Record<string, { settings: { index: { creation_date?: string } } }>>({
      method: 'GET',
      path: `/${encodeURIComponent(pattern)}/_settings/index.creation_date`,
    });
    const madeAt = (index: string) => Number(found[index]?.settings.index.creation_date ?? 0);
    const indices = Object.keys(found).toSorted((a, b) => madeAt(b) - madeAt(a) || (a < b ? 1 : -1));
    return indices.length === 0 ? null : indices;
  } catch (error) {
    if (error instanceof Unanswered && error.status === 404) return null;
    throw error;
  }
}

async function mappedOf(server: Server, pattern: string, indices: readonly string[]): Promise<Mapped> {
  const names = indices.slice(0, MOST_INDICES).map(encodeURIComponent).join(',');
  const found = await server.ask<Record<string, { mappings: { properties?: Record<string, FoundField> } }>>({
    method: 'GET',
    path: `/${names}/_mapping`,
  });
  const mapped = mappedFields(Object.values(found).map(({ mappings }) => mappings.properties ?? {}));
  if (indices.length <= MOST_INDICES) return mapped;
  const conflicts = await conflictsOf(server, pattern);
  const said = new Set(conflicts.map(({ name }) => name));
  return {
    fields: mapped.fields.filter(({ name }) => !said.has(name)),
    leftOut: [...mapped.leftOut.filter(({ name }) => !said.has(name)), ...conflicts],
  };
}

/** Fields that are not of one type in all indices. Where that can't be asked, those that were read must do. */
async function conflictsOf(server: Server, pattern: string): Promise<LeftOut[]> {
  try {
    const { fields } = await server.ask<{ fields: Record<string, Record<string, unknown>> }>({
      method: 'GET',
      path: `/${encodeURIComponent(pattern)}/_field_caps`,
      query: { fields: '*', filters: '-metadata,-parent' },
    });
    return Object.entries(fields).flatMap(([name, types]) =>
      Object.keys(types).length > 1 ? [{ name, reason: conflict(Object.keys(types)) }] : [],
    );
  } catch (error) {
    if (error instanceof Unanswered) return [];
    throw error;
  }
}

interface Sampled {
  rows: SourceColumns[];
  /** Why there are none. */
  why: string | null;
  isAway: boolean;
}

async function sampled(server: Server, index: string): Promise<Sampled> {
  try {
    const answer = await server.text({
      method: 'POST',
      path: `/${encodeURIComponent(index)}/_search`,
      query: { filter_path: 'hits.hits._source' },
      body: { size: SAMPLED_DOCUMENTS, sort: '_doc', timeout: `${server.searchMs}ms` },
    });
    return { rows: sourceColumns(answer), why: null, isAway: false };
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    return { rows: [], why: error.message, isAway: error.isAway };
  }
}

function withSamples({ fields }: Mapped, order: readonly string[], rows: readonly SourceColumns[]): FieldFacts[] {
  const byName = new Map(fields.map(field => [field.name, field]));
  return order.flatMap(name => {
    const field = byName.get(name);
    const samples = rows.flatMap(row => row.get(name) ?? []);
    return field === undefined ? [] : [{ ...field, samples, values: null }];
  });
}

function worthMeasuring(fields: readonly FieldFacts[]): FieldFacts[] {
  if (fields.length <= MOST_MEASURED) return [...fields];
  const isFirst = ({ kind }: FieldFacts) => kind === 'date' || kind === 'geo_point';
  const [first, rest] = [fields.filter(isFirst).slice(0, 30), fields.filter(field => !isFirst(field))];
  return [...first, ...rest].slice(0, MOST_MEASURED);
}

function hasDecimalComma(steps: ReadonlyArray<string | Record<string, unknown>>): boolean {
  return steps.some(step => (typeof step === 'string' ? step : Object.keys(step)[0]) === 'decimal_comma');
}

interface Noted {
  indices: readonly string[];
  documents: Sampled;
  fields: readonly FieldFacts[];
  chosen: readonly FieldFacts[];
  measured: Measurement;
}

function notesOf({ indices, documents, fields, chosen, measured }: Noted): string[] {
  const { length } = indices;
  return [
    ...(length > MOST_INDICES ? [`The fields are those of the newest ${MOST_INDICES} of ${length} indices.`] : []),
    ...(documents.why === null ? [] : [`The order of the columns is not sure: rows can't be read: ${documents.why}.`]),
    ...(chosen.length < fields.length
      ? [`The values of ${chosen.length} of ${fields.length} fields were looked at.`]
      : []),
    ...measured.notes,
  ];
}
