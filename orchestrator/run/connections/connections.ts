import { chmodSync, chownSync, lstatSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Dataset } from '../../config/dataset.ts';
import type { ElasticsearchSettings } from '../../config/environment.ts';
import { codeOf, messageOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { createMask, type Mask } from '../../log/mask.ts';
import type { AttemptRef, Connections, Grant, GrantRequest, Job } from '../runner.ts';
import { openRuntimeDir, type RuntimeDirOptions, runtimeDirs } from './runtime-dir.ts';
import { createRunKeys, type RunKeys } from './run-keys.ts';
import { type ConnectionVariables, variablesIn, variablesOf, withoutCredentials } from './variables.ts';

export interface ConnectionsOptions extends Omit<RuntimeDirOptions, 'hostPaths'> {
  elasticsearch: ElasticsearchSettings | null;
  /** RUN_KEYS. */
  runKeys: 'auto' | 'off' | 'required';
  clock: Clock;
  logger: Logger;
}

/** Connections as whoever starts and stops them sees them. */
export interface OwnConnections extends Connections {
  /**
   * As `mask`; nothing being known of this dataset's attempts, since they are an earlier orchestrator's, without what
   * is configured, if they may have been given it.
   */
  maskRecovered(text: string, dataset: Dataset | undefined): string;
  /** Resolves once what was begun is done. */
  stop(): Promise<void>;
}

const READ_ONLY = 0o400;
/** Secrets of a dataset's attempts, the newest: each attempt may have a key of its own. */
const MOST_REMEMBERED = 200;

export function createConnections(options: ConnectionsOptions): OwnConnections {
  const { elasticsearch, logger } = options;
  const keys = keysOf(options);
  /** Names of files of attempts that go on and have a key. */
  const live = new Set<string>();
  /** By dataset, what its attempts were given. Of nothing else may a run see in its log that it is a secret. */
  const given = new Map<string, { secrets: readonly string[]; mask: Mask }>();
  const configured = createMask(secretsOf(elasticsearch === null ? {} : variablesOf(elasticsearch)));
  /** By kind of runner. */
  const folders = new Map<string, Promise<string>>();

  /** Asked again where it could not be made. */
  function folderFor(runner: GrantRequest['runner']): Promise<string> {
    const known = folders.get(runner.kind);
    if (known) return known;
    const opened = openRuntimeDir({ ...options, hostPaths: async () => (await runner.hostPaths?.()) ?? null });
    folders.set(runner.kind, opened);
    opened.catch(() => folders.delete(runner.kind));
    return opened;
  }

  async function open(request: GrantRequest): Promise<Grant | null> {
    const { CONNECTIONS, ENV } = request.dataset.settings;
    if (CONNECTIONS === undefined || CONNECTIONS === 'none') return null;
    const variables = await variablesFor(request, variablesIn(ENV));
    if (Object.keys(variables).length === 0) return null;
    remember(request.attempt.datasetName, secretsOf(variables));
    if (CONNECTIONS !== 'file') return { variables, file: null, write: () => undefined };
    const file = join(await folderFor(request.runner), nameOf(request.attempt));
    const grant = { variables, file, write: () => write(file, variables, request.owner) };
    // After a crash nothing else tells that the attempt has a key.
    if (live.has(nameOf(request.attempt))) grant.write();
    return grant;
  }

  /**
   * `said`: what the dataset's own ENV says, which goes before. The orchestrator's user and password never go with it:
   * whoever writes YAML could send them to a server of his own, or get them in the place of a key for one run.
   */
  async function variablesFor(request: GrantRequest, said: ConnectionVariables): Promise<ConnectionVariables> {
    if (elasticsearch === null || said.ELASTICSEARCH_NODE !== undefined) return said;
    const own = { ...elasticsearch, nodes: await request.runner.reach(request.dataset, elasticsearch.nodes) };
    const node = { ELASTICSEARCH_NODE: withoutCredentials(own.nodes.join(',')) };
    if (Object.keys(said).length > 0) return { ...node, ...said };
    const key = (await keys?.make(request)) ?? null;
    if (key === null) return variablesOf(own);
    live.add(nameOf(request.attempt));
    return { ...node, ELASTICSEARCH_API_KEY: key };
  }

  function remember(dataset: string, secrets: readonly string[]): void {
    const former = given.get(dataset)?.secrets ?? [];
    if (secrets.every(secret => former.includes(secret))) return;
    const known = [...new Set([...former, ...secrets])].slice(-MOST_REMEMBERED);
    given.set(dataset, { secrets: known, mask: createMask(known) });
  }

  function mask(text: string, dataset: string): string {
    return given.get(dataset)?.mask.text(text) ?? text;
  }

  function write(file: string, variables: ConnectionVariables, owner: Job['owner']): void {
    rmSync(file, { force: true });
    writeFileSync(file, `${JSON.stringify(variables)}\n`, { mode: READ_ONLY, flag: 'wx' });
    if (process.getuid?.() === 0) chownSync(file, owner.uid, owner.gid);
  }

  async function close(attempt: AttemptRef): Promise<void> {
    const name = nameOf(attempt);
    let isKnown = live.delete(name);
    for (const path of runtimeDirs(options)) if (remove(join(path, name))) isKnown = true;
    if (isKnown) keys?.end(attempt);
  }

  /** Whether it was there. */
  function remove(file: string): boolean {
    try {
      // An error costs more than a look, and for nearly every attempt there is none.
      if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return false;
      unlinkSync(file);
      return true;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        logger.warn(`connection settings of a run that has ended can't be removed: ${messageOf(error)}`);
      }
      return false;
    }
  }

  async function sweep(isKnown: (runId: string, attempt: number) => boolean): Promise<void> {
    for (const path of runtimeDirs(options)) {
      for (const name of namesIn(path)) {
        const [, runId, attempt] = /^(.+)-(\d+)\.json$/.exec(name) ?? [];
        if (runId === undefined || isKnown(runId, Number(attempt))) continue;
        if (remove(join(path, name))) keys?.end({ runId, attempt: Number(attempt) });
      }
    }
  }

  function namesIn(path: string): string[] {
    try {
      return readdirSync(path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') logger.warn(`${path} can't be looked into: ${messageOf(error)}`);
      return [];
    }
  }

  return {
    open,
    close,
    sweep,
    mask,
    maskRecovered(text, dataset) {
      const { CONNECTIONS = 'none' } = dataset?.settings ?? {};
      const isUnknown = dataset !== undefined && CONNECTIONS !== 'none' && !given.has(dataset.name);
      return isUnknown ? configured.text(text) : mask(text, dataset?.name ?? '');
    },
    stop: async () => keys?.close(),
  };
}

function secretsOf({ ELASTICSEARCH_API_KEY, ELASTICSEARCH_PASSWORD }: ConnectionVariables): string[] {
  return [ELASTICSEARCH_API_KEY, ELASTICSEARCH_PASSWORD].filter(secret => secret !== undefined);
}

/** Undefined where there is nobody whose rights could be limited. */
function keysOf({ elasticsearch, runKeys, instance, clock, logger }: ConnectionsOptions): RunKeys | undefined {
  if (elasticsearch === null || runKeys === 'off') return undefined;
  const { nodes, apiKey, username } = elasticsearch;
  const isNamed = apiKey !== null || username !== null || nodes.some(node => URL.parse(node)?.username);
  return isNamed ? createRunKeys({ elasticsearch, mode: runKeys, instance, clock, logger }) : undefined;
}

/**
 * An image alone knows who a user is that has a name: then whoever is in the container may read the file, and nobody
 * else finds it.
 */
export function giveConnections(file: string, owner: Job['owner'] | undefined): void {
  if (owner === undefined) chmodSync(file, 0o444);
  else if (process.getuid?.() === 0) chownSync(file, owner.uid, owner.gid);
  else if (owner.uid !== process.getuid?.()) chmodSync(file, 0o444);
}

function nameOf({ runId, attempt }: Pick<AttemptRef, 'runId' | 'attempt'>): string {
  return `${runId}-${attempt}.json`;
}
