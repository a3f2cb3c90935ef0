const KB = 1 << 10;
const MB = 1 << 20;
const GB = 2 ** 30;

/**
 * How much the orchestrator takes of what others write, print and claim, beside BOUNDS of the contract: nothing that a
 * file, a program or an image does makes it wait, grow or count without end.
 */
export const LIMITS = {
  /**
   * What an attempt prints. One that prints more is stopped: neither the engine's log of a container nor that of a
   * process is rotated (rule 10).
   */
  logBytes: 256 * MB,
  /** What is kept of it: its beginning and its end. */
  logHeadBytes: 4 * MB,
  logTailBytes: 4 * MB,
  /** Messages that are kept of an attempt until it has ended, as texts of its result and error lines. */
  saidBytes: 64 * MB,
  /** A line of mended rows, and all of them. */
  mendedLineBytes: 16 * MB,
  mendedBytes: GB,
  /** The note beside a quarantined file, when it is read again. */
  noteBytes: MB,
  /** Row numbers have ten digits (rule 3). */
  rows: 9_999_999_999,
  /** Rows of former versions that one run can have taken out. */
  deletedRows: 1000 * 9_999_999_999,
  /** So many rows are believed of any file, however small it is and however short the attempt was. */
  rowsAnyhow: 10_000_000,
  /** No file that isn't packed has more than one row a byte; packed ones may have. */
  rowsPerByte: 100,
  /** The default ETL reads 1,500 a millisecond at most (2026-11), and sends far fewer. */
  rowsPerMs: 10_000,
  /** VERSION goes above what an index is said to hold: half of what a number can tell leaves room for that for ever. */
  version: 2 ** 52,
  /** Characters of a line that are shown in a message. */
  shownCharacters: 40,
  /** A piece of a log that is read at once. */
  chunkBytes: 64 * KB,
} as const;
