import { csvRecords, eachRecord, type PlainDialect, type PlainRecord } from '../extract/csv/definition.ts';
import type { MendedRow } from '../contract/protocol.ts';
import { neverFailure } from '../contract/failure.ts';
import { decodeText } from './encoded-text.ts';
import { unguardFormula } from './formula.ts';
import { isObject, parseJson, parseRecord } from './free-record.ts';
import { recordCells, recordText } from './record-text.ts';
import { allColumns, columnsOf, leadingNames, parseRowCell, type RejectsTable } from './table.ts';

/** The line of names is within these. */
const HEAD_CHARACTERS = 1 << 18;
const DELIMITERS = [';', ',', '\t', '|'];

/**
 * The mended rows of a file, one after the other: NDJSON, or CSV as writeRejects() made it, saved by whatever program
 * since. `name`: of the file, for errors. Throws EtlFailure 65, with the line, where it can't be told which row
 * something stands for.
 */
export async function* readMended(bytes: Buffer, name: string, table: RejectsTable): AsyncGenerator<MendedRow> {
  const text = await decodeText(bytes, table.dialect?.encoding ?? 'utf8');
  const rows = /^\s*\{/.test(text) ? readLines(text, name, table) : readTable(text, name, table);
  const lines = new Map<number, number>();
  for (const { line, mended } of rows) {
    const other = lines.get(mended.row);
    if (other !== undefined) throw wrong(name, line, `row ${mended.row} is on line ${other}, too; keep one of them`);
    lines.set(mended.row, line);
    yield mended;
  }
}

interface Found {
  line: number;
  mended: MendedRow;
}

function* readTable(text: string, name: string, table: RejectsTable): Generator<Found> {
  const body = text.replace(/^sep=.\r?\n/i, '');
  const columns = allColumns(table);
  const names = leadingNames(columns);
  const dialect = findDialect(body, names.row, table);
  if (dialect === undefined) {
    const example = recordText([names.row, names.reason, ...columns], table.dialect ?? { ...COMMON, delimiter: ',' });
    throw wrong(
      name,
      1,
      `there is no column ${names.row}; the first line must be that of the downloaded file: ${example}`,
    );
  }
  const width = headerOf(body, dialect).length;
  let places: Places | undefined;
  for (const found of eachRecord(body, dialect, width)) {
    const record = unguarded(found);
    if (places === undefined) places = placesOf(record.cells, name, table);
    else if (record.cells.some(cell => cell.trim() !== ''))
      yield { line: record.line, mended: mendedOf(record, places, name, table) };
  }
}

function unguarded(record: PlainRecord): PlainRecord {
  return { ...record, cells: record.cells.map(unguardFormula) };
}

const COMMON: Omit<PlainDialect, 'delimiter'> = { quote: '"', escape: '', skipsBlanks: false };

/**
 * The file's own dialect where its delimiter is still there, else that of spreadsheet programs; undefined where no line
 * of names can be made out.
 */
function findDialect(text: string, rowName: string, { dialect }: RejectsTable): PlainDialect | undefined {
  const others = DELIMITERS.map(delimiter => ({ ...COMMON, delimiter }));
  const candidates = dialect ? [dialect, { ...COMMON, delimiter: dialect.delimiter }, ...others] : others;
  const finds = (candidate: PlainDialect) => {
    const cells = headerOf(text, candidate);
    return cells.length > 1 && cells.some(cell => isName(cell, rowName));
  };
  return candidates.find(finds);
}

function headerOf(text: string, dialect: PlainDialect): string[] {
  return csvRecords(text.slice(0, HEAD_CHARACTERS), dialect, 0)[0]?.cells ?? [];
}

function isName(cell: string, name: string): boolean {
  return cell.trim().toUpperCase() === name;
}

/** Where in a line of the mended file each thing is. */
interface Places {
  row: number;
  raw: number;
  /** Position of each column, by its name in the file. */
  columns: Map<string, number>;
  /** Positions of what has a name. */
  named: Set<number>;
}

function placesOf(header: readonly string[], name: string, table: RejectsTable): Places {
  const names = leadingNames(table.dialect ? allColumns(table) : []);
  const at = (wanted: string) => header.findIndex(cell => isName(cell, wanted));
  const leading = [names.row, names.reason, ...(table.dialect ? [] : [names.raw])].map(at);
  const rest = header.flatMap((cell, position) =>
    leading.includes(position) || cell === '' ? [] : [{ cell, position }],
  );
  const columns = table.dialect
    ? filesColumns(rest, name, table)
    : new Map(rest.map(({ cell, position }) => [cell, position]));
  return {
    row: leading[0] as number,
    raw: leading[2] ?? -1,
    columns,
    named: new Set([...leading, ...columns.values()]),
  };
}

/**
 * Columns are known by their names; where a program has changed some of them (into a date), by their places, if all
 * others are in theirs.
 */
function filesColumns(
  rest: ReadonlyArray<{ cell: string; position: number }>,
  name: string,
  table: RejectsTable,
): Map<string, number> {
  const known = allColumns(table);
  const byName = new Map(rest.map(({ cell, position }) => [cell, position]));
  const missing = known.filter(column => !byName.has(column));
  const unknown = [...byName.keys()].filter(column => !known.includes(column));
  if (missing.length === 0 && unknown.length === 0) return byName;
  const isInPlace = rest.every(({ cell }, index) => cell === known[index] || !known.includes(cell));
  if (rest.length === known.length && isInPlace)
    return new Map(known.map((column, index) => [column, rest[index]?.position as number]));
  const what = [
    ...(missing.length > 0 ? [`${missing.join(', ')} missing`] : []),
    ...(unknown.length > 0 ? [`${unknown.join(', ')} not of the file`] : []),
  ].join(', ');
  throw wrong(name, 1, `its columns are not those of the file: ${what}; keep the first line as it was downloaded`);
}

function mendedOf(record: PlainRecord, places: Places, name: string, table: RejectsTable): MendedRow {
  const { cells, line } = record;
  const text = cells[places.row] ?? '';
  const { row, isCut } = parseRowCell(text);
  if (row === 0)
    throw wrong(name, line, `${JSON.stringify(text.trim())} is no row number; leave that column as it was downloaded`);
  const mended = table.dialect
    ? delimitedRow(row, record, places, table as Delimited)
    : freeRow(row, record, places, table);
  return isCut ? cutRow(row, mended.raw ?? '') : mended;
}

type Delimited = RejectsTable & { dialect: NonNullable<RejectsTable['dialect']> };

function delimitedRow(row: number, { cells, isUnclosed }: PlainRecord, places: Places, table: Delimited): MendedRow {
  const columns = columnsOf(table, row);
  const values = columns.map(column => cells[places.columns.get(column) as number] ?? '');
  const all = [...values, ...surplusOf(cells, places)];
  const raw = recordText(all, table.dialect);
  if (isUnclosed) return { row, raw, reason: 'a quote that opens on this line is never closed' };
  if (all.length > columns.length) return tooMany(row, all, raw, columns.length);
  return { row, raw, record: toRecord(columns, values) };
}

/** Of a file that is no delimited text: an empty cell is none. */
function freeRow(row: number, { cells }: PlainRecord, places: Places, table: RejectsTable): MendedRow {
  const raw = cells[places.raw];
  if (raw) return fromRaw(row, raw, table);
  const record = Object.fromEntries([...places.columns].map(([column, at]) => [column, cells[at] || null]));
  const surplus = surplusOf(cells, places);
  if (surplus.length > 0) return tooMany(row, cells, JSON.stringify(cells), places.named.size);
  return { row, record, raw: JSON.stringify(record) };
}

/** Cells under no name, up to the last that is not empty. */
function surplusOf(cells: readonly string[], { named }: Places): string[] {
  const surplus = cells.filter((_, position) => !named.has(position));
  return surplus.slice(0, surplus.findLastIndex(Boolean) + 1);
}

/** Loading what was kept of it would be taken for the whole. */
function cutRow(row: number, raw: string): MendedRow {
  return {
    row,
    raw,
    raw_cut: true,
    reason:
      'only the beginning of this row was kept, as it is very long, so it is not loaded from here: mend it in the file itself; ' +
      'or put the whole row in its place, and its number alone into the first column',
  };
}

function tooMany(row: number, cells: readonly string[], raw: string, width: number): MendedRow {
  return { row, raw, reason: `${cells.length} cells, but the header has ${width} columns` };
}

function toRecord(columns: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(columns.map((column, index) => [column, values[index] ?? '']));
}

/** NDJSON: `{"row": 12, "record": {…}}`, or a reject with its `raw` mended. */
function* readLines(text: string, name: string, table: RejectsTable): Generator<Found> {
  let number = 0;
  for (let at = 0, end = 0; at <= text.length; at = end + 1) {
    end = text.indexOf('\n', at);
    if (end < 0) end = text.length;
    number += 1;
    const line = text.slice(at, end);
    if (line.trim() !== '') yield { line: number, mended: lineOf(line, number, name, table) };
  }
}

function lineOf(line: string, number: number, name: string, table: RejectsTable): MendedRow {
  const value = parseJson(line) as Partial<Record<'row' | 'record' | 'raw' | 'raw_cut', unknown>> | null;
  const { row, record, raw, raw_cut: isCut } = value ?? {};
  if (!Number.isSafeInteger(row) || (row as number) < 1 || !(isObject(record) || typeof raw === 'string')) {
    throw wrong(
      name,
      number,
      'not a mended row; it must be {"row": 12, "record": {"COLUMN": "value"}}, or {"row": 12, "raw": "the line"}',
    );
  }
  if (isObject(record)) return fromRecord(row as number, record, table);
  return isCut === true ? cutRow(row as number, raw as string) : fromRaw(row as number, raw as string, table);
}

function fromRecord(row: number, record: Record<string, unknown>, table: RejectsTable): MendedRow {
  if (table.dialect === null) return { row, record, raw: JSON.stringify(record) };
  const cells = columnsOf(table, row).map(column => {
    const value = record[column] ?? '';
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
  return { row, record, raw: recordText(cells, table.dialect) };
}

function fromRaw(row: number, raw: string, table: RejectsTable): MendedRow {
  if (table.dialect === null) {
    const record = parseRecord(raw);
    return record ? { row, record, raw } : { row, raw, reason: 'neither a JSON object nor an XML element' };
  }
  const columns = columnsOf(table, row);
  const { cells, isWhole } = recordCells(raw, table.dialect, columns.length);
  if (!isWhole)
    return { row, raw, reason: 'not one record of the file: a quote is not closed, or there is a line too many' };
  if (cells.slice(columns.length).some(Boolean)) return tooMany(row, cells, raw, columns.length);
  return { row, raw, record: toRecord(columns, cells) };
}

function wrong(name: string, line: number, what: string): Error {
  return neverFailure(`${name}:${line}: ${what}`);
}
