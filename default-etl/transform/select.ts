import type { Batch, Reader } from '../batch/batch.ts';
import { neverFailure } from '../contract/failure.ts';
import { chooseColumns } from './choose-columns.ts';
import { type Layout, perHeader, pickLayout, Rearranger } from './columns.ts';
import { minimalName } from './minimal.ts';
import type { NewStep, StepContext } from './step.ts';

/** Keeps these columns alone, in this order. */
export function selectStep(columns: readonly string[], context: StepContext): NewStep {
  const choose = chooseColumns({ step: 'select', columns, missing: 'error' }, context);
  return picking(layout => choose(layout as Batch).positions);
}

/** Leaves these columns out. */
export function dropStep(columns: readonly string[], context: StepContext): NewStep {
  const choose = chooseColumns({ step: 'drop', columns, missing: 'warning' }, context);
  return picking(layout => {
    const dropped = choose(layout as Batch).positions;
    return [...layout.header.keys()].filter(position => !dropped.includes(position));
  });
}

/** EXTRACT.columns: only these columns, by the name in the file or the final one, in the file's order. */
export function extractColumnsStep(wanted: readonly string[], { columnsVary }: Pick<Reader, 'columnsVary'>): NewStep {
  const names = new Set([...wanted, ...wanted.map(minimalName)]);
  return picking(({ header }) => {
    if (!columnsVary) assertAllFound(wanted, header);
    return [...header.keys()].filter(position => names.has(header[position] as string));
  });
}

function assertAllFound(wanted: readonly string[], header: readonly string[]): void {
  const missing = wanted.filter(name => !header.includes(name) && !header.includes(minimalName(name)));
  if (missing.length === 0) return;
  throw neverFailure(`EXTRACT.columns: the file has no ${missing.join(', ')}; it has ${header.join(', ')}`);
}

function picking(positionsOf: (layout: Layout) => readonly number[]): NewStep {
  const arrangementOf = perHeader(layout => pickLayout(layout, positionsOf(layout)));
  return () => {
    const rearranger = new Rearranger();
    return batch => rearranger.apply(batch, arrangementOf(batch));
  };
}
