import { createHash } from 'node:crypto';
import type { SavedObject } from '../objects/saved-object.ts';
import type { FoundObject } from './client.ts';

type Content = Pick<FoundObject, 'type' | 'attributes' | 'references'>;

/** SHA-256 of an object as we made it, hexadecimal: equal ones need not be written again. */
export function madeHash(object: SavedObject): string {
  return hashOf(object);
}

/**
 * SHA-256 of what people see of an object as Kibana gives it back: how often its fields were used in Discover, when it
 * was written and by which version do not count, nor does what is empty, which Kibana adds and leaves out. `ours` gives
 * our id of another object for the one that it has there.
 */
export function contentHash(
  { type, attributes, references }: Content,
  ours: (type: string, id: string) => string = (_, id) => id,
): string {
  const names = references.map(reference => ({ ...reference, id: ours(reference.type, reference.id) }));
  return hashOf({
    type,
    attributes: type === 'index-pattern' ? withoutCounts(attributes) : attributes,
    references: names.map(({ type: kind, id, name }) => [name, kind, id].join(' ')).toSorted(),
  });
}

/** Discover counts how often a field was added to a table (data_views/common/data_views/data_view.ts). */
function withoutCounts(attributes: Record<string, unknown>): Record<string, unknown> {
  const known = plain(attributes['fieldAttrs']);
  if (typeof known !== 'object' || known === null) return attributes;
  const counted = Object.entries(known as Record<string, object>).map(
    ([field, { count: _count, ...rest }]: [string, { count?: number }]) => [field, rest],
  );
  return { ...attributes, fieldAttrs: Object.fromEntries(counted) };
}

function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(plain(value) ?? null))
    .digest('hex');
}

/** Nothing that Kibana makes is nested so deeply. */
const DEEPEST = 200;

/** JSON within texts is opened, keys are sorted, and what is empty is left out. */
function plain(value: unknown, depth = 0): unknown {
  if (depth > DEEPEST) return 'deeper';
  if (typeof value === 'string') return value === '' ? undefined : opened(value, depth);
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(item => plain(item, depth + 1) ?? null);
  if (typeof value !== 'object' || value === null) return value ?? undefined;
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const found = plain(item, depth + 1);
    return found === undefined ? [] : [[key, found] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What a text says that is a list or an object; any other one is itself. */
function opened(text: string, depth: number): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return plain(JSON.parse(text), depth + 1);
  } catch {
    return text;
  }
}
