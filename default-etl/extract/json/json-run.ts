import type { BatchBuilder } from '../../batch/batch-builder.ts';
import { neverFailure } from '../../contract/failure.ts';
import type { RecordRun } from '../record-run.ts';
import { SyntaxFault } from '../syntax-fault.ts';
import { TextWindow } from '../text-window.ts';
import type { Layout, Records } from './layout.ts';
import { ArrayRows } from './array-rows.ts';
import { BulkRows } from './bulk-rows.ts';
import { parseText } from './json-cells.ts';
import { JsonRows, type RecordRows } from './json-rows.ts';
import { INCOMPLETE, skipSpace, stringEnd, unexpected, valueEnd } from './scanner.ts';

const QUOTE = 34;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const COMMA = 44;
const COLON = 58;
const LF = 10;

/** One pass over the records of a JSON text. */
export class JsonRun implements RecordRun {
  readonly language = 'JSON';
  readonly window: TextWindow;
  readonly builder: BatchBuilder;
  private readonly sourcePath: string;
  private readonly path: readonly string[];
  private readonly isLines: boolean;
  private readonly rows: RecordRows;
  /** The records are the members of an object. */
  private readonly isMembers: boolean;
  /** The brackets around the records. */
  private readonly opening: number;
  private readonly closing: number;
  /** Before the keys of the path, at what they lead to, or behind that. */
  private place: 'document' | 'values' | 'rest';
  private isFirstDocument = true;
  private inArray = false;
  /** Brackets that are open behind what the path led to. */
  private depth = 0;

  constructor(source: { path: string; sizeBytes: number }, { path, isLines, records }: Layout) {
    this.sourcePath = source.path;
    this.window = new TextWindow(source.sizeBytes);
    this.path = path;
    this.isLines = isLines;
    this.isMembers = records.kind === 'members';
    this.opening = this.isMembers ? OPEN_OBJECT : OPEN_ARRAY;
    this.closing = this.isMembers ? CLOSE_OBJECT : CLOSE_ARRAY;
    this.rows = rowsOf(records);
    this.builder = this.rows.builder;
    this.place = path.length > 0 ? 'document' : 'values';
  }

  advance(): boolean {
    if (this.isLines) return this.takeLine();
    if (this.place === 'values') return this.takeValue();
    return this.place === 'document' ? this.enterPath() : this.leavePath();
  }

  assertWhole(): void {
    const { window } = this;
    this.skipBetween();
    if (window.from === window.to && !this.inArray && this.place !== 'rest') return;
    const isBefore = this.place === 'document' && this.isFirstDocument;
    throw new SyntaxFault(
      isBefore ? 'it ends before EXTRACT.record_path is reached' : 'it ends in the middle of a value',
      window.to,
    );
  }

  private takeValue(): boolean {
    const { window } = this;
    this.skipBetween();
    if (window.from >= window.to) return this.endRows();
    const { bytes, from } = window;
    if (bytes[from] === this.opening && !this.inArray) return this.passBracket(true);
    if (bytes[from] === this.closing && this.inArray) return this.passBracket(false);
    const value = this.isMembers && this.inArray ? this.behindKey(from) : from;
    if (value >= window.to) return false;
    const end = valueEnd(bytes, value, window.to, window.isFinal && !this.inArray);
    if (end === INCOMPLETE) return false;
    const key = value === from ? undefined : this.keyAt(from);
    if (!this.rows.add(bytes, value, end, window.lineAt(from), key)) return true;
    window.from = end;
    if (!this.inArray) this.endValues();
    return true;
  }

  /** Where the value of the member begins whose key is here; the window's end where that is not in it. */
  private behindKey(from: number): number {
    const { bytes, to } = this.window;
    if (bytes[from] !== QUOTE) throw unexpected(bytes, from, to, 'a key in double quotes');
    const keyEnd = stringEnd(bytes, from, to);
    const colon = keyEnd === INCOMPLETE ? to : skipSpace(bytes, keyEnd, to);
    if (colon < to && bytes[colon] !== COLON) throw unexpected(bytes, colon, to, 'a colon behind a key');
    return colon < to ? skipSpace(bytes, colon + 1, to) : to;
  }

  private keyAt(from: number): string {
    const { bytes, to } = this.window;
    return parseText(bytes, from, stringEnd(bytes, from, to)) as string;
  }

  /** Nothing more is in the window; false, as for advance(). */
  private endRows(): false {
    if (this.window.isFinal) this.rows.end?.();
    return false;
  }

  private passBracket(isOpening: boolean): true {
    this.inArray = isOpening;
    this.window.from++;
    if (!isOpening) this.endValues();
    return true;
  }

  private endValues(): void {
    if (this.path.length === 0) return;
    this.place = 'rest';
    this.depth = this.path.length;
  }

  /**
   * Passes what stands between values. Control characters are blanks: the RS of RFC 8142, the ^Z of DOS, zeros behind
   * the end.
   */
  private skipBetween(): void {
    const { window } = this;
    for (; window.from < window.to; window.from++) {
      const byte = window.bytes[window.from] as number;
      if (byte > 32 && !(byte === COMMA && this.inArray)) return;
    }
  }

  private takeLine(): boolean {
    const { window } = this;
    if (window.from >= window.to) return this.endRows();
    const found = window.bytes.subarray(0, window.to).indexOf(LF, window.from);
    if (found < 0 && !window.isFinal) return false;
    const end = found < 0 ? window.to : found;
    if (!this.addLine(window.from, end)) return true;
    window.from = found < 0 ? end : end + 1;
    return true;
  }

  private addLine(from: number, end: number): boolean {
    const { bytes } = this.window;
    const first = skipSpace(bytes, from, end);
    let last = end;
    while (last > first && (bytes[last - 1] as number) <= 32) last--;
    if (first === last) return true;
    const line = this.window.lineAt(from);
    try {
      const valueTo = valueEnd(bytes, first, last, true);
      // Lines taken out of a list keep its commas.
      const behind = skipSpace(bytes, valueTo, last);
      if (valueTo === last || (behind === last - 1 && bytes[behind] === COMMA))
        return this.rows.add(bytes, first, valueTo, line);
      this.rows.refuse(bytes, first, last, line, 'not one JSON value');
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      this.rows.refuse(bytes, first, last, line, `not JSON: ${error.message}`);
    }
    return true;
  }

  /** Goes to the value of the keys of the path, which must be reached within what can be held. */
  private enterPath(): boolean {
    const { window } = this;
    this.skipBetween();
    if (window.from === window.to) return false;
    if (!this.isFirstDocument && window.bytes[window.from] !== OPEN_OBJECT)
      throw unexpected(window.bytes, window.from, window.to, 'the end of the file');
    let position = window.from;
    for (const key of this.path) {
      position = this.memberValue(position, key);
      if (position === INCOMPLETE) return false;
    }
    window.from = position;
    this.isFirstDocument = false;
    this.place = 'values';
    return true;
  }

  /** Passes the rest of the document; another may follow it. */
  private leavePath(): boolean {
    const { window } = this;
    const { bytes, to } = window;
    for (let at = window.from; at < to; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        const end = stringEnd(bytes, at, to);
        window.from = at;
        if (end === INCOMPLETE) return false;
        at = end - 1;
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.depth++;
      else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --this.depth === 0) {
        window.from = at + 1;
        this.place = 'document';
        return true;
      }
    }
    window.from = to;
    return false;
  }

  private memberValue(from: number, key: string): number {
    const { bytes, to } = this.window;
    let at = skipSpace(bytes, from, to);
    if (at >= to) return INCOMPLETE;
    if (bytes[at] !== OPEN_OBJECT) throw this.noPath(key);
    at++;
    for (;;) {
      while (at < to && ((bytes[at] as number) <= 32 || bytes[at] === COMMA)) at++;
      if (at >= to) return INCOMPLETE;
      if (bytes[at] === CLOSE_OBJECT) throw this.noPath(key);
      const keyEnd = valueEnd(bytes, at, to, false);
      if (keyEnd === INCOMPLETE) return INCOMPLETE;
      const colon = skipSpace(bytes, keyEnd, to);
      const value = skipSpace(bytes, colon + 1, to);
      if (value >= to) return INCOMPLETE;
      if (bytes[colon] !== COLON) throw unexpected(bytes, colon, to, 'a colon behind a key');
      if (isKey(bytes, at, keyEnd, key)) return value;
      at = valueEnd(bytes, value, to, false);
      if (at === INCOMPLETE) return INCOMPLETE;
    }
  }

  private noPath(key: string): Error {
    return neverFailure(
      `${this.sourcePath}: EXTRACT.record_path ${this.path.join(' > ')}: there is no object with the key ${key}; ` +
        'name the keys that lead to the list of records, or leave record_path out',
    );
  }
}

function rowsOf(records: Records): RecordRows {
  if (records.kind === 'arrays') return new ArrayRows(records.table);
  if (records.kind === 'bulk') return new BulkRows();
  if (records.kind === 'members') return new JsonRows({ keyColumn: records.keyColumn });
  return new JsonRows({ isFeatures: records.kind === 'features' });
}

function isKey(bytes: Buffer, from: number, to: number, key: string): boolean {
  try {
    return JSON.parse(bytes.toString('utf8', from, to)) === key;
  } catch {
    throw new SyntaxFault('a key in double quotes is missing', from);
  }
}
