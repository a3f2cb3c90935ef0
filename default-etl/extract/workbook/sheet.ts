/** Columns a sheet can have: what Excel and LibreOffice allow. */
export const MAX_COLUMNS = 16_384;

/** A sheet of cells of a workbook. */
export interface Sheet {
  name: string;
  /** No more rows than this can have something in them; Infinity where nothing tells. */
  maxRows: number;
  /** From its first row; may be called again. */
  open(): Promise<SheetScan>;
}

/** One pass over a sheet. */
export interface SheetScan {
  /** How many columns the sheet itself says that it has; undefined where it says nothing. Known once the first row is. */
  readonly declaredWidth: number | undefined;
  /** The row read last, from 0; -1 before the first. */
  readonly row: number;
  /** Reads some more rows into the sink. Returns false at the end. Throws EtlFailure 65 where the sheet is damaged. */
  advance(sink: RowSink): Promise<boolean>;
  close(): void;
}

/** Takes the cells of a sheet, row by row. Cells that have nothing in them need not come. */
export interface RowSink {
  /** From 0. */
  beginRow(row: number): void;
  /** The text is UTF-8, bytes[start, end), good during the call. */
  addBytes(column: number, bytes: Buffer, start: number, end: number): void;
  addText(column: number, text: string): void;
  endRow(): void;
}
