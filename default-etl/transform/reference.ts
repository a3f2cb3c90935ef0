import { basename, resolve } from 'node:path';
import { ABSENT, type Batch, cellText, NULL } from '../batch/batch.ts';
import { openReader } from '../extract/open.ts';
import { configFailure, messageOf } from '../contract/failure.ts';
import type { Extract } from '../contract/settings.ts';
import { type Source, SourceFile } from '../unpack/source.ts';
import { Spill } from '../unpack/spill.ts';
import { headerNamer } from './names.ts';

export interface ReferenceOptions {
  /** Absolute path. */
  path: string;
  /** Folder for what has to be unpacked. */
  workDir: string;
  /** Key columns. */
  keys: readonly string[];
  /** Columns that are wanted; undefined: all but the keys. */
  columns: readonly string[] | undefined;
  header: 'minimal' | 'keep';
  extract: Extract;
}

/** A reference table in memory: its cells are one buffer, and found by key. */
export class Reference {
  readonly columns: readonly string[];
  private bytes = Buffer.allocUnsafeSlow(1 << 16);
  private used = 0;
  /** Of row r and column c, at r × columns + c: bytes[starts, ends), or NULL. */
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private readonly rowOf = new Map<string, number>();
  private readonly places: string[] = [];

  private constructor(columns: readonly string[]) {
    this.columns = columns;
  }

  /** Reads the file. Throws EtlFailure 78 where it can't be read, lacks a column, holds a bad row, or a key twice. */
  static async read(options: ReferenceOptions): Promise<Reference> {
    const name = basename(options.path);
    try {
      const source = await SourceFile.open(options.path, ANY_VERSION, new AbortController().signal);
      const spill = new Spill(options.workDir);
      try {
        return await readReference(source, spill, options);
      } finally {
        await spill.close();
        await source.close();
      }
    } catch (error) {
      throw configFailure(`TRANSFORM: step merge: the reference ${name}: ${messageOf(error)}`);
    }
  }

  /** An empty table of these columns, to be filled. */
  static of(columns: readonly string[]): Reference {
    return new Reference(columns);
  }

  /** The row of a key; undefined where there is none. */
  find(key: string): number | undefined {
    return this.rowOf.get(key);
  }

  /** Bytes of a cell; -1 where there is no value. */
  cellBytes(row: number, column: number): number {
    const cell = row * this.columns.length + column;
    const start = this.starts[cell] as number;
    return start < 0 ? -1 : (this.ends[cell] as number) - start;
  }

  copyCell(row: number, column: number, target: Buffer, at: number): void {
    const cell = row * this.columns.length + column;
    this.bytes.copy(target, at, this.starts[cell], this.ends[cell]);
  }

  /** Takes a row in. `place` says where it is, for people. Throws where its key is in already. */
  add(key: string, place: string, batch: Batch, row: number, positions: readonly number[]): void {
    const known = this.rowOf.get(key);
    if (known !== undefined) {
      throw new Error(
        `the key ${key} is there twice, on ${this.places[known]} and on ${place}; a merge needs each key once`,
      );
    }
    this.rowOf.set(key, this.places.length);
    this.places.push(place);
    for (const position of positions) this.addCell(batch, row * batch.width + position, position < 0);
  }

  private addCell({ bytes, starts, ends }: Batch, cell: number, isMissing: boolean): void {
    const start = isMissing ? NULL : (starts[cell] as number);
    if (start < 0 || start === ends[cell]) {
      this.starts.push(NULL);
      this.ends.push(NULL);
      return;
    }
    const length = (ends[cell] as number) - start;
    if (this.used + length > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.used + length));
      this.bytes.copy(grown, 0, 0, this.used);
      this.bytes = grown;
    }
    bytes.copy(this.bytes, this.used, start, start + length);
    this.starts.push(this.used);
    this.used += length;
    this.ends.push(this.used);
  }
}

const ANY_VERSION = { sizeBytes: null, mtimeNs: null, inode: null };

async function readReference(
  source: Source,
  spill: Spill,
  { path, keys, columns, header, extract }: ReferenceOptions,
): Promise<Reference> {
  const reader = await openReader({ source, fileName: basename(path), extract, spill });
  const nameOf = header === 'minimal' ? headerNamer({ trim: true, case: 'upper' }) : (text: string) => text;
  let reference: Reference | undefined;
  for await (const batch of reader.batches()) {
    const [reject] = batch.rejects;
    if (reject) throw new Error(`row ${reject.row} can't be read: ${reject.reason}`);
    const names = batch.header.map(nameOf);
    reference ??= Reference.of(columns ?? names.filter(column => !keys.includes(column)));
    assertColumns([...keys, ...reference.columns], names, reader.columnsVary);
    addRows(reference, batch, names, keys);
  }
  return reference ?? Reference.of(columns ?? []);
}

function assertColumns(wanted: readonly string[], names: readonly string[], columnsVary: boolean): void {
  const missing = wanted.find(name => !names.includes(name));
  if (missing !== undefined && !columnsVary)
    throw new Error(`it has no column ${missing}; its columns are ${names.join(', ')}`);
  const twice = wanted.find(name => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined)
    throw new Error(
      `several of its columns are called ${twice} once upper-cased; set header: keep, and name the one that is meant`,
    );
}

function addRows(reference: Reference, batch: Batch, names: readonly string[], keys: readonly string[]): void {
  const keyPositions = keys.map(key => names.indexOf(key));
  const positions = reference.columns.map(column => names.indexOf(column));
  for (let row = 0; row < batch.rows; row++) {
    const key = keyOf(batch, row, keyPositions);
    const place = batch.lines[row] ? `line ${batch.lines[row]}` : `row ${batch.numbers[row]}`;
    if (key !== undefined) reference.add(key, place, batch, row, positions);
  }
}

/** What a row is found by; undefined where a key column has no value: that matches nothing. */
export function keyOf(batch: Batch, row: number, positions: readonly number[]): string | undefined {
  const [only] = positions;
  if (positions.length === 1 && only !== undefined) return keyText(batch, row, only);
  const texts = positions.map(position => keyText(batch, row, position));
  return texts.includes(undefined) ? undefined : JSON.stringify(texts);
}

function keyText(batch: Batch, row: number, position: number): string | undefined {
  if (position < 0) return undefined;
  const start = batch.starts[row * batch.width + position] as number;
  if (start === NULL || start === ABSENT) return undefined;
  return cellText(batch, row, position) || undefined;
}

/** Path of a file of the dataset's own. Throws EtlFailure 78 where it is elsewhere. */
export function ownFile(configFiles: string, file: string): string {
  const folder = resolve(configFiles);
  const path = resolve(folder, file);
  if (path.startsWith(`${folder}/`)) return path;
  throw configFailure(`TRANSFORM: ${file} is not in the dataset's own folder, config/<dataset>/; put it there`);
}
