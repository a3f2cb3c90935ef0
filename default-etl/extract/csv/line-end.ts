import { CR, LF } from './marks.ts';
import type { HeadRecord } from './head.ts';

/** CRLF, LF or CR: how many bytes, and the first one. */
export interface LineEnd {
  /** 0 where it is not known. */
  bytes: number;
  first: number;
}

const NONE: LineEnd = { bytes: 0, first: 0 };
const CRLF: LineEnd = { bytes: 2, first: CR };
const LONE_LF: LineEnd = { bytes: 1, first: LF };
const LONE_CR: LineEnd = { bytes: 1, first: CR };

/**
 * The line end behind more than half of the records of `width` cells, which `head` begins with: any other may stand in
 * a cell.
 */
export function usualLineEnd(head: Buffer, records: readonly HeadRecord[], width: number): LineEnd {
  const found = records.flatMap(({ cells }, index) => {
    const next = records[index + 1]?.start;
    return next === undefined || cells.length !== width ? [] : [lineEndBefore(head, next)];
  });
  return [CRLF, LONE_LF, LONE_CR].find(end => 2 * found.filter(other => other === end).length > found.length) ?? NONE;
}

function lineEndBefore(bytes: Buffer, position: number): LineEnd {
  if (bytes[position - 1] === CR) return LONE_CR;
  return bytes[position - 2] === CR ? CRLF : LONE_LF;
}
