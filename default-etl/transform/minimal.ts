import { ABSENT, type Batch, NULL } from '../batch.ts';
import type { Step } from './step.ts';

interface Renaming {
  header: readonly string[];
  /** Positions of the columns that stay; the last of those with the same name. */
  kept: number[];
  /** For each kept column, the earlier columns of the same name, last first. */
  shadowed: number[][];
}

/**
 * The minimal transformer: names are trimmed and upper-cased, accents kept; of colliding names the last wins; exactly empty becomes
 * null, and nothing else does. No cell is decoded.
 */
export function createMinimalStep(): Step {
  const renamings = new WeakMap<readonly string[], Renaming>();
  return batch => {
    const renaming = renamings.get(batch.header) ?? renameColumns(batch.header);
    renamings.set(batch.header, renaming);
    emptyToNull(batch);
    if (renaming.kept.length < batch.header.length) keepLast(batch, renaming);
    return { ...batch, header: renaming.header };
  };
}

/** As the minimal transformer names a column. */
export function minimalName(name: string): string {
  return name.trim().toUpperCase();
}

function renameColumns(names: readonly string[]): Renaming {
  const positions = new Map<string, number[]>();
  names.forEach((name, position) => {
    const final = minimalName(name) || `UNNAMED: ${position}`;
    positions.set(final, [...(positions.get(final) ?? []), position]);
  });
  const columns = [...positions].map(([name, all]) => ({
    name,
    kept: all.at(-1) as number,
    shadowed: all.slice(0, -1),
  }));
  columns.sort((a, b) => a.kept - b.kept);
  return {
    header: columns.map(column => column.name),
    kept: columns.map(column => column.kept),
    shadowed: columns.map(column => column.shadowed.reverse()),
  };
}

function emptyToNull(batch: Batch): void {
  const { starts, ends } = batch;
  const cells = batch.rows * batch.width;
  for (let cell = 0; cell < cells; cell++) if (starts[cell] === ends[cell]) starts[cell] = NULL;
}

/** Moves the kept columns to the left, in place; one that a record does not have takes the value of the one it hides. */
function keepLast(batch: Batch, { kept, shadowed }: Renaming): void {
  const { starts, ends, width } = batch;
  for (let row = 0; row < batch.rows; row++) {
    const base = row * width;
    for (let column = 0; column < kept.length; column++) {
      let from = base + (kept[column] as number);
      if (starts[from] === ABSENT) {
        from = base + (shadowed[column]?.find(other => starts[base + other] !== ABSENT) ?? (kept[column] as number));
      }
      starts[base + column] = starts[from] as number;
      ends[base + column] = ends[from] as number;
    }
  }
}
