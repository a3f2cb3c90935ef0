import { configFailure } from '../../contract/failure.ts';
import type { FileTypes } from '../../types/column-type.ts';
import type { Connection } from './connection.ts';
import { DYNAMIC_TEMPLATES, type FieldMapping, inferredFields, keywordAliases } from './inferred-mapping.ts';
import { guardedBody, type IndexBody } from './index-template.ts';
import { addColumns, declare, type FoundMappings, LIMIT_SETTING } from './new-columns.ts';
import { type FoundPlace, type Place, placesOf, refusalOf } from './places.ts';

const GC_DELETES = '1d';
/** 5,000 columns of text are two fields each, as are up to 1,000 of any type. */
const FIELD_LIMIT = 20_000;
/** More than the clocks of two machines differ, and than it takes until an alias is known to be rolled over. */
const CLOCKS_DIFFER_MS = 24 * 60 * 60_000;

export interface IndexPlan {
  /** The index, or the alias with `overwrite`. */
  name: string;
  /** LOAD.mappings: the columns' mappings by name. */
  mappings: Record<string, unknown> | undefined;
  /** What the columns were found to be; undefined: all are text. */
  types: FileTypes | undefined;
  /** LOAD.aliases. */
  aliases: readonly string[];
}

/** An index as `GET /<name>` tells of it. */
interface FoundIndex extends Required<FoundPlace> {
  mappings: FoundMappings;
}

/** What decides about its fields. */
export type FoundFields = Pick<FoundIndex, 'mappings' | 'settings'>;

/**
 * Settings and mappings of the indices. `subobjects: false` lets `A` and `A.1` stand side by side; deleted versions are
 * remembered for a day (a minute by default) so that a late write of an older version stays refused; Elasticsearch
 * itself guesses nothing from a text.
 */
export function indexBody(plan: IndexPlan): IndexBody {
  const { mappings, types, aliases } = plan;
  const properties = types ? typedFields(plan) : (mappings as Record<string, FieldMapping> | undefined);
  return {
    aliases: Object.fromEntries(aliases.map(alias => [alias, {}])),
    // rule 4: a new index remembers deletions for a day
    settings: { 'index.gc_deletes': GC_DELETES, [LIMIT_SETTING]: FIELD_LIMIT },
    mappings: {
      // rule 3: A and A.1 stand side by side
      subobjects: false,
      date_detection: false,
      numeric_detection: false,
      ...(types ? { dynamic_templates: DYNAMIC_TEMPLATES } : {}),
      ...(properties ? { properties } : {}),
    },
  };
}

/** Declared fields win over those that were found out. */
function typedFields(plan: IndexPlan): Record<string, FieldMapping> {
  const declared = (plan.mappings ?? {}) as Record<string, FieldMapping>;
  const isDeclared = (name: string) => Object.hasOwn(declared, name);
  const fields = inferredFields(undeclared(plan), isDeclared);
  return { ...keywordAliases(fields, isDeclared), ...fields, ...declared };
}

/** What is behind the name of an index. */
export interface ReadyIndices {
  /** Ids that Elasticsearch gave what is written to; an index that is deleted and made again has another. */
  ids: string[];
  /** Of an alias that was rolled over: the indices that hold rows, but get none any more. */
  former: Place[];
  /** When the index that gets them was made, in milliseconds since 1970-01-01 UTC. */
  since: number;
  /** Whether the name is an alias. */
  isAlias: boolean;
  /** As the index has them. */
  fields: FoundFields;
}

/**
 * Makes sure that the index is there as documents need it. Two that do this at once don't disturb each other. `log`:
 * what could not be done, and needn't be. `onLooked`: what the index has, as soon as that is known, before anything is
 * added; first undefined where there is none yet.
 */
export async function ensureIndex(
  connection: Connection,
  plan: IndexPlan,
  log: (text: string) => void = () => {},
  onLooked: (fields: FoundFields | undefined) => void = () => {},
): Promise<ReadyIndices> {
  let found = await findIndices(connection, plan.name);
  if (!found) {
    onLooked(undefined);
    await createIndex(connection, plan);
    // Templates of the user's own may have added to it.
    found = (await findIndices(connection, plan.name)) ?? {};
  }
  const written = writtenIndex(plan.name, found);
  await rememberDeletes(connection, found);
  // Of an alias' older indices nothing is needed: they may be closed, blocked, or have columns of other types.
  const index = { ...(found[written] as FoundIndex), name: written };
  const fields = { mappings: index.mappings, settings: index.settings };
  onLooked(fields);
  if (plan.mappings) await declare(connection, index, plan.mappings);
  await addAliases(connection, plan, written, index);
  if (plan.types) await addColumns(connection, { ...index, types: undeclared(plan), log });
  return {
    ids: [index.settings['index.uuid'] as string],
    former: placesOf(plan.name, found).filter(place => place.index !== written),
    since: Number(found[written]?.settings['index.creation_date'] ?? 0),
    isAlias: written !== plan.name,
    fields,
  };
}

/** The indices behind the name: those of an alias, or the one that has the name itself. */
export async function indicesBehind(connection: Connection, name: string): Promise<string[]> {
  return (await placesBehind(connection, name)).map(({ index }) => index);
}

/** The same, and what is to be known of them for taking rows out. */
export async function placesBehind(connection: Connection, name: string): Promise<Place[]> {
  const found = await findIndices(connection, name, { filter_path: '*.aliases,*.settings' });
  return placesOf(name, found ?? {});
}

/**
 * Whether rows of a file that was first seen then may be in indices that an alias was led to before the one that it is
 * led to since. Where a clock was far ahead, nothing is known.
 */
export function mayBeInFormer(firstSeenAt: number, since: number, now: number): boolean {
  return firstSeenAt < since + CLOCKS_DIFFER_MS || firstSeenAt > now + CLOCKS_DIFFER_MS;
}

/** The indices behind the name, by their own names; undefined where there are none. */
async function findIndices(
  connection: Connection,
  name: string,
  query: Record<string, string> = {},
): Promise<Record<string, FoundIndex> | undefined> {
  const path = `/${encodeURIComponent(name)}`;
  const flat = { ...query, flat_settings: 'true' };
  const answer = await connection.request({ method: 'GET', path, query: flat, ignore: [404] });
  return answer.status === 404 ? undefined : (JSON.parse(answer.text) as Record<string, FoundIndex>);
}

/** Of the one index that has this name. */
export async function fieldsOf(connection: Connection, index: string): Promise<FoundFields | undefined> {
  return (await findIndices(connection, index, { filter_path: '*.mappings,*.settings' }))?.[index];
}

/** The ids of ReadyIndices, as they are now. */
export async function indexIds(connection: Connection, name: string): Promise<string[]> {
  const answer = await connection.request({
    method: 'GET',
    path: `/${encodeURIComponent(name)}/_settings/index.uuid`,
    query: { flat_settings: 'true' },
    ignore: [404],
  });
  if (answer.status === 404) return [];
  return Object.values(JSON.parse(answer.text) as Record<string, { settings: Record<string, string> }>).map(
    index => index.settings['index.uuid'] as string,
  );
}

async function createIndex(connection: Connection, plan: IndexPlan): Promise<void> {
  const body = await guardedBody(connection, plan.name, indexBody(plan), plan.mappings);
  const request = { method: 'PUT', path: `/${encodeURIComponent(plan.name)}`, body };
  const created = await connection.request({ ...request, ignore: [400] });
  if (created.status < 400) return;
  if (!created.text.includes('resource_already_exists_exception')) await connection.request(request);
}

/**
 * The index that rows of this name are written to. Throws EtlFailure 78 for a data stream, which takes no ids of ours,
 * for an alias of several indices of which none is to be written to, and for a pattern that nothing fits, `sales-*`.
 */
function writtenIndex(name: string, found: Record<string, FoundIndex>): string {
  const indices = Object.keys(found);
  const [first] = indices;
  if (first === undefined) throw configFailure(`LOAD.index ${name} is not the name of an index; give one without *`);
  if (first !== name && first.startsWith('.ds-')) {
    throw configFailure(`LOAD.index ${name} is a data stream, whose documents can't be replaced; name an index`);
  }
  const isWritten = (index: string) => found[index]?.aliases[name]?.is_write_index;
  const written = indices.find(isWritten);
  if (written || (indices.length === 1 && isWritten(first) !== false)) return written ?? first;
  throw configFailure(
    `LOAD.index ${name} is an alias of ${indices.join(', ')}, none of which is its write index; set is_write_index on one`,
  );
}

/** Sets gc_deletes where nobody has, and rows may be written or taken out. */
async function rememberDeletes(connection: Connection, found: Record<string, FoundIndex>): Promise<void> {
  for (const [index, { settings }] of Object.entries(found)) {
    // rule 4: and so does one that was there before
    if (settings['index.gc_deletes'] !== undefined || refusalOf(settings) !== null) continue;
    const path = `/${encodeURIComponent(index)}/_settings`;
    await connection.request({ method: 'PUT', path, body: { 'index.gc_deletes': GC_DELETES } });
  }
}

/** LOAD.aliases that the index does not have yet. */
async function addAliases(
  connection: Connection,
  { aliases }: IndexPlan,
  index: string,
  { aliases: has }: FoundIndex,
): Promise<void> {
  const actions = aliases.filter(alias => !Object.hasOwn(has, alias)).map(alias => ({ add: { index, alias } }));
  if (actions.length > 0) await connection.request({ method: 'POST', path: '/_aliases', body: { actions } });
}

/** The types of the columns that LOAD.mappings says nothing of. */
function undeclared({ types = new Map(), mappings = {} }: IndexPlan): FileTypes {
  return new Map([...types].filter(([name]) => !Object.hasOwn(mappings, name)));
}
