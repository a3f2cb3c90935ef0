import * as XLSX from '@e965/xlsx';
import { type Batch, emptyBatch, NULL, type Reader } from '../batch.ts';
import { BatchBuilder } from '../batch-builder.ts';
import { configFailure, messageOf, neverFailure } from '../failure.ts';
import type { Extract } from '../settings.ts';
import type { Source } from '../source.ts';
import { dateText, durationText } from './excel-date.ts';
import { columnNames, positionNames } from './header.ts';
import { numberText } from './number-text.ts';

const ROWS_PER_BATCH = 2000;

interface Grid {
  name: string;
  rows: Array<Array<XLSX.CellObject | undefined> | undefined>;
  usesDatesOf1904: boolean;
}

/**
 * Workbooks: xlsx, xlsm, xls of any age, and the tables in HTML or XML that are called so. Rows of nothing are skipped, as blank lines of a CSV
 * are; merged cells have their value at the top left; formulas have the value that was saved with them; an error is its text, `#N/A`.
 */
export async function openWorkbook(source: Source, extract: Extract): Promise<Reader> {
  if (source.sizeBytes === 0) throw neverFailure(`${source.path} is empty: it is no workbook`);
  const grids = readGrids(source, await source.readAll(), extract);
  const reason = extract.sheet === undefined ? 'the first one' : 'as EXTRACT.sheet says';
  return {
    decisions: [
      {
        name: 'sheet',
        value: grids.length === 1 ? grids[0]?.name : grids.map(grid => grid.name),
        confidence: 1,
        reason,
      },
    ],
    columnsVary: grids.length > 1,
    maxRows: grids.reduce((sum, grid) => sum + grid.rows.length, 0),
    emptyHeader: () => emptyBatch(new SheetRows(grids[0] as Grid, extract).header),
    batches: () => batchesOf(grids, extract),
  };
}

async function* batchesOf(grids: Grid[], extract: Extract): AsyncGenerator<Batch> {
  let number = 1;
  for (const grid of grids) {
    const rows = new SheetRows(grid, extract);
    for (const batch of rows.batches(number)) {
      number += batch.rows;
      yield batch;
    }
  }
}

function readGrids(source: Source, bytes: Buffer, extract: Extract): Grid[] {
  const workbook = parse(source, bytes);
  const usesDatesOf1904 = workbook.Workbook?.WBProps?.date1904 === true;
  return sheetNames(source, workbook.SheetNames, extract.sheet).map(name => ({
    name,
    rows: ((workbook.Sheets[name] as XLSX.DenseWorkSheet | undefined)?.['!data'] ?? []) as Grid['rows'],
    usesDatesOf1904,
  }));
}

function parse(source: Source, bytes: Buffer): XLSX.WorkBook {
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
    const advice = /password|encrypt/i.test(reason) ? 'save it without a password' : 'open and save it again';
    throw neverFailure(`${source.path} can't be read as a workbook (${reason}); ${advice}`, error);
  }
}

function sheetNames(source: Source, names: string[], sheet: number | string = 0): string[] {
  if (sheet === 'all') return names;
  const name = typeof sheet === 'number' ? names[sheet] : names.find(candidate => candidate === sheet);
  if (name !== undefined) return [name];
  throw neverFailure(
    `${source.path} has no sheet ${JSON.stringify(sheet)} (EXTRACT.sheet); it has ${names.join(', ')}`,
  );
}

/** The rows of one sheet below its header. */
class SheetRows {
  readonly header: string[];
  private readonly grid: Grid;
  private readonly first: number;

  constructor(grid: Grid, extract: Extract) {
    this.grid = grid;
    let row = extract.skip_rows ?? 0;
    while (row < grid.rows.length && isBlank(grid.rows[row])) row++;
    const { header } = extract;
    const hasHeader = header === undefined || header === true;
    this.header = Array.isArray(header) ? columnNames(header) : this.namesFrom(row, hasHeader);
    if (this.header.length === 0 && Array.isArray(header)) throw configFailure('EXTRACT.header is an empty list');
    this.first = hasHeader ? row + 1 : row;
  }

  *batches(firstNumber: number): Generator<Batch> {
    let number = firstNumber;
    let builder = this.newBuilder();
    for (let row = this.first; row < this.grid.rows.length; row++) {
      const cells = this.grid.rows[row];
      if (isBlank(cells)) continue;
      builder.beginRow(number++, 0, NULL);
      this.fill(builder, cells as Array<XLSX.CellObject | undefined>);
      if (builder.rows < ROWS_PER_BATCH) continue;
      yield builder.take();
      builder = this.newBuilder();
    }
    if (!builder.isEmpty) yield builder.take();
  }

  /** As wide as the widest row: a cell beyond the header has a column of its own. */
  private namesFrom(row: number, hasHeader: boolean): string[] {
    let width = 0;
    for (let at = row; at < this.grid.rows.length; at++) width = Math.max(width, usedWidth(this.grid.rows[at]));
    if (!hasHeader) return positionNames(width);
    const cells = this.grid.rows[row] ?? [];
    return columnNames(Array.from({ length: width }, (_, column) => this.textOf(cells[column]) ?? ''));
  }

  private newBuilder(): BatchBuilder {
    const builder = new BatchBuilder();
    for (const name of this.header) builder.addColumn(name);
    return builder;
  }

  private fill(builder: BatchBuilder, cells: Array<XLSX.CellObject | undefined>): void {
    const width = Math.min(cells.length, this.header.length);
    for (let column = 0; column < width; column++) {
      const text = this.textOf(cells[column]);
      if (text !== undefined) builder.text(column, text);
    }
  }

  private textOf(cell: XLSX.CellObject | undefined): string | undefined {
    if (cell?.v === undefined || cell.v === null) return cell?.t === 'e' ? cell.w : undefined;
    if (cell.t === 'b') return cell.v ? 'True' : 'False';
    if (cell.t === 'e') return cell.w ?? String(cell.v);
    if (typeof cell.v !== 'number') return String(cell.v);
    if (cell.z !== undefined && /\[(h+|m+|s+)\]/i.test(String(cell.z))) return durationText(cell.v);
    if (cell.z !== undefined && XLSX.SSF.is_date(String(cell.z))) return dateText(cell.v, this.grid.usesDatesOf1904);
    return numberText(cell.v);
  }
}

function isBlank(cells: Array<XLSX.CellObject | undefined> | undefined): boolean {
  return usedWidth(cells) === 0;
}

/** Cells up to the last one that has something in it. */
function usedWidth(cells: Array<XLSX.CellObject | undefined> | undefined): number {
  let width = cells?.length ?? 0;
  while (width > 0 && isEmpty(cells?.[width - 1])) width--;
  return width;
}

function isEmpty(cell: XLSX.CellObject | undefined): boolean {
  return cell === undefined || cell.t === 'z' || cell.v === undefined || cell.v === null || cell.v === '';
}
