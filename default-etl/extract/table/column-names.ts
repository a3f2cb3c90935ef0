/**
 * Names of the columns as pandas gives them: a repeated `a` becomes `a.1` (or the next number that is free), an empty one at
 * position 2 `Unnamed: 2`. Names of nothing but blanks count as empty: they would be once trimmed.
 */
export function columnNames(cells: readonly string[]): string[] {
  const names = cells.map((cell, position) => (cell.trim() === '' ? `Unnamed: ${position}` : cell));
  const taken = new Set(names);
  const counts = new Map<string, number>();
  return names.map(name => {
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    if (count === 0) return name;
    return freeName(name, count, taken, counts);
  });
}

function freeName(name: string, from: number, taken: Set<string>, counts: Map<string, number>): string {
  let count = from;
  while (taken.has(`${name}.${count}`)) count++;
  counts.set(name, count + 1);
  taken.add(`${name}.${count}`);
  return `${name}.${count}`;
}

/** Names of the columns where the file has none: `0`, `1`, … as pandas counts them. */
export function positionNames(count: number): string[] {
  return Array.from({ length: count }, (_, position) => String(position));
}
