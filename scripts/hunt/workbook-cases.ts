import * as XLSX from '@e965/xlsx';
import fc from 'fast-check';
import { AROUND, gridOf, meantTable } from './around.ts';
import type { Case } from './case.ts';
import { grids } from './grid.ts';

/** As SheetJS calls them; `xlml` is Excel's XML of 2003. */
const FORMATS = ['xlsx', 'xlsb', 'biff8', 'xlml', 'ods', 'fods'] as const;
const ENDINGS: Record<string, string> = { biff8: 'xls', xlml: 'xls' };

/** Workbooks that SheetJS writes, with numbers as numbers and dates as text. */
export const workbookCases: fc.Arbitrary<Case> = fc
  .tuple(grids({ hasPieces: true, minRows: 3 }), fc.constantFrom(...FORMATS), fc.boolean(), AROUND)
  .map(([table, format, isShared, around]) => ({
    kind: 'workbook',
    name: `case.${ENDINGS[format] ?? format}`,
    bytes: written(gridOf(table, around), format, isShared),
    truth: meantTable(table, around),
    isPlain: around === 'nothing',
    form: { format, around },
  }));

function written(rows: ReturnType<typeof gridOf>, format: (typeof FORMATS)[number], isShared: boolean): Buffer {
  const book = XLSX.utils.book_new();
  XLSX.utils.book_append_sheet(book, XLSX.utils.aoa_to_sheet(rows.map(row => row.map(valueOf))), 'Data');
  return XLSX.write(book, {
    type: 'buffer',
    bookType: format,
    bookSST: isShared,
    compression: true,
  }) as Buffer;
}

function valueOf(cell: string | null): string | number | null {
  return cell !== null && /^-?[0-9]/.test(cell) && String(Number(cell)) === cell ? Number(cell) : cell;
}
