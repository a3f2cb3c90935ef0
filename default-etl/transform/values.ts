import type { Batch } from '../batch/batch.ts';
import { skipBlanks, skipBlanksBack } from './blanks.ts';
import { chooseColumns } from './choose-columns.ts';
import type { Chosen } from './columns.ts';
import { createReplacer, type Replacements } from './replacer.ts';
import { NULL } from '../batch/batch.ts';
import type { NewStep, StepContext } from './step.ts';

/** Steps that change texts one by one, each by itself. */

export function stripStep(columns: readonly string[] | 'all', context: StepContext): NewStep {
  const choose = chooseColumns({ step: 'strip', columns, missing: 'warning' }, context);
  return () => batch => {
    const chosen = choose(batch);
    for (const column of chosen.positions) stripColumn(batch, column);
    return withLayout(batch, chosen);
  };
}

/** Nothing is written: a cell without its blanks is a part of itself. */
function stripColumn({ bytes, starts, ends, rows, width }: Batch, column: number): void {
  for (let row = 0, cell = column; row < rows; row++, cell += width) {
    const start = starts[cell] as number;
    if (start < 0) continue;
    const begin = skipBlanks(bytes, start, ends[cell] as number);
    starts[cell] = begin;
    ends[cell] = skipBlanksBack(bytes, begin, ends[cell] as number);
  }
}

export interface ReplaceOptions extends Replacements {
  columns?: readonly string[] | 'all';
}

/** Most columns repeat themselves: what became of a text is remembered, up to so many. */
const REMEMBERED = 4096;

export function replaceStep({ columns = 'all', ...replacements }: ReplaceOptions, context: StepContext): NewStep {
  const replace = createReplacer(replacements);
  const choose = chooseColumns({ step: 'replace', columns, missing: 'error' }, context);
  return writer => {
    const known = new Map<string, string | null>();
    const replaced = (text: string): string | null => {
      const found = known.get(text);
      if (found !== undefined) return found;
      const made = replace(text);
      if (known.size >= REMEMBERED) known.clear();
      known.set(text, made);
      return made;
    };
    return batch => {
      const chosen = choose(batch);
      writer.open(batch);
      for (const column of chosen.positions) {
        for (let row = 0, cell = column; row < batch.rows; row++, cell += batch.width) {
          const start = batch.starts[cell] as number;
          if (start < 0) continue;
          const before = batch.bytes.toString('utf8', start, batch.ends[cell]);
          const after = replaced(before);
          if (after === null) batch.starts[cell] = NULL;
          else if (after !== before) writer.text(batch, cell, after);
        }
      }
      return withLayout(writer.close(batch), chosen);
    };
  };
}

export type NullValuesOptions = readonly string[] | { values: readonly string[]; columns?: readonly string[] | 'all' };

export function nullValuesStep(options: NullValuesOptions, context: StepContext): NewStep {
  const { values, columns = 'all' } = isList(options) ? { values: options } : options;
  const choose = chooseColumns({ step: 'null_values', columns, missing: 'error' }, context);
  const isMissing = createTextSet(values);
  return () => batch => {
    const chosen = choose(batch);
    for (const column of chosen.positions) {
      for (let row = 0, cell = column; row < batch.rows; row++, cell += batch.width) {
        const start = batch.starts[cell] as number;
        if (start >= 0 && isMissing(batch.bytes, start, batch.ends[cell] as number)) batch.starts[cell] = NULL;
      }
    }
    return withLayout(batch, chosen);
  };
}

/** Whether bytes[from, to) is one of these texts: most cells are told apart by their length. */
export function createTextSet(texts: readonly string[]): (bytes: Buffer, from: number, to: number) => boolean {
  const byLength = new Map<number, Buffer[]>();
  for (const text of texts) {
    const wanted = Buffer.from(text);
    byLength.set(wanted.length, [...(byLength.get(wanted.length) ?? []), wanted]);
  }
  return (bytes, from, to) => {
    const candidates = byLength.get(to - from);
    if (!candidates) return false;
    return candidates.some(wanted => wanted.compare(bytes, from, to) === 0);
  };
}

function withLayout(batch: Batch, { header, literals }: Chosen): Batch {
  return header === batch.header ? batch : { ...batch, header, literals };
}

function isList(options: NullValuesOptions): options is readonly string[] {
  return Array.isArray(options);
}
