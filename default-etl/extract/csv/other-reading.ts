import type { LineEnd } from './line-end.ts';
import { CR, type Dialect, LF } from './marks.ts';
import { CsvTokenizer } from './tokenizer.ts';

/** A record as another dialect cuts it: cells are latin1, a character a byte. */
export interface OtherReading {
  cells: string[];
  /** Where its line end is, and where that ends. */
  end: number;
  next: number;
}

/** Reads single records in a dialect. */
export class OtherReader {
  private readonly tokenizer: CsvTokenizer;

  constructor(dialect: Dialect) {
    this.tokenizer = new CsvTokenizer(dialect);
  }

  /**
   * The first record of the bytes, if its quotes are where they should be; undefined where it is not, 'cut' where it
   * may go on behind the bytes.
   */
  read(bytes: Buffer, isWhole: boolean): OtherReading | 'cut' | undefined {
    const { tokenizer } = this;
    const next = tokenizer.parse(bytes, 0, bytes.length, isWhole);
    const count = tokenizer.firstWidth;
    const isClean = tokenizer.isFirstClean;
    tokenizer.take([]);
    if (count === 0) return isWhole ? undefined : 'cut';
    if (!isClean) return undefined;
    return { cells: tokenizer.takeCells(count, 'latin1'), end: withoutLineEnd(bytes, next), next };
  }

  /** Records in the bytes, and how many of them have `width` cells and quotes where they should be. */
  countRows(bytes: Buffer, width: number): { records: number; whole: number } {
    const { tokenizer } = this;
    const count = { records: 0, whole: 0 };
    for (let position = 0; position < bytes.length; ) {
      position = tokenizer.parse(bytes, position, bytes.length, true);
      const isRow = tokenizer.firstWidth === width && tokenizer.isFirstClean;
      const isRecord = tokenizer.firstWidth > 0 || !tokenizer.isFirstClean;
      tokenizer.take([]);
      if (isRecord) count.records++;
      if (isRow) count.whole++;
    }
    return count;
  }

  /** The same where no other line end than this one ends a record. */
  readJoined(bytes: Buffer, lineEnd: LineEnd, isWhole: boolean): OtherReading | 'cut' | undefined {
    const others = otherLineEnds(bytes, lineEnd);
    const mark = unusedByte(bytes);
    if (mark === undefined) return undefined;
    const flat = Buffer.from(bytes);
    for (const at of others) flat[at] = mark;
    const read = this.read(flat, isWhole);
    if (read === undefined || read === 'cut') return read;
    let next = 0;
    const restore = (cell: string) =>
      cell.replaceAll(String.fromCharCode(mark), () => String.fromCharCode(bytes[others[next++] as number] as number));
    return { ...read, cells: read.cells.map(restore) };
  }
}

/** Positions of bytes that belong to a line end of another kind. */
function otherLineEnds(bytes: Buffer, lineEnd: LineEnd): number[] {
  const others: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte !== LF && byte !== CR) continue;
    const isPair = byte === CR && bytes[at + 1] === LF;
    if (byte !== lineEnd.first || isPair !== (lineEnd.bytes === 2)) {
      others.push(at);
      if (isPair) others.push(at + 1);
    }
    if (isPair) at++;
  }
  return others;
}

/** A control character that stands nowhere in the text. */
function unusedByte(bytes: Buffer): number | undefined {
  return [1, 2, 3, 4, 5, 6, 7, 14, 15, 16, 17, 18, 19, 20].find(byte => !bytes.includes(byte));
}

function withoutLineEnd(bytes: Buffer, next: number): number {
  if (bytes[next - 1] === LF) return bytes[next - 2] === CR ? next - 2 : next - 1;
  return bytes[next - 1] === CR ? next - 1 : next;
}
