import { type GridRow, MOST_ROWS } from '../table/grid.ts';
import type { Dialect } from './marks.ts';
import { CsvTokenizer } from './tokenizer.ts';

/** The first bytes of the text, as UTF-8. */
export interface TextHead {
  bytes: Buffer;
  /** Whether that is all of it. */
  isWhole: boolean;
}

export interface HeadRecord extends GridRow {
  /** Where the record before it ends: blank lines between them are behind that. */
  start: number;
  /** Its quotes are where they should be: around cells, and doubled within. */
  isClean: boolean;
}

/**
 * The first records of the text as the dialect cuts them: complete ones, 200 at most; the beginning of the first one
 * where not even that is complete. `width`: the columns, where they are known.
 */
export function headRecords(head: TextHead, dialect: Dialect, width = 0): HeadRecord[] {
  const { records } = textRecords(head, dialect, { width, most: MOST_ROWS });
  if (records.length > 0 || head.isWhole) return records;
  return textRecords({ ...head, isWhole: true }, dialect, { width, most: MOST_ROWS }).records;
}

/**
 * The records of a piece of text, `most` of them; without the last one where that may go on behind it. Lines with a
 * quote that is never closed are left out. `openTo`: what stands before it was looked at in vain for the end of a
 * quoted cell; all of it where there are such lines.
 */
export function textRecords(
  { bytes, isWhole }: TextHead,
  dialect: Dialect,
  { width, most }: { width: number; most: number },
): { records: HeadRecord[]; openTo: number } {
  const tokenizer = new CsvTokenizer(dialect);
  tokenizer.expectedWidth = width;
  const records: HeadRecord[] = [];
  for (let position = 0; position < bytes.length && records.length < most; ) {
    const lineBefore = tokenizer.line;
    const next = tokenizer.parse(bytes, position, bytes.length, isWhole);
    if (tokenizer.firstWidth > 0) {
      records.push({
        cells: tokenizer.takeCells(tokenizer.firstWidth),
        line: tokenizer.firstLine,
        start: position,
        linesBefore: tokenizer.firstLine - lineBefore,
        isClean: tokenizer.isFirstClean,
      });
    }
    if (next === position) break;
    position = next;
  }
  return { records, openTo: tokenizer.take([]).rejects.length === 0 ? tokenizer.openTo : bytes.length };
}
