import type { Table } from './table.ts';

export const KINDS = ['csv', 'json', 'workbook', 'xml'] as const;
export type Kind = (typeof KINDS)[number];

/** A file that was made up, and what it was made of. */
export interface Case {
  kind: Kind;
  /** Of the file; its ending says the format. */
  name: string;
  bytes: Buffer;
  /** What was written, as a person would read it. */
  truth: Table;
  /** There is nothing but a header and rows: readers that find nothing out can be asked, too. */
  isPlain: boolean;
  /** How it was written: what another reader has to be told. */
  form: Readonly<Record<string, string>>;
}
