import type { Client } from '@elastic/elasticsearch';
import type { Clock } from '../clock.ts';
import type { ElasticsearchSettings } from '../config/environment.ts';
import { shownNode } from '../config/hosts.ts';
import { connectElasticsearch } from '../elasticsearch.ts';
import { messageOf } from '../errors.ts';
import type { PartStatus } from './options.ts';

/** Says whether Elasticsearch answers. */
export interface ElasticsearchProbe {
  /** What it answered within the last 5 s; never throws. null where none is configured. */
  status(): Promise<PartStatus | null>;
  close(): Promise<void>;
}

const ANSWER_TTL_MS = 5_000;
const TIMEOUT_MS = 2_000;
/** It is there and knows who asks; only its health is not ours to see. */
const FORBIDDEN = 403;

/** Connects when first asked. */
export function probeElasticsearch(settings: ElasticsearchSettings | null, clock: Clock): ElasticsearchProbe {
  let client: Client | undefined;
  let last: { at: number; status: Promise<PartStatus> } | undefined;
  return {
    async status() {
      if (settings === null) return null;
      if (!last || clock.elapsed() - last.at >= ANSWER_TTL_MS) {
        last = { at: clock.elapsed(), status: ask(() => (client ??= connectElasticsearch(settings)), settings) };
      }
      return last.status;
    },
    async close() {
      await client?.close();
    },
  };
}

async function ask(client: () => Client, settings: ElasticsearchSettings): Promise<PartStatus> {
  const at = settings.nodes.map(shownNode).join(', ');
  try {
    await client().cluster.health({ filter_path: 'status' }, { requestTimeout: TIMEOUT_MS, maxRetries: 0 });
    return { isUp: true, isNeeded: true, message: null };
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === FORBIDDEN)
      return { isUp: true, isNeeded: true, message: null };
    const message = `Elasticsearch at ${at} does not answer: ${messageOf(error)}; files wait for it`;
    return { isUp: false, isNeeded: true, message };
  }
}
