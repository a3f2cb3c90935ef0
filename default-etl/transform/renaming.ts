import { type Layout, perHeader, Rearranger, renameLayout } from './columns.ts';
import type { NewStep, StepContext } from './step.ts';

export type Rename = (name: string, position: number) => string;

/**
 * A step that changes columns' names touches no cell, unless names become equal: that is said. `step`: its name, for
 * messages.
 */
export function renaming(step: string, rename: Rename, { warn }: Pick<StepContext, 'warn'>): NewStep {
  const arrangementOf = perHeader(layout => {
    const arrangement = renameLayout(layout, rename);
    arrangement.sources.forEach((positions, column) => {
      if (positions.length > 1) warn(becomeOne(step, layout, positions, arrangement.header[column] as string));
    });
    return arrangement;
  });
  return () => {
    const rearranger = new Rearranger();
    return batch => rearranger.apply(batch, arrangementOf(batch));
  };
}

/** `positions`: the last column first, as it is the one that counts. */
function becomeOne(step: string, { header }: Layout, positions: readonly number[], name: string): string {
  const names = positions.map(position => JSON.stringify(header[position])).toReversed();
  return (
    `TRANSFORM: step ${step}: the columns ${names.join(', ')} become one, ${name}: of a row's values the last counts, the others are left ` +
    'out; to keep them all, give them other names by a step rename before it'
  );
}
