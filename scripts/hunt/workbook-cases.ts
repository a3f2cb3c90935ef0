import * as XLSX from '@e965/xlsx';
import fc from 'fast-check';
import type { Case } from './case.ts';
import { grids } from './grid.ts';
import type { Table } from './table.ts';

const FORMATS = ['xlsx', 'xlsb', 'xls', 'ods'] as const;

/** Workbooks that SheetJS writes, with numbers as numbers and dates as text. */
export const workbookCases: fc.Arbitrary<Case> = fc
  .tuple(grids({ hasPieces: true, minRows: 2 }), fc.constantFrom(...FORMATS), fc.boolean())
  .map(([truth, format, isShared]) => ({
    kind: 'workbook',
    name: `case.${format}`,
    bytes: written(truth, format, isShared),
    truth,
    form: { format },
  }));

function written({ header, rows }: Table, format: (typeof FORMATS)[number], isShared: boolean): Buffer {
  const grid = [header, ...rows.map(row => row.map(valueOf))].map(row => [...row]);
  const book = XLSX.utils.book_new();
  XLSX.utils.book_append_sheet(book, XLSX.utils.aoa_to_sheet(grid), 'Data');
  return XLSX.write(book, {
    type: 'buffer',
    bookType: format === 'xls' ? 'biff8' : format,
    bookSST: isShared,
    compression: true,
  }) as Buffer;
}

function valueOf(cell: string | null): string | number | null {
  return cell !== null && /^-?[0-9]/.test(cell) && String(Number(cell)) === cell ? Number(cell) : cell;
}
