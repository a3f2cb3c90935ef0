import { configFailure } from '../failure.ts';
import type { FileTypes } from '../types/column-type.ts';
import type { Connection } from './connection.ts';
import {
  countFields,
  DYNAMIC_TEMPLATES,
  type FieldMapping,
  inferredFields,
  keywordAliases,
} from './inferred-mapping.ts';
import { addColumns, assertFewFields, declare, type FoundMappings, LIMIT_SETTING } from './new-columns.ts';

const GC_DELETES = '1d';
/** 5,000 columns of text are two fields each, as are up to 1,000 of any type. */
const FIELD_LIMIT = 20_000;
/** Above the 100 to 200 of templates that come with Elasticsearch, below what people give their own. */
const TEMPLATE_PRIORITY = 300;

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
interface FoundIndex {
  aliases: Record<string, { is_write_index?: boolean; index_routing?: string }>;
  mappings: FoundMappings;
  settings: Record<string, string>;
}

/**
 * Settings and mappings of the indices. `subobjects: false` lets `A` and `A.1` stand side by side; deleted versions are remembered for
 * a day (a minute by default) so that a late write of an older version stays refused; Elasticsearch itself guesses nothing from a text.
 */
export function indexBody(plan: IndexPlan) {
  const { name, mappings, types, aliases } = plan;
  const properties = types ? typedFields(plan) : (mappings as Record<string, FieldMapping> | undefined);
  if (types) assertFewFields(name, countFields(properties ?? {}), FIELD_LIMIT);
  return {
    aliases: Object.fromEntries(aliases.map(alias => [alias, {}])),
    settings: { 'index.gc_deletes': GC_DELETES, [LIMIT_SETTING]: FIELD_LIMIT },
    mappings: {
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
  /** Ids that Elasticsearch gave the indices behind the name; an index that is deleted and made again has another. */
  ids: string[];
  /** Of an alias that was rolled over: the indices that hold rows, but get none any more. */
  former: Place[];
  /** Whether the name is an alias. */
  isAlias: boolean;
}

/** Where rows are that were written by way of a name. */
export interface Place {
  index: string;
  /** Of an alias that has one: in the index itself a row is not found by its id alone. */
  routing: string | undefined;
}

/** Makes sure that the index is there as documents need it. Two that do this at once don't disturb each other. `log`: what could not be done, and needn't be. */
export async function ensureIndex(
  connection: Connection,
  plan: IndexPlan,
  log: (text: string) => void = () => {},
): Promise<ReadyIndices> {
  let found = await findIndices(connection, plan.name);
  if (!found) {
    await createIndex(connection, plan);
    // A template of the user's own may have made it.
    found = (await findIndices(connection, plan.name)) ?? {};
  }
  const written = writtenIndex(plan.name, found);
  await rememberDeletes(connection, found);
  const index = { ...(found[written] as FoundIndex), name: plan.name };
  if (plan.mappings) await declare(connection, index, plan.mappings);
  await addAliases(connection, plan, written, index);
  if (plan.types) await addColumns(connection, { ...index, types: undeclared(plan), log });
  return {
    ids: Object.values(found).map(({ settings }) => settings['index.uuid'] as string),
    former: placesOf(plan.name, found).filter(place => place.index !== written),
    isAlias: written !== plan.name,
  };
}

/** The indices behind the name: those of an alias, or the one that has the name itself. */
export async function indicesBehind(connection: Connection, name: string): Promise<string[]> {
  return (await placesBehind(connection, name)).map(({ index }) => index);
}

/** The same, and how rows were routed there. */
export async function placesBehind(connection: Connection, name: string): Promise<Place[]> {
  const path = `/${encodeURIComponent(name)}/_alias`;
  const answer = await connection.request({ method: 'GET', path, ignore: [404] });
  return answer.status === 404 ? [] : placesOf(name, JSON.parse(answer.text) as Parameters<typeof placesOf>[1]);
}

function placesOf(name: string, found: Record<string, Pick<FoundIndex, 'aliases'>>): Place[] {
  return Object.entries(found).map(([index, { aliases }]) => ({ index, routing: aliases[name]?.index_routing }));
}

/** The indices behind the name, by their own names; undefined where there are none. */
async function findIndices(connection: Connection, name: string): Promise<Record<string, FoundIndex> | undefined> {
  const path = `/${encodeURIComponent(name)}`;
  const answer = await connection.request({ method: 'GET', path, query: { flat_settings: 'true' }, ignore: [404] });
  return answer.status === 404 ? undefined : (JSON.parse(answer.text) as Record<string, FoundIndex>);
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
  const hasTemplate = await putTemplate(connection, plan);
  const request = {
    method: 'PUT',
    path: `/${encodeURIComponent(plan.name)}`,
    // With an empty body the template makes it, and a template of the user's own with a higher priority wins.
    ...(hasTemplate ? {} : { body: indexBody(plan) }),
  };
  const created = await connection.request({ ...request, ignore: [400] });
  if (created.status < 400) return;
  if (!created.text.includes('resource_already_exists_exception')) await connection.request(request);
}

/**
 * The template is for this one name: that of a dataset `sales` must not catch `sales-eu`. `mark`: its `_meta`. False where the user may make none, as a
 * key may not that is for one index: then whoever makes the index says how it is to be.
 */
export async function putTemplate(
  connection: Connection,
  plan: IndexPlan,
  mark: Record<string, string> = {},
): Promise<boolean> {
  const { status } = await connection.request({
    method: 'PUT',
    path: `/_index_template/orchestrator-${encodeURIComponent(plan.name)}`,
    body: { index_patterns: [plan.name], priority: TEMPLATE_PRIORITY, template: indexBody(plan), _meta: mark },
    ignore: [403],
  });
  return status !== 403;
}

/**
 * The index that rows of this name are written to. Throws EtlFailure 78 for a data stream, which takes no ids of ours, for an alias of several
 * indices of which none is to be written to, and for a pattern that nothing fits, `sales-*`.
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

/** Sets gc_deletes where nobody has. */
async function rememberDeletes(connection: Connection, found: Record<string, FoundIndex>): Promise<void> {
  for (const [index, { settings }] of Object.entries(found)) {
    if (settings['index.gc_deletes'] !== undefined) continue;
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
