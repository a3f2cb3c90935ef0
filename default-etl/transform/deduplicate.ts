import { hash } from 'node:crypto';
import { ABSENT, type Batch } from '../batch/batch.ts';
import { chooseColumns } from './choose-columns.ts';
import { HashSet } from './hash-set.ts';
import { keepRows } from './rows.ts';
import type { NewStep, StepContext } from './step.ts';

/** Of rows with equal values in these columns the first stays. No value, an absent one and an empty text are three things. */
export function deduplicateStep(columns: readonly string[] | 'all', context: StepContext): NewStep {
  const choose = chooseColumns({ step: 'deduplicate', columns, missing: 'error' }, context);
  return () => {
    const seen = new HashSet();
    return batch => {
      const positions = columns === 'all' ? inOrderOfNames(batch.header) : choose(batch).positions;
      const marks = new Uint8Array(batch.rows);
      let kept = 0;
      for (let row = 0; row < batch.rows; row++) {
        if (!seen.add(rowHash(batch, row, positions))) continue;
        marks[row] = 1;
        kept++;
      }
      return keepRows(batch, marks, kept);
    };
  };
}

/** Columns that come up late may stand elsewhere in later batches. */
function inOrderOfNames(header: readonly string[]): number[] {
  const order = (one: number, other: number) => ((header[one] as string) < (header[other] as string) ? -1 : 1);
  return [...header.keys()].toSorted(order);
}

/** SHA-256 of each cell's name, length and bytes, so that no two rows give the same bytes by chance of where a cell ends. */
function rowHash({ bytes, header, starts, ends, width }: Batch, row: number, positions: readonly number[]): Buffer {
  let text = '';
  for (const position of positions) {
    const cell = row * width + position;
    const start = starts[cell] as number;
    const length = start < 0 ? start : (ends[cell] as number) - start;
    if (start === ABSENT) continue;
    text += `${header[position]}\0${length}\0${start < 0 ? '' : bytes.toString('latin1', start, ends[cell])}`;
  }
  return hash('sha256', text, 'buffer');
}
