import fc from 'fast-check';
import type { Table } from './table.ts';

const TITLE = 'Population des communes en 2019';
const SOURCE = 'Source : Insee, recensement';

/** What stands around the rows of a table; half of them have a header and no more. */
export const AROUND = fc.constantFrom(
  'nothing',
  'nothing',
  'nothing',
  'nothing',
  'title',
  'title and a blank row',
  'source',
  'a blank row and source',
  'no header',
);

/** The rows that a file has, by their cells; none in a blank one. */
export function gridOf({ header, rows }: Table, around: string): Array<ReadonlyArray<string | null>> {
  const table = around === 'no header' ? rows : [header, ...rows];
  return [
    ...(around.startsWith('title') ? [[TITLE]] : []),
    ...(around === 'title and a blank row' ? [[]] : []),
    ...table,
    ...(around === 'a blank row and source' ? [[]] : []),
    ...(around.endsWith('source') ? [[SOURCE]] : []),
  ];
}

/** What is meant by that. */
export function meantTable(table: Table, around: string): Table {
  return around === 'no header' ? { ...table, header: table.header.map((_, column) => String(column)) } : table;
}
