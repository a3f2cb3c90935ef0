import { ABSENT } from '../../batch/batch.ts';
import type { BatchBuilder } from '../../batch/batch-builder.ts';
import { FreeNames } from '../free-names.ts';
import { NumberedRows } from '../record-run.ts';
import { SyntaxFault } from '../syntax-fault.ts';
import { JsonCells, parseText } from './json-cells.ts';
import { skipSpace, stringEnd, unexpected, valueEnd } from './scanner.ts';

const QUOTE = 34;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const COLON = 58;
const COMMA = 44;

/** What makes rows of a text's records, one after the other. */
export interface RecordRows {
  readonly builder: BatchBuilder;
  /**
   * The record is bytes[from, to), `key` the text under which it stands in an object. Returns false where the builder
   * is full: it has to come again once that is taken. Throws SyntaxFault.
   */
  add(bytes: Buffer, from: number, to: number, line: number, key?: string): boolean;
  /** Counts as a record, and becomes a reject. */
  refuse(bytes: Buffer, from: number, to: number, line: number, reason: string): void;
  /** No record follows. May come again. */
  end?(): void;
}

/** Makes rows of JSON objects. Keys that a record lacks are absent. */
export class JsonRows extends NumberedRows implements RecordRows {
  private readonly cells = new JsonCells(this.builder);
  private readonly columns = new Map<string, number>();
  private readonly names = new FreeNames();
  /** Keys as they stood in the file, by their usual place in a record: most records have them in the same order. */
  private usual: Array<{ key: Buffer; column: number }> = [];
  private readonly isFeatures: boolean;
  private readonly keyColumn: string | undefined;

  /**
   * `isFeatures`: records are GeoJSON's; a column for each property, and one for each other member but the type.
   * `keyColumn`: the column of what records stand under, where that is a value.
   */
  constructor({ isFeatures = false, keyColumn }: { isFeatures?: boolean; keyColumn?: string | undefined } = {}) {
    super();
    this.isFeatures = isFeatures;
    this.keyColumn = keyColumn;
  }

  add(bytes: Buffer, from: number, to: number, line: number, key?: string): boolean {
    if (bytes[from] !== OPEN_OBJECT) {
      this.refuse(bytes, from, to, line, 'the record is not an object');
      return true;
    }
    if (bytes[to - 1] !== CLOSE_OBJECT) throw unexpected(bytes, to - 1, to, 'the end of an object');
    return this.addRow(ABSENT, bytes, from, to, line, key);
  }

  protected override fillRow(bytes: Buffer, from: number, to: number, key?: string): void {
    // The text alone would lack the key.
    if (this.keyColumn === undefined) this.builder.setRaw(from, to);
    else if (key !== undefined) this.builder.text(this.columnNamed(`\0${this.keyColumn}`, this.keyColumn), key);
    this.addMembers(bytes, from + 1, to - 1, this.isFeatures);
  }

  private addMembers(bytes: Buffer, from: number, to: number, isFeature: boolean): void {
    let at = skipSpace(bytes, from, to);
    for (let place = 0; at < to; place++) {
      if (bytes[at] !== QUOTE) throw unexpected(bytes, at, to, 'a key in double quotes');
      const keyFrom = at;
      const keyEnd = stringEnd(bytes, at, to);
      if (keyEnd < 0) throw new SyntaxFault('a key is not closed', at);
      at = skipSpace(bytes, keyEnd, to);
      if (bytes[at] !== COLON) throw unexpected(bytes, at, to, 'a colon behind a key');
      at = skipSpace(bytes, at + 1, to);
      if (at >= to) throw new SyntaxFault('a value is missing', at);
      const end = isFeature
        ? this.addFeatureMember(bytes, keyFrom, keyEnd, at, to)
        : this.cells.add(bytes, at, to, this.columnOf(bytes, keyFrom + 1, keyEnd - 1, place));
      at = skipSpace(bytes, end, to);
      if (at >= to) return;
      if (bytes[at] !== COMMA) throw unexpected(bytes, at, to, 'a comma between members');
      at = skipSpace(bytes, at + 1, to);
      if (at >= to) throw new SyntaxFault('a key is missing behind a comma', at);
    }
  }

  /**
   * A member of a GeoJSON feature itself. What has the name of a property as well gets a number behind it, or the
   * property does.
   */
  private addFeatureMember(bytes: Buffer, keyFrom: number, keyEnd: number, from: number, to: number): number {
    const name = parseText(bytes, keyFrom, keyEnd) as string;
    const end = valueEnd(bytes, from, to, true);
    if (name === 'type') return end;
    if (name !== 'properties') return this.cells.add(bytes, from, to, this.columnNamed(`\0${name}`, name));
    if (bytes[from] === OPEN_OBJECT) this.addMembers(bytes, from + 1, end - 1, false);
    return end;
  }

  private columnOf(bytes: Buffer, from: number, to: number, place: number): number {
    const usual = this.usual[place];
    if (usual && equals(bytes, from, to, usual.key)) return usual.column;
    const name = parseText(bytes, from - 1, to + 1) as string;
    const column = this.columnNamed(name, name);
    this.usual[place] = { key: Buffer.from(bytes.subarray(from, to)), column };
    return column;
  }

  /** The column of this key; its name gets a number where another key's has it. */
  private columnNamed(key: string, name: string): number {
    const known = this.columns.get(key);
    if (known !== undefined) return known;
    const free = this.isFeatures || this.keyColumn !== undefined ? this.names.free(name) : name;
    const column = this.builder.addColumn(free);
    this.names.take(free);
    this.columns.set(key, column);
    return column;
  }
}

function equals(bytes: Buffer, from: number, to: number, key: Buffer): boolean {
  if (to - from !== key.length) return false;
  for (let index = 0; index < key.length; index++) if (bytes[from + index] !== key[index]) return false;
  return true;
}
