import type { Decision } from '../../contract.ts';
import type { Source } from '../../source.ts';
import type { Encoding } from '../text.ts';
import { footerDecision, footerLength, totalsDecision } from './footer.ts';
import { type HeadRecord, textRecords } from './head.ts';
import { CR, type Dialect } from './marks.ts';
import type { Layout } from './run.ts';
import { readTail, type TextTail } from './tail.ts';

/** Where a table ends, if not with the file. */
export interface TableEnd {
  /** Bytes of the source before what stands below the table. */
  endBytes?: number | undefined;
  decisions: Decision[];
}

/** Looks for notes below the table. `rowWidth`: cells that its rows have. */
export async function findTableEnd(
  source: Source,
  encoding: Encoding,
  { layout, rowWidth: width }: { layout: Layout; rowWidth: number },
): Promise<TableEnd> {
  const { dialect, skipLines } = layout;
  const tail = await readTail(source, encoding);
  if (tail === undefined) return { decisions: [] };
  const all = textRecords({ bytes: tail.text, isWhole: true }, dialect, { width, most: Number.POSITIVE_INFINITY });
  const records = tail.isWhole ? all.filter(({ line }) => line > skipLines) : all;
  const table = records.slice(0, records.length - footerLength(records, width));
  const footer = records.slice(table.length);
  const endBytes = await endInSource(tail, footer, dialect);
  const rows = endBytes === undefined ? records : table;
  const totals = totalsDecision(rows);
  return {
    endBytes,
    decisions: [...(endBytes === undefined ? [] : [footerDecision(footer, tail.isWhole)]), ...(totals ? [totals] : [])],
  };
}

/** undefined where there is no footer, or one whose bytes do not tell for sure where it begins. */
async function endInSource(
  tail: TextTail,
  footer: readonly HeadRecord[],
  dialect: Dialect,
): Promise<number | undefined> {
  const [first] = footer;
  if (first === undefined || !footer.every(({ isClean }) => isClean)) return undefined;
  // A record behind a lone CR is only known to begin there once it is read.
  if (tail.text[first.start - 1] === CR) return undefined;
  const quotes = tail.text.subarray(first.start).filter(byte => byte === dialect.quote).length;
  return quotes % 2 === 0 ? await tail.inSource(first.start) : undefined;
}
