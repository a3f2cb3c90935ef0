import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Actor } from './actor.ts';

/** Who has opened a link is asked again after this. */
export const SESSION_MS = 7 * 24 * 60 * 60 * 1000;
const ID_BYTES = 16;
const SHOWN_OF_ID = 6;
/** Sessions that were ended before their time. */
const MOST_ENDED = 10_000;
const SESSION = /^([A-Za-z0-9_-]{22})\.(\d{13})\.([A-Za-z0-9_-]{43})$/;

/**
 * Sessions that nobody keeps: an id and an end, signed with a key made of the token. So a restart signs nobody out, and
 * a new token everybody. Those that were signed out are remembered until the service ends.
 */
export interface Sessions {
  /** The value of its cookie. */
  start(): string;
  /** null: it is none of ours, over, or was ended. */
  actor(value: string): Actor | null;
  end(value: string): void;
}

export function createSessions(token: string, now: () => number): Sessions {
  const key = createHmac('sha256', token).update('sessions').digest();
  const ended = new Set<string>();
  const sign = (text: string) => createHmac('sha256', key).update(text).digest();

  function idOf(value: string): { id: string; until: number } | null {
    const [, id, until, mac] = SESSION.exec(value) ?? [];
    if (id === undefined || until === undefined || mac === undefined) return null;
    if (!timingSafeEqual(sign(`${id}.${until}`), Buffer.from(mac, 'base64url'))) return null;
    return Number(until) <= now() || ended.has(id) ? null : { id, until: Number(until) };
  }

  return {
    start() {
      const text = `${randomBytes(ID_BYTES).toString('base64url')}.${now() + SESSION_MS}`;
      return `${text}.${sign(text).toString('base64url')}`;
    },
    actor(value) {
      const found = idOf(value);
      if (found === null) return null;
      const name = `session ${found.id.slice(0, SHOWN_OF_ID)}`;
      return { kind: 'session', name, role: 'administrator', until: found.until, isOver: () => idOf(value) === null };
    },
    end(value) {
      const id = idOf(value)?.id;
      if (id === undefined) return;
      if (ended.size >= MOST_ENDED) ended.delete(ended.values().next().value as string);
      ended.add(id);
    },
  };
}
