import type { Readable } from 'node:stream';
import type { RunnerPart } from '../config/runners.ts';
import type { Journal, Run } from '../journal/journal.ts';
import type { Logger } from '../log.ts';

/** Something the service leans on: whether it answers, and what is the matter if it doesn't. */
export interface PartStatus {
  isUp: boolean;
  /** Whether anything configured needs it: what nobody needs harms nobody by being away. */
  isNeeded: boolean;
  message: string | null;
}

/** A mistake in a configuration file; line and column from 1. */
export interface ConfigError {
  dataset: string | null;
  file: string;
  line: number;
  column: number;
  message: string;
}

/** What service.ts knows of the service, as of now. */
export interface ServiceStatus {
  /** What runners depend on. */
  runnerParts: ReadonlyArray<PartStatus & { part: RunnerPart }>;
  /** null: none is configured. */
  elasticsearch: PartStatus | null;
  /** null: none is configured. */
  kibana: PartStatus | null;
  config: {
    errors: readonly ConfigError[];
    /** What may be meant so, but would surprise. */
    warnings: readonly ConfigError[];
    /** Milliseconds since 1970-01-01 UTC, of the last reading without a mistake; null before the first. */
    lastGoodAt: number | null;
  };
  schedule: {
    /** Why nothing new is started, or null. */
    waiting: string | null;
    /** Attempts that go on. */
    running: number;
    /** Attempts of an earlier orchestrator of which it isn't known yet what became of them. */
    recovering: number;
  };
  /** Files that are still to be moved or removed; `error` says why one could not be. */
  disposals: readonly PendingDisposal[];
  disk: { freeBytes: number | null; floorBytes: number; isLow: boolean };
  /** Those that are configured. */
  datasets: readonly DatasetStatus[];
}

export interface PendingDisposal {
  runId: string;
  dataset: string;
  /** Absolute. */
  file: string;
  kind: 'backup' | 'remove' | 'quarantine';
  error: string | null;
}

/** What cannot be watched at all has an error and nothing else. */
export interface WatcherStatus {
  mode?: 'events' | 'poll';
  files?: number;
  settling?: number;
  /** Milliseconds since 1970-01-01 UTC. */
  lastListingAt?: number | null;
  /** What is never taken, and why; null or nothing: all is. */
  notice?: string | null;
  error: string | null;
}

/** A configured dataset as it runs now. */
export interface DatasetStatus {
  name: string;
  watchDir: string;
  /** Where its rows go: `elasticsearch` or `lake`; null where its COMMAND alone knows. */
  target: string | null;
  /** What it would be run by now, and why. */
  runner: { kind: string; reason: string };
  /** What keeps its runs from working, as far as is known, or null. */
  problem: string | null;
  /** null while it is not watched. */
  watcher: WatcherStatus | null;
  /** Where browsers find its dashboard in Kibana, or null. */
  dashboardUrl: string | null;
}

/** What people may ask for. Errors of kind `never` are refusals, whose message they get to read. */
export interface Actions {
  cancel(runId: string): Promise<Run>;
  /** null: the path has a settling, queued or running run. */
  replay(runId: string): Promise<Run | null>;
  /**
   * Mended rejects of a run: CSV or NDJSON. Gives up, and changes nothing, once the signal is aborted before all is
   * read and checked.
   */
  mend(run: Run, content: Readable, signal: AbortSignal): Promise<Run>;
  pause(dataset: string, paused: boolean): Promise<void>;
  /** The run needs no looking after any more, until it ends otherwise. */
  acknowledge(runId: string): Promise<void>;
  /** Resolves with how many runs there were. */
  acknowledgeAll(dataset: string): Promise<number>;
}

export interface ApiOptions {
  journal: Journal;
  status(): ServiceStatus | Promise<ServiceStatus>;
  /** Absolute. */
  dataDir: string;
  host: string;
  /** Names, in lower case, under which it may be asked, besides those of loopback and HOST. */
  allowedHosts: readonly string[];
  /** Where browsers reach it, without a slash at the end; null: by `host` and `port`. */
  publicUrl: string | null;
  /** What everybody must show; null: nothing (AUTH=off). */
  token: string | null;
  /** Addresses that get no answer: containers of runs. IPv4 addresses come without `::ffff:`. */
  isRefused?(address: string): boolean;
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** 0 takes any free one. */
  port: number;
  logger: Logger;
  /** Takes secrets out of a text; of one that a dataset's run wrote, those that it was given. */
  mask(text: string, dataset?: string): string;
  actions: Actions;
  /** Where browsers find the rows of a run in Kibana, or null. */
  rowsUrl?(run: Run): string | null;
}

export interface Api {
  /** Such as `http://127.0.0.1:8080`. */
  url: string;
  /** Where browsers reach the page. */
  pageUrl: string;
  /** A link by which to sign in, once; the page itself where nobody needs to. */
  signInLink(): string;
  /** Ends streams, answers what was asked, closes. Idempotent. */
  stop(): Promise<void>;
}
