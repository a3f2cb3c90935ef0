import type { Findings } from './findings.ts';
import type { Dialect } from './marks.ts';
import { USUAL } from './trial.ts';

const SPACE = 32;
const COMMA = 44;
/** So many lines in a row that another delimiter cuts alike are no text. */
const FEWEST_ALIKE = 3;
/** By chance texts have one in each line. */
const FEWEST_DELIMITERS = 2;

/**
 * Rows with too few cells that have as many as the header where another usual delimiter separates them, or that another
 * one cuts alike, line by line: files were joined that are written differently.
 */
export class OtherDelimiters {
  /** Columns of the table. */
  width = 0;
  private readonly quote: number;
  private readonly findings: Findings;
  private readonly others: Others;
  private lastLine = 0;

  constructor({ delimiter, quote }: Dialect, findings: Findings) {
    this.quote = quote;
    this.findings = findings;
    this.others = new Others(USUAL.map(other => other.charCodeAt(0)).filter(byte => !delimiter.includes(byte)));
  }

  /** The record of `count` cells, fewer than there are columns, in bytes[from, to). Of a ragged table each row comes by here. */
  see(bytes: Buffer, from: number, to: number, count: number, line: number): void {
    // Of a ragged table most rows lack but a few cells: they cost nothing here.
    if (line === this.lastLine || (count > 1 && 4 * count >= 3 * this.width)) return;
    const { others } = this;
    this.count(bytes, from, to);
    const isBelow = line === this.lastLine + 1;
    let isFound = false;
    for (let index = 0; index < others.bytes.length; index++) {
      const found = others.counts[index] as number;
      // In amounts a comma is a decimal one.
      const couldCut = found > 0 && (count === 1 || others.bytes[index] !== COMMA);
      const above = isBelow && found === others.lastCounts[index] ? (others.alike[index] as number) : 0;
      const alike = couldCut && found >= FEWEST_DELIMITERS ? above + 1 : 0;
      others.lastCounts[index] = found;
      others.alike[index] = alike;
      if (couldCut && (found === this.width - 1 || alike >= FEWEST_ALIKE)) isFound = true;
    }
    if (isFound) this.findings.add('other_delimiter', line);
    this.lastLine = line;
  }

  /** Without those in quotes, and those with a blank behind, as in a sentence. */
  private count(bytes: Buffer, from: number, to: number): void {
    const { quote } = this;
    const { counts, places } = this.others;
    for (let index = 0; index < counts.length; index++) counts[index] = 0;
    let isQuoted = false;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] as number;
      if (byte === quote) isQuoted = !isQuoted;
      const index = places[byte] as number;
      if (index >= 0 && !isQuoted && bytes[at + 1] !== SPACE) counts[index] = (counts[index] as number) + 1;
    }
  }
}

/** What is counted of each of the other delimiters. */
class Others {
  readonly bytes: readonly number[];
  readonly counts: Int32Array;
  readonly lastCounts: Int32Array;
  /** How many lines, up to the last one, it cuts into as many cells. */
  readonly alike: Int32Array;
  /** Of each byte which of them it is, or -1. */
  readonly places = new Int8Array(256).fill(-1);

  constructor(bytes: readonly number[]) {
    this.bytes = bytes;
    this.counts = new Int32Array(bytes.length);
    this.lastCounts = new Int32Array(bytes.length);
    this.alike = new Int32Array(bytes.length);
    for (const [index, byte] of bytes.entries()) this.places[byte] = index;
  }
}
