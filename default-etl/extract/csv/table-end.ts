import type { Decision } from '../../contract/protocol.ts';
import type { Encoding } from '../byte-order.ts';
import { endDecisions, findFooter, NO_FOOTER } from '../table/footer.ts';
import { type HeadRecord, textRecords } from './head.ts';
import { CR } from './marks.ts';
import type { Layout } from './csv-run.ts';
import { type Ending, readTail, type TextTail } from './tail.ts';

/** Where a table ends, if not with the file. */
export interface TableEnd {
  /** Bytes of the source before what stands below the table. */
  endBytes?: number | undefined;
  /** Whether the end was looked at. */
  isKnown: boolean;
  decisions: Decision[];
}

/** Looks for notes below the table. `rowWidth`: cells that its rows have. */
export async function findTableEnd(
  ending: Ending,
  encoding: Encoding,
  { layout, rowWidth: width }: { layout: Layout; rowWidth: number },
): Promise<TableEnd> {
  const { dialect, skipLines } = layout;
  const tail = await readTail(ending, encoding);
  if (tail === undefined) return { isKnown: false, decisions: [] };
  const read = textRecords({ bytes: tail.text, isWhole: true }, dialect, { width, most: Number.POSITIVE_INFINITY });
  const records = tail.isWhole ? read.records.filter(({ line }) => line > skipLines) : read.records;
  const footer = findFooter(records, width);
  const notes = records.slice(records.length - footer.length);
  const isClosed = (notes[0]?.start ?? 0) >= read.openTo;
  const endBytes = isClosed ? await endInSource(tail, notes) : undefined;
  const cut = endBytes === undefined ? NO_FOOTER : footer;
  const decisions = endDecisions(records, cut, { isWhole: tail.isWhole, place: 'line' });
  return { endBytes, isKnown: true, decisions };
}

/** undefined where there is no footer, or one whose bytes do not tell for sure where it begins. */
async function endInSource(tail: TextTail, footer: readonly HeadRecord[]): Promise<number | undefined> {
  const [first] = footer;
  if (first === undefined || !footer.every(({ isClean }) => isClean)) return undefined;
  // A record that ends with a lone CR is only known to end there once more is read.
  return tail.text[first.start - 1] === CR ? undefined : await tail.inSource(first.start);
}
