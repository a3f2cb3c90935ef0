import type { Batch, Reader } from '../batch/batch.ts';
import type { EtlFailure } from '../contract/failure.ts';
import type { LeftRows, Reject } from '../contract/protocol.ts';
import type { Job, Load } from '../contract/settings.ts';
import type { OptionSchema } from '../transform/option-schema.ts';
import type { Step } from '../transform/step.ts';
import type { FileTypes } from '../types/column-type.ts';
import type { Reserve } from './reserve.ts';

/** How a load ended, besides its rows. */
export interface Completed {
  /** Rows that were deleted. */
  deleted: number;
  /** Whose rows could not be. */
  left: LeftRows[];
  /** Values that are in the documents, and not in their fields. */
  leftOut: number;
  /** What people should look at. */
  toCheck: string[];
}

/** Where the rows go. The calls come in this order: open, load (any number), then complete, abandon or takeBack, then close. */
export interface Target {
  /**
   * Makes ready what the rows need, or begins to: then load() and drain() throw what goes wrong. `types`: what the
   * columns were found to be, where that is wanted.
   */
  open(types: FileTypes | undefined): Promise<void>;
  /** Takes the batch's rows. Resolves when it wants more; the rows may be on their way still. */
  load(batch: Batch): Promise<void>;
  /** Resolves when every row loaded so far is in the target, or was given to the rejects. */
  drain(): Promise<void>;
  /** All rows are in: what is left of former versions goes, and all becomes visible. */
  complete(): Promise<Completed>;
  /** No row could be loaded: what was made ready for them goes, and all stays as it was. */
  abandon(): Promise<void>;
  /**
   * Where every row was refused alike, whatever was in it: no file is at fault for what the target is. undefined: it
   * was not so.
   */
  fault?(): EtlFailure | undefined;
  /** Takes this version's rows out again. Returns what there is to say about the former version's, or an empty text. */
  takeBack(): Promise<string>;
  close(): Promise<void>;
}

/** What a target is given to delete a file's rows. */
export interface DeletionContext {
  job: Job;
  log: (text: string) => void;
  signal: AbortSignal;
}

/** What a target is given to load one file. */
export interface LoadContext extends DeletionContext {
  reader: Reader;
  /** The steps anew, for a pass of the target's own over the file. */
  newStep: () => Step;
  /** To be told of rows before they are sent (rule 5). */
  reserve: Reserve;
  /** For rows that the target can't take. */
  reject: (reject: Reject) => void;
  /** Size of the file, in bytes. */
  sourceBytes: number;
}

/** A server that targets need. */
export interface ConnectionKind {
  /** Where this environment variable is set, there is one. */
  variable: string;
}

/** What whoever schedules runs has to know of a target. */
export interface TargetTraits {
  /** In a sentence: `the lake`. */
  title: string;
  /**
   * Name of the index or table that the rows of a file go to. `seenAt`: when its FILE_KEY was first seen, in
   * milliseconds since 1970-01-01 UTC.
   */
  destination(load: Load, dataset: string, seenAt: number): string;
  /** Who makes the rows visible: the ETL itself, or the orchestrator, which takes what the attempt left in WORK_DIR. */
  commit: 'etl' | 'orchestrator';
  needs: readonly ConnectionKind[];
}

/** A kind of target, as the registry has it. It is loaded with each program: `open` and `deleteFile` import what is large. */
export interface TargetKind {
  /** What LOAD.target means, for the docs. */
  description: string;
  /** The options of LOAD that it takes. */
  options: Readonly<Record<string, OptionSchema>>;
  /** Environment variables that it reads, and what they are, for --help. */
  variables: Readonly<Record<string, string>>;
  traits: TargetTraits;
  open(context: LoadContext): Promise<Target>;
  /** ACTION delete: every row of the file goes. Throws EtlFailure 78 where that is not the ETL's to do. */
  deleteFile(context: DeletionContext): Promise<Completed>;
}
