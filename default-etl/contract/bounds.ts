const KB = 1 << 10;
const MB = 1 << 20;

/**
 * How much an ETL may leave behind and say. The default ETL keeps to it; of what any other program writes, the
 * orchestrator takes no more. Bytes are those of the file or stream: UTF-8, with what JSON makes of the text (a NUL is
 * six bytes).
 */
export const BOUNDS = {
  /** WORK_DIR/rejects.ndjson as a whole. */
  rejectsBytes: 1024 * MB,
  /** One line of it, its line break included. */
  rejectLineBytes: 512 * KB,
  /** `raw` of a line: a longer one is cut, and the line says `"raw_cut":true`. A row of 16,384 cells of 15 characters fits. */
  rejectRawBytes: 256 * KB,
  /** `reason` of a line. */
  rejectReasonBytes: 8 * KB,
  /** WORK_DIR/rejects.json. */
  rejectsTableBytes: 64 * MB,
  /** WORK_DIR/reserve: a number. */
  reserveBytes: 32,
  /** One line of stdout, its line break included. Of a longer one only the beginning is kept, which is no message then. */
  stdoutLineBytes: MB,
  /** All of a `decided` line's decisions, and how many there are. */
  decisionsBytes: 512 * KB,
  decisions: 1000,
  /** All sentences of a `to_check` line, and how many there are. */
  toCheckBytes: 8 * KB,
  toCheck: 20,
  /** `rows_left` of a `result` line. */
  rowsLeft: 1000,
  /** `message` of an `error` line. */
  errorBytes: 16 * KB,
} as const;
