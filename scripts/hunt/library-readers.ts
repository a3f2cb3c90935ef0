import * as XLSX from '@e965/xlsx';
import { parse } from 'csv-parse/sync';
import type { Case } from './case.ts';
import type { TableReader } from './reader.ts';
import type { Reading } from './table.ts';

/** What was written, as the one who made the file up knows it. */
export const truthReader: TableReader = {
  name: 'as written',
  kinds: ['csv', 'json', 'workbook', 'xml'],
  findsOut: true,
  read: async ({ truth }) => truth,
};

/** csv-parse, told the delimiter and the encoding. */
export const csvParseReader: TableReader = {
  name: 'csv-parse',
  kinds: ['csv'],
  read: async ({ bytes, form }) => {
    return withHeader(
      parse(bytes, {
        bom: true,
        encoding: nodeEncoding(form['encoding']),
        delimiter: form['delimiter'] ?? ',',
        relax_column_count: true,
      }),
    );
  },
};

/** SheetJS, of the formats that the default ETL reads without it. */
export const sheetJsReader: TableReader = {
  name: 'SheetJS',
  kinds: ['workbook'],
  read: async ({ bytes, form }: Case) => {
    if (form['format'] !== 'xlsx' && form['format'] !== 'ods') return undefined;
    const book = XLSX.read(bytes, { type: 'buffer' });
    const sheet = book.Sheets[book.SheetNames[0] as string] as XLSX.WorkSheet;
    const grid = XLSX.utils.sheet_to_json<unknown[]>(sheet, { header: 1, defval: null, raw: true });
    return withHeader(grid.map(row => row.map(cell => (cell === null ? '' : String(cell as string | number)))));
  },
};

/** As Node calls it. */
export function nodeEncoding(encoding = ''): 'utf16le' | 'latin1' | 'utf8' {
  if (encoding === 'windows-1252') return 'latin1';
  return encoding.startsWith('utf16') ? 'utf16le' : 'utf8';
}

function withHeader(records: ReadonlyArray<readonly string[]>): Reading {
  const [header = [], ...rows] = records;
  return { header, rows };
}
