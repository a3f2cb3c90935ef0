import { ABSENT, type Batch, NULL } from '../batch/batch.ts';

/** The columns of a batch. */
export type Layout = Pick<Batch, 'header' | 'literals'>;

/** What is made of a header is made once: batches of the same columns have the same array. */
export function perHeader<Made>(make: (layout: Layout) => Made): (batch: Layout) => Made {
  const known = new WeakMap<readonly string[], Made>();
  return batch => {
    let made = known.get(batch.header);
    if (made === undefined) {
      made = make(batch);
      known.set(batch.header, made);
    }
    return made;
  };
}

/** Columns of a batch, and what they are once their cells have been written anew: text. */
export interface Chosen extends Layout {
  positions: readonly number[];
}

/** The layout in which these columns are text; the same arrays where they are already. */
export function asText({ header, literals }: Layout, positions: readonly number[]): Chosen {
  if (!literals || !positions.some(position => literals[position])) return { header, literals, positions };
  return {
    header: [...header],
    literals: literals.map((is, position) => is && !positions.includes(position)),
    positions,
  };
}

/** New columns made of old ones. */
export interface Arrangement extends Layout {
  /** For each new column the old ones that it comes from: the first counts that the row has; none: a new column. */
  sources: readonly (readonly number[])[];
  /** What a new column's cells are at first. */
  blank: typeof NULL | typeof ABSENT;
}

/** Each column gets the name that `rename` gives it; of equal names the last column wins, where its row has it. */
export function renameLayout(
  { header, literals }: Layout,
  rename: (name: string, position: number) => string,
): Arrangement {
  const positions = new Map<string, number[]>();
  header.forEach((name, position) => {
    const final = rename(name, position);
    positions.set(final, [position, ...(positions.get(final) ?? [])]);
  });
  const columns = [...positions].sort(([, a], [, b]) => (a[0] as number) - (b[0] as number));
  return {
    header: columns.map(([name]) => name),
    literals: literals && columns.map(([, [last]]) => literals[last as number] as boolean),
    sources: columns.map(([, all]) => all),
    blank: ABSENT,
  };
}

/** Only these columns, in this order. */
export function pickLayout({ header, literals }: Layout, positions: readonly number[]): Arrangement {
  return {
    header: positions.map(position => header[position] as string),
    literals: literals && positions.map(position => literals[position] as boolean),
    sources: positions.map(position => [position]),
    blank: ABSENT,
  };
}

/** These columns behind the others. */
export function widenLayout(
  { header, literals }: Layout,
  names: readonly string[],
  blank: Arrangement['blank'],
): Arrangement {
  return {
    header: [...header, ...names],
    literals: literals && [...literals, ...names.map(() => false)],
    sources: [...header.map((_, position) => [position]), ...names.map(() => [])],
    blank,
  };
}

/**
 * Gives batches other columns, in their own arrays where these are wide enough. A step has one for itself: wider arrays
 * are used again.
 */
export class Rearranger {
  private starts = new Int32Array(0);
  private ends = new Int32Array(0);

  apply(batch: Batch, arrangement: Arrangement): Batch {
    const { header, literals, sources } = arrangement;
    if (sources.length === batch.header.length && sources.every(isInPlace)) return { ...batch, header, literals };
    return { ...this.move(batch, sources, arrangement.blank), header, literals };
  }

  private move(batch: Batch, sources: Arrangement['sources'], blank: number): Batch {
    const isWider = sources.length > batch.width;
    const width = isWider ? sources.length : batch.width;
    if (isWider && this.starts.length < batch.rows * width) {
      this.starts = new Int32Array(batch.rows * width);
      this.ends = new Int32Array(batch.rows * width);
    }
    const starts = isWider ? this.starts : batch.starts;
    const ends = isWider ? this.ends : batch.ends;
    // A row at a time, by way of a copy: columns may change places.
    const rowStarts = new Int32Array(sources.length);
    const rowEnds = new Int32Array(sources.length);
    for (let row = 0; row < batch.rows; row++) {
      const from = row * batch.width;
      for (let column = 0; column < sources.length; column++) {
        const cell = sourceCell(batch.starts, from, sources[column] as readonly number[]);
        rowStarts[column] = cell < 0 ? blank : (batch.starts[cell] as number);
        rowEnds[column] = cell < 0 ? blank : (batch.ends[cell] as number);
      }
      starts.set(rowStarts, row * width);
      ends.set(rowEnds, row * width);
    }
    return { ...batch, starts, ends, width };
  }
}

function isInPlace(source: readonly number[], position: number): boolean {
  return source.length === 1 && source[0] === position;
}

function sourceCell(starts: Int32Array, from: number, source: readonly number[]): number {
  for (const position of source) if (starts[from + position] !== ABSENT) return from + position;
  return source.length === 0 ? -1 : from + (source[0] as number);
}
