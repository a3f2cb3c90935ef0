import { neverFailure } from '../../contract/failure.ts';
import type { Source } from '../../unpack/source.ts';
import type { Encoding } from '../byte-order.ts';
import { findEncoding, openText } from '../text-encoding.ts';
import { type HtmlTable, htmlTables, HtmlTooWide } from './html-tables.ts';
import { MAX_COLUMNS, type RowSink, type Sheet, type SheetScan } from './sheet.ts';
import { assertWhole } from './assert-whole.ts';

const CHUNK_BYTES = 1 << 20;

/** Whether these first bytes are those of HTML, and not of Excel's XML. */
export function isHtml(head: string): boolean {
  return (
    /^[^\x21-\x7e]*</.test(head) &&
    /<(html|table|body|head|meta|div|style)[\s>]/i.test(head) &&
    !/<(\w+:)?workbook[\s>]/i.test(head)
  );
}

/**
 * The tables of a page as sheets, in their order. It is read whole. Throws EtlFailure 65 where there is none, or where
 * one has no end.
 */
export async function openHtml(source: Source, declared: string | undefined): Promise<Sheet[]> {
  const tables = tablesIn(source, await readText(source, await encodingOf(source, declared)));
  if (tables === undefined)
    throw neverFailure(
      `${source.path} is damaged: a table in it does not end, as after a copy that was cut off; export it again`,
    );
  if (tables.length === 0)
    throw neverFailure(`${source.path} is a page of HTML without a table; export the table itself`);
  return tables.map((rows, index) => ({
    path: source.path,
    name: `Sheet${index + 1}`,
    isHidden: false,
    maxRows: rows.length,
    maxTextBytes: Infinity,
    open: async () => new TextScan(rows),
  }));
}

function tablesIn(source: Source, text: string): HtmlTable[] | undefined {
  try {
    return htmlTables(text);
  } catch (error) {
    if (!(error instanceof HtmlTooWide)) throw error;
    throw neverFailure(
      `${source.path}: a table in it has cells beyond column ${MAX_COLUMNS}, or spans more cells than a page has; export it as CSV`,
      error,
    );
  }
}

/** Where the bytes are no UTF-8, what the page says of itself counts more than what its letters look like. */
async function encodingOf(source: Source, declared: string | undefined): Promise<Encoding> {
  const found = await findEncoding(source, declared);
  if (declared !== undefined || found.name === 'utf8' || found.bomBytes > 0) return found;
  const said = /charset\s*=\s*["']?([\w-]+)/i.exec((await source.head(4096)).toString('latin1'))?.[1] ?? '';
  const name = /^(iso-?8859-1|latin-?1|us-ascii)$/i.test(said) ? 'windows-1252' : said;
  if (name === '' || /^utf-?8$/i.test(name)) return found;
  const { default: iconv } = await import('iconv-lite');
  return iconv.encodingExists(name) ? { ...found, name } : found;
}

async function readText(source: Source, encoding: Encoding): Promise<string> {
  assertWhole(source.path, source.sizeBytes);
  const stream = await openText(source, encoding);
  const pieces: Buffer[] = [];
  try {
    for (;;) {
      const piece = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      const count = await stream.fill(piece, 0);
      if (count === 0) return Buffer.concat(pieces).toString();
      pieces.push(piece.subarray(0, count));
    }
  } finally {
    stream.close();
  }
}

class TextScan implements SheetScan {
  readonly declaredWidth: number;
  row = -1;
  private readonly rows: ReadonlyArray<readonly string[]>;

  constructor(rows: ReadonlyArray<readonly string[]>) {
    this.rows = rows;
    this.declaredWidth = rows.reduce((width, cells) => Math.max(width, cells.length), 0);
  }

  async advance(sink: RowSink): Promise<boolean> {
    while (this.row + 1 < this.rows.length) {
      sink.beginRow(++this.row);
      (this.rows[this.row] as readonly string[]).forEach((text, column) => sink.addText(column, text));
      sink.endRow();
      if (sink.isFull) return true;
    }
    return false;
  }

  close(): void {}
}
