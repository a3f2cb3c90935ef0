import type { Batch } from '../batch/batch.ts';
import type { EtlFailure } from '../contract/failure.ts';
import type { LeftRows, Reject } from '../contract/protocol.ts';
import type { FileTypes } from '../types/column-type.ts';

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

/** Where the rows go. The calls come in this order: open, load (any number), then complete, leave or takeBack, then close. */
export interface Target {
  /** Makes ready what the rows need, or begins to: then load() and drain() throw what goes wrong. `types`: what the columns were found to be, where that is wanted. */
  open(types: FileTypes | undefined): Promise<void>;
  /** Takes the batch's rows. Resolves when it wants more; the rows may be on their way still. */
  load(batch: Batch): Promise<void>;
  /** Resolves when every row loaded so far is in the target, or was given to the rejects. */
  drain(): Promise<void>;
  /** All rows are in: what is left of former versions goes, and all becomes visible. */
  complete(): Promise<Completed>;
  /** No row could be loaded: what was made ready for them goes, and all stays as it was. */
  leave(): Promise<void>;
  /** Where every row was refused alike, whatever was in it: no file is at fault for what the target is. undefined: it was not so. */
  fault?(): EtlFailure | undefined;
  /** Takes this version's rows out again. Returns what there is to say about the former version's, or an empty text. */
  takeBack(): Promise<string>;
  close(): Promise<void>;
}

/** What a target tells of the rows it could not take. */
export type RejectRow = (reject: Reject) => void;
