import type { Client } from '@elastic/elasticsearch';
import type { Clock } from '../../clock.ts';
import type { Dataset } from '../../config/dataset.ts';
import type { ElasticsearchSettings } from '../../config/environment.ts';
import { connectElasticsearch } from '../../elasticsearch.ts';
import { messageOf, OrchestratorError, statusOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { GrantRequest } from '../runner.ts';
import type { Named } from './connection-files.ts';
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

type KeyRequest = Pick<GrantRequest, 'attempt' | 'dataset' | 'ledgers'>;

/** A key that could not be ended is worth nothing so long after TIMEOUT: pulling an image may take a while. */
const MARGIN_MS = 30 * 60_000;
/** So long it is not asked again for keys that it doesn't give. */
const REFUSED_MS = 10 * 60_000;
const REQUEST = { requestTimeout: 10_000, maxRetries: 1 };
/** It may answer otherwise in a while: anything else that is an error says that it gives no keys. */
const PASSING = [408, 429, 502, 503, 504];

/**
 * Keys of Elasticsearch, one an attempt: for its index alone, and for no longer than it may take. Connects when the
 * first one is made.
 */
export class RunKeys {
  readonly #options: RunKeysOptions;
  /** Elasticsearch's address, for messages. */
  readonly #at: string;
  readonly #ending = new Set<Promise<void>>();
  readonly #said = new Set<string>();
  #client: Client | undefined;
  #refused: { until: number; reason: string } | undefined;

  constructor(options: RunKeysOptions) {
    this.#options = options;
    this.#at = withoutCredentials(options.elasticsearch.nodes.join(','));
  }

  /**
   * As ELASTICSEARCH_API_KEY has it; null where Elasticsearch gives none, so that the configured credentials must do.
   * Throws an OrchestratorError: `wait` where it is away, `never` where it gives none and one is required.
   */
  async make(request: KeyRequest): Promise<string | null> {
    const { clock } = this.#options;
    if (this.#refused && clock.elapsed() < this.#refused.until) return this.#without(this.#refused.reason);
    try {
      const key = await this.#ask(request);
      this.#refused = undefined;
      return key;
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined || PASSING.includes(status)) {
        const message = `Elasticsearch at ${this.#at} is away: ${messageOf(error)}`;
        throw new OrchestratorError('wait', message, { cause: error });
      }
      this.#refused = { until: clock.elapsed() + REFUSED_MS, reason: `${status}: ${reasonOf(error)}` };
      return this.#without(this.#refused.reason);
    }
  }

  /** In the background: the key of an attempt that was seen dead is worth nothing from then on. */
  end(attempt: Named): void {
    // Nobody has one that was never given.
    if (this.#refused) return;
    const ended = this.#connected()
      .security.invalidateApiKey({ name: this.#nameOf(attempt), owner: true }, REQUEST)
      .then(
        () => undefined,
        (error: unknown) =>
          this.#options.logger.debug(
            `the key of run ${attempt.runId} could not be ended, and expires by itself: ${messageOf(error)}`,
          ),
      )
      .finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  /** Resolves once what end() began is done. */
  async close(): Promise<void> {
    await Promise.all(this.#ending);
    await this.#client?.close();
    this.#client = undefined;
  }

  #connected(): Client {
    return (this.#client ??= connectElasticsearch(this.#options.elasticsearch));
  }

  #without(reason: string): null {
    const { mode, logger } = this.#options;
    const why = `Elasticsearch at ${this.#at} gives no keys for runs (${reason})`;
    if (mode === 'required') {
      throw new OrchestratorError(
        'never',
        `${why}, and RUN_KEYS is required; give its user the privilege manage_own_api_key`,
      );
    }
    if (!this.#said.has(reason)) {
      logger.warn(`${why}; runs connect with the configured credentials, whose user may do more`);
    }
    this.#said.add(reason);
    return null;
  }

  async #ask({ attempt, dataset, ledgers }: KeyRequest): Promise<string> {
    const names = namesOf(ledgers, dataset);
    const { encoded } = await this.#connected().security.createApiKey(
      {
        name: this.#nameOf(attempt),
        expiration: `${Math.ceil((dataset.timeoutMs + MARGIN_MS) / 1000)}s`,
        role_descriptors: roleOf(names, await this.#indicesBehind(names), dataset),
        metadata: { application: 'orchestrator-etl', dataset: dataset.name, run: attempt.runId },
        // So that it is found by its name when it is ended, however soon that is.
        refresh: 'true',
      },
      REQUEST,
    );
    await this.#makeMissing(names, dataset);
    return encoded;
  }

  #nameOf({ runId, attempt }: Named): string {
    return `orchestrator-etl-${this.#options.instance.slice(0, 8)}-${runId}-${attempt}`;
  }

  async #indicesBehind(names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return [];
    const found = await this.#connected().indices.getAlias(
      { index: [...names], ignore_unavailable: true },
      { ...REQUEST, ignore: [403, 404] },
    );
    return Object.entries(found).flatMap(([name, of]) => (typeof of === 'object' && 'aliases' in of ? [name] : []));
  }

  async #makeMissing(names: readonly string[], { settings, name: dataset }: Dataset): Promise<void> {
    if (settings.LOAD.overwrite === true) return;
    try {
      const missing = await this.#missingOf(names.filter(name => !settings.LOAD.aliases?.includes(name)));
      for (const index of missing) await makeByTemplate(this.#connected(), index);
    } catch (error) {
      this.#options.logger.debug(
        `dataset ${dataset}: whether a template says how its index is made can't be seen: ${messageOf(error)}`,
      );
    }
  }

  async #missingOf(names: readonly string[]): Promise<string[]> {
    const client = this.#connected();
    const present = await Promise.all(names.map(index => client.indices.exists({ index }, REQUEST)));
    return names.filter((_, place) => !present[place]);
  }
}

/** What Elasticsearch says, in one line. */
function reasonOf(error: unknown): string {
  const said = (error as { body?: { error?: { reason?: unknown } | string } }).body?.error;
  const reason = typeof said === 'string' ? said : said?.reason;
  return typeof reason === 'string' ? reason : (messageOf(error).split('\n')[0] ?? '');
}
