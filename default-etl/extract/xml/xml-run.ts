import type { BatchBuilder } from '../../batch/batch-builder.ts';
import { neverFailure } from '../../contract/failure.ts';
import type { RecordRun } from '../record-run.ts';
import { SyntaxFault } from '../syntax-fault.ts';
import { TextWindow } from '../text-window.ts';
import { assertCloses } from './element-content.ts';
import type { RecordPath } from './record-path.ts';
import { FULL, XmlRows } from './xml-rows.ts';
import { INCOMPLETE, localName, markupAt, markupEnd, StartTag, textEnd } from '../markup/tags.ts';

/** An element without content, and without attributes but those that are about the document. */
const EMPTY_LIST = /^<([^\s<>/]+)(?:\s+(?:xmlns|xsi:)[^\s=<>]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(?:\/>|>\s*<\/\1\s*>)/;
const MAX_EMPTY_BYTES = 1 << 12;

/** An element that is open around the records. */
interface Open {
  name: string;
  /** Whether the path leads through it. */
  isOnPath: boolean;
}

/** One pass over the records of an XML text. */
export class XmlRun implements RecordRun {
  readonly language = 'XML';
  readonly window: TextWindow;
  readonly builder: BatchBuilder;
  private readonly sourcePath: string;
  private readonly path: RecordPath;
  private readonly rows = new XmlRows();
  private readonly open: Open[] = [];
  private readonly tag = new StartTag();
  private isPast = false;
  private hasRecords = false;

  constructor(source: { path: string; sizeBytes: number }, path: RecordPath) {
    this.sourcePath = source.path;
    this.window = new TextWindow(source.sizeBytes);
    this.builder = this.rows.builder;
    this.path = path;
  }

  advance(): boolean {
    const { window } = this;
    const { bytes, to } = window;
    const less = textEnd(bytes, window.from, to);
    if (this.open.length === 0) this.assertBlank(window.from, less);
    window.from = less;
    if (less === to) return false;
    const markup = markupAt(bytes, less, to);
    if (markup === INCOMPLETE) return false;
    if (markup === 'start') return this.takeStart(less);
    const end = markupEnd(bytes, less, to);
    if (end === INCOMPLETE) return false;
    if (markup === 'end') this.close(less, end);
    window.from = end;
    return true;
  }

  assertWhole(): void {
    const { window, open } = this;
    if (window.from < window.to || open.length > 0 || !this.isPast)
      throw new SyntaxFault(`it ends in the middle${open.length > 0 ? ` of <${open.at(-1)?.name}>` : ''}`, window.to);
    if (!this.hasRecords)
      throw neverFailure(
        `${this.sourcePath}: EXTRACT.record_path ${this.path.join(' > ')} leads to no element of it; name the elements from the root down ` +
          'to the one that is a record, or leave record_path out',
      );
  }

  private takeStart(at: number): boolean {
    const { window, open, tag } = this;
    if (!tag.read(window.bytes, at, window.to)) return false;
    if (this.isPast) throw new SyntaxFault('a second element follows the root: it is more than one document', at);
    const name = window.bytes.toString('utf8', at + 1, tag.nameTo);
    const isOnPath = (open.at(-1)?.isOnPath ?? true) && isNamed(name, this.path[open.length]);
    if (isOnPath && open.length === this.path.length - 1) return this.takeRecord(at);
    if (!tag.isEmpty) open.push({ name, isOnPath });
    else if (open.length === 0) this.isPast = true;
    window.from = tag.end;
    return true;
  }

  private takeRecord(at: number): boolean {
    const { window } = this;
    if (this.open.length === 0 && this.passNothing(at)) return true;
    const end = this.rows.add(window.bytes, at, window.to, window.lineAt(at));
    if (end === INCOMPLETE) return false;
    if (end === FULL) return true;
    this.hasRecords = true;
    this.isPast ||= this.open.length === 0;
    window.from = end;
    return true;
  }

  /** A list that is the whole document and has nothing in it is no record. */
  private passNothing(at: number): boolean {
    const { window } = this;
    const found = EMPTY_LIST.exec(window.bytes.toString('latin1', at, Math.min(at + MAX_EMPTY_BYTES, window.to)));
    if (found === null) return false;
    window.from = at + found[0].length;
    this.isPast = true;
    this.hasRecords = true;
    return true;
  }

  private close(from: number, end: number): void {
    const top = this.open.pop();
    if (top === undefined) throw new SyntaxFault('an end tag closes nothing', from);
    assertCloses(this.window.bytes, from, end, top.name);
    this.isPast = this.open.length === 0;
  }

  private assertBlank(from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const byte = this.window.bytes[at] as number;
      if (byte > 32) throw new SyntaxFault('text stands outside the root element', at);
    }
  }
}

/** By the whole name, or by the one without the namespace's prefix. */
function isNamed(name: string, wanted: string | undefined): boolean {
  return name === wanted || localName(name) === wanted;
}
