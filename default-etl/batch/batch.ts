import type { Decision, Reject } from '../contract/protocol.ts';
import type { SharedBuffer } from './shared-buffer.ts';

/** `starts` and `ends` of a cell that is there without a value. */
export const NULL = -1;
/** `starts` and `ends` of a cell that its record does not have (JSON). */
export const ABSENT = -2;

/**
 * Some rows of the file, as positions in UTF-8 bytes: no cell is a string or an object on its way to the target.
 * `starts` and `ends` are only good until the reader is asked for its next batch, `bytes` too, unless it is held as a
 * SharedBuffer; all else stays.
 */
export interface Batch {
  bytes: Buffer;
  /** Set where the reader uses the bytes again once nobody holds them. */
  shared?: SharedBuffer | undefined;
  /** The same array for as long as the columns stay the same. */
  header: readonly string[];
  rows: number;
  /** Cells a row takes in `starts` and `ends`; at least as many as the header has. */
  width: number;
  /** Row by row: the cell is bytes[start, end), or NULL, or ABSENT. */
  starts: Int32Array;
  ends: Int32Array;
  /** Number of each row, from 1: rejected records have numbers too. */
  numbers: Float64Array;
  /** Line on which each row begins, from 1; 0 where the format has no lines. */
  lines: Int32Array;
  /** The record as it stands in the file: bytes[rawStart, rawEnd); -1 where the format has no text of its own. */
  rawStarts: Int32Array;
  rawEnds: Int32Array;
  /** Records that could not become rows. Steps add to them. */
  rejects: Reject[];
  /**
   * The rows as they were read, at the same positions of `bytes`: what rejects show where the format has no text of its
   * own. Steps hand it on.
   */
  original?: Pick<Batch, 'header' | 'width' | 'starts' | 'ends' | 'numbers'> | undefined;
  /** Numbers of the rows that steps took out. */
  filtered?: readonly number[] | undefined;
  /**
   * True for each column whose cells are JSON values (numbers, true, false) and no text. Bound to `header`: the same
   * array, the same columns.
   */
  literals?: readonly boolean[] | undefined;
}

/** Text of a cell, or null, or undefined where it is absent. For tests and cold paths. */
export function cellText(batch: Batch, row: number, column: number): string | null | undefined {
  const start = batch.starts[row * batch.width + column] as number;
  if (start === NULL) return null;
  if (start === ABSENT) return undefined;
  return batch.bytes.toString('utf8', start, batch.ends[row * batch.width + column]);
}

/** A row as an object, in the order of the header; absent cells are left out. */
export function rowRecord(batch: Batch, row: number): Record<string, string | null> {
  const entries: Array<[string, string | null]> = [];
  for (let column = 0; column < batch.header.length; column++) {
    const text = cellText(batch, row, column);
    if (text !== undefined) entries.push([batch.header[column] as string, text]);
  }
  return Object.fromEntries(entries);
}

/** A batch of no rows with these columns. */
export function emptyBatch(header: readonly string[]): Batch {
  const none = new Int32Array(0);
  return {
    bytes: Buffer.alloc(0),
    header,
    rows: 0,
    width: header.length,
    starts: none,
    ends: none,
    numbers: new Float64Array(0),
    lines: none,
    rawStarts: none,
    rawEnds: none,
    rejects: [],
  };
}

/** How a format is read. */
export interface Reader {
  /** What was decided about the file. */
  decisions: Decision[];
  /** Whether later batches may have other columns than the first. */
  columnsVary: boolean;
  /** A batch of the columns and no rows, where a file with a header only has columns. Called after the iteration. */
  emptyHeader?(): Batch;
  /**
   * Rows from places all over the file, read after its beginning: set where the file is large and can be entered
   * anywhere. Row numbers and lines mean nothing.
   */
  samples?(): AsyncGenerator<Batch>;
  /** No more rows than this can be in the file; Infinity where its size does not tell. */
  maxRows: number;
  /**
   * What was found about the rows on the way; asked once they were read to the end. Decisions of the same name are
   * about the same, and the later ones count.
   */
  findings?(): Decision[];
  /**
   * May be called again once the former iteration has ended: reads from the beginning. Throws EtlFailure 65 where the
   * file is damaged.
   */
  batches(): AsyncGenerator<Batch>;
}
