import fc from 'fast-check';
import type { Case } from './case.ts';
import { grids } from './grid.ts';
import type { Table } from './table.ts';

type Row = Record<string, unknown>;
type Write = (table: Table) => string;

/** Layouts in which programs write a table; the first two are read by everybody. */
const LAYOUTS: Record<string, Write> = {
  records: table => JSON.stringify(records(table)),
  lines: table =>
    records(table)
      .map(row => `${JSON.stringify(row)}\n`)
      .join(''),
  envelope: table => JSON.stringify({ total: table.rows.length, data: records(table) }),
  columns: table =>
    JSON.stringify(
      Object.fromEntries(table.header.map((name, column) => [name, counted(values(table).map(row => row[column]))])),
    ),
  index: table => JSON.stringify(counted(records(table))),
  split: table =>
    JSON.stringify({ columns: table.header, index: table.rows.map((_, row) => row), data: values(table) }),
  lists: table =>
    JSON.stringify(
      Object.fromEntries(table.header.map((name, column) => [name, values(table).map(row => row[column])])),
    ),
  names: table => JSON.stringify({ columns: table.header.map(name => ({ name, type: 'text' })), rows: values(table) }),
  arrays: table => JSON.stringify([table.header, ...values(table)]),
  arrayLines: table => [table.header, ...values(table)].map(row => `${JSON.stringify(row)}\n`).join(''),
  bulk: table =>
    records(table)
      .map(row => `{"index":{}}\n${JSON.stringify(row)}\n`)
      .join(''),
};

/** Layouts in which rows stand under labels, which become a column. */
const LABELLED: Record<string, Write> = {
  'columns by date': table =>
    JSON.stringify(
      Object.fromEntries(table.header.map((name, column) => [name, labelled(values(table).map(row => row[column]))])),
    ),
  'index by date': table => JSON.stringify(labelled(records(table))),
  'split by date': table =>
    JSON.stringify({ columns: table.header, index: table.rows.map((_, row) => labelOf(row)), data: values(table) }),
};

/** JSON in each layout, with numbers as numbers. */
export const jsonCases: fc.Arbitrary<Case> = fc
  .tuple(
    grids({ hasPieces: true, minRows: 2 }),
    fc.constantFrom(...Object.keys(LAYOUTS), ...Object.keys(LABELLED)),
    fc.boolean(),
  )
  .map(([table, layout, isSpaced]) => {
    const text = ((LAYOUTS[layout] ?? LABELLED[layout]) as Write)(table);
    const isPlain = layout in LAYOUTS;
    const truth = isPlain ? table : withLabels(table);
    const isOfLines = /lines|bulk/i.test(layout);
    const written = isSpaced && !isOfLines ? JSON.stringify(JSON.parse(text), null, 2) : text;
    return {
      kind: 'json',
      name: isOfLines ? 'case.ndjson' : 'case.json',
      bytes: Buffer.from(written),
      truth,
      isPlain,
      form: { layout },
    };
  });

/** Numbers are written as such where that keeps their digits. */
function valueOf(cell: string | null): unknown {
  return cell !== null && /^-?[0-9]/.test(cell) && String(Number(cell)) === cell ? Number(cell) : cell;
}

function values({ rows }: Table): unknown[][] {
  return rows.map(row => row.map(valueOf));
}

function records(table: Table): Row[] {
  return values(table).map(row => Object.fromEntries(table.header.map((name, column) => [name, row[column]])));
}

function counted(items: readonly unknown[]): Row {
  return Object.fromEntries(items.map((item, position) => [String(position), item]));
}

function labelOf(row: number): string {
  return new Date(Date.UTC(2020, 0, 1 + row)).toISOString().slice(0, 10);
}

function labelled(items: readonly unknown[]): Row {
  return Object.fromEntries(items.map((item, row) => [labelOf(row), item]));
}

function withLabels({ header, rows }: Table): Table {
  return { header: ['index', ...header], rows: rows.map((row, index) => [labelOf(index), ...row]) };
}
