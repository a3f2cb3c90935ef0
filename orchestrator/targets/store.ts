import type { LedgerEntry, Rows, Run } from '../journal/journal.ts';
import type { Left } from '../schedule/left.ts';

/** What an attempt left for its target, and what is known of it. */
export interface CommitRequest {
  dataDir: string;
  run: Run;
  ledger: LedgerEntry;
  rows: Rows;
  /** What the attempt left, if it had a folder. */
  left: Left | undefined;
  /** A larger file is refused. */
  mostBytes: number;
  /** Whether what ran is the default ETL, which must leave a file where it loaded rows. */
  mustLeaveFile: boolean;
}

/** Where the orchestrator keeps the rows of a target whose trait `commit` is `orchestrator`. */
export interface TargetStore {
  /**
   * Puts what the attempt left in place, in one step, and takes out what it replaces. Idempotent, so that a crash
   * before the run is recorded as done does no harm. Throws `never` where nothing was left although rows were loaded,
   * and an UntrustedFile where what is there may not be the attempt's own.
   */
  commit(request: CommitRequest): Promise<void>;
  /** At each start: takes over what earlier versions of the orchestrator left with other owners or modes. */
  takeOver(dataDir: string, warn: (text: string) => void): Promise<void>;
  /** Removes all rows of a dataset. Resolves with whether there were any. */
  remove(dataDir: string, dataset: string): Promise<boolean>;
}
