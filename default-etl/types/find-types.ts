import type { Batch, Reader } from '../batch/batch.ts';
import type { Decision } from '../contract/protocol.ts';
import type { Step } from '../transform/step.ts';
import { ColumnProfile, type Coverage } from './column-profile.ts';
import type { ColumnType, FileTypes } from './column-type.ts';

/** Cells of so many bytes, one more for each cell, are looked at from the beginning where the reader can't go anywhere else. */
const WHOLE_BYTES = 2 << 20;
/**
 * Rows of the first batch that are looked at where the places follow: compiling what looks at more of them costs more
 * than it tells.
 */
const BEGINNING_ROWS = 1000;
/** Places that must have shown records for the file to count as seen all over. */
const ENOUGH_PLACES = 8;
/** The record of a run names the types of so many columns. */
const MAX_NAMED = 1000;

/** Of a column that is text for sure, only how long the texts are is still to be seen. */
const SETTLED_STRIDE = 16;

export interface FoundTypes {
  types: FileTypes;
  /** `types`: the type of each column. */
  decision: Decision;
}

/**
 * What the columns are, after the steps, from the cells themselves. It reads ahead, in a pass of its own with fresh
 * steps, and goes wrong where the file is damaged at its beginning, as the pass that loads it will.
 */
export async function findTypes(reader: Reader, newStep: () => Step): Promise<FoundTypes> {
  const table = new TableProfile();
  const coverage = reader.samples
    ? await observePlaces(table, reader.batches(), reader.samples(), newStep)
    : await observeBeginning(table, reader.batches(), newStep());
  const types = table.decide(coverage);
  return { types, decision: decisionOf(types, table.rows, coverage) };
}

async function observeBeginning(table: TableProfile, batches: AsyncIterable<Batch>, step: Step): Promise<Coverage> {
  let left = WHOLE_BYTES;
  for await (const batch of batches) {
    if (left <= 0) return 'beginning';
    left -= table.add(step(batch));
  }
  return 'all';
}

/** The first batch, and then those from places all over the file. */
async function observePlaces(
  table: TableProfile,
  batches: AsyncIterable<Batch>,
  samples: AsyncIterable<Batch>,
  newStep: () => Step,
): Promise<Coverage> {
  const first = newStep();
  for await (const batch of batches) {
    table.add(first(batch), Math.ceil(batch.rows / BEGINNING_ROWS));
    break;
  }
  let places = 0;
  const step = newStep();
  for await (const batch of samples) {
    table.add(step(batch));
    places++;
  }
  return places >= ENOUGH_PLACES ? 'spread' : 'beginning';
}

/** The columns seen so far. */
class TableProfile {
  rows = 0;
  private readonly columns = new Map<string, ColumnProfile>();
  private readonly headers = new WeakMap<readonly string[], ColumnProfile[]>();

  decide(coverage: Coverage): Map<string, ColumnType> {
    return new Map([...this.columns].map(([name, profile]) => [name, profile.decide(name, coverage)]));
  }

  /** Looks at each `stride`th row. Returns how many bytes of cells these were, and one more for each cell. */
  add(batch: Batch, stride = 1): number {
    const profiles = this.profilesOf(batch.header);
    const rows = Math.ceil(batch.rows / stride);
    this.rows += rows;
    let looked = rows * profiles.length;
    for (let column = 0; column < profiles.length; column++) {
      looked += addColumn(batch, column, stride, profiles[column] as ColumnProfile);
    }
    return looked;
  }

  private profilesOf(header: readonly string[]): ColumnProfile[] {
    const known = this.headers.get(header);
    if (known) return known;
    const profiles = header.map(name => {
      const profile = this.columns.get(name) ?? new ColumnProfile();
      this.columns.set(name, profile);
      return profile;
    });
    this.headers.set(header, profiles);
    return profiles;
  }
}

function addColumn(batch: Batch, column: number, stride: number, profile: ColumnProfile): number {
  const { bytes, starts, ends, width, rows } = batch;
  const isLiteral = batch.literals?.[column] === true;
  const step = profile.isSettled ? Math.max(stride, SETTLED_STRIDE) : stride;
  let looked = 0;
  for (let row = 0, cell = column; row < rows; row += step, cell += step * width) {
    const start = starts[cell] as number;
    const end = ends[cell] as number;
    // Null, absent and empty cells are of every type.
    if (start < 0 || end <= start) continue;
    if (isLiteral) profile.observeLiteral(bytes, start, end);
    else profile.observe(bytes, start, end);
    looked += end - start;
  }
  return looked;
}

const WHERE: Record<Coverage, string> = {
  all: 'in all of its',
  spread: 'at its beginning and in places all over it, in',
  beginning: 'at its beginning, in',
};

function decisionOf(types: FileTypes, rows: number, coverage: Coverage): Decision {
  const named = [...types].slice(0, MAX_NAMED);
  const more = types.size > named.length ? `; the first ${MAX_NAMED} of ${types.size} columns are named` : '';
  const doubtful = named.filter(([, { confidence }]) => confidence > 0 && confidence < 0.75).map(([name]) => name);
  const doubts = doubtful.length > 0 ? `; not sure of ${doubtful.slice(0, 10).join(', ')}` : '';
  const written = named.filter(([, { isWrittenNumber }]) => isWrittenNumber).map(([name]) => name);
  const hint =
    written.length > 0
      ? `; to Elasticsearch numbers with a comma or blanks are text, as in ${written.slice(0, 10).join(', ')}: the step decimal_comma makes numbers of them`
      : '';
  return {
    name: 'types',
    value: Object.fromEntries(named.map(([name, { type }]) => [name, type])),
    confidence: Math.min(1, ...named.flatMap(([, { confidence }]) => (confidence > 0 ? [confidence] : []))),
    reason: `seen ${WHERE[coverage]} ${rows} rows${more}${doubts}${hint}`,
  };
}
