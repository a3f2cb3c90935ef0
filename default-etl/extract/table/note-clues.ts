/** What is seen of a record that may be the first of the notes below a table. */
export interface NoteFacts {
  /**
   * How its text begins: as no row does, or as notes do and now and then a row. undefined where cells of its column
   * begin so, too.
   */
  mark: 'sure' | 'usual' | undefined;
  isRowCount: boolean;
  /** Three words at least. */
  isSentence: boolean;
  /** A blank line, or a row of nothing, is above it. */
  isSetApart: boolean;
  /** Other cells of its column can't be like it, nor is it the second line of the row above. */
  isForeign: boolean;
  isInFirstColumn: boolean;
  /** More than one of its cells is filled. */
  hasSeveralCells: boolean;
  /** Most cells of its column are sentences, each another one. */
  isColumnProse: boolean;
  columns: number;
  /** Of the table above: many rows have fewer cells, or more; some have one cell filled; blank lines are between rows. */
  isRagged: boolean;
  hasThinRows: boolean;
  hasGaps: boolean;
}

/** What the record and its table are like: it decides how much a clue weighs. */
type Case = 'ragged' | 'several' | 'pair' | 'sure' | 'single';

interface Clue {
  /** For people; a clue against notes needs no words. */
  says?: string;
  holds(facts: NoteFacts): boolean;
  weights: Partial<Record<Case, number>>;
}

/** What the clues must weigh together. */
const ENOUGH = 20;

const CLUES: readonly Clue[] = [
  {
    says: 'begins as no row does',
    holds: ({ mark }) => mark === 'sure',
    weights: { ragged: 15, several: 15, pair: 15, sure: 20 },
  },
  {
    says: 'begins as notes do',
    holds: ({ mark }) => mark === 'usual',
    weights: { ragged: 15, several: 15, pair: 15, single: 15 },
  },
  {
    says: 'stands apart from the rows',
    holds: ({ isSetApart, hasGaps }) => isSetApart && !hasGaps,
    weights: { ragged: 5, several: 5, pair: 5, sure: 13, single: 13 },
  },
  {
    says: 'stands apart, as some rows do',
    holds: ({ isSetApart, hasGaps }) => isSetApart && hasGaps,
    weights: { sure: 2, single: 2 },
  },
  { says: 'counts the rows', holds: ({ isRowCount }) => isRowCount, weights: { pair: 5 } },
  {
    says: 'is unlike the other cells of its column',
    holds: ({ isForeign }) => isForeign,
    weights: { several: 5, single: 5 },
  },
  { says: 'is a sentence', holds: ({ isSentence }) => isSentence, weights: { sure: 2, single: 2 } },
  // A row that was cut off has one cell filled, too.
  { holds: ({ hasThinRows }) => hasThinRows, weights: { sure: -4, single: -4 } },
  // A few words in a later column are the value of a row that has no other.
  { holds: ({ isInFirstColumn, isSentence }) => !isInFirstColumn && !isSentence, weights: { sure: -20, single: -20 } },
  // One more sentence in a column of them stands apart by chance.
  { holds: facts => facts.isColumnProse && facts.isSetApart && !facts.isForeign, weights: { single: -13 } },
];

/** The clues by which the record is the first of the notes, in words; undefined where they do not weigh enough. */
export function noteClues(facts: NoteFacts): string[] | undefined {
  const kind = caseOf(facts);
  const clues = CLUES.filter(({ holds, weights }) => (weights[kind] ?? 0) !== 0 && holds(facts));
  const weight = clues.reduce((sum, { weights }) => sum + (weights[kind] as number), 0);
  return weight < ENOUGH ? undefined : clues.flatMap(({ says }) => says ?? []);
}

function caseOf({ isRagged, hasSeveralCells, columns, mark }: NoteFacts): Case {
  if (isRagged) return 'ragged';
  // A note whose text holds the delimiter has several cells.
  if (hasSeveralCells) return 'several';
  if (columns === 2) return 'pair';
  return mark === 'sure' ? 'sure' : 'single';
}
