import type { Case, Kind } from './case.ts';
import type { Reading } from './table.ts';

/** A program that reads tables, independent of the others. */
export interface TableReader {
  name: string;
  kinds: readonly Kind[];
  /** It knows where the table is, whatever stands around it. */
  findsOut?: boolean;
  /** undefined for a case that it has no way to read. */
  read(file: Case, path: string): Promise<Reading | undefined>;
  close?(): Promise<void>;
}
