import { configFailure, neverFailure } from './failure.ts';
import type { Extract } from './settings.ts';

/** What a file may become, whatever its size: a small one can ask for more than any machine has. */
export interface Limits {
  /** Of all rows together. */
  columns: number;
  /** Rows times columns, empty ones too, that any file may have; beyond that CELLS_PER_BYTE for each byte of it. */
  cells: number;
  /** One record of CSV, JSON or XML. */
  rowBytes: number;
  /** What is packed may always unpack to so much; beyond that MOST_RATIO times its size. */
  unpackedBytes: number;
}

/** Where nothing is said. Excel's and LibreOffice's widest sheet has 16,384 columns, an index made here 20,000 fields. */
export const USUAL: Limits = { columns: 20_000, cells: 50_000_000, rowBytes: 64 << 20, unpackedBytes: 2 ** 30 };

/** Tables of real life have 0.05 to 20: those that are packed, and are wide with few cells filled, have most. */
const CELLS_PER_BYTE = 200;
/** No table of real life that is large is packed to a 200th. */
export const MOST_RATIO = 200;
/** Of a name: a term of Lucene has no more bytes, and no index takes a longer one. */
const NAME_BYTES = 32_000;

const UNITS: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** EXTRACT.limits, and what is usual where it says nothing. Throws EtlFailure 78. */
export function limitsOf({ limits = {} }: Extract): Limits {
  return {
    columns: limits.columns ?? USUAL.columns,
    cells: limits.cells ?? USUAL.cells,
    rowBytes: sizeOf('row_size', limits.row_size) ?? USUAL.rowBytes,
    unpackedBytes: sizeOf('unpacked_size', limits.unpacked_size) ?? USUAL.unpackedBytes,
  };
}

/** Cells that a file of this size may have: those of any file, or more where it is large. */
export function mostCellsOf({ cells }: Limits, sizeBytes: number): number {
  return Math.max(cells, CELLS_PER_BYTE * sizeBytes);
}

function sizeOf(key: string, size: string | number | undefined): number | undefined {
  if (size === undefined) return undefined;
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([kmgt]?)b?$/i.exec(String(size)) ?? [];
  if (amount !== undefined) return Math.round(Number(amount) * (UNITS[unit.toLowerCase()] as number));
  throw configFailure(`EXTRACT.limits.${key} ${size} is no size, such as 64m`);
}

/** The error where there are more; `where` in the file they are. */
export function tooManyColumns(path: string, where: string, most: number): Error {
  return neverFailure(
    `${path}: ${where} more than ${most} columns, the limit; if it is a table all the same, set EXTRACT.limits.columns`,
  );
}

export function tooManyCells(path: string, rows: number, columns: number, most: number): Error {
  return neverFailure(
    `${path}: its first ${rows} rows of ${columns} columns have more than ${most} cells, empty ones included, which is the limit for a file of its size; ` +
      'if it is a table all the same, set EXTRACT.limits.cells',
  );
}

/** Throws EtlFailure 65 for names that no target takes. */
export function assertNames(path: string, names: readonly string[]): void {
  const long = names.findIndex(name => name.length > NAME_BYTES);
  if (long < 0) return;
  throw neverFailure(
    `${path}: the name of column ${long + 1} has ${names[long]?.length} characters, and may have ${NAME_BYTES}: ` +
      `it is no name ("${names[long]?.slice(0, 60)}…"); correct it, or say by EXTRACT.header what the names are`,
  );
}
