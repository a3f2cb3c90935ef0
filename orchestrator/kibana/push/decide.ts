import type { SavedObject } from '../objects/saved-object.ts';
import type { FoundObject } from './client.ts';
import { contentHash, madeHash } from './content.ts';
import type { PushedObject } from './records.ts';

/** What is known of an object, here and there. */
export interface Situation {
  /** Undefined: it was never pushed. */
  record: PushedObject | undefined;
  /** Undefined: it is not there. */
  found: FoundObject | undefined;
  /** contentHash() of what is there. */
  content: string | null;
  /** Whether people's changes are overwritten. */
  force: boolean;
}

/** `keep`: it stays as it is there, for the reason given. `same`: so it does, since it is what would be written. */
export type Decision = { act: 'create' | 'update' | 'same' } | { act: 'keep'; why: string; isRemoved: boolean };

/** What is to be done with an object that is wanted. */
export function decide(object: SavedObject, { record, found, content, force }: Situation): Decision {
  if (found === undefined) return force || !wasThere(record) ? { act: 'create' } : REMOVED;
  const made = madeThere(found, content, record);
  if (made === madeHash(object)) return { act: 'same' };
  if (made !== null || force) return { act: 'update' };
  if (content === contentHash(object)) return { act: 'same' };
  return keep(wasThere(record) ? changedText(found) : NEVER_PUSHED);
}

/** What is to be done with an object that was pushed and is not wanted any more. */
export function decideRemoval({ record, found, content, force }: Situation): 'remove' | 'forget' | { keep: string } {
  if (found === undefined) return 'forget';
  if (force || madeThere(found, content, record) !== null) return 'remove';
  return { keep: changedText(found) };
}

/** madeHash() of what is there; null where a person, or somebody else than this orchestrator, wrote it last. */
function madeThere(found: FoundObject, content: string | null, record: PushedObject | undefined): string | null {
  if (record === undefined) return null;
  const { begun, made, given, updatedAt } = record;
  // Whoever writes an object changes the time, but Kibana's migrations, which are nobody's change, do not
  // (saved-objects/api-server-internal/src/lib/apis/update.ts and bulk_create.ts set it, migrations leave it).
  if (updatedAt !== null && found.updated_at === updatedAt) return made;
  if (begun !== undefined && hasLanded(begun, found)) return begun.made;
  return given !== null && content === given ? made : null;
}

/**
 * Whether an import of which the end is not known is what wrote the object last: an import writes both times at once
 * (bulk_create.ts), and a person's change the second alone (update.ts). Times of HTTP are whole seconds.
 */
function hasLanded({ at }: { at: number }, { updated_at, created_at }: FoundObject): boolean {
  return updated_at !== undefined && updated_at === created_at && Date.parse(updated_at) >= at - (at % 1000);
}

function wasThere(record: PushedObject | undefined): boolean {
  return record !== undefined && record.made !== null;
}

function keep(why: string): Decision {
  return { act: 'keep', why, isRemoved: false };
}

const REMOVED: Decision = { act: 'keep', why: 'a person removed it', isRemoved: true };
const NEVER_PUSHED = 'it was there before, and this orchestrator does not know who changed it since';

function changedText({ updated_at }: FoundObject): string {
  const at = updated_at === undefined ? '' : ` at ${updated_at.slice(0, 16).replace('T', ' ')} UTC`;
  return `a person changed it${/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(updated_at ?? '') ? at : ''}`;
}
