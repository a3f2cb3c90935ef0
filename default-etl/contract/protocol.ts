// What an ETL and whoever starts it say to each other. Imports nothing of ours but strftime.ts, and has no side effects.
import { strftime } from './strftime.ts';

/** What is to be done with the file: `mend` loads rows that were rejected before and were mended since. */
export type Action = 'add' | 'change' | 'delete' | 'mend';

/** Rows of an earlier version that go once the new rows are loaded. */
export interface Replaced {
  index: string;
  FILE_KEY: string;
  /** Highest row number that may have been sent for this key. */
  FILE_ROWS: number;
}

/** The names under which rows of a former version were to be taken out. */
export type LeftRows = Pick<Replaced, 'index' | 'FILE_KEY'>;

/**
 * The environment of one attempt, besides every config key (objects and lists as JSON) and the ELASTICSEARCH_* settings.
 * All values are text, as in any environment; numbers are decimal.
 */
export interface AttemptEnvironment {
  DATASET: string;
  RUN_ID: string;
  /** From 1. */
  ATTEMPT: string;
  /** Version of every bulk operation: a whole number, hundredths of a second since 2020-01-01 UTC or above. */
  VERSION: string;
  /**
   * `mend` only: VERSION of the run that rejected the rows. With ids of their own they are not newer than the rest of
   * that file.
   */
  MENDED_VERSION?: string;
  /**
   * `mend` only: the newest VERSION of the files that were read in one run with these rows' (RUN_PER: folder), else the
   * same as MENDED_VERSION.
   */
  MENDED_UNTIL?: string;
  /**
   * `mend` only: `true` where no row of the version was loaded before. Once one is, the rows of former versions go, as
   * after `change`.
   */
  MEND_REPLACES?: string;
  ACTION: Action;
  /** Path of the file as the ETL sees it; with RUN_PER: folder the folder, and FILES names a list. */
  FILE: string;
  FILE_NAME: string;
  /** Relative to WATCH_DIR, with `/`. */
  FILE_PATH: string;
  FILE_SIZE: string;
  FILE_MTIME_NS: string;
  FILE_INODE: string;
  /** SHA-256 of the content, hexadecimal; empty for `delete`. */
  CONTENT_HASH: string;
  FILE_KEY: string;
  /** Highest row number that may have been sent for FILE_KEY so far; 0 for none. */
  FILE_ROWS: string;
  /** JSON list of `Replaced`. */
  REPLACES: string;
  /** ISO 8601, UTC: when FILE_KEY was first seen. */
  SEEN_AT: string;
  /**
   * ISO 8601, UTC: since when whoever starts this keeps account of the dataset. An index that is older may hold rows of
   * which nothing is known.
   */
  KNOWN_SINCE?: string;
  /** The attempt's own writable folder: `rejects.ndjson`, `reserve`, `out.parquet`. */
  WORK_DIR: string;
  /** The dataset's own folder, config/<dataset>/, read-only: reference tables, modules. It need not exist. */
  CONFIG_FILES: string;
  /** RUN_PER: folder only: path of a JSON list of `FolderFile`. */
  FILES?: string;
  /** Whoever started it makes its rows searchable once it has ended with 0: it need not refresh the index. */
  REFRESH?: 'later';
}

/** One file of a run over a folder: the per-file part of the environment. */
export type FolderFile = Pick<
  AttemptEnvironment,
  | 'RUN_ID'
  | 'VERSION'
  | 'MENDED_VERSION'
  | 'MENDED_UNTIL'
  | 'MEND_REPLACES'
  | 'ACTION'
  | 'FILE'
  | 'FILE_NAME'
  | 'FILE_PATH'
  | 'FILE_SIZE'
  | 'FILE_MTIME_NS'
  | 'FILE_INODE'
  | 'CONTENT_HASH'
  | 'FILE_KEY'
  | 'FILE_ROWS'
  | 'REPLACES'
  | 'SEEN_AT'
  | 'KNOWN_SINCE'
> & {
  /** A folder of its own for each file, below the attempt's. */
  WORK_DIR: string;
};

/** Exit codes, after sysexits.h. */
export const EXIT = {
  done: 0,
  /** EX_DATAERR: this file can never succeed. */
  never: 65,
  /** EX_TEMPFAIL: the target is away, or the file changed while it was read. */
  away: 75,
  /** EX_CONFIG: a setting is wrong, whatever the file; to try again is of no use before it is corrected. */
  config: 78,
} as const;

export interface ProgressMessage {
  type: 'progress';
  rows: number;
  /** Bytes of the file read so far, of `total_bytes`. */
  bytes?: number;
  total_bytes?: number;
}

/**
 * The last line. rows_read = rows_loaded + rows_rejected + rows_filtered. With exit code 65 only where every row was
 * read and rejected: such rows can be mended.
 */
export interface ResultMessage {
  type: 'result';
  rows_read: number;
  rows_loaded: number;
  rows_rejected: number;
  rows_filtered: number;
  /** Rows of earlier versions taken out of the target. */
  rows_deleted: number;
  /** Values that are in the documents and not in their fields, so that no search finds them; the `to_check` line says which. */
  values_left_out?: number;
  /**
   * Whose rows could not all be taken out, by index and FILE_KEY as they came in: they are remembered, and come again
   * with the next version.
   */
  rows_left?: LeftRows[];
  /** RUN_PER: folder: FILE_PATH of the file this line is about, and what its own exit code would be. */
  file?: string;
  code?: number;
}

/** Why the exit code is not 0, for people. Optional; the last one counts, and the last log line stands in for it. */
export interface ErrorMessage {
  type: 'error';
  message: string;
  file?: string;
}

/** The index holds newer versions (409) than VERSION: the highest one seen. Exit code 75 follows. */
export interface SupersededMessage {
  type: 'superseded';
  version: number;
  file?: string;
}

/** One thing that was decided about how the file is read. */
export interface Decision {
  /** A key of EXTRACT, or what no key sets: `line_end`, `tables`, `types`… */
  name: string;
  /** JSON. */
  value: unknown;
  /** From 0 to 1; 1 where it was declared or is certain. */
  confidence: number;
  /** For people. */
  reason: string;
}

/** How the file is read. Optional; the last one counts. */
export interface DecidedMessage {
  type: 'decided';
  decisions: Decision[];
  file?: string;
}

/** What people should look at though every row is accounted for. Optional; the last one counts. */
export interface ToCheckMessage {
  type: 'to_check';
  /** For people: what is in doubt, and what to do. */
  sentences: string[];
  file?: string;
}

/**
 * Which rows the file has, so that a file whose rows are mostly those of a former one is noticed. Optional; the last
 * one counts. Of each of its rows a hash, of which the lowest are told, in order and each once: equal rows have equal
 * hashes, whichever file they are in.
 */
export interface SketchMessage {
  type: 'sketch';
  /**
   * SKETCH.entries of them at most, of SKETCH.entryBytes each, in base64; fewer only where the file has no more
   * different rows.
   */
  hashes: string;
  file?: string;
}

/** One JSON object a line on stdout; any other line is log text. */
export type Message =
  | ProgressMessage
  | ResultMessage
  | ErrorMessage
  | SupersededMessage
  | DecidedMessage
  | ToCheckMessage
  | SketchMessage;

/** A line of WORK_DIR/rejects.ndjson. */
export interface Reject {
  /** From 1, counting every record of the file. */
  row: number;
  /** From 1: the line of the file on which the record begins; null where the format has no lines. */
  line: number | null;
  reason: string;
  /** The record as it stands in the file, or as JSON where the format has no lines. */
  raw: string;
  /** `raw` is only its beginning: the whole is longer than BOUNDS.rejectRawBytes. Such a row can't be mended from here. */
  raw_cut?: true;
}

/** What the default ETL answers to `--preview`, as one line: how it reads a file, and what would become of its first rows. */
export interface PreviewMessage {
  type: 'preview';
  decisions: Decision[];
  /** What the steps have to say, as a run says it in its log. */
  warnings: string[];
  /** Final names. */
  columns: string[];
  /** `cells` has one for each column; long texts are cut, and end in `…`. */
  rows: Array<{ row: number; cells: Array<string | number | boolean | null> }>;
  /** Those among the first rows, and how many of these the steps took out. */
  rejects: Reject[];
  filtered: number;
}

/** Names of the files in WORK_DIR that the two sides share. */
export const WORK_FILES = {
  rejects: 'rejects.ndjson',
  /** The default ETL's own: how the raw text of the rejects is read. Kept as they are, where it is left. */
  table: 'rejects.json',
  reserve: 'reserve',
  lake: 'out.parquet',
} as const;

/** ACTION mend: a line of FILE. `raw`: as the record would stand in the file; with a `reason` it is still none. */
export type MendedRow =
  | { row: number; record: Record<string, unknown>; raw?: string }
  | { row: number; raw: string; reason: string; raw_cut?: true };

/** Row numbers are reserved in steps of this many, so that syncing the file costs nothing measurable. */
export const RESERVE_STEP = 100_000;

/** ORCHESTRATOR_WARM of a process that takes one job after another. Containers have `1`, for the one job that each gets. */
export const WARM_JOBS = 'jobs';

/** In a job's environment: what its end is called. */
export const JOB_NAME = 'ORCHESTRATOR_JOB';

/** Begins the line with which such a process says that a job is over; the job's name and its exit code follow. */
export const JOB_ENDED = '\0ended ';

/** What a `sketch` line holds. */
export const SKETCH = { entries: 32, entryBytes: 8 } as const;

/** Base64 of at most 256 bytes. */
const SKETCH_TEXT = /^[A-Za-z0-9+/]{11,342}={0,2}$/;

/** Label by which an image says that its containers can be started ahead and get their environment on stdin. */
export const WARM_LABEL = 'orchestrator.warm';

/**
 * The highest VERSION that a clock makes, which it shows in July 2048: then it goes on by one. With LOAD.id a
 * document's version is VERSION × 10^8 + row, below 2^63, which VERSION reaches in March 2049; a clock that was once
 * ahead of that would spoil all later versions.
 */
export const HIGHEST_CLOCK_VERSION = 90_000_000_000;

/** VERSION as a clock makes it, of milliseconds since 1970-01-01 UTC: hundredths of a second since 2020-01-01 UTC. */
export function versionAt(milliseconds: number): number {
  return Math.min(Math.floor((milliseconds - Date.UTC(2020, 0, 1)) / 10), HIGHEST_CLOCK_VERSION);
}

const ROW_DIGITS = 10;

/** 16 bytes of SHA-256 over the NUL-joined parts, in base64url: 22 characters. */
export function fileKey(...parts: string[]): string {
  // An import would also load what the module only exports on demand: 3 ms (Node 24.21).
  const { createHash } = process.getBuiltinModule('node:crypto');
  // rule 3: the key is 16 bytes of SHA-256
  // rule 3: its parts are joined by NUL
  return createHash('sha256').update(parts.join('\0')).digest().subarray(0, 16).toString('base64url');
}

/** `<FILE_KEY>-<row>`, the row with 10 digits from 1. */
export function documentId(key: string, row: number): string {
  // rule 3: the id is the key and ten digits of the row
  return `${key}-${String(row).padStart(ROW_DIGITS, '0')}`;
}

/**
 * Name of the index, or of the alias with `overwrite`, that the rows of a file go to: LOAD.index or the dataset's name,
 * and LOAD.date_suffix of when its FILE_KEY was first seen, in milliseconds since 1970-01-01 UTC (rule 11).
 */
export function indexName(
  { index, date_suffix: suffix = '' }: { index?: string; date_suffix?: string },
  dataset: string,
  firstSeenAt: number,
): string {
  return (index ?? dataset) + strftime(suffix, firstSeenAt);
}

/** The message in a line of stdout, or undefined where the line is log text. Never throws. */
export function parseMessage(line: string): Message | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isMessage(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isMessage(value: unknown): value is Message {
  const message = value as Message;
  switch (message.type) {
    case 'progress':
      return isCount(message.rows);
    case 'result':
      return [
        message.rows_read,
        message.rows_loaded,
        message.rows_rejected,
        message.rows_filtered,
        message.rows_deleted,
      ].every(isCount);
    case 'error':
      return typeof message.message === 'string';
    case 'superseded':
      return isCount(message.version);
    case 'decided':
      return Array.isArray(message.decisions) && message.decisions.every(isDecision);
    case 'to_check':
      return Array.isArray(message.sentences) && message.sentences.every(sentence => typeof sentence === 'string');
    case 'sketch':
      return typeof message.hashes === 'string' && SKETCH_TEXT.test(message.hashes);
    default:
      return false;
  }
}

function isDecision(value: unknown): value is Decision {
  const { name, confidence, reason } = (value ?? {}) as Partial<Decision>;
  return typeof name === 'string' && typeof confidence === 'number' && typeof reason === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
