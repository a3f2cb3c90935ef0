export const LF = 10;
export const CR = 13;
export const DOUBLE_QUOTE = 34;
export const SINGLE_QUOTE = 39;
export const BACKSLASH = 92;
const SPACE = 32;
const TAB = 9;

/** Which bytes cut a text into cells. */
export interface Dialect {
  /** UTF-8 of one or more characters. */
  delimiter: Buffer;
  /** A byte, or -1 where cells are not quoted. */
  quote: number;
  /** A byte that, in a quoted cell, makes a quote or itself behind it plain text, besides the doubled quote; or -1. */
  escape: number;
  /**
   * Blanks at the beginning of a cell, and behind its closing quote, are the way the file is written and no part of the
   * cell: `a, "b" ,c`.
   */
  skipsBlanks: boolean;
}

export function isBlank(byte: number | undefined, { delimiter }: Dialect): boolean {
  return (byte === SPACE || byte === TAB) && byte !== delimiter[0];
}

/** Whether the rest of a delimiter stands behind its first byte, which is at `position`. */
export function delimiterAt(bytes: Buffer, position: number, to: number, { delimiter }: Dialect): boolean {
  if (position + delimiter.length > to) return false;
  for (let index = 1; index < delimiter.length; index++) {
    if (bytes[position + index] !== delimiter[index]) return false;
  }
  return true;
}

/** Whether a delimiter or a line end begins at `position`, which is before `to`. */
export function endsCell(bytes: Buffer, position: number, to: number, dialect: Dialect): boolean {
  const byte = bytes[position];
  if (byte === LF || byte === CR) return true;
  return byte === dialect.delimiter[0] && (dialect.delimiter.length === 1 || delimiterAt(bytes, position, to, dialect));
}

/** Where the blanks end that the dialect skips. */
export function behindBlanks(bytes: Buffer, position: number, to: number, dialect: Dialect): number {
  if (!dialect.skipsBlanks) return position;
  let behind = position;
  while (behind < to && isBlank(bytes[behind], dialect)) behind++;
  return behind;
}

/** As behindBlanks, but where blanks are the delimiter any number of them is one. */
export function behindLeadingBlanks(bytes: Buffer, position: number, to: number, dialect: Dialect): number {
  let behind = behindBlanks(bytes, position, to, dialect);
  const { delimiter } = dialect;
  if (delimiter.length === 1 && delimiter[0] === SPACE) {
    while (behind < to && (bytes[behind] === SPACE || bytes[behind] === TAB)) behind++;
  }
  return behind;
}

/** Where the next line begins: behind the line end at `position`, or `to`. */
export function behindLineEnd(bytes: Buffer, position: number, to: number): number {
  if (position >= to) return to;
  return bytes[position] === CR && position + 1 < to && bytes[position + 1] === LF ? position + 2 : position + 1;
}

/** Where the line ends that `position` is in: before its line end, or `to`. */
export function endOfLine(bytes: Buffer, position: number, to: number): number {
  let end = position;
  while (end < to && bytes[end] !== LF && bytes[end] !== CR) end++;
  return end;
}

/** Line ends in bytes[from, to). */
export function countLines(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) {
    if (bytes[at] === LF || (bytes[at] === CR && (at + 1 === to || bytes[at + 1] !== LF))) count++;
  }
  return count;
}

/** Where the line begins that follows `count` lines, and how many of them there were. */
export function skipLines(
  bytes: Buffer,
  from: number,
  to: number,
  count: number,
): { position: number; skipped: number } {
  let position = from;
  let skipped = 0;
  while (skipped < count && position < to) {
    const byte = bytes[position++];
    if (byte === CR && position < to && bytes[position] === LF) position++;
    if (byte === LF || byte === CR) skipped++;
  }
  return { position, skipped };
}
