/** Columns a sheet can have: what Excel and LibreOffice allow. */
export const MAX_COLUMNS = 16_384;

/** What a sheet of that many bytes may have of text: a gigabyte at least, and 200 times its own size where that is more. */
export function maxTextOf(sizeBytes: number): number {
  return Math.max(2 ** 30, 200 * sizeBytes);
}

/** Sixteen times the rows that Excel and LibreOffice allow: more is a bomb, in which a row stands for a billion. */
export const MAX_ROWS = 1 << 24;

/** A sheet of cells of a workbook. */
export interface Sheet {
  /** Of the workbook. */
  path: string;
  name: string;
  /** People don't see it. */
  isHidden: boolean;
  /** To see its first row takes reading much of the workbook. */
  isFar?: boolean;
  /** No more rows than this can have something in them; Infinity where nothing tells. */
  maxRows: number;
  /** More text than this comes only out of a bomb, whose cells repeat a few long ones. */
  maxTextBytes: number;
  /** From its first row; may be called again. */
  open(): Promise<SheetScan>;
}

/** One pass over a sheet. */
export interface SheetScan {
  /** How many columns the sheet itself says that it has; undefined where it says nothing. Known once the first row is. */
  readonly declaredWidth: number | undefined;
  /** The row read last, from 0; -1 before the first. */
  readonly row: number;
  /** Reads rows until the sink is full. Returns false at the end. Throws EtlFailure 65 where the sheet is damaged. */
  advance(sink: RowSink): Promise<boolean>;
  close(): void;
}

/** Takes the cells of a sheet, row by row. Cells that have nothing in them need not come. */
export interface RowSink {
  /** Whether no more rows are wanted for now; looked at between rows. */
  readonly isFull: boolean;
  /** From 0. */
  beginRow(row: number): void;
  /** Whether the cell of that column may count: a sheet need not find out what is in others. */
  wants(column: number): boolean;
  /** The text is UTF-8, bytes[start, end), good during the call. */
  addBytes(column: number, bytes: Buffer, start: number, end: number): void;
  addText(column: number, text: string): void;
  endRow(): void;
}
