import { readFileSync } from 'node:fs';
import type { Decision, Reject } from '../contract/protocol.ts';
import type { PlainDialect } from '../extract/csv/definition.ts';

/** How the raw text of rejects is read, kept beside them: it outlives the file. */
export interface RejectsTable {
  /** null where it is JSON: the file is no delimited text. */
  dialect: (PlainDialect & { encoding: string }) | null;
  /** Columns of delimited text as the file names them, from this row on. */
  headers: Array<{ row: number; columns: readonly string[] }>;
}

/** Where nothing is known: what left the rejects is another program. */
const UNKNOWN: RejectsTable = { dialect: null, headers: [] };

/** The dialect among what was decided about a file. */
export function dialectOf(decisions: readonly Decision[]): RejectsTable['dialect'] {
  const value = (name: string) => decisions.find(decision => decision.name === name)?.value;
  const text = (name: string, fallback: string) => {
    const found = value(name);
    return typeof found === 'string' ? found : found === false ? '' : fallback;
  };
  if (typeof value('delimiter') !== 'string') return null;
  return {
    delimiter: text('delimiter', ','),
    quote: text('quote', '"'),
    escape: text('escape', ''),
    skipsBlanks: value('skip_blanks') === true,
    encoding: text('encoding', 'utf8'),
  };
}

/** `path` undefined, or of no file: nothing is known. */
export function readTable(path: string | undefined): RejectsTable {
  try {
    return path === undefined ? UNKNOWN : (JSON.parse(readFileSync(path, 'utf8')) as RejectsTable);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return UNKNOWN;
    throw error;
  }
}

/** The columns that a row has. */
export function columnsOf({ headers }: RejectsTable, row: number): readonly string[] {
  return (headers.findLast(header => header.row <= row) ?? headers[0])?.columns ?? [];
}

/** Every column that some row has, in the order in which they come up. */
export function allColumns({ headers }: RejectsTable): string[] {
  return [...new Set(headers.flatMap(({ columns }) => columns))];
}

/** Names of the leading columns that say which row it is and what is wrong with it; none that the file has, whatever its case. */
export function leadingNames(columns: readonly string[]): { row: string; reason: string; raw: string } {
  const taken = new Set(columns.map(column => column.trim().toUpperCase()));
  const free = (name: string): string => (taken.has(name) ? free(`${name}_`) : name);
  return { row: free('_ROW'), reason: free('_REASON'), raw: free('_RAW') };
}

/** What names a row in its leading column: `12`, or `12 cut` where only its beginning was kept. */
export function rowCell({ row, raw_cut: isCut }: Pick<Reject, 'row' | 'raw_cut'>): string {
  return isCut ? `${row} cut` : String(row);
}

/** The way back; row 0 for what is no such cell. */
export function parseRowCell(cell: string): { row: number; isCut: boolean } {
  const [, digits = '0', cut] = /^(\d{1,10})(?: *(cut))?$/i.exec(cell.trim()) ?? [];
  return { row: Number(digits), isCut: cut !== undefined };
}
