import type { Run } from '../journal.ts';

/** What stands for `$name` in a statement. */
export type Parameters = Record<string, string | number | bigint | Uint8Array | null>;

/**
 * What the rules ask of a database, inside a transaction. docs/decisions/2026-11-30-journal-rules.md says why it
 * answers at once.
 */
export interface Tx {
  get<Row>(sql: string, parameters?: Parameters): Row | undefined;
  all<Row>(sql: string, parameters?: Parameters): Row[];
  /** Returns how many rows were changed. */
  execute(sql: string, parameters?: Parameters): number;
  /** Runs that fulfil a condition, with whatever follows it (ORDER BY…). */
  selectRuns(where: string, parameters?: Parameters): Run[];
  /** `set` is what follows SET. Returns the run as it is now; listeners are told of it once it is on disk. */
  updateRun(id: string, set: string, parameters: Parameters): Run;
  /** The parameters' names are the columns'. As updateRun(). */
  insertRun(values: Parameters): Run;
}

/** For what is done in several transactions, other work in between. */
export interface Transactions extends Tx {
  /** Sees what is on disk, and was told. */
  read<Result>(work: () => Result): Promise<Result>;
  /** All of the work or nothing; resolves once it is on disk. */
  write<Result>(work: () => Result): Promise<Result>;
  /** The same for work of many statements. */
  writeAlone<Result>(work: () => Result): Promise<Result>;
}
