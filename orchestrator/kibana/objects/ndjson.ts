import type { SavedObject } from './saved-object.ts';

/** A line for each object, in the order given. Kibana's import wants a newline after each. */
export function toNdjson(objects: readonly SavedObject[]): string {
  return objects.map(object => `${JSON.stringify(object)}\n`).join('');
}
