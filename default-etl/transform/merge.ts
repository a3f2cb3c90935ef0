import { type Batch, NULL } from '../batch/batch.ts';
import { configFailure } from '../contract/failure.ts';
import type { Extract } from '../contract/settings.ts';
import type { CellWriter } from './cell-writer.ts';
import { chooseColumns } from './choose-columns.ts';
import { type Arrangement, type Layout, perHeader, Rearranger, widenLayout } from './columns.ts';
import { keyOf, ownFile, Reference } from './reference.ts';
import { keepRows } from './rows.ts';
import type { NewStep, StepContext } from './step.ts';

export interface MergeOptions {
  file: string;
  on: string | readonly string[];
  reference_on?: string | readonly string[];
  how?: 'inner' | 'left';
  columns?: readonly string[];
  suffixes?: readonly string[];
  header?: 'minimal' | 'keep';
  extract?: Extract;
}

/** Adds the columns of a reference file to the rows whose key is in it. */
export async function mergeStep(options: MergeOptions, context: StepContext): Promise<NewStep> {
  const { how = 'inner', header = 'minimal', columns, extract = {} } = options;
  const on = listOf(options.on);
  const keys = listOf(options.reference_on ?? options.on);
  if (keys.length !== on.length)
    throw configFailure('TRANSFORM: step merge: on and reference_on name different numbers of columns');
  const path = ownFile(context.job.configFiles, options.file);
  const reference = await Reference.read({ path, workDir: context.job.workDir, keys, columns, header, extract });
  const assertThere = chooseColumns({ step: 'merge', columns: on, missing: 'error' }, context);
  const planOf = perHeader(layout => {
    assertThere(layout);
    return planMerge(layout, on, reference.columns, options.suffixes);
  });
  return writer => {
    const rearranger = new Rearranger();
    return batch => {
      const plan = planOf(batch);
      return mergeRows(writer, rearranger.apply(batch, plan), plan, reference, how);
    };
  };
}

interface Plan extends Arrangement {
  keyPositions: readonly number[];
  /** Position of the reference's first column. */
  first: number;
}

/** The columns of the reference behind the own ones; a name that both have gets a suffix in each. */
function planMerge(
  layout: Layout,
  on: readonly string[],
  others: readonly string[],
  [own = '', other = '']: readonly string[] = ['_x', '_y'],
): Plan {
  const inBoth = (name: string) => layout.header.includes(name) && others.includes(name);
  const names = layout.header.map(name => (inBoth(name) ? name + own : name));
  const added = others.map(name => (inBoth(name) ? name + other : name));
  assertNoneTwice([...names, ...added]);
  return {
    ...widenLayout(layout, added, NULL),
    header: [...names, ...added],
    keyPositions: on.map(name => layout.header.indexOf(name)),
    first: names.length,
  };
}

function mergeRows(
  writer: CellWriter,
  batch: Batch,
  { keyPositions, first }: Plan,
  reference: Reference,
  how: 'inner' | 'left',
): Batch {
  const marks = new Uint8Array(batch.rows);
  let kept = 0;
  writer.open(batch);
  for (let row = 0; row < batch.rows; row++) {
    const key = keyOf(batch, row, keyPositions);
    const found = key === undefined ? undefined : reference.find(key);
    if (found === undefined && how === 'inner') continue;
    marks[row] = 1;
    kept++;
    if (found === undefined) continue;
    for (let column = 0; column < reference.columns.length; column++) {
      const length = reference.cellBytes(found, column);
      if (length < 0) continue;
      const at = writer.reserve(length);
      reference.copyCell(found, column, writer.bytes, at);
      writer.commit(batch, row * batch.width + first + column, at + length);
    }
  }
  return keepRows(writer.close(batch), marks, kept);
}

function assertNoneTwice(names: readonly string[]): void {
  const twice = names.find((name, position) => names.indexOf(name) !== position);
  if (twice === undefined) return;
  throw configFailure(`TRANSFORM: step merge: there would be two columns ${twice}; set suffixes, or columns`);
}

function listOf(names: string | readonly string[]): readonly string[] {
  return typeof names === 'string' ? [names] : names;
}
