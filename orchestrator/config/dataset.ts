import type { Backoff } from '../async/backoff.ts';
import type { PathBounds, PathRule } from './rights.ts';
import type { Settings } from './schema.ts';

/** One dataset as its YAML, `_defaults.yaml` and the environment make it. Read-only: a reload makes a new one. */
export interface Dataset {
  /** The YAML file's name without its ending. */
  readonly name: string;
  /** Path of the YAML file. */
  readonly configFile: string;
  /** `config/<dataset>/`, absolute, whether it exists or not. */
  readonly configFolder: string;
  /** SHA-256 of everything below: equal hashes mean that nothing changed. */
  readonly hash: string;
  /** Every key of the table with its default filled in, substituted, in upper case. */
  readonly settings: Readonly<Settings>;
  /** Keys that YAML sets; the others have their defaults. */
  readonly written: readonly string[];
  /** WATCH_DIR, absolute, without a trailing slash. */
  readonly watchDir: string;
  /** TIMEOUT in milliseconds. */
  readonly timeoutMs: number;
  /** BACKOFF in milliseconds. */
  readonly backoff: Backoff;
  /** COMMAND split into words, empty without one. */
  readonly command: readonly string[];
  /** PARAMETERS split into words; `{file}` and its like still in them. */
  readonly parameters: readonly string[];
  /** Texts that must never reach a log: what `${file:…}` and secret-looking keys and variables gave. */
  readonly secrets: readonly string[];
  /** What an attempt may take, within the policy. */
  readonly limits: Limits;
  /**
   * Whether a path relative to WATCH_DIR, with `/`, is matched by WATCH_REGEX; `too-long` where to find out would take
   * too long.
   */
  matches(path: string): boolean | 'too-long';
  /**
   * Why the policy keeps a path from this dataset, in words that go on from the path, its links followed as they are
   * now; null where it doesn't. What the path was when the YAML was read says nothing of what it is when it is used.
   */
  whyForbidden(rule: RunRule, path: string): string | null;
}

/** Rules that are looked at again when a path is used. */
export type RunRule = Extract<PathRule, 'folders' | 'volumes' | 'commands' | 'yaml_folders'>;

/** A dataset as plain values. */
export interface StoredDataset extends Omit<Dataset, 'matches' | 'whyForbidden'> {
  readonly bounds: Readonly<Record<RunRule, PathBounds>>;
}

export interface Limits {
  readonly memoryBytes: number;
  /** Null where only the engine's machine limits them. */
  readonly cpus: number | null;
  readonly pids: number;
  readonly workBytes: number;
}
