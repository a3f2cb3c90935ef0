import { chmodSync, chownSync, lstatSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf } from '../../errors.ts';
import type { AttemptRef, GrantRequest, Job } from '../runner.ts';
import { openRuntimeDir, type RuntimeDirOptions, runtimeDirs } from './runtime-dir.ts';
import type { ConnectionVariables } from './variables.ts';

export type ConnectionFilesOptions = Omit<RuntimeDirOptions, 'hostPaths'>;

export type Named = Pick<AttemptRef, 'runId' | 'attempt'>;

const READ_ONLY = 0o400;

/** The files that attempts have their connections in, each one of its own. */
export class ConnectionFiles {
  readonly #options: ConnectionFilesOptions;
  /** By kind of runner. */
  readonly #folders = new Map<string, Promise<string>>();

  constructor(options: ConnectionFilesOptions) {
    this.#options = options;
  }

  /** Where the file of an attempt is to be. Throws where no folder can be made. */
  async pathFor(attempt: Named, runner: GrantRequest['runner']): Promise<string> {
    return join(await this.#folderFor(runner), connectionsName(attempt));
  }

  write(file: string, variables: ConnectionVariables, owner: Job['owner']): void {
    rmSync(file, { force: true });
    writeFileSync(file, `${JSON.stringify(variables)}\n`, { mode: READ_ONLY, flag: 'wx' });
    if (process.getuid?.() === 0) chownSync(file, owner.uid, owner.gid);
  }

  /** Removes the file of an attempt, wherever it is. Returns whether there was one. */
  remove(attempt: Named): boolean {
    const removed = runtimeDirs(this.#options).map(folder => this.#remove(join(folder, connectionsName(attempt))));
    return removed.includes(true);
  }

  /** The attempts that have one. */
  attempts(): Named[] {
    const names = runtimeDirs(this.#options).flatMap(folder => this.#namesIn(folder));
    return names.flatMap(name => {
      const [, runId, attempt] = /^(.+)-(\d+)\.json$/.exec(name) ?? [];
      return runId === undefined ? [] : [{ runId, attempt: Number(attempt) }];
    });
  }

  /** Asked again where it could not be made. */
  #folderFor(runner: GrantRequest['runner']): Promise<string> {
    const known = this.#folders.get(runner.kind);
    if (known) return known;
    const opened = openRuntimeDir({ ...this.#options, hostPaths: async () => (await runner.hostPaths?.()) ?? null });
    this.#folders.set(runner.kind, opened);
    opened.catch(() => this.#folders.delete(runner.kind));
    return opened;
  }

  #remove(file: string): boolean {
    try {
      // An error costs more than a look, and for nearly every attempt there is none.
      if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return false;
      unlinkSync(file);
      return true;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        this.#options.logger.warn(`connection settings of a run that has ended can't be removed: ${messageOf(error)}`);
      }
      return false;
    }
  }

  #namesIn(path: string): string[] {
    try {
      return readdirSync(path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.#options.logger.warn(`${path} can't be looked into: ${messageOf(error)}`);
      return [];
    }
  }
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

/** Of the file of an attempt, as no other one's is. */
export function connectionsName({ runId, attempt }: Named): string {
  return `${runId}-${attempt}.json`;
}
