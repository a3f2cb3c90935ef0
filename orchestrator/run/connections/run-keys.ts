import type { Client } from '@elastic/elasticsearch';
import type { Clock } from '../../clock.ts';
import type { Dataset } from '../../config/dataset.ts';
import type { ElasticsearchSettings } from '../../config/environment.ts';
import { connectElasticsearch } from '../../elasticsearch.ts';
import { messageOf, OrchestratorError, statusOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { AttemptRef, GrantRequest } from '../runner.ts';
import { namesOf, roleOf } from './key-role.ts';
import { makeByTemplate } from './made-by-template.ts';
import { withoutCredentials } from './variables.ts';

export interface RunKeysOptions {
  elasticsearch: ElasticsearchSettings;
  /** RUN_KEYS, where runs may have keys at all. */
  mode: 'auto' | 'required';
  /** readInstance(DATA_DIR). */
  instance: string;
  clock: Clock;
  logger: Logger;
}

/** Keys of Elasticsearch, one an attempt: for its index alone, and for no longer than it may take. */
export interface RunKeys {
  /**
   * As ELASTICSEARCH_API_KEY has it; null where Elasticsearch gives none, so that the configured credentials must do. Throws an
   * OrchestratorError: `wait` where it is away, `never` where it gives none and one is required.
   */
  make(request: Pick<GrantRequest, 'attempt' | 'dataset' | 'ledgers'>): Promise<string | null>;
  /** In the background: the key of an attempt that was seen dead is worth nothing from then on. */
  end(attempt: Named): void;
  /** Resolves once what end() began is done. */
  close(): Promise<void>;
}

type Named = Pick<AttemptRef, 'runId' | 'attempt'>;

/** A key that could not be ended is worth nothing so long after TIMEOUT: pulling an image may take a while. */
const MARGIN_MS = 30 * 60_000;
/** So long it is not asked again for keys that it doesn't give. */
const REFUSED_MS = 10 * 60_000;
const REQUEST = { requestTimeout: 10_000, maxRetries: 1 };
/** It may answer otherwise in a while: anything else that is an error says that it gives no keys. */
const PASSING = [408, 429, 502, 503, 504];

/** Connects when the first key is made. */
export function createRunKeys({ elasticsearch, mode, instance, clock, logger }: RunKeysOptions): RunKeys {
  const at = withoutCredentials(elasticsearch.nodes.join(','));
  const ending = new Set<Promise<void>>();
  const said = new Set<string>();
  let client: Client | undefined;
  let refused: { until: number; reason: string } | undefined;

  const connected = (): Client => (client ??= connectElasticsearch(elasticsearch));

  async function make(request: Pick<GrantRequest, 'attempt' | 'dataset' | 'ledgers'>): Promise<string | null> {
    if (refused && clock.elapsed() < refused.until) return without(refused.reason);
    try {
      const key = await ask(request);
      refused = undefined;
      return key;
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined || PASSING.includes(status)) {
        throw new OrchestratorError('wait', `Elasticsearch at ${at} is away: ${messageOf(error)}`, { cause: error });
      }
      refused = { until: clock.elapsed() + REFUSED_MS, reason: `${status}: ${reasonOf(error)}` };
      return without(refused.reason);
    }
  }

  function without(reason: string): null {
    const why = `Elasticsearch at ${at} gives no keys for runs (${reason})`;
    if (mode === 'required') {
      throw new OrchestratorError(
        'never',
        `${why}, and RUN_KEYS is required; give its user the privilege manage_own_api_key`,
      );
    }
    if (!said.has(reason)) logger.warn(`${why}; runs connect with the configured credentials, whose user may do more`);
    said.add(reason);
    return null;
  }

  async function ask({
    attempt,
    dataset,
    ledgers,
  }: Pick<GrantRequest, 'attempt' | 'dataset' | 'ledgers'>): Promise<string> {
    const names = namesOf(ledgers, dataset);
    const { encoded } = await connected().security.createApiKey(
      {
        name: nameOf(attempt),
        expiration: `${Math.ceil((dataset.timeoutMs + MARGIN_MS) / 1000)}s`,
        role_descriptors: roleOf(names, await indicesBehind(names), dataset),
        metadata: { application: 'orchestrator-etl', dataset: dataset.name, run: attempt.runId },
        // So that it is found by its name when it is ended, however soon that is.
        refresh: 'true',
      },
      REQUEST,
    );
    await makeMissing(names, dataset);
    return encoded;
  }

  function nameOf({ runId, attempt }: Named): string {
    return `orchestrator-etl-${instance.slice(0, 8)}-${runId}-${attempt}`;
  }

  async function indicesBehind(names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return [];
    const index = [...names];
    const found = await connected().indices.getAlias(
      { index, ignore_unavailable: true },
      { ...REQUEST, ignore: [403, 404] },
    );
    return Object.entries(found).flatMap(([name, of]) => (typeof of === 'object' && 'aliases' in of ? [name] : []));
  }

  async function makeMissing(names: readonly string[], { settings, name: dataset }: Dataset): Promise<void> {
    if (settings.LOAD.overwrite === true) return;
    try {
      const missing = await missingOf(names.filter(name => !settings.LOAD.aliases?.includes(name)));
      for (const index of missing) await makeByTemplate(connected(), index);
    } catch (error) {
      logger.debug(
        `dataset ${dataset}: whether a template says how its index is made can't be seen: ${messageOf(error)}`,
      );
    }
  }

  async function missingOf(names: readonly string[]): Promise<string[]> {
    const present = await Promise.all(names.map(index => connected().indices.exists({ index }, REQUEST)));
    return names.filter((_, place) => !present[place]);
  }

  function end(attempt: Named): void {
    // Nobody has one that was never given.
    if (refused) return;
    const ended = connected()
      .security.invalidateApiKey({ name: nameOf(attempt), owner: true }, REQUEST)
      .then(
        () => undefined,
        (error: unknown) =>
          logger.debug(
            `the key of run ${attempt.runId} could not be ended, and expires by itself: ${messageOf(error)}`,
          ),
      )
      .finally(() => ending.delete(ended));
    ending.add(ended);
  }

  async function close(): Promise<void> {
    await Promise.all(ending);
    await client?.close();
    client = undefined;
  }

  return { make, end, close };
}

/** What Elasticsearch says, in one line. */
function reasonOf(error: unknown): string {
  const said = (error as { body?: { error?: { reason?: unknown } | string } }).body?.error;
  const reason = typeof said === 'string' ? said : said?.reason;
  return typeof reason === 'string' ? reason : (messageOf(error).split('\n')[0] ?? '');
}
