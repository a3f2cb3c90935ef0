import type { StoredDataset } from './dataset.ts';
import type { Mistake } from './messages.ts';
import type { Places } from './places.ts';
import type { Policy } from './policy.ts';
import type { Variables } from './substitute.ts';

/** What a reading found, as plain values. */
export interface ReadConfig {
  /** By name; those without a mistake. */
  datasets: StoredDataset[];
  /** Names of datasets that have a file, and a mistake. */
  broken: string[];
  /** Names of datasets whose file is not complete, and is not read. */
  unfinished: string[];
  errors: Mistake[];
  warnings: Mistake[];
  /** Absolute paths of the files that `${file:…}` names. */
  referencedFiles: string[];
  /** Why CONFIG_DIR could not be listed, so that nothing is known of the datasets; else null. */
  unreadable: string | null;
  /** By which they were judged; null where there is none to be trusted, and none from before. */
  policy: Policy | null;
  /** Whether the policy is one from before, since it can't be trusted or read now. */
  isPolicyStale: boolean;
}

/** Of nothing: there is no file, and no policy. */
export function nothingRead(): ReadConfig {
  return {
    datasets: [],
    broken: [],
    unfinished: [],
    errors: [],
    warnings: [],
    referencedFiles: [],
    unreadable: null,
    policy: null,
    isPolicyStale: false,
  };
}

/** What is read, and what is known. Plain values. */
export interface ReadRequest {
  places: Places;
  env: Variables;
  /** The policy that holds where that of now can't be trusted or read. */
  formerPolicy: Policy | null;
  /** Absolute paths of files that took too long, which are not read again. */
  tooSlow: readonly string[];
  /** Absolute paths of files that are still being written: they are not read. */
  unfinished: readonly string[];
  /** The file from which on none is read, since there was no time left for it. */
  notFrom: string | null;
  /** How long all of them may take. */
  allDeadlineMs: number;
}
