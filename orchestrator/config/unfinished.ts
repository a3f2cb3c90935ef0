import { closeSync, constants, fstatSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isConfigName } from './config-files.ts';

/** Whether someone has a file open for writing that is open here. */
export type HasWriter = (descriptor: number) => 'yes' | 'no' | 'unknown';

export interface UnfinishedRequest {
  configDir: string;
  policyFile: string;
  /** Without it nothing is unfinished. */
  hasWriter: HasWriter | undefined;
}

/** What the files are now, as far as it matters. */
export interface Look {
  /** Absolute paths of those that are not complete. */
  unfinished: string[];
  /** Of all others: equal texts for equal versions. */
  versions: string;
}

/** Where writers can't be seen a file is complete once it has not changed for so long, as data files are. */
const QUIET_MS = 2000;

/**
 * Tells which files of the configuration are still being written: half a YAML is often one without a mistake, with rows
 * that go to another index, and no backup. A file that was complete is asked about again when it has changed.
 */
export class UnfinishedFiles {
  readonly #request: UnfinishedRequest;
  /** Versions that were found complete, by path. */
  readonly #complete = new Map<string, string>();
  /** Others, and since when (performance.now()). */
  readonly #others = new Map<string, { version: string; since: number; openSince: number }>();
  #isFirst = true;

  constructor(request: UnfinishedRequest) {
    this.#request = request;
  }

  look(): Look {
    const versions: string[] = [];
    const unfinished = this.#paths().filter(path => {
      const version = versionOf(path);
      if (version === undefined) return false;
      if (!this.#isComplete(path, version)) return true;
      versions.push(`${path} ${version}`);
      return false;
    });
    for (const path of this.#others.keys()) if (!unfinished.includes(path)) this.#others.delete(path);
    this.#isFirst = false;
    return { unfinished, versions: versions.join('\n') };
  }

  /** For how many milliseconds it has not been complete. */
  waitedFor(path: string): number {
    const other = this.#others.get(path);
    return other === undefined ? 0 : performance.now() - other.openSince;
  }

  #paths(): string[] {
    const { configDir, policyFile, hasWriter } = this.#request;
    if (hasWriter === undefined) return [];
    try {
      const names = readdirSync(configDir).filter(isConfigName);
      return [...names.map(name => join(configDir, name)), policyFile];
    } catch {
      // Reading it says why.
      return [policyFile];
    }
  }

  #isComplete(path: string, version: string): boolean {
    if (this.#complete.get(path) === version) return true;
    const answer = this.#ask(path);
    const now = performance.now();
    const former = this.#others.get(path);
    const openSince = former?.openSince ?? now;
    const other = former?.version === version ? former : { version, since: now, openSince };
    // At the start there is no telling for how long it has been quiet.
    const isQuiet = answer === 'unknown' && (this.#isFirst || now - other.since >= QUIET_MS);
    if (answer === 'no' || isQuiet) {
      this.#complete.set(path, version);
      return true;
    }
    this.#others.set(path, other);
    return false;
  }

  /** What can't be opened, or is no regular file, is told by whoever reads it. */
  #ask(path: string): 'yes' | 'no' | 'unknown' {
    let descriptor: number;
    try {
      descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    } catch {
      return 'no';
    }
    try {
      return fstatSync(descriptor).isFile() ? (this.#request.hasWriter?.(descriptor) ?? 'no') : 'no';
    } finally {
      closeSync(descriptor);
    }
  }
}

function versionOf(path: string): string | undefined {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino}:${size}:${mtimeNs}`;
  } catch {
    return undefined;
  }
}
