import type { Message, ResultMessage } from '../../default-etl/contract/contract.ts';
import type { Dataset } from '../config/dataset.ts';
import type { Owner } from '../files/rights.ts';
import type { LedgerEntry } from '../journal/journal.ts';
import type { ConnectionVariables } from './connections/variables.ts';
import type { HostPathMap } from './host-path-map.ts';

/** Names one attempt of one run (with RUN_PER: folder, of the first run of the batch). */
export interface AttemptRef {
  runId: string;
  /** From 1. */
  attempt: number;
  datasetName: string;
  /** Absolute: DATA_DIR/runs/<run>/<attempt>. Exists before start(). */
  workDir: string;
  /** Absolute: all that the attempt prints. Appended to, never truncated. */
  logFile: string;
}

/** Where the attempt finds its folders: in a container /data, /config and /work, in a process the real ones. */
export interface JobPaths {
  data: string;
  config: string;
  work: string;
  /** The file that holds what it connects with; its real path unless told. */
  connections?: string;
}

/** Everything needed to start one attempt. */
export interface Job extends AttemptRef {
  dataset: Dataset;
  /** Absolute path of the file; with RUN_PER: folder of the folder. */
  file: string;
  /** Absolute folder mounted read-only at /data: WATCH_DIR, or the folder of a file from elsewhere. */
  inputFolder: string;
  action: string;
  /** Arguments with `{file}` and its like filled in, for the given paths. */
  args(paths: JobPaths): string[];
  /**
   * The attempt's whole environment for the given paths: contract, config keys, ENV, and ELASTICSEARCH_* where it is to
   * be so.
   */
  environment(paths: JobPaths): Record<string, string>;
  /**
   * Writes into WORK_DIR what the environment names there: with RUN_PER: folder the list of files. Only the runner
   * knows the paths.
   */
  writeFiles(paths: JobPaths): void;
  /** Who it runs as: the owner of WORK_DIR, and of nothing else. */
  owner: Owner;
  /** What it connects to its target with; null: nothing. By file or environment, as the grant says. */
  connections: Grant | null;
  /** What it is to be started in. */
  ahead?: Ahead | undefined;
}

/** What was started ahead and waits for a job, kept for one. */
export interface Ahead {
  /** Who the job will run as. */
  owner: Owner;
  /**
   * Where WORK_DIR, of which there is nothing yet, has to be a folder that it sees: puts it there, empty, and ours
   * alone until start() gives it away. False where any folder will do.
   */
  putWorkDir(workDir: string): boolean;
  /** The job does not come. Harmless once it has. */
  giveBack(): void;
  /** After the job: WORK_DIR is ours alone again, and empty. Whether it was taken away, for another job. */
  takeWorkDir(workDir: string): boolean;
}

/**
 * Whose uid each attempt has. Each is held for a folder, that of the attempt or of a container that waits for one,
 * until free(): so no two of them ever share one.
 */
export interface RunUids {
  /** Whether each has a uid of its own; else all run as the orchestrator's own user, and what holds one does nothing. */
  readonly areOwn: boolean;
  /** The lowest that is free. The folder is there already. Throws `wait` where all are taken. */
  take(folder: string): Owner;
  /** As take(), for what can do without: undefined where too few would be left. */
  spare(folder: string): Owner | undefined;
  /** After a restart: the uid that an earlier orchestrator gave this folder to, if it did, is held again. */
  recall(folder: string): void;
  /** After a restart, once all that goes on was recalled: what else was held for folders of this DATA_DIR is free. */
  forgetOthers(dataDir: string): void;
  /** What was held for one folder is held for the other; what that one held is free. */
  move(from: string, to: string): void;
  free(folder: string): void;
}

/** What an attempt connects to its target with. */
export interface Grant {
  variables: ConnectionVariables;
  /** Absolute: the file that holds them once it was written; null where they go by the environment. */
  file: string | null;
  /** Writes that file. What was started ahead of its job has no need of it. Idempotent. */
  write(): void;
}

export interface GrantRequest {
  attempt: AttemptRef;
  dataset: Dataset;
  owner: Owner;
  /** Of its files: which rows it may write. */
  ledgers: readonly LedgerEntry[];
  /** What will run it. */
  runner: Pick<Runner, 'kind' | 'reach' | 'hostPaths'>;
}

/** Gives attempts what they need to reach their target, and takes it back. */
export interface Connections {
  /** Null where the attempt needs nothing, or there is nothing. Throws OrchestratorErrors as a runner's start() does. */
  open(request: GrantRequest): Promise<Grant | null>;
  /** The attempt is seen dead. Harmless twice, and for one that was given nothing. Never throws. */
  close(attempt: AttemptRef): Promise<void>;
  /** The text without what attempts of this dataset were given. */
  mask(text: string, dataset: string): string;
  /** Takes back what attempts of an earlier orchestrator had, but those that `isKnown` knows. Never throws. */
  sweep(isKnown: (runId: string, attempt: number) => boolean): Promise<void>;
}

/** Makes rows searchable for attempts that leave it to us: all that wait for the same index share one request. */
export interface Refreshes {
  /** Whether a dataset's attempts leave it to us: they write to the Elasticsearch that we know ourselves. */
  cover(dataset: Dataset): boolean;
  /**
   * Resolves once searches find what was written to the index, or an alias, before; where that can't be had, it is
   * told. Never throws.
   */
  refresh(index: string): Promise<void>;
}

/** What is known of a dataset's jobs before there is one. */
export type JobTemplate = Pick<Job, 'dataset' | 'inputFolder' | 'args' | 'environment'>;

/** How an attempt ended: one shape for success and failure, whatever ran it. */
export interface Outcome {
  /** null where a signal, or losing it, ended it. */
  exitCode: number | null;
  signal: string | null;
  /** The engine said so. It misses some (1 in 6 on a busy engine 20.10, never told later): those end by SIGKILL alone. */
  outOfMemory: boolean;
  /**
   * Why it was stopped, if stop(), the deadline or WORK_SIZE did it; `output`: it printed more than LIMITS.logBytes;
   * `engine`: what ran it was itself stopped or restarted meanwhile.
   */
  stopped: StopReason | 'output' | 'engine' | null;
  /** The result lines: at most one, or one a file with RUN_PER: folder. */
  results: ResultMessage[];
  /** Highest version of a `superseded` line, else null. */
  supersededBy: number | null;
  /** What an `error` line said, else the last line of stderr, else that of stdout, else empty. A process has one log for both. */
  errorText: string;
  /** What is wrong with a line that was to be a result, and is none. */
  malformed?: string;
  /** With RUN_PER: folder, by `file`: what such lines said of one file. */
  saidOf?: ReadonlyMap<string, Pick<Outcome, 'supersededBy' | 'errorText'>>;
}

/** `disk`: more than WORK_SIZE in WORK_DIR. */
export type StopReason = 'timeout' | 'cancel' | 'shutdown' | 'disk';

/** What there is to say of an attempt after a crash of the orchestrator. */
export type Recovered = { state: 'adopt'; handle: string } | { state: 'dead' };

/**
 * Starts attempts and follows them. Errors thrown are OrchestratorErrors: `wait` where the engine, the image or the
 * like is away, `never` where it can't work as configured, `retry` else.
 */
export interface Runner {
  /** As RUNNER and the journal name it. */
  readonly kind: string;
  /** Whether recover() may adopt what goes on: only then people ask the journal for its handle. */
  readonly adopts: boolean;
  /** Whether what it has started can't be seen just now, because the engine doesn't answer. Never where it needs none. */
  isAway?(): boolean;
  /** The nodes of Elasticsearch as an attempt of the dataset finds them. Throws as start() does. */
  reach(dataset: Dataset, nodes: readonly string[]): Promise<string[]>;
  /**
   * Where what runs its attempts finds the orchestrator's files. Throws `wait` where that isn't known now. Without it,
   * where they are.
   */
  hostPaths?(): Promise<HostPathMap>;
  /**
   * What waits for a job like this one: to be given to start() with the job, or back. A job that comes without one may
   * find that the runner starts something ahead of the next.
   */
  ahead?(job: Pick<Job, 'dataset' | 'inputFolder'>): Ahead | undefined;
  /** Starts the attempt and returns the handle that finds it again. Where it throws, nothing runs. */
  start(job: Job): Promise<string>;
  /**
   * Follows a started or adopted attempt to its end; the log is complete when it resolves, and nothing of the attempt is
   * left. Throws `wait` when the engine goes away meanwhile: call it again, the log is not doubled.
   */
  follow(handle: string, attempt: AttemptRef, onMessage: (message: Message) => void): Promise<Outcome>;
  /** SIGTERM, after 10 s SIGKILL. Resolves when it is seen dead; follow() then resolves with `stopped`. Idempotent. */
  stop(handle: string, attempt: AttemptRef, reason: StopReason): Promise<void>;
  /** After a crash: finds the attempt by its labels or its pid file. Kills what can't be adopted and sees it dead. */
  recover(attempt: AttemptRef): Promise<Recovered>;
  /** Removes what is left of attempts of this DATA_DIR that `isKnown` doesn't know. Returns how many it removed. */
  sweep(isKnown: (runId: string, attempt: number) => boolean): Promise<number>;
  /** Gives back what it holds (warm containers, connections). Running attempts go on. */
  close(): Promise<void>;
}
