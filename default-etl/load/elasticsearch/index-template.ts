import type { Connection } from './connection.ts';
import { countFields, type FieldMapping } from './inferred-mapping.ts';
import { assertFewFields, fieldAt, type FoundMappings, LIMIT_SETTING, takesNewColumns } from './new-columns.ts';

/**
 * The lowest there is: every template of the user's own goes before it. Elasticsearch takes no two of one priority that
 * fit the same name.
 */
const LOWEST_PRIORITY = 0;
/** Of mappings, what is set only where nobody has. */
const GUESSES = ['date_detection', 'numeric_detection'] as const;

/** How an index is made: settings by their full names. */
export interface IndexBody {
  aliases: Record<string, object>;
  settings: Record<string, unknown>;
  mappings: FoundMappings & Record<string, unknown>;
}

/** What index templates of the user's own say of an index. */
interface TheirTemplate {
  mappings: FoundMappings & Record<string, unknown>;
  /** By their full names. */
  settings: Record<string, unknown>;
}

interface Simulated {
  /** Of the one that counts; those of the old kind are never it. */
  template?: { settings?: object; mappings?: TheirTemplate['mappings'] };
  /** All others that are for the name, of the old kind, too. */
  overlapping?: unknown[];
}

interface Legacy extends TheirTemplate {
  order?: number;
  index_patterns: string[];
}

/**
 * What an index of this name is made with: `body`, less what templates of the user's own say otherwise, which
 * Elasticsearch adds itself. `declared`: columns that go before those, too. Where the user may see no templates, `body`
 * itself.
 */
export async function composedBody(
  connection: Connection,
  name: string,
  body: IndexBody,
  declared: Record<string, unknown> = {},
): Promise<IndexBody> {
  const theirs = await theirTemplate(connection, name);
  return composed(name, body, theirs, declared);
}

/**
 * As composedBody() says. Where no template of the user's own is for this name one of ours stays: by it Elasticsearch
 * makes the index as it must be, should someone delete it while rows are on their way.
 */
export async function guardedBody(
  connection: Connection,
  name: string,
  body: IndexBody,
  declared: Record<string, unknown> = {},
): Promise<IndexBody> {
  const own = `/_index_template/orchestrator-${encodeURIComponent(name)}`;
  const template = { index_patterns: [name], priority: LOWEST_PRIORITY, template: body };
  const { status } = await connection.request({ method: 'PUT', path: own, body: template, ignore: [400, 403] });
  if (status === 403) return composed(name, body, undefined, declared);
  const isAlone = status < 400 && (await simulated(connection, name))?.overlapping?.length === 0;
  if (isAlone) return composed(name, body, undefined, declared);
  // Ours would go before one of the old kind; after 400 it is one that an earlier version of this program has put there.
  await connection.request({ method: 'DELETE', path: own, ignore: [403, 404] });
  return composed(name, body, await theirTemplate(connection, name), declared);
}

/** Throws EtlFailure 78 where an index made so does not take so many fields. */
function composed(
  name: string,
  body: IndexBody,
  theirs: TheirTemplate | undefined,
  declared: Record<string, unknown>,
): IndexBody {
  const own = theirs === undefined ? body : without(body, theirs, declared);
  const limit = Number(theirs?.settings[LIMIT_SETTING] ?? body.settings[LIMIT_SETTING]);
  const theirFields = countFields(theirs?.mappings.properties ?? {});
  assertFewFields(name, countFields(own.mappings.properties ?? {}) + theirFields, limit);
  return own;
}

/** undefined where there is none, or it can't be seen. */
async function theirTemplate(connection: Connection, name: string): Promise<TheirTemplate | undefined> {
  const template = (await simulated(connection, name))?.template;
  if (template === undefined) return await legacyTemplate(connection, name);
  return { mappings: template.mappings ?? {}, settings: flat(template.settings ?? {}) };
}

/** What Elasticsearch would make of the name by templates; undefined where the user may not see it. */
async function simulated(connection: Connection, name: string): Promise<Simulated | undefined> {
  const path = `/_index_template/_simulate_index/${encodeURIComponent(name)}`;
  const { status, text } = await connection.request({ method: 'POST', path, ignore: [400, 403] });
  return status < 400 ? (JSON.parse(text) as Simulated) : undefined;
}

/** Elasticsearch looks at those of the old kind where no other is for the name. */
async function legacyTemplate(connection: Connection, name: string): Promise<TheirTemplate | undefined> {
  const query = { flat_settings: 'true' };
  const answer = await connection.request({ method: 'GET', path: '/_template', query, ignore: [400, 403, 404, 410] });
  if (answer.status >= 400) return undefined;
  const found = Object.values(JSON.parse(answer.text) as Record<string, Legacy>)
    .filter(({ index_patterns: patterns }) => patterns.some(pattern => fits(pattern, name)))
    .toSorted((one, other) => (one.order ?? 0) - (other.order ?? 0));
  return found.length === 0 ? undefined : found.reduce(overlaid, { mappings: {}, settings: {} });
}

function overlaid(below: TheirTemplate, { mappings, settings }: TheirTemplate): TheirTemplate {
  const properties = { ...below.mappings.properties, ...mappings.properties };
  return { mappings: { ...below.mappings, ...mappings, properties }, settings: { ...below.settings, ...settings } };
}

/** `*` stands for any text. */
function fits(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map(part => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
}

function without(
  { aliases, settings, mappings }: IndexBody,
  theirs: TheirTemplate,
  declared: Record<string, unknown>,
): IndexBody {
  const { properties, dynamic_templates: templates, subobjects, ...rest } = mappings;
  const isOurs = ([column]: [string, unknown]) =>
    Object.hasOwn(declared, column) || (isOpen && fieldAt(theirs.mappings.properties, column) === undefined);
  const isOpen = takesNewColumns(theirs.mappings);
  const own = Object.fromEntries(Object.entries(properties ?? {}).filter(isOurs));
  const guesses = GUESSES.filter(name => theirs.mappings[name] !== undefined);
  return {
    aliases,
    settings: Object.fromEntries(Object.entries(settings).filter(([name]) => theirs.settings[name] === undefined)),
    mappings: {
      ...Object.fromEntries(Object.entries(rest).filter(([name]) => !guesses.some(guess => guess === name))),
      ...(isFlatAllowed(theirs.mappings) ? { subobjects } : {}),
      ...(templates && isOpen ? { dynamic_templates: templates } : {}),
      ...(Object.keys(own).length > 0 ? { properties: own } : {}),
    },
  };
}

/** Whether nobody said that names with points are paths. */
function isFlatAllowed({ subobjects, properties = {} }: FoundMappings): boolean {
  const isObject = (field: FieldMapping) => field['properties'] !== undefined || field['type'] === 'nested';
  return subobjects === undefined && !Object.values(properties).some(isObject);
}

/** `{index: {number_of_shards: 2}}` as `{'index.number_of_shards': 2}`. */
function flat(settings: object, prefix = ''): Record<string, unknown> {
  const entries = Object.entries(settings).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(flat(value, `${prefix}${key}.`))
      : [[`${prefix}${key}`, value] as const],
  );
  return Object.fromEntries(entries);
}
