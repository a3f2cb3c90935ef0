import { join } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import type { UntrustedReason } from '../files/untrusted-file.ts';
import type { Logger } from '../log.ts';
import { MOST_FOLDERS } from './names.ts';

/** Why a file whose name allows it is never taken: what it is, or how deep it lies. */
export type Refusal = UntrustedReason | 'deep';

type Count = { count: number; first: string };

const SENTENCES: Partial<Record<Refusal, (counted: string) => string>> = {
  link: counted =>
    `${counted} not followed, being symbolic links; set FOLLOW_LINKS: true to have those followed that lead to files their owners can read`,
  'link-owner': counted => `${counted} not followed: their owners could not read themselves what these links lead to`,
  'link-unjudged': counted =>
    `${counted} not followed: these links are other users’, and only root can tell what those could read; make them as uid ${process.geteuid?.()}, or copy the files`,
  'several-names': counted =>
    `${counted} not taken: with several names (hard links) they may be somebody else’s files; set fs.protected_hardlinks=1, or copy them`,
  holes: counted =>
    `${counted} not read: next to nothing of what they seem to hold was ever written (sparse files); copy them without holes (cp --sparse=never)`,
  time: counted =>
    `${counted} not taken: their time of last change is before 1901 or after 2486, which nothing can be right about; set another (touch them)`,
  deep: counted =>
    `${counted} not looked into, lying more than ${MOST_FOLDERS} folders deep or having longer paths than can be used; move them up`,
};

/** Tells of files that are never taken because of what they are: each reason once, with how many there are. */
export class Refusals {
  readonly #dataset: Dataset;
  readonly #logger: Logger;
  readonly #told = new Set<Refusal>();
  #now = new Map<Refusal, Count>();

  constructor(dataset: Dataset, logger: Logger) {
    this.#dataset = dataset;
    this.#logger = logger;
  }

  /** For people, as of the last listing of all; null where nothing is refused. */
  get notice(): string | null {
    const texts = [...this.#now].flatMap(([why, count]) => this.#textOf(why, count) ?? []);
    return texts.length === 0 ? null : texts.join('; ');
  }

  /** One that was come upon by itself. */
  saw(why: Refusal, path: string): void {
    if (!this.#now.has(why)) this.#now.set(why, { count: 1, first: path });
    this.#tell(why);
  }

  /** All that a listing of the whole WATCH_DIR has met. */
  listed(refused: ReadonlyMap<Refusal, Count>): void {
    this.#now = new Map(refused);
    for (const why of refused.keys()) this.#tell(why);
  }

  #tell(why: Refusal): void {
    const text = this.#textOf(why, this.#now.get(why) as Count);
    if (text === undefined || this.#told.has(why)) return;
    this.#told.add(why);
    this.#logger.warn(`dataset ${this.#dataset.name}: ${text}`);
  }

  #textOf(why: Refusal, { count, first }: Count): string | undefined {
    const path = join(this.#dataset.watchDir, first);
    return SENTENCES[why]?.(count === 1 ? `${path} is` : `${count} files, such as ${path}, are`);
  }
}
