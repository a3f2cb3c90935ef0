import * as XLSX from '@e965/xlsx';
import * as codePages from '@e965/xlsx/dist/cpexcel.full.mjs';
import { messageOf, neverFailure } from '../../contract/failure.ts';
import { dateText, durationText } from './excel-date.ts';
import { numberText } from '../number-text.ts';
import type { RowSink, Sheet, SheetScan } from './sheet.ts';
import { damageOf } from './xls-records.ts';

type Cell = XLSX.CellObject | undefined;
type Grid = Array<Cell[] | undefined>;

/**
 * Workbooks that are read whole: xls of any age, xlsb, and the tables in Excel's XML that are called xls. An xls has
 * 65,536 rows at most; of the others none of a size that matters is known.
 */
export function openLegacy(path: string, bytes: Buffer): Sheet[] {
  const damage = damageOf(bytes);
  if (damage !== undefined) throw damaged(path, damage);
  const workbook = parse(path, bytes);
  const usesDatesOf1904 = workbook.Workbook?.WBProps?.date1904 === true;
  const names = workbook.SheetNames.filter(name => isOfCells(workbook.Sheets[name]));
  if (names.length === 0) throw neverFailure(`${path} has no sheet of cells: there is no table in it`);
  return names.map(name => {
    const sheet = workbook.Sheets[name] as XLSX.DenseWorkSheet | undefined;
    // The library passes over what it does not find.
    if (sheet === undefined) throw damaged(path, `its sheet ${JSON.stringify(name)} is missing`);
    const grid = (sheet['!data'] ?? []) as Grid;
    return {
      path,
      name,
      isHidden: (workbook.Workbook?.Sheets?.[workbook.SheetNames.indexOf(name)]?.Hidden ?? 0) > 0,
      maxRows: grid.length,
      maxTextBytes: Infinity,
      open: async () => new GridScan(grid, usesDatesOf1904),
    };
  });
}

/** Those of charts, macros and dialogs bear their type. */
function isOfCells(sheet: XLSX.WorkSheet | undefined): boolean {
  const type = sheet?.['!type'] as string | undefined;
  return type === undefined || type === 'sheet';
}

function parse(path: string, bytes: Buffer): XLSX.WorkBook {
  // Text of an xls before Excel 97 is in a code page, of which the library alone knows none.
  XLSX.set_cptable(codePages);
  try {
    return XLSX.read(bytes, {
      type: 'buffer',
      dense: true,
      cellNF: true,
      cellText: true,
      cellHTML: false,
      cellFormula: false,
      raw: true,
    });
  } catch (error) {
    const reason = messageOf(error);
    if (/password|encrypt/i.test(reason))
      throw neverFailure(`${path} is protected with a password (${reason}); save it without one`, error);
    // The library's own errors say what is wrong; others are what damaged bytes lead it to.
    const isSaid = error instanceof Error && error.constructor === Error;
    throw damaged(path, isSaid ? reason : undefined, error);
  }
}

function damaged(path: string, reason: string | undefined, cause?: unknown): Error {
  return neverFailure(`${path} is damaged${reason === undefined ? '' : ` (${reason})`}; open and save it again`, cause);
}

class GridScan implements SheetScan {
  readonly declaredWidth: number;
  row = -1;
  private readonly grid: Grid;
  private readonly usesDatesOf1904: boolean;

  constructor(grid: Grid, usesDatesOf1904: boolean) {
    this.grid = grid;
    this.usesDatesOf1904 = usesDatesOf1904;
    this.declaredWidth = grid.reduce((width, cells) => Math.max(width, cells?.length ?? 0), 0);
  }

  async advance(sink: RowSink): Promise<boolean> {
    while (this.row + 1 < this.grid.length) {
      this.add(++this.row, sink);
      if (sink.isFull) return true;
    }
    return false;
  }

  close(): void {}

  private add(row: number, sink: RowSink): void {
    const cells = this.grid[row] ?? [];
    sink.beginRow(row);
    for (let column = 0; column < cells.length; column++) {
      const text = this.textOf(cells[column]);
      if (text !== undefined && text !== '') sink.addText(column, text);
    }
    sink.endRow();
  }

  private textOf(cell: Cell): string | undefined {
    if (cell?.v === undefined || cell.v === null) return cell?.t === 'e' ? cell.w : undefined;
    if (cell.t === 'b') return cell.v ? 'True' : 'False';
    if (cell.t === 'e') return cell.w ?? String(cell.v);
    if (typeof cell.v !== 'number') return String(cell.v);
    if (cell.z !== undefined && /\[(h+|m+|s+)\]/i.test(String(cell.z))) return durationText(cell.v);
    if (cell.z !== undefined && XLSX.SSF.is_date(String(cell.z))) return dateText(cell.v, this.usesDatesOf1904);
    return numberText(cell.v);
  }
}
