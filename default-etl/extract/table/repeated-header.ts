import type { Batch } from '../../batch/batch.ts';
import type { Decision } from '../../contract/protocol.ts';
import type { Place } from './grid.ts';

/** A form feed, blanks, or a byte order mark may stand before the first name. */
const MOST_BEFORE = 8;
const SPACE = 32;
const QUOTE = 34;
const CASE = 32;
/** Of the names so many must come again, but no fewer than two where there are two. */
const SAME_SHARE = 0.7;

/** Rows that are the header once more, anywhere in a file: files were joined, or a report has it on each page. They stay rows. */
export class RepeatedHeader {
  private readonly place: Place;
  private header: readonly string[] | undefined;
  /** Of the column that is looked at first; -1 where nothing is to be looked for. */
  private column = -1;
  private name: Buffer = Buffer.alloc(0);
  private count = 0;
  private first = 0;

  constructor(place: Place) {
    this.place = place;
  }

  see(batch: Batch, from: number, to: number): void {
    if (batch.header !== this.header) this.begin(batch.header);
    const { column, name } = this;
    if (column < 0) return;
    const { bytes, starts, ends, width } = batch;
    const [most, firstByte, lastByte] = [name.length + MOST_BEFORE, (name[0] ?? 0) | CASE, (name.at(-1) ?? 0) | CASE];
    // Each row of each file comes by here: two bytes tell for nearly all.
    for (let row = from, cell = from * width + column; row < to; row++, cell += width) {
      let end = ends[cell] as number;
      while (bytes[end - 1] === SPACE) end--;
      // Behind a form feed quotes are text.
      if (bytes[end - 1] === QUOTE) end--;
      const at = end - name.length;
      // Upper and lower case differ by this bit.
      if (((bytes[end - 1] as number) | CASE) !== lastByte || ((bytes[at] as number) | CASE) !== firstByte) continue;
      const start = starts[cell] as number;
      if (start >= 0 && at >= start && end - start <= most && this.repeats(batch, row)) this.add(batch, row);
    }
  }

  decisions(): Decision[] {
    const { count, first, place } = this;
    if (count === 0) return [];
    const others = count === 1 ? '' : `, and ${count - 1} ${count === 2 ? place : `${place}s`} further down`;
    const reason = `${place} ${first} repeats the header${others}, as where files were joined: loaded as rows; the step filter takes them out`;
    return [{ name: 'repeated_headers', value: count, confidence: 0.9, reason }];
  }

  private begin(header: readonly string[]): void {
    this.header = header;
    const isNamed = header.some((name, column) => isGiven(name, column));
    this.column = isNamed ? header.findIndex(isGiven) : -1;
    this.name = Buffer.from((header[this.column] ?? '').trim());
  }

  private add({ lines }: Batch, row: number): void {
    this.count++;
    this.first ||= lines[row] as number;
  }

  private repeats(batch: Batch, row: number): boolean {
    const given = batch.header.flatMap((name, column) => (isGiven(name, column) ? [column] : []));
    const same = given.filter(column =>
      isSameName(textAt(batch, row, column), withoutNumber(batch.header, column)),
    ).length;
    return same >= Math.max(Math.min(2, given.length), given.length * SAME_SHARE);
  }
}

/** Whether two names are the same but for upper case, as programs write it or not. */
export function isSameName(one: string, other: string): boolean {
  return one === other || one.toLowerCase() === other.toLowerCase();
}

/** Whether the file has that name, and not this program, for a column without one. */
export function isGiven(name: string, column: number): boolean {
  return name !== `Unnamed: ${column}` && name !== String(column);
}

/** As it stands in the file: a repeated name has got a number. */
function withoutNumber(header: readonly string[], column: number): string {
  const name = header[column] as string;
  const first = /^(.*)\.\d+$/s.exec(name)?.[1];
  return (first !== undefined && header.includes(first) ? first : name).trim();
}

function textAt({ bytes, starts, ends, width }: Batch, row: number, column: number): string {
  const cell = row * width + column;
  return bytes
    .toString('utf8', starts[cell], ends[cell])
    .trim()
    .replace(/^"(.*)"$/s, '$1');
}
