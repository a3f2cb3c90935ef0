import { type Batch, NULL } from '../batch.ts';
import { perHeader, Rearranger, renameLayout } from './columns.ts';
import type { NewStep } from './step.ts';

/**
 * The minimal transformer: names are trimmed and upper-cased, accents kept; of colliding names the last wins; exactly empty becomes
 * null, and nothing else does. No cell is decoded.
 */
export function minimalStep(): NewStep {
  const arrangementOf = perHeader(layout =>
    renameLayout(layout, (name, position) => minimalName(name) || `UNNAMED: ${position}`),
  );
  return () => {
    const rearranger = new Rearranger();
    return batch => {
      emptyToNull(batch);
      return rearranger.apply(batch, arrangementOf(batch));
    };
  };
}

/** As the minimal transformer names a column. */
export function minimalName(name: string): string {
  return name.trim().toUpperCase();
}

function emptyToNull(batch: Batch): void {
  const { starts, ends } = batch;
  const cells = batch.rows * batch.width;
  for (let cell = 0; cell < cells; cell++) if (starts[cell] === ends[cell]) starts[cell] = NULL;
}
