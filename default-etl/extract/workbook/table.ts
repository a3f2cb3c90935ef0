import type { Batch } from '../../batch/batch.ts';
import { configFailure, EtlFailure } from '../../contract/failure.ts';
import type { Extract } from '../../contract/settings.ts';
import type { Decision } from '../../contract/protocol.ts';
import { columnNames, positionNames } from '../table/column-names.ts';
import { endDecisions, findFooter, NO_FOOTER } from '../table/footer.ts';
import { type GridRow, MOST_ROWS, usualFilled } from '../table/grid.ts';
import { isSureOfNames } from '../table/header.ts';
import { findTable } from '../table/table-place.ts';
import { HeadSink, WidthSink } from './head-sinks.ts';
import type { RowSink, Sheet, SheetScan } from './sheet.ts';
import { type RowRange, TableSink } from './table-sink.ts';

/** A sheet as a table: a header and the rows below it that have something in them. */
export interface SheetTable {
  header: readonly string[];
  decisions: Decision[];
  /** Whether it looks like a page of explanations. */
  isPage: boolean;
  /** Whether notes below it were looked for. */
  isEndKnown: boolean;
  /** The rows, numbered from `firstNumber`. */
  batches(firstNumber: number): AsyncGenerator<Batch>;
}

/** Where EXTRACT does not say it, the place of the table in the sheet is found out. */
export async function openTable(sheet: Sheet, extract: Extract): Promise<SheetTable> {
  const { header, skip_rows: skipRows = 0 } = extract;
  if (Array.isArray(header)) {
    if (header.length === 0) throw configFailure('EXTRACT.header is an empty list');
    return tableOf(sheet, columnNames(header), { from: skipRows });
  }
  if (header === false) return tableOf(sheet, positionNames(await widthOf(sheet, skipRows)), { from: skipRows });
  const head = await readHead(sheet, skipRows);
  if (head.rows.length === 0) return tableOf(sheet, [], { from: skipRows });
  const place = placeOf(head, extract);
  const rows = head.rows.slice(place.above);
  const isEndAsked = head.isWhole && extract.skip_footer === undefined;
  const footer = isEndAsked ? findFooter(rows, rows[0]?.cells.length ?? 0) : NO_FOOTER;
  const firstNote = rows[rows.length - footer.length];
  const range: RowRange = { from: place.firstRow, to: firstNote && firstNote.line - 1 };
  const names = columnsOf(place, await widthIn(sheet, head, place, range));
  const table = tableOf(sheet, names, range);
  const isEndKnown = head.isWhole || extract.skip_footer !== undefined;
  return {
    ...table,
    decisions: [...place.decisions, ...(isEndAsked ? endDecisions(rows, footer, { isWhole: true, place: 'row' }) : [])],
    isPage: usualFilled(head.rows) < 2,
    isEndKnown,
  };
}

/** What the beginning of a sheet looks like. */
export interface Glance {
  /** As they stand above the table; empty where it has none. */
  names: readonly string[];
  /** As far as was looked. */
  rows: number;
  /** Whether it is no page of explanations. */
  isTable: boolean;
}

/** Looks at the beginning of a sheet that may not be meant. Throws EtlFailure 65 where it is damaged. */
export async function glanceAt(sheet: Sheet, extract: Extract): Promise<Glance> {
  const head = await readHead(sheet, extract.skip_rows ?? 0);
  if (head.rows.length === 0) return { names: [], rows: 0, isTable: false };
  const { above, names = [] } = placeOf(head, extract);
  const rows = head.rows.length - above - (names.length > 0 ? 1 : 0);
  const filled = names.slice(0, lastFilled(names) + 1);
  return { names: filled, rows, isTable: rows > 0 && usualFilled(head.rows) >= 2 };
}

/** Where the table is in its sheet. */
interface SheetPlace {
  /** Rows with something in them above the header's last one, or above the first row where there is no header. */
  above: number;
  /** As they stand there; undefined where the first row is none of names. */
  names: readonly string[] | undefined;
  /** The first row that is no name, from 0. */
  firstRow: number;
  decisions: Decision[];
}

/** With skip_rows the names are in the first row behind. */
function placeOf({ rows, isWhole }: Head, { header, skip_rows: skipRows }: Extract): SheetPlace {
  const found = findTable(rows.slice(0, MOST_ROWS), {
    skipsNothing: skipRows !== undefined,
    hasHeader: header === true || skipRows !== undefined ? true : undefined,
    isWhole: isWhole && rows.length <= MOST_ROWS,
    place: 'row',
  });
  const above = found.above + Math.max(found.headerRows - 1, 0);
  const { cells, line } = rows[above] as GridRow;
  // That the first row has the names need not be said where it has some over numbers.
  const decisions = found.decisions.filter(decision => !isSureOfNames(decision));
  if (found.headerRows === 0) return { above, names: undefined, firstRow: line - 1, decisions };
  return { above, names: found.names ?? cells, firstRow: line, decisions };
}

function columnsOf({ names }: SheetPlace, width: number): string[] {
  if (names === undefined) return positionNames(width);
  return columnNames(Array.from({ length: width }, (_, column) => names[column] ?? ''));
}

function tableOf(sheet: Sheet, header: readonly string[], range: RowRange): SheetTable {
  return {
    header,
    decisions: [],
    isPage: false,
    isEndKnown: true,
    batches: firstNumber => batchesOf(sheet, header, range, firstNumber),
  };
}

async function* batchesOf(
  sheet: Sheet,
  header: readonly string[],
  range: RowRange,
  firstNumber: number,
): AsyncGenerator<Batch> {
  const sink = new TableSink(sheet, header, range, firstNumber);
  const scan = await sheet.open();
  try {
    for (let isMore = true; isMore; ) {
      isMore = await scan.advance(sink);
      if (sink.isEmpty) continue;
      const batch = sink.take();
      yield batch;
      batch.shared?.release();
    }
  } catch (error) {
    throw located(error, sheet, scan);
  } finally {
    scan.close();
  }
}

/** Says how far the sheet could be read. */
function located(error: unknown, sheet: Sheet, { row }: SheetScan): unknown {
  if (!(error instanceof EtlFailure)) return error;
  const { exitCode, message, takesBack } = error;
  const place = `sheet ${JSON.stringify(sheet.name)} was read as far as row ${row + 1}`;
  return new EtlFailure(exitCode, `${message} (${place})`, { cause: error, takesBack });
}

interface Head {
  rows: GridRow[];
  /** Whether these are all. */
  isWhole: boolean;
  declaredWidth: number | undefined;
}

async function readHead(sheet: Sheet, skipRows: number): Promise<Head> {
  const sink = new HeadSink(sheet, skipRows);
  const { isMore, declaredWidth } = await readInto(sheet, sink);
  return { rows: sink.rows, isWhole: !isMore && !sink.isCut, declaredWidth };
}

/**
 * As many columns as the widest row has, so that a cell beyond the names has a column of its own. Where a long sheet
 * says that it is as wide as its names, that is believed: a pass to see for ourselves takes 0.37 s of CPU for 100,000
 * rows × 10 columns, beside the 0.85 s of reading them (23 November 2026).
 */
async function widthIn(sheet: Sheet, head: Head, { names = [] }: SheetPlace, range: RowRange): Promise<number> {
  const named = lastFilled(names) + 1;
  if (head.isWhole) {
    const rows = head.rows.filter(({ line }) => line > range.from && line <= (range.to ?? Infinity));
    return rows.reduce((width, { cells }) => Math.max(width, lastFilled(cells) + 1), named);
  }
  return head.declaredWidth === named ? named : Math.max(named, await widthOf(sheet, range.from));
}

function lastFilled(cells: readonly string[]): number {
  return cells.findLastIndex(cell => cell !== '');
}

/** How many columns the rows from `firstRow` on have. */
async function widthOf(sheet: Sheet, firstRow: number): Promise<number> {
  const sink = new WidthSink(firstRow);
  await readInto(sheet, sink);
  return sink.width;
}

/** Until the sink is full. Returns whether there is more, and how wide the sheet says it is. */
async function readInto(sheet: Sheet, sink: RowSink): Promise<{ isMore: boolean; declaredWidth: number | undefined }> {
  const scan = await sheet.open();
  try {
    const isMore = await scan.advance(sink);
    return { isMore, declaredWidth: scan.declaredWidth };
  } catch (error) {
    throw located(error, sheet, scan);
  } finally {
    scan.close();
  }
}
