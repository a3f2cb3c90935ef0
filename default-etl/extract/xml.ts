import type { Batch, Reader } from '../batch.ts';
import type { Decision } from '../contract.ts';
import { configFailure, neverFailure } from '../failure.ts';
import type { Extract } from '../settings.ts';
import type { ByteStream, Source } from '../source.ts';
import { readHead } from '../unpack/byte-stream.ts';
import { rejectInvalid } from './invalid.ts';
import { type Encoding, findEncoding, openText } from './text.ts';
import { TextWindow } from './text-window.ts';
import { assertCloses } from './xml/nested.ts';
import { findRecordPath, type RecordPath } from './xml/record-path.ts';
import { FULL, XmlRows } from './xml/rows.ts';
import { INCOMPLETE, localName, markupAt, markupEnd, readStartTag, textEnd, XmlSyntaxError } from './xml/syntax.ts';

const PATH_HEAD_BYTES = 1 << 20;
const MAX_RECORD_BYTES = 1 << 27;

/** XML: each element that EXTRACT.record_path leads to is a row. Left out, the path is found out from the first megabyte. */
export async function openXml(source: Source, extract: Extract): Promise<Reader> {
  if (source.sizeBytes === 0) throw neverFailure(`${source.path} is empty: it has no XML element; export it again`);
  const encoding = await encodingOf(source, extract.encoding);
  const path = await decidePath(source, encoding, extract.record_path);
  return {
    decisions: [{ name: 'encoding', value: encoding.name, confidence: 1, reason: encoding.reason }, path],
    columnsVary: true,
    maxRows: source.sizeBytes,
    batches: () => new XmlRun(source, encoding, path.value).batches(),
  };
}

async function encodingOf(source: Source, declared: string | undefined): Promise<Encoding> {
  if (declared !== undefined) return await findEncoding(source, declared);
  const inProlog = await prologEncoding(source);
  const encoding = await findEncoding(source, inProlog);
  return inProlog === undefined ? encoding : { ...encoding, reason: 'as its first line says' };
}

/**
 * What the first line declares, where it is no Unicode: that shows in the bytes. ISO-8859-1 is read as Windows-1252, as browsers do: no table
 * means the control characters that the two differ by.
 */
async function prologEncoding(source: Source): Promise<string | undefined> {
  const prolog = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([^"'>]+)["']/.exec(
    (await source.head(512)).toString('latin1'),
  );
  const declared = prolog?.[1]?.toLowerCase();
  if (declared === undefined || /^(utf|ucs|iso-10646|us-ascii$|ascii$)/.test(declared)) return undefined;
  return /^(iso[-_]?8859[-_]?1|latin-?1)$/.test(declared) ? 'windows-1252' : declared;
}

async function decidePath(
  source: Source,
  encoding: Encoding,
  declared: string[] | undefined,
): Promise<Decision & { value: string[] }> {
  if (declared?.length === 0)
    throw configFailure('EXTRACT.record_path is an empty list; name the elements down to the record, or leave it out');
  if (declared) return { name: 'record_path', value: declared, confidence: 1, reason: 'as EXTRACT.record_path says' };
  const head = await readHead(await openText(source, encoding), PATH_HEAD_BYTES);
  if (head.length === 0) throw neverFailure(`${source.path} is empty: it has no XML element; export it again`);
  try {
    const found = findRecordPath(head);
    if (found.value.length > 0 || head.length < PATH_HEAD_BYTES) return found;
    throw neverFailure(
      `${source.path} has no element in its first ${PATH_HEAD_BYTES} bytes; name those from the root down to the record in EXTRACT.record_path`,
    );
  } catch (error) {
    if (!(error instanceof XmlSyntaxError)) throw error;
    const lines = head.toString('utf8', 0, error.position).split('\n');
    const place = `line ${lines.length}, column ${(lines.at(-1) as string).length + 1}`;
    throw neverFailure(`${source.path} is not XML: ${error.message} (${place}); export or copy it again`, error);
  }
}

/** An element that is open around the records. */
interface Open {
  name: string;
  /** Whether the path leads through it. */
  isOnPath: boolean;
}

/** One pass over the file, a window of bytes at a time. */
class XmlRun {
  private readonly source: Source;
  private readonly encoding: Encoding;
  private readonly path: RecordPath;
  private readonly window: TextWindow;
  private readonly rows = new XmlRows();
  private readonly open: Open[] = [];
  private isPast = false;
  private hasRecords = false;

  constructor(source: Source, encoding: Encoding, path: RecordPath) {
    this.source = source;
    this.encoding = encoding;
    this.window = new TextWindow(source.sizeBytes);
    this.path = path;
  }

  async *batches(): AsyncGenerator<Batch> {
    const stream = await openText(this.source, this.encoding);
    try {
      do {
        await this.slide(stream);
        while (this.advance()) if (this.rows.isFull) yield this.takeRows();
        if (!this.rows.isEmpty) yield this.takeRows();
      } while (!this.window.isFinal);
      this.assertWhole();
    } catch (error) {
      throw error instanceof XmlSyntaxError ? this.damaged(error.message, error.position) : error;
    } finally {
      stream.close();
    }
  }

  private async slide(stream: ByteStream): Promise<void> {
    const { window } = this;
    if (window.to - window.from >= MAX_RECORD_BYTES)
      throw new XmlSyntaxError(`what begins here does not end within ${MAX_RECORD_BYTES} bytes`, window.from);
    await window.slide(stream);
    this.rows.restart(window.bytes, window.to);
  }

  private takeRows(): Batch {
    const batch = { ...this.rows.take(), lease: this.window.lease };
    if (this.encoding.name === 'utf8') rejectInvalid(batch, this.window.bytes.subarray(0, this.window.to));
    return batch;
  }

  /** Takes the next record or the next piece of what is around them; false where that is not complete in the window. */
  private advance(): boolean {
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

  private takeStart(at: number): boolean {
    const { window, open } = this;
    const tag = readStartTag(window.bytes, at, window.to, () => {});
    if (tag === undefined) return false;
    if (this.isPast) throw new XmlSyntaxError('a second element follows the root: it is more than one document', at);
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
    const end = this.rows.add(window.bytes, at, window.to, window.lineAt(at));
    if (end === INCOMPLETE) return false;
    if (end === FULL) return true;
    this.hasRecords = true;
    this.isPast ||= this.open.length === 0;
    window.from = end;
    return true;
  }

  private close(from: number, end: number): void {
    const top = this.open.pop();
    if (top === undefined) throw new XmlSyntaxError('an end tag closes nothing', from);
    assertCloses(this.window.bytes, from, end, top.name);
    this.isPast = this.open.length === 0;
  }

  private assertBlank(from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const byte = this.window.bytes[at] as number;
      if (byte > 32) throw new XmlSyntaxError('text stands outside the root element', at);
    }
  }

  private assertWhole(): void {
    const { window, open } = this;
    if (window.from < window.to || open.length > 0 || !this.isPast)
      throw new XmlSyntaxError(
        `it ends in the middle${open.length > 0 ? ` of <${open.at(-1)?.name}>` : ''}`,
        window.to,
      );
    if (!this.hasRecords)
      throw neverFailure(
        `${this.source.path}: EXTRACT.record_path ${this.path.join(' > ')} leads to no element of it; name the elements from the root down ` +
          'to the one that is a record, or leave record_path out',
      );
  }

  private damaged(what: string, position: number): Error {
    return neverFailure(
      `${this.source.path} is not XML: ${what} (${this.window.placeOf(position)}); export or copy it again`,
    );
  }
}

/** By the whole name, or by the one without the namespace's prefix. */
function isNamed(name: string, wanted: string | undefined): boolean {
  return name === wanted || localName(name) === wanted;
}
