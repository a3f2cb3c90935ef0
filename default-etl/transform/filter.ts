import type { Batch } from '../batch/batch.ts';
import { chooseColumns } from './choose-columns.ts';
import { columnsOf, compileCondition, type Condition } from './condition.ts';
import { perHeader } from './columns.ts';
import { keepRows } from './rows.ts';
import type { NewStep, StepContext } from './step.ts';

/** Keeps the rows that meet the condition. */
export function filterStep(condition: Condition, context: StepContext): NewStep {
  const columns = [...new Set(columnsOf(condition))];
  const assertThere = chooseColumns({ step: 'filter', columns, missing: 'error' }, context);
  const positionsOf = perHeader(({ header }) => new Map(columns.map(name => [name, header.indexOf(name)])));
  const test = compileCondition(condition, (batch, column) => positionsOf(batch).get(column) ?? -1);
  return () => (batch: Batch) => {
    assertThere(batch);
    const marks = new Uint8Array(batch.rows);
    let kept = 0;
    for (let row = 0; row < batch.rows; row++) {
      if (!test(batch, row)) continue;
      marks[row] = 1;
      kept++;
    }
    return keepRows(batch, marks, kept);
  };
}
