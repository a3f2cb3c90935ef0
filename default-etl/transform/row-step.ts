/**
 * A value of a row: text, or a JSON value where a step before made one; null is no value. A column that the row does
 * not have (JSON) is missing.
 */
export type RowValue = string | number | boolean | null;

/** A row, by the names that the steps before gave its columns. */
export type Row = Record<string, RowValue>;

/** What a step knows of the row. */
export interface RowContext {
  dataset: string;
  /** Path of the file, relative to WATCH_DIR. */
  file: string;
  /** Number of the row in the file, from 1. */
  row: number;
  /** Line on which it begins; null where the format has no lines. */
  line: number | null;
  /** `options` of the step in TRANSFORM. */
  options: unknown;
}

/**
 * A step of one's own: returns the row, changed or another one, or null to filter it. What it throws makes the row a
 * reject with the message.
 */
export type RowStep = (row: Row, context: RowContext) => Row | null;
