import type { Clock } from '../../clock.ts';
import type { Dataset } from '../../config/dataset.ts';
import type { ElasticsearchSettings } from '../../config/environment.ts';
import { createMask, type Mask } from '../../log/mask.ts';
import type { AttemptRef, Connections, Grant, GrantRequest } from '../runner.ts';
import { ConnectionFiles, type ConnectionFilesOptions, connectionsName } from './connection-files.ts';
import { GivenSecrets } from './given-secrets.ts';
import { RunKeys } from './run-keys.ts';
import { type ConnectionVariables, variablesIn, variablesOf, withoutCredentials } from './variables.ts';

export interface ConnectionsOptions extends ConnectionFilesOptions {
  elasticsearch: ElasticsearchSettings | null;
  /** RUN_KEYS. */
  runKeys: 'auto' | 'off' | 'required';
  clock: Clock;
}

/** Connections as whoever starts and stops them sees them. */
export class OwnConnections implements Connections {
  readonly #elasticsearch: ElasticsearchSettings | null;
  readonly #keys: RunKeys | undefined;
  readonly #files: ConnectionFiles;
  readonly #given = new GivenSecrets();
  /** Names of files of attempts that go on and have a key. */
  readonly #live = new Set<string>();
  readonly #configured: Mask;

  constructor(options: ConnectionsOptions) {
    const { elasticsearch } = options;
    this.#elasticsearch = elasticsearch;
    this.#keys = keysOf(options);
    this.#files = new ConnectionFiles(options);
    this.#configured = createMask(secretsOf(elasticsearch === null ? {} : variablesOf(elasticsearch)));
  }

  async open(request: GrantRequest): Promise<Grant | null> {
    const { attempt, dataset, owner, runner } = request;
    const { CONNECTIONS, ENV } = dataset.settings;
    if (CONNECTIONS === undefined || CONNECTIONS === 'none') return null;
    const variables = await this.#variablesFor(request, variablesIn(ENV));
    if (Object.keys(variables).length === 0) return null;
    this.#given.add(attempt.datasetName, secretsOf(variables));
    if (CONNECTIONS !== 'file') return { variables, file: null, write: () => undefined };
    const file = await this.#files.pathFor(attempt, runner);
    const grant = { variables, file, write: () => this.#files.write(file, variables, owner) };
    // After a crash nothing else tells that the attempt has a key.
    if (this.#live.has(connectionsName(attempt))) grant.write();
    return grant;
  }

  async close(attempt: AttemptRef): Promise<void> {
    const hasKey = this.#live.delete(connectionsName(attempt));
    const hadFile = this.#files.remove(attempt);
    if (hasKey || hadFile) this.#keys?.end(attempt);
  }

  async sweep(isKnown: (runId: string, attempt: number) => boolean): Promise<void> {
    for (const attempt of this.#files.attempts()) {
      if (isKnown(attempt.runId, attempt.attempt)) continue;
      if (this.#files.remove(attempt)) this.#keys?.end(attempt);
    }
  }

  mask(text: string, dataset: string): string {
    return this.#given.mask(text, dataset);
  }

  /**
   * As `mask`; nothing being known of this dataset's attempts, since they are an earlier orchestrator's, without what
   * is configured, if they may have been given it.
   */
  maskRecovered(text: string, dataset: Dataset | undefined): string {
    const { CONNECTIONS = 'none' } = dataset?.settings ?? {};
    const isUnknown = dataset !== undefined && CONNECTIONS !== 'none' && !this.#given.has(dataset.name);
    return isUnknown ? this.#configured.text(text) : this.mask(text, dataset?.name ?? '');
  }

  /** Resolves once what was begun is done. */
  async stop(): Promise<void> {
    await this.#keys?.close();
  }

  /**
   * `said`: what the dataset's own ENV says, which goes before. The orchestrator's user and password never go with it:
   * whoever writes YAML could send them to a server of his own, or get them in the place of a key for one run.
   */
  async #variablesFor(request: GrantRequest, said: ConnectionVariables): Promise<ConnectionVariables> {
    const elasticsearch = this.#elasticsearch;
    if (elasticsearch === null || said.ELASTICSEARCH_NODE !== undefined) return said;
    const own = { ...elasticsearch, nodes: await request.runner.reach(request.dataset, elasticsearch.nodes) };
    const node = { ELASTICSEARCH_NODE: withoutCredentials(own.nodes.join(',')) };
    if (Object.keys(said).length > 0) return { ...node, ...said };
    const key = (await this.#keys?.make(request)) ?? null;
    if (key === null) return variablesOf(own);
    this.#live.add(connectionsName(request.attempt));
    return { ...node, ELASTICSEARCH_API_KEY: key };
  }
}

function secretsOf({ ELASTICSEARCH_API_KEY, ELASTICSEARCH_PASSWORD }: ConnectionVariables): string[] {
  return [ELASTICSEARCH_API_KEY, ELASTICSEARCH_PASSWORD].filter(secret => secret !== undefined);
}

/** Undefined where there is nobody whose rights could be limited. */
function keysOf({ elasticsearch, runKeys, instance, clock, logger }: ConnectionsOptions): RunKeys | undefined {
  if (elasticsearch === null || runKeys === 'off') return undefined;
  const { nodes, apiKey, username } = elasticsearch;
  const isNamed = apiKey !== null || username !== null || nodes.some(node => URL.parse(node)?.username);
  return isNamed ? new RunKeys({ elasticsearch, mode: runKeys, instance, clock, logger }) : undefined;
}
