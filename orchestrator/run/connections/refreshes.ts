import type { Client } from '@elastic/elasticsearch';
import type { Clock } from '../../clock.ts';
import type { ElasticsearchSettings } from '../../config/environment.ts';
import { connectElasticsearch } from '../../elasticsearch.ts';
import { messageOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Refreshes } from '../runner.ts';
import { variablesIn } from './variables.ts';

/** As whoever starts and stops them sees them. */
export interface OwnRefreshes extends Refreshes {
  close(): Promise<void>;
}

export interface RefreshesOptions {
  elasticsearch: ElasticsearchSettings | null;
  clock: Clock;
  logger: Logger;
}

/** One index, while something is done for it, or was a moment ago. */
interface Refreshed {
  /** Resolves when another one may be sent. */
  rested: Promise<void>;
  /** The one that is about to be sent: whoever comes now shares it. */
  next: Promise<void> | undefined;
  /** How many do. */
  waiting: number;
}

/**
 * For so many times as long as a refresh took the index then rests, for each that waited for it: one costs
 * Elasticsearch 13 to 20 ms of CPU where it has 10 new rows or 1,000, ten times as much as to write the 10 (9.5, two
 * cores). So a file that comes alone is shown at once, and of many that come at once each waits for half a second at
 * most.
 */
const REST = 2;
const LONGEST_REST_MS = 500;
const REQUEST = { requestTimeout: 30_000, maxRetries: 1, ignore: [404] };

/** Connects when something is first to be refreshed. */
export function createRefreshes({ elasticsearch, clock, logger }: RefreshesOptions): OwnRefreshes {
  const indices = new Map<string, Refreshed>();
  const failing = new Set<string>();
  let client: Client | undefined;

  function refresh(index: string): Promise<void> {
    const known = indices.get(index) ?? { rested: Promise.resolve(), next: undefined, waiting: 0 };
    indices.set(index, known);
    known.waiting++;
    known.next ??= known.rested.then(() => {
      // What is written from here on may be too late for it.
      known.next = undefined;
      const begin = clock.elapsed();
      const shared = known.waiting;
      known.waiting = 0;
      const answered = send(index);
      known.rested = answered.then(() => rest(index, known, shared * (clock.elapsed() - begin)));
      return answered;
    });
    return known.next;
  }

  async function send(index: string): Promise<void> {
    if (elasticsearch === null) return;
    try {
      client ??= connectElasticsearch(elasticsearch);
      // An alias may lead to closed indices, too.
      await client.indices.refresh({ index, ignore_unavailable: true }, REQUEST);
      failing.delete(index);
    } catch (error) {
      const text = `index ${index}: its new rows are loaded, but searches find them only from its next refresh on: ${messageOf(error)}`;
      if (!failing.has(index)) logger.warn(text, { error });
      failing.add(index);
    }
  }

  function rest(index: string, known: Refreshed, sharedMs: number): Promise<void> {
    return new Promise(resolve => {
      clock.after(Math.min(REST * sharedMs, LONGEST_REST_MS), () => {
        if (known.next === undefined) indices.delete(index);
        resolve();
      });
    });
  }

  return {
    cover({ settings: { CONNECTIONS, ENV, LOAD } }) {
      const isOurs = elasticsearch !== null && Object.keys(variablesIn(ENV)).length === 0;
      return isOurs && LOAD.target === 'elasticsearch' && CONNECTIONS !== undefined && CONNECTIONS !== 'none';
    },
    refresh,
    async close() {
      await client?.close();
      client = undefined;
    },
  };
}
