/** What a cell's text looks like; `empty` are words for a missing value, too. */
export type CellKind = 'empty' | 'whole' | 'decimal' | 'date' | 'time' | 'word' | 'text';

/**
 * Of columns without a type as many as this share of their cells may be of another kind: misprints, and words for
 * missing values.
 */
const OTHER_KIND = 0.05;

const KINDS: ReadonlyArray<[CellKind, RegExp]> = [
  ['empty', /^\s*(-|\?|n\/?a|nan|nd|null|none)?\s*$/i],
  ['whole', /^\s*[-+]?\d{1,18}\s*%?\s*$/],
  [
    'decimal',
    /^\s*[-+]?[$€£]?\s?(\d{1,3}([ .,\u00a0\u202f]\d{3})+|\d+|(?=[.,]\d))([.,]\d+)?(e[-+]?\d+)?\s*[%€$£]?\s*$/i,
  ],
  [
    'date',
    /^\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})|\d{1,2}[- ][a-z]{3}[- ]\d{2,4})([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*(Z|[-+]\d{2}:?\d{2}|[AP]M)?)?\s*$/i,
  ],
  ['time', /^\s*\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(\s?[AP]M)?\s*$/i],
  // A place on the globe is one cell, too: `48.85, 2.35`.
  ['word', /^\s*([\p{L}\p{N}_.@/:-]{1,60}|-?\d{1,3}\.\d+\s?,\s?-?\d{1,3}\.\d+)\s*$/u],
];

/** The first kind that fits; `text` where none does. */
export function cellKind(cell: string): CellKind {
  return KINDS.find(([, pattern]) => pattern.test(cell))?.[0] ?? 'text';
}

/** Numbers, dates and times: what a name of a column seldom is. */
export function isMeasure(kind: CellKind): boolean {
  return kind === 'whole' || kind === 'decimal' || kind === 'date' || kind === 'time';
}

/** Words or a longer text: what a name of a column may be. */
export function isWord(cell: string): boolean {
  const kind = cellKind(cell);
  return kind === 'word' || kind === 'text';
}

/** Whether they are words, each another one, as names of columns are. */
export function areDifferentWords(cells: readonly string[]): boolean {
  return new Set(cells).size === cells.length && cells.every(isWord);
}

/** The columns of numbers, dates and times. */
export function measuredColumns(columns: ReadonlyArray<CellKind | undefined>): number[] {
  return columns.flatMap((kind, column) => (kind !== undefined && isMeasure(kind) ? [column] : []));
}

/** The beginning of a cell, as decisions quote it. */
export function quoted(cell: string): string {
  return JSON.stringify(cell.slice(0, 60));
}

/** How many cells are more than blanks. */
export function filledCells(cells: readonly string[]): number {
  return cells.filter(cell => cell.trim() !== '').length;
}

/** What all cells of a column are that are not empty; undefined where they are of several kinds, or too few. */
export function columnKinds(body: ReadonlyArray<readonly string[]>, width: number): Array<CellKind | undefined> {
  const rows = body.map(kindsOf);
  return Array.from({ length: width }, (_, column) => {
    const kinds = rows.map(row => row[column] ?? 'empty').filter(kind => kind !== 'empty');
    const counts = Map.groupBy(kinds, kind => (kind === 'whole' ? 'decimal' : kind));
    const [common] = [...counts].toSorted(([, a], [, b]) => b.length - a.length);
    if (!common || common[1].length < (1 - OTHER_KIND) * kinds.length) return undefined;
    return common[0] === 'decimal' && !common[1].includes('decimal') ? 'whole' : common[0];
  });
}

/**
 * Whoever looks for a title, a header and notes asks for the same rows: of 200 rows of 2,500 columns it took 0.4 s, and
 * 0.3 s since they are kept (30 November 2026).
 */
const known = new WeakMap<readonly string[], readonly CellKind[]>();

function kindsOf(cells: readonly string[]): readonly CellKind[] {
  const found = known.get(cells) ?? cells.map(cellKind);
  known.set(cells, found);
  return found;
}

/** columnKinds() of the rows that have all cells, without those that are notes. */
export function tableKinds(rows: ReadonlyArray<readonly string[]>, width: number): Array<CellKind | undefined> {
  return columnKinds(
    rows.filter(cells => cells.length === width && (width < 3 || filledCells(cells) > 1)),
    width,
  );
}
