import { configFailure } from '../failure.ts';
import type { Connection } from './connection.ts';

const GC_DELETES = '1d';
/** 5,000 columns are two fields each by default. */
const FIELD_LIMIT = 20_000;
/** Above the 100 to 200 of templates that come with Elasticsearch, below what people give their own. */
const TEMPLATE_PRIORITY = 300;

export interface IndexPlan {
  /** The index, or the alias with `overwrite`. */
  name: string;
  /** LOAD.mappings: the columns' mappings by name. */
  mappings: Record<string, unknown> | undefined;
}

/**
 * Settings and mappings of the indices. `subobjects: false` lets `A` and `A.1` stand side by side; deleted versions are remembered for
 * a day (a minute by default) so that a late write of an older version stays refused; text stays text: nothing is guessed from it.
 */
export function indexBody(mappings: Record<string, unknown> | undefined) {
  return {
    settings: { 'index.gc_deletes': GC_DELETES, 'index.mapping.total_fields.limit': FIELD_LIMIT },
    mappings: {
      subobjects: false,
      date_detection: false,
      numeric_detection: false,
      ...(mappings ? { properties: mappings } : {}),
    },
  };
}

/** Makes sure that the index is there as documents need it. Two that do this at once don't disturb each other. */
export async function ensureIndex(connection: Connection, plan: IndexPlan): Promise<void> {
  if (!(await rememberDeletes(connection, plan.name))) {
    await createIndex(connection, plan);
    // A template of the user's own may have made it.
    await rememberDeletes(connection, plan.name);
  }
  if (plan.mappings) await declare(connection, plan.name, plan.mappings);
}

/** Ids that Elasticsearch gave the indices behind the name; an index that is deleted and made again has another. */
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
  await putTemplate(connection, plan);
  // With an empty body the template makes it, and a template of the user's own with a higher priority wins.
  const created = await connection.request({ method: 'PUT', path: `/${encodeURIComponent(plan.name)}`, ignore: [400] });
  if (created.status < 400) return;
  if (!created.text.includes('resource_already_exists_exception')) {
    await connection.request({ method: 'PUT', path: `/${encodeURIComponent(plan.name)}` });
  }
}

/** The template is for this one name: that of a dataset `sales` must not catch `sales-eu`. */
export async function putTemplate(connection: Connection, plan: IndexPlan): Promise<void> {
  await connection.request({
    method: 'PUT',
    path: `/_index_template/orchestrator-${encodeURIComponent(plan.name)}`,
    body: { index_patterns: [plan.name], priority: TEMPLATE_PRIORITY, template: indexBody(plan.mappings) },
  });
}

/** Rows need one place to go to. Throws EtlFailure 78 for a data stream, which takes no ids of ours, and for an alias of several indices. */
async function assertWritable(connection: Connection, name: string, indices: string[]): Promise<void> {
  if (indices.length === 1 && (indices[0] === name || !indices[0]?.startsWith('.ds-'))) return;
  if (indices[0]?.startsWith('.ds-')) {
    throw configFailure(`LOAD.index ${name} is a data stream, whose documents can't be replaced; name an index`);
  }
  const aliases = await connection.json<Record<string, { aliases: Record<string, { is_write_index?: boolean }> }>>({
    method: 'GET',
    path: `/_alias/${encodeURIComponent(name)}`,
  });
  if (Object.values(aliases).some(index => index.aliases[name]?.is_write_index)) return;
  throw configFailure(
    `LOAD.index ${name} is an alias of ${indices.join(', ')}, none of which is its write index; set is_write_index on one`,
  );
}

/** Sets gc_deletes where nobody has. Resolves with whether there is such an index. */
async function rememberDeletes(connection: Connection, name: string): Promise<boolean> {
  const settings = await connection.request({
    method: 'GET',
    path: `/${encodeURIComponent(name)}/_settings`,
    query: { flat_settings: 'true' },
    ignore: [404],
  });
  if (settings.status === 404) return false;
  const indices = Object.entries(JSON.parse(settings.text) as Record<string, { settings?: Record<string, string> }>);
  await assertWritable(
    connection,
    name,
    indices.map(([index]) => index),
  );
  for (const [index, found] of indices) {
    if (found.settings?.['index.gc_deletes'] !== undefined) continue;
    const path = `/${encodeURIComponent(index)}/_settings`;
    await connection.request({ method: 'PUT', path, body: { 'index.gc_deletes': GC_DELETES } });
  }
  return true;
}

async function declare(connection: Connection, name: string, mappings: Record<string, unknown>): Promise<void> {
  await connection.request({
    method: 'PUT',
    path: `/${encodeURIComponent(name)}/_mapping`,
    body: { properties: mappings },
  });
}
