import { decodeHTMLStrict } from 'entities/decode';
import { MAX_COLUMNS } from './sheet.ts';

/** The rows of a table, of cells by their column. */
export type HtmlTable = string[][];

/** Tags after which text goes on in another line. */
const BREAKS: ReadonlySet<string> = new Set(['br', 'p', 'div', 'li', 'tr']);
/** Elements whose text is none. */
const SILENT: ReadonlySet<string> = new Set(['script', 'style']);
/** What the HTML standard allows (4.9.11). */
const MOST_ROWS_SPANNED = 65_534;
/** Rows times columns: what an old workbook can have, sixteen times over. */
const MOST_PLACES = 1 << 28;

/** A table that is not closed yet. */
interface OpenTable {
  rows: HtmlTable;
  /** Of the cell that is open, as it is written, in pieces; undefined between cells. */
  text: string[] | undefined;
  column: number;
  columnsSpanned: number;
  /** For each column the first row, from 0, that is no longer taken by a cell above. */
  freeFrom: number[];
}

/** A table that no browser shows, and no memory holds. */
export class HtmlTooWide extends Error {}

/**
 * The tables of an HTML text in the order in which they begin, those without a row left out. Blanks and line ends are
 * one blank, `<br>` is a line end; a cell over several rows or columns has its text at the top left. What is not closed
 * ends where the next begins, as in browsers; returns undefined where a table itself does not end, as after a copy that
 * was cut off. Throws HtmlTooWide.
 */
export function htmlTables(html: string): HtmlTable[] | undefined {
  const tables: HtmlTable[] = [];
  const open: OpenTable[] = [];
  for (let at = 0; at < html.length; ) {
    const less = html.indexOf('<', at);
    const end = less < 0 ? html.length : less;
    open.at(-1)?.text?.push(html.slice(at, end));
    if (less < 0) break;
    const tag = tagAt(html, less);
    if (tag.name === undefined) open.at(-1)?.text?.push(html.slice(less, tag.end));
    else if (!tag.isEnd && tag.name === 'table') {
      const rows: HtmlTable = [];
      tables.push(rows);
      open.push({ rows, text: undefined, column: -1, columnsSpanned: 1, freeFrom: [] });
    } else if (tag.isEnd && tag.name === 'table') endCell(open.pop());
    else apply(tag, open.at(-1));
    at = tag.end;
  }
  return open.length > 0 ? undefined : tables.filter(rows => rows.length > 0);
}

interface Tag {
  /** In lower case; empty for comments and declarations, undefined where it is text. */
  name: string | undefined;
  isEnd: boolean;
  attributes: string;
  /** Behind it, and behind the content of what is silent. */
  end: number;
}

function tagAt(html: string, start: number): Tag {
  if (html.startsWith('<!--', start)) return aside(behind(html, '-->', start + 4));
  if (html[start + 1] === '!' || html[start + 1] === '?') return aside(behind(html, '>', start));
  const isEnd = html[start + 1] === '/';
  const name = /^[a-z][a-z\d]*/i.exec(html.slice(start + (isEnd ? 2 : 1), start + 32))?.[0].toLowerCase();
  if (name === undefined) return { name, isEnd, attributes: '', end: start + 1 };
  const end = behind(html, '>', start);
  const attributes = html.slice(start + 1 + name.length, end);
  const isSilent = SILENT.has(name) && !isEnd;
  return { name, isEnd, attributes, end: isSilent ? endOfSilent(html, name, end) : end };
}

function aside(end: number): Tag {
  return { name: '', isEnd: false, attributes: '', end };
}

function behind(html: string, mark: string, from: number): number {
  const at = html.indexOf(mark, from);
  return at < 0 ? html.length : at + mark.length;
}

function endOfSilent(html: string, name: string, from: number): number {
  const closing = new RegExp(`</${name}`, 'gi');
  closing.lastIndex = from;
  return closing.exec(html)?.index ?? html.length;
}

function apply({ name, isEnd, attributes }: Tag, table: OpenTable | undefined): void {
  if (table === undefined) return;
  if (name === 'tr') {
    endCell(table);
    if (!isEnd) beginRow(table);
  } else if (name === 'td' || name === 'th') {
    endCell(table);
    if (!isEnd) beginCell(table, attributes);
  } else if (BREAKS.has(name as string) && (name === 'br' || isEnd)) table.text?.push('<br>');
}

function beginRow(table: OpenTable): void {
  table.rows.push([]);
  table.column = -1;
  table.columnsSpanned = 1;
}

function beginCell(table: OpenTable, attributes: string): void {
  if (table.rows.length === 0) beginRow(table);
  table.column += table.columnsSpanned;
  const row = table.rows.length - 1;
  while ((table.freeFrom[table.column] ?? 0) > row) table.column++;
  table.columnsSpanned = spanOf(attributes, 'colspan', MAX_COLUMNS);
  const rowsSpanned = spanOf(attributes, 'rowspan', MOST_ROWS_SPANNED);
  const end = table.column + table.columnsSpanned;
  if (table.column >= MAX_COLUMNS || table.rows.length * end > MOST_PLACES) throw new HtmlTooWide();
  // As many as the row that begins here and those below.
  for (let column = table.column; column < Math.min(end, MAX_COLUMNS) && rowsSpanned > 1; column++)
    table.freeFrom[column] = row + rowsSpanned;
  table.text = [];
}

function endCell(table: OpenTable | undefined): void {
  if (table?.text === undefined) return;
  const text = plainText(table.text);
  if (text !== '') (table.rows.at(-1) as string[])[table.column] = text;
  table.text = undefined;
}

function plainText(pieces: readonly string[]): string {
  const lines = pieces
    .join('')
    .replaceAll(/[ \t\r\n\f]+/g, ' ')
    .split('<br>');
  return decodeHTMLStrict(lines.map(line => line.trim()).join('\n'))
    .replaceAll('\u00a0', ' ')
    .trim();
}

function spanOf(attributes: string, name: string, most: number): number {
  const count = Number(new RegExp(`\\b${name}\\s*=\\s*["']?(\\d+)`, 'i').exec(attributes)?.[1] ?? 1);
  return Math.min(Math.max(count, 1), most);
}
