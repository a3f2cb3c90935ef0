import { type Batch, NULL } from '../batch/batch.ts';
import { renaming } from './renaming.ts';
import type { NewStep, StepContext } from './step.ts';

/**
 * The minimal transformer: names are trimmed and upper-cased, accents kept; of colliding names the last wins; exactly
 * empty becomes null, and nothing else does. No cell is decoded.
 */
export function minimalStep(context: Pick<StepContext, 'warn'>): NewStep {
  const rename = renaming('minimal', (name, position) => minimalName(name) || `UNNAMED: ${position}`, context);
  return writer => {
    const renameColumns = rename(writer);
    return batch => {
      emptyToNull(batch);
      return renameColumns(batch);
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
