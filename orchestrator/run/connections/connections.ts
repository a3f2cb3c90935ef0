import { chmod, chown, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { ElasticsearchSettings } from '../../config/environment.ts';
import { codeOf, messageOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { AttemptRef, Connections, Grant, GrantRequest, Job, RunnerKind } from '../runner.ts';
import { openRuntimeDir, type RuntimeDirOptions, runtimeDirs } from './runtime-dir.ts';
import { createRunKeys, type RunKeys } from './run-keys.ts';
import { type ConnectionVariables, variablesIn, variablesOf, withoutCredentials } from './variables.ts';

export interface ConnectionsOptions extends RuntimeDirOptions {
  elasticsearch: ElasticsearchSettings | null;
  /** RUN_KEYS. */
  runKeys: 'auto' | 'off' | 'required';
  clock: Clock;
  logger: Logger;
}

/** Connections as whoever starts and stops them sees them. */
export interface OwnConnections extends Connections {
  /** The text without the keys of runs that go on. */
  mask(text: string): string;
  /** Resolves once what was begun is done. */
  stop(): Promise<void>;
}

const READ_ONLY = 0o400;

export function createConnections(options: ConnectionsOptions): OwnConnections {
  const { elasticsearch, logger } = options;
  const keys = keysOf(options);
  /** Keys of attempts that go on, by the names of their files. */
  const live = new Map<string, string>();
  const folders = new Map<RunnerKind, Promise<string>>();

  /** Asked again where it could not be made. */
  function folderFor(runner: RunnerKind): Promise<string> {
    const known = folders.get(runner);
    if (known) return known;
    // Only an engine has to find it from outside of the orchestrator's own container.
    const hostPaths = runner === 'docker' ? options.hostPaths : async () => null;
    const opened = openRuntimeDir({ ...options, hostPaths });
    folders.set(runner, opened);
    opened.catch(() => folders.delete(runner));
    return opened;
  }

  async function open(request: GrantRequest): Promise<Grant | null> {
    const { CONNECTIONS, ENV } = request.dataset.settings;
    if (CONNECTIONS === undefined || CONNECTIONS === 'none') return null;
    const variables = await variablesFor(request, variablesIn(ENV));
    if (Object.keys(variables).length === 0) return null;
    return { variables, file: CONNECTIONS === 'file' ? await write(request, variables) : null };
  }

  /**
   * `said`: what the dataset's own ENV says, which goes before. The orchestrator's user and password never go with it: whoever writes YAML could send
   * them to a server of his own, or get them in the place of a key for one run.
   */
  async function variablesFor(request: GrantRequest, said: ConnectionVariables): Promise<ConnectionVariables> {
    if (elasticsearch === null || said.ELASTICSEARCH_NODE !== undefined) return said;
    const own = { ...elasticsearch, nodes: await request.reach(elasticsearch.nodes) };
    const node = { ELASTICSEARCH_NODE: withoutCredentials(own.nodes.join(',')) };
    if (Object.keys(said).length > 0) return { ...node, ...said };
    const key = (await keys?.make(request)) ?? null;
    if (key === null) return variablesOf(own);
    live.set(nameOf(request.attempt), key);
    return { ...node, ELASTICSEARCH_API_KEY: key };
  }

  async function write({ attempt, owner, runner }: GrantRequest, variables: ConnectionVariables): Promise<string> {
    const file = join(await folderFor(runner), nameOf(attempt));
    await rm(file, { force: true });
    await writeFile(file, `${JSON.stringify(variables)}\n`, { mode: READ_ONLY, flag: 'wx' });
    if (process.getuid?.() === 0) await chown(file, owner.uid, owner.gid);
    return file;
  }

  async function close(attempt: AttemptRef): Promise<void> {
    const name = nameOf(attempt);
    let isKnown = live.delete(name);
    for (const path of runtimeDirs(options)) if (await remove(join(path, name))) isKnown = true;
    if (isKnown) keys?.end(attempt);
  }

  /** Whether it was there. */
  async function remove(file: string): Promise<boolean> {
    try {
      await unlink(file);
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
      for (const name of await namesIn(path)) {
        const [, runId, attempt] = /^(.+)-(\d+)\.json$/.exec(name) ?? [];
        if (runId === undefined || isKnown(runId, Number(attempt))) continue;
        if (await remove(join(path, name))) keys?.end({ runId, attempt: Number(attempt) });
      }
    }
  }

  async function namesIn(path: string): Promise<string[]> {
    return readdir(path).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') logger.warn(`${path} can't be looked into: ${messageOf(error)}`);
      return [];
    });
  }

  return {
    open,
    close,
    sweep,
    mask: text => [...live.values()].reduce((masked, key) => masked.replaceAll(key, '***'), text),
    stop: async () => keys?.close(),
  };
}

/** Undefined where there is nobody whose rights could be limited. */
function keysOf({ elasticsearch, runKeys, instance, clock, logger }: ConnectionsOptions): RunKeys | undefined {
  if (elasticsearch === null || runKeys === 'off') return undefined;
  const { nodes, apiKey, username } = elasticsearch;
  const isNamed = apiKey !== null || username !== null || nodes.some(node => URL.parse(node)?.username);
  return isNamed ? createRunKeys({ elasticsearch, mode: runKeys, instance, clock, logger }) : undefined;
}

/** An image alone knows who a user is that has a name: then whoever is in the container may read the file, and nobody else finds it. */
export async function giveConnections(file: string, owner: Job['owner'] | undefined): Promise<void> {
  if (owner === undefined) await chmod(file, 0o444);
  else if (process.getuid?.() === 0) await chown(file, owner.uid, owner.gid);
  else if (owner.uid !== process.getuid?.()) await chmod(file, 0o444);
}

function nameOf({ runId, attempt }: Pick<AttemptRef, 'runId' | 'attempt'>): string {
  return `${runId}-${attempt}.json`;
}
