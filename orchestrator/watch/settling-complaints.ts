import { join } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { codeOf, messageOf } from '../errors.ts';
import type { FileSystemKind } from '../files/file-system.ts';
import type { Logger } from '../log.ts';

/** Tells what keeps files from settling though nobody writes to them: each once, until it is over. */
export class SettlingComplaints {
  readonly #dataset: Dataset;
  readonly #logger: Logger;
  /** By path. */
  readonly #troubles = new Map<string, string>();
  readonly #toldNoLease = new Set<FileSystemKind>();
  #hasToldOwnCopy = false;

  constructor(dataset: Dataset, logger: Logger) {
    this.#dataset = dataset;
    this.#logger = logger;
  }

  get first(): string | undefined {
    return this.#troubles.values().next().value;
  }

  tell(path: string, error: unknown): void {
    const file = `dataset ${this.#dataset.name}: file ${join(this.#dataset.watchDir, path)}`;
    const text = isDenied(error)
      ? `${file} can't be read (${codeOf(error)}); give uid ${process.getuid?.()} read access`
      : `${file} can't be taken now: ${messageOf(error)}`;
    if (this.#troubles.get(path) !== text) this.#logger.error(text);
    this.#troubles.set(path, text);
  }

  end(path: string): void {
    this.#troubles.delete(path);
  }

  /** Of the first; each is in the list of what is to be looked after. */
  tellOwnCopy(path: string, reason: string): void {
    if (this.#hasToldOwnCopy) return;
    this.#hasToldOwnCopy = true;
    const { name, watchDir } = this.#dataset;
    this.#logger.warn(
      `dataset ${name}: ${join(watchDir, path)} is not taken: ${reason}; does BACKUP_DIR or QUARANTINE_DIR lead below WATCH_DIR? orchestrator status lists others like it`,
    );
  }

  /** Of the first such file; of the others it is the same. `kind`: of the file system that it is on. */
  tellNoLease(path: string, quietMs: number, kind: FileSystemKind): void {
    if (this.#toldNoLease.has(kind)) return;
    this.#toldNoLease.add(kind);
    const { name, watchDir } = this.#dataset;
    const isLocal = kind === 'local';
    const why = isLocal
      ? `uid ${process.getuid?.()} is not its owner and lacks the capability LEASE`
      : 'the file system that it is on (FUSE, a network mount or the like) does not tell';
    const advice = isLocal
      ? 'run as their owner, or add `cap_add: [LEASE]`, to take them the moment they are closed'
      : 'raise SETTLE_MS where their writers pause for longer';
    this.#logger.warn(
      `dataset ${name}: whether someone still writes to ${join(watchDir, path)} can't be seen: ${why}; such files are taken after ${quietMs} ms without a change; ${advice}`,
    );
  }
}

function isDenied(error: unknown): boolean {
  return codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM';
}
