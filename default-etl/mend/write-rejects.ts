import type { Reject } from '../contract/protocol.ts';
import type { PlainDialect } from '../extract/csv/definition.ts';
import { neverFailure } from '../contract/failure.ts';
import { USUAL } from '../contract/limits.ts';
import { createEncoder } from './encoded-text.ts';
import { parseRecord } from './free-record.ts';
import { guardedText, LINE_END, recordCells } from './record-text.ts';
import { Spool } from './spool.ts';
import { allColumns, columnsOf, leadingNames, type RejectsTable, rowCell } from './table.ts';

/** Of rejects of a file that is no delimited text. */
const COMMA = { delimiter: ',', quote: '"', escape: '', skipsBlanks: false, encoding: 'utf8' };
/** Of rejects whose columns are found out: a line has a cell for each, whatever the row has. */
const MOST_CELLS = 100_000_000;

/**
 * Rejects as CSV that can be mended where the file itself is: its own delimiter, quote, encoding and columns, before
 * them the row's number and what is wrong with it. No cell is a formula to the program that opens it.
 */
export async function* writeRejects(rejects: AsyncIterable<Reject>, table: RejectsTable): AsyncGenerator<Buffer> {
  const encode = await createEncoder((table.dialect ?? COMMA).encoding);
  const lines = table.dialect ? delimitedLines(rejects, table, table.dialect) : recordLines(rejects);
  for await (const line of lines) yield encode(line + LINE_END);
}

async function* delimitedLines(
  rejects: AsyncIterable<Reject>,
  table: RejectsTable,
  dialect: PlainDialect,
): AsyncGenerator<string> {
  const columns = allColumns(table);
  if (columns.length > USUAL.columns) throw tooManyColumns(columns.length);
  const names = leadingNames(columns);
  yield guardedText([names.row, names.reason, ...columns], dialect);
  for await (const reject of rejects) {
    const own = columnsOf(table, reject.row);
    const { cells } = recordCells(reject.raw, dialect, own.length);
    yield guardedText([rowCell(reject), reject.reason, ...inOrder(cells, own, columns)], dialect);
  }
}

function tooManyColumns(count: number): Error {
  return neverFailure(
    `its files have ${count} different columns together, and no more than ${USUAL.columns} are put into one table; mend the files themselves`,
  );
}

/** The cells of a row with its own columns, in the order of all; what is too much comes last. */
function inOrder(cells: readonly string[], own: readonly string[], all: readonly string[]): string[] {
  if (own.length === all.length) return [...cells];
  const places = new Map(own.map((column, index) => [column, index]));
  return [...all.map(column => cells[places.get(column) ?? -1] ?? ''), ...cells.slice(own.length)];
}

/** Which columns there are is known only once all are seen: they are read twice, and not kept in memory. */
async function* recordLines(rejects: AsyncIterable<Reject>): AsyncGenerator<string> {
  using spool = new Spool<Reject>();
  const found = new Set<string>();
  let hasRaw = false;
  for await (const reject of rejects) {
    const record = isTable(found, spool) ? parseRecord(reject.raw) : null;
    hasRaw ||= record === null;
    for (const column of Object.keys(record ?? {})) found.add(column);
    spool.add(reject);
  }
  // Too wide to be a table: each row is the text that it is.
  const isWide = !isTable(found, spool);
  hasRaw ||= isWide;
  const columns = isWide ? [] : [...found];
  const names = leadingNames(columns);
  yield guardedText([names.row, names.reason, ...(hasRaw ? [names.raw] : []), ...columns], COMMA);
  for (const reject of spool.read()) {
    const record = isWide ? null : parseRecord(reject.raw);
    const raw = hasRaw ? [record === null ? reject.raw : ''] : [];
    const cells = columns.map(column => valueText(record?.[column]));
    yield guardedText([rowCell(reject), reject.reason, ...raw, ...cells], COMMA);
  }
}

function isTable(columns: ReadonlySet<string>, { count }: Spool<Reject>): boolean {
  return columns.size <= USUAL.columns && columns.size * count <= MOST_CELLS;
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
