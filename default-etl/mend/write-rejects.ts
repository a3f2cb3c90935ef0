import type { Reject } from '../protocol.ts';
import type { PlainDialect } from '../extract/csv/definition.ts';
import { createEncoder } from './encoded-text.ts';
import { guardFormula } from './formula.ts';
import { parseRecord } from './free-record.ts';
import { LINE_END, recordCells, recordText } from './record-text.ts';
import { allColumns, columnsOf, leadingNames, type RejectsTable } from './table.ts';

/** Of rejects of a file that is no delimited text. */
const COMMA = { delimiter: ',', quote: '"', escape: '', skipsBlanks: false, encoding: 'utf8' };

/**
 * Rejects as CSV that can be mended where the file itself is: its own delimiter, quote, encoding and columns, before them the row's number and
 * what is wrong with it. A record stands there as it does in the file, where that can be read back.
 */
export async function* writeRejects(rejects: AsyncIterable<Reject>, table: RejectsTable): AsyncGenerator<Buffer> {
  const encode = await createEncoder((table.dialect ?? COMMA).encoding);
  const lines = table.dialect ? delimitedLines(rejects, table, table.dialect) : recordLines(rejects);
  for await (const line of lines) yield encode(line + LINE_END);
}

async function* delimitedLines(
  rejects: AsyncIterable<Reject>,
  table: RejectsTable,
  dialect: NonNullable<RejectsTable['dialect']>,
): AsyncGenerator<string> {
  const columns = allColumns(table);
  const names = leadingNames(columns);
  yield recordText([names.row, names.reason, ...columns.map(guardFormula)], dialect);
  for await (const { row, reason, raw } of rejects) {
    const own = columnsOf(table, row);
    const { cells, isWhole } = recordCells(raw, dialect, own.length);
    const guarded = cells.map(guardFormula);
    const leading = recordText([String(row), guardFormula(reason)], dialect) + dialect.delimiter;
    const isPlain = isWhole && cells.every((cell, at) => cell === guarded[at]);
    const isVerbatim = isPlain && table.headers.length === 1 && standsBehind(leading, raw, cells, dialect);
    yield leading + (isVerbatim ? raw : recordText(inOrder(guarded, own, columns), dialect));
  }
}

/** Whether a record's text, behind other cells, still has these. */
function standsBehind(leading: string, raw: string, cells: readonly string[], dialect: PlainDialect): boolean {
  const line = recordCells(leading + raw, dialect, cells.length + 2);
  return (
    line.isWhole && line.cells.length === cells.length + 2 && cells.every((cell, at) => cell === line.cells[at + 2])
  );
}

/** The cells of a row with its own columns, in the order of all; what is too much comes last. */
function inOrder(cells: readonly string[], own: readonly string[], all: readonly string[]): string[] {
  const known = all.map(column => cells[own.indexOf(column)] ?? '');
  return [...known, ...cells.slice(own.length)];
}

/** Which columns there are is known only once all are seen. */
async function* recordLines(rejects: AsyncIterable<Reject>): AsyncGenerator<string> {
  const rows: Array<{ reject: Reject; record: Record<string, unknown> | null }> = [];
  for await (const reject of rejects) rows.push({ reject, record: parseRecord(reject.raw) });
  const columns = [...new Set(rows.flatMap(({ record }) => Object.keys(record ?? {})))];
  const names = leadingNames(columns);
  const hasRaw = rows.some(({ record }) => record === null);
  yield recordText([names.row, names.reason, ...(hasRaw ? [names.raw] : []), ...columns.map(guardFormula)], COMMA);
  for (const { reject, record } of rows) {
    const raw = hasRaw ? [record === null ? reject.raw : ''] : [];
    const cells = columns.map(column => valueText(record?.[column]));
    yield recordText([String(reject.row), ...[reject.reason, ...raw, ...cells].map(guardFormula)], COMMA);
  }
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
