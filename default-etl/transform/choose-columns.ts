import { neverFailure } from '../contract/failure.ts';
import { visibleBeside } from '../contract/visible.ts';
import { closest } from '../contract/closest.ts';
import { asText, type Chosen, type Layout, perHeader } from './columns.ts';
import type { StepContext } from './step.ts';

/** Of a wide file not every name helps. */
const MOST_NAMES = 30;

export interface Choice {
  /** The step, for messages. */
  step: string;
  columns: readonly string[] | 'all';
  /** What a column that is not there is. Where columns vary it is a warning in any case. */
  missing: 'error' | 'warning';
}

/** Where the columns that a step names are. `all` are those whose cells are text. Throws EtlFailure 65 where one is missing. */
export function chooseColumns({ step, columns, missing }: Choice, context: StepContext): (batch: Layout) => Chosen {
  return perHeader(layout => {
    const { header, literals } = layout;
    if (columns === 'all')
      return asText(
        layout,
        [...header.keys()].filter(position => !literals?.[position]),
      );
    const positions = new Set<number>();
    for (const name of columns) {
      const position = header.indexOf(name);
      if (position >= 0) positions.add(position);
      else sayMissing(`TRANSFORM: step ${step}: there is no column ${name}${meant(name, header)}`, missing, context);
    }
    return asText(layout, [...positions]);
  });
}

/** A warning, or an EtlFailure 65. */
function sayMissing(message: string, missing: Choice['missing'], { columnsVary, warn }: StepContext): void {
  if (missing === 'error' && !columnsVary) throw neverFailure(message);
  warn(message);
}

function meant(name: string, header: readonly string[]): string {
  const more = header.length > MOST_NAMES ? ', …' : '';
  return near(name, header) || `; the columns are ${header.slice(0, MOST_NAMES).join(', ')}${more}`;
}

/** What a message about a missing column ends with: the name that was probably meant; nothing where none is close. */
export function near(name: string, header: readonly string[]): string {
  const found = closest(name, header);
  return found === undefined ? '' : `; did you mean ${visibleBeside(found, name)}?`;
}
