import { SKETCH } from '../../default-etl/contract/contract.ts';
import type { Deliveries } from '../journal/journal.ts';

/** From this share on people are told. */
const MOSTLY = 0.5;
/** Fewer hashes tell nothing of a file that has more. */
const FEWEST = 12;

/**
 * What is to be checked of a file whose rows are mostly those of a former one of its name, beside which they stand;
 * undefined where they are not.
 */
export function resemblanceText(sketch: Uint8Array, deliveries: Deliveries, dataset: string): string | undefined {
  const shares = deliveries.map(({ rows, sketch: other }) => ({ rows, share: shareOf(sketch, other) }));
  const [most] = shares.toSorted((one, other) => other.share - one.share);
  if (most === undefined || most.share < MOSTLY) return undefined;
  const percent = Math.round(most.share * 100);
  return (
    `about ${percent} % of its rows are those of a former file of this name (${most.rows.toLocaleString('en')} rows), which stay beside them (ON_CHANGE: append): ` +
    `if it corrects that one, set ON_CHANGE: replace, then orchestrator reload ${dataset}`
  );
}

/**
 * The share of the rows of one file that another one has too, by their sketches: exact where neither has more rows than
 * a sketch tells; 0 where they tell too little.
 */
export function shareOf(one: Uint8Array, other: Uint8Array): number {
  const [own, others] = [entriesOf(one), entriesOf(other)];
  // Above the highest one of a sketch that is full nothing is known.
  const limits = [own, others]
    .filter(entries => entries.length === SKETCH.entries)
    .map(entries => entries.at(-1) as string);
  const known = own.filter(entry => limits.every(limit => entry <= limit));
  if (known.length === 0 || (limits.length > 0 && known.length < FEWEST)) return 0;
  const found = new Set(others);
  return known.filter(entry => found.has(entry)).length / known.length;
}

function entriesOf(sketch: Uint8Array): string[] {
  const hex = Buffer.from(sketch).toString('hex');
  return hex.match(new RegExp(`.{${SKETCH.entryBytes * 2}}`, 'g')) ?? [];
}
