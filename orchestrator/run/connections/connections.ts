import { chmod, chown, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ElasticsearchSettings } from '../../config/environment.ts';
import { codeOf, messageOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { AttemptRef, Connections, Grant, GrantRequest, Job, RunnerKind } from '../runner.ts';
import { openRuntimeDir, type RuntimeDirOptions, runtimeDirs } from './runtime-dir.ts';
import { type ConnectionVariables, variablesIn, variablesOf } from './variables.ts';

export interface ConnectionsOptions extends RuntimeDirOptions {
  elasticsearch: ElasticsearchSettings | null;
  logger: Logger;
}

const READ_ONLY = 0o400;

export function createConnections(options: ConnectionsOptions): Connections {
  const { elasticsearch, logger } = options;
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
    const variables = { ...(await ownVariables(request)), ...variablesIn(ENV) };
    if (Object.keys(variables).length === 0) return null;
    return { variables, file: CONNECTIONS === 'file' ? await write(request, variables) : null };
  }

  async function ownVariables({ reach }: GrantRequest): Promise<ConnectionVariables> {
    return elasticsearch === null ? {} : variablesOf({ ...elasticsearch, nodes: await reach(elasticsearch.nodes) });
  }

  async function write({ attempt, owner, runner }: GrantRequest, variables: ConnectionVariables): Promise<string> {
    const file = join(await folderFor(runner), nameOf(attempt));
    await rm(file, { force: true });
    await writeFile(file, `${JSON.stringify(variables)}\n`, { mode: READ_ONLY, flag: 'wx' });
    if (process.getuid?.() === 0) await chown(file, owner.uid, owner.gid);
    return file;
  }

  async function close(attempt: AttemptRef): Promise<void> {
    for (const path of runtimeDirs(options)) await remove(join(path, nameOf(attempt)));
  }

  async function remove(file: string): Promise<void> {
    await rm(file, { force: true }).catch((error: unknown) => {
      logger.warn(`connection settings of a run that has ended can't be removed: ${messageOf(error)}`);
    });
  }

  async function sweep(isKnown: (runId: string, attempt: number) => boolean): Promise<void> {
    for (const path of runtimeDirs(options)) {
      for (const name of await namesIn(path)) {
        const [, runId, attempt] = /^(.+)-(\d+)\.json$/.exec(name) ?? [];
        if (runId !== undefined && !isKnown(runId, Number(attempt))) await remove(join(path, name));
      }
    }
  }

  async function namesIn(path: string): Promise<string[]> {
    return readdir(path).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') logger.warn(`${path} can't be looked into: ${messageOf(error)}`);
      return [];
    });
  }

  return { open, close, sweep };
}

/** An image alone knows who a user is that has a name: then whoever is in the container may read the file, and nobody else finds it. */
export async function giveConnections(file: string, owner: Job['owner'] | undefined): Promise<void> {
  if (owner === undefined) await chmod(file, 0o444);
  else if (process.getuid?.() === 0) await chown(file, owner.uid, owner.gid);
  else if (owner.uid !== process.getuid?.()) await chmod(file, 0o444);
}

function nameOf({ runId, attempt }: AttemptRef): string {
  return `${runId}-${attempt}.json`;
}
