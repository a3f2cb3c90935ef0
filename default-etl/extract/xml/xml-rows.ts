import { ABSENT } from '../../batch/batch.ts';
import { BatchBuilder, BatchFull } from '../../batch/batch-builder.ts';
import { FreeNames } from '../free-names.ts';
import { RecordError } from '../record-run.ts';
import {
  assertCloses,
  isNil,
  isOfXml,
  MOST_ELEMENTS,
  readContent,
  tooManyElements,
  type XmlValue,
} from './element-content.ts';
import { INCOMPLETE, isSame, localName, markupAt, markupEnd, StartTag, textEnd } from '../markup/tags.ts';
import { decodeAttribute, decodeCdata, decodeText, needsDecoding, needsDecodingInTag } from '../markup/references.ts';

/** The record has to come again after take(). */
export const FULL = -2;

const SLASH = 47;
/** Whose attribute or element a column is: of the record, or (from 0) the column of the element that has the attribute. */
const ELEMENT = -1;
const ATTRIBUTE = -2;
const OWN_TEXT = -3;

interface Usual {
  owner: number;
  name: Buffer;
  column: number;
}

/**
 * Makes rows of XML elements: a column for each attribute and each child element, by the names without their
 * namespaces' prefixes; what is nested is JSON text, what is repeated a JSON list. Cells are slices of the file's own
 * bytes where nothing has to be decoded.
 */
export class XmlRows {
  readonly builder = new BatchBuilder();
  /** By owner and name as it stands in the file. */
  private readonly columns = new Map<string, number>();
  private readonly names = new FreeNames();
  /** Columns by their usual place in a record: most records have them in the same order. */
  private readonly usual: Usual[] = [];
  /** By column: the number of the last row that has it, and of the last where it is JSON. */
  private readonly filled: number[] = [];
  private readonly nested: number[] = [];
  /** Columns that came up more than once in this row, with their values as JSON. */
  private readonly lists = new Map<number, string[]>();
  private number = 1;
  private place = 0;
  /** Values of columns that came up before in this row. */
  private repeated = 0;
  private readonly tag = new StartTag();

  /** Adds the element that begins at `from`. Returns the position behind it, INCOMPLETE, or FULL. Throws SyntaxFault. */
  add(bytes: Buffer, from: number, to: number, line: number): number {
    this.builder.beginRow(this.number, line, ABSENT);
    this.place = 0;
    this.repeated = 0;
    this.lists.clear();
    try {
      const end = this.readRecord(bytes, from, to);
      if (end === INCOMPLETE) return this.drop(INCOMPLETE);
      for (const [column, values] of this.lists) this.builder.text(column, `[${values.join(',')}]`);
      this.builder.setRaw(from, end);
      this.number++;
      return end;
    } catch (error) {
      if (error instanceof BatchFull) return this.drop(FULL);
      if (error instanceof RecordError) return this.refuse(bytes, from, to, line, error.message);
      throw error;
    }
  }

  private drop(result: number): number {
    this.builder.dropRow();
    this.filled.fill(0);
    return result;
  }

  private refuse(bytes: Buffer, from: number, to: number, line: number, reason: string): number {
    this.drop(FULL);
    const end = elementEnd(bytes, from, to);
    if (end === INCOMPLETE) return INCOMPLETE;
    this.builder.reject({ row: this.number++, line, reason, raw: bytes.toString('utf8', from, end) });
    return end;
  }

  private readRecord(bytes: Buffer, from: number, to: number): number {
    const { tag } = this;
    if (!tag.read(bytes, from, to)) return INCOMPLETE;
    this.addAttributes(bytes, ATTRIBUTE);
    const { nameTo, end } = tag;
    if (tag.isEmpty) return end;
    for (let at = end; ; ) {
      const less = textEnd(bytes, at, to);
      if (less === to) return INCOMPLETE;
      if (at < less) this.addOwnText(bytes, from + 1, nameTo, at, less);
      const markup = markupAt(bytes, less, to);
      if (markup === INCOMPLETE) return INCOMPLETE;
      if (markup === 'start') at = this.addElement(bytes, less, to);
      else {
        at = markupEnd(bytes, less, to);
        if (at === INCOMPLETE) return INCOMPLETE;
        if (markup === 'cdata')
          this.put(this.columnOf(bytes, OWN_TEXT, from + 1, nameTo), decodeCdata(bytes, less + 9, at - 3));
        if (markup === 'end') {
          if (!isSame(bytes, less + 2, at - 1, from + 1, nameTo))
            assertCloses(bytes, less, at, bytes.toString('utf8', from + 1, nameTo));
          return at;
        }
      }
      if (at === INCOMPLETE) return INCOMPLETE;
    }
  }

  private addElement(bytes: Buffer, from: number, to: number): number {
    const { tag } = this;
    if (!tag.read(bytes, from, to)) return INCOMPLETE;
    const { nameTo } = tag;
    const column = this.columnOf(bytes, ELEMENT, from + 1, nameTo);
    const isNull = this.addAttributes(bytes, column);
    if (tag.isEmpty) {
      this.put(column, null);
      return tag.end;
    }
    const less = textEnd(bytes, tag.end, to);
    const close = less + 2 + nameTo - from - 1;
    if (close >= to) return INCOMPLETE;
    // A leaf: text, and the end tag of the same name.
    if (bytes[less + 1] === SLASH && bytes[close] === 62 && isSame(bytes, less + 2, close, from + 1, nameTo)) {
      if (isNull) this.put(column, null);
      else this.putText(bytes, column, tag.end, less);
      return close + 1;
    }
    const content = readContent(bytes, bytes.toString('utf8', from + 1, nameTo), tag.end, to);
    if (content === undefined) return INCOMPLETE;
    this.put(column, isNull ? null : content.value);
    return content.end;
  }

  /** Those of the tag. Returns whether one says that its element has no value. */
  private addAttributes(bytes: Buffer, owner: number): boolean {
    const { attributes, attributeCount } = this.tag;
    let isNull = false;
    for (let index = 0; index < attributeCount * 4; index += 4) {
      const from = attributes[index] as number;
      const nameTo = attributes[index + 1] as number;
      const valueFrom = attributes[index + 2] as number;
      if (this.addAttribute(bytes, owner, from, nameTo, valueFrom, attributes[index + 3] as number)) isNull = true;
    }
    return isNull;
  }

  private addAttribute(
    bytes: Buffer,
    owner: number,
    nameFrom: number,
    nameTo: number,
    from: number,
    to: number,
  ): boolean {
    if (bytes[nameFrom] === 120) {
      const name = bytes.toString('utf8', nameFrom, nameTo);
      if (isOfXml(name)) return isNil(name, bytes.toString('utf8', from, to));
    }
    const column = this.columnOf(bytes, owner, nameFrom, nameTo);
    if (from === to || this.filled[column] === this.number || needsDecodingInTag(bytes, from, to))
      this.put(column, decodeAttribute(bytes, from, to) || null);
    else this.fill(column, from, to);
    return false;
  }

  /** Text of the record itself, beside its elements, piece after piece. */
  private addOwnText(bytes: Buffer, nameFrom: number, nameTo: number, from: number, to: number): void {
    let first = from;
    while (first < to && (bytes[first] as number) <= 32) first++;
    if (first === to) return;
    this.putText(bytes, this.columnOf(bytes, OWN_TEXT, nameFrom, nameTo), first, to);
  }

  /** The text between two tags, without white space at its ends. */
  private putText(bytes: Buffer, column: number, from: number, to: number): void {
    let first = from;
    let last = to;
    while (first < last && (bytes[first] as number) <= 32) first++;
    while (first < last && (bytes[last - 1] as number) <= 32) last--;
    if (this.filled[column] === this.number || first === last)
      this.put(column, first === last ? null : decodeText(bytes, first, last));
    else this.putSlice(bytes, column, first, last);
  }

  private putSlice(bytes: Buffer, column: number, from: number, to: number): void {
    this.fill(column, from, to);
    if (needsDecoding(bytes, from, to)) this.builder.text(column, decodeText(bytes, from, to));
  }

  private fill(column: number, from: number, to: number): void {
    this.filled[column] = this.number;
    this.builder.slice(column, from, to);
  }

  private put(column: number, value: XmlValue): void {
    if (this.filled[column] === this.number) {
      if (++this.repeated > MOST_ELEMENTS) throw tooManyElements();
      const list = this.lists.get(column) ?? [this.asJson(column)];
      list.push(JSON.stringify(value));
      this.lists.set(column, list);
      return;
    }
    this.filled[column] = this.number;
    if (value === null) this.builder.setNull(column);
    else if (typeof value === 'string') this.builder.text(column, value);
    else {
      this.nested[column] = this.number;
      this.builder.text(column, JSON.stringify(value));
    }
  }

  /** The value that the column has in this row already. */
  private asJson(column: number): string {
    const text = this.builder.cellText(column);
    return text !== null && this.nested[column] === this.number ? text : JSON.stringify(text);
  }

  private columnOf(bytes: Buffer, owner: number, from: number, to: number): number {
    const place = this.place++;
    const usual = this.usual[place];
    if (usual !== undefined && usual.owner === owner && equals(bytes, from, to, usual.name)) return usual.column;
    const name = bytes.toString('utf8', from, to);
    const key = `${owner} ${name}`;
    const column = this.columns.get(key) ?? this.newColumn(key, owner, name);
    this.usual[place] = { owner, name: Buffer.from(bytes.subarray(from, to)), column };
    return column;
  }

  /** An attribute of an element is `element@attribute`. */
  private newColumn(key: string, owner: number, name: string): number {
    const wanted = owner >= 0 ? `${this.builder.columns[owner]}@${localName(name)}` : localName(name);
    const free = this.names.free(wanted);
    const column = this.builder.addColumn(free);
    this.names.take(free);
    this.columns.set(key, column);
    return column;
  }
}

function equals(bytes: Buffer, from: number, to: number, name: Buffer): boolean {
  if (to - from !== name.length) return false;
  for (let index = 0; index < name.length; index++) if (bytes[from + index] !== name[index]) return false;
  return true;
}

/** Position behind the element that begins at `from`, or INCOMPLETE. Throws SyntaxFault. */
function elementEnd(bytes: Buffer, from: number, to: number): number {
  const names: string[] = [];
  const tag = new StartTag();
  for (let at = from; ; ) {
    const less = textEnd(bytes, at, to);
    const markup = less === to ? INCOMPLETE : markupAt(bytes, less, to);
    const end = markup === INCOMPLETE ? INCOMPLETE : markupEnd(bytes, less, to);
    if (end === INCOMPLETE) return INCOMPLETE;
    if (markup === 'end') assertCloses(bytes, less, end, names.pop() as string);
    if (markup === 'start' && tag.read(bytes, less, end) && !tag.isEmpty)
      names.push(bytes.toString('utf8', less + 1, tag.nameTo));
    at = end;
    if (names.length === 0) return end;
  }
}
