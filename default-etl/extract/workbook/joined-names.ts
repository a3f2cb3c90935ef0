/**
 * One name for each column from the rows that name them, the uppermost first. A name above goes for the columns to its right, too, up to the next one; it stands
 * before the one below where those below alone are not told apart, or where most of them have one right above.
 */
export function joinNames(rows: ReadonlyArray<readonly string[]>): string[] {
  const [last = [], ...above] = rows.toReversed();
  return above.reduce<string[]>(joined, [...last]);
}

function joined(below: readonly string[], above: readonly string[]): string[] {
  if (isAmbiguous(below)) return prefixed(below, filledOn(above));
  return isCovered(below, above) ? prefixed(below, above) : below.map((name, column) => name || nameAt(above, column));
}

function isAmbiguous(names: readonly string[]): boolean {
  const given = names.filter(name => name !== '');
  return new Set(given).size < given.length;
}

function isCovered(below: readonly string[], above: readonly string[]): boolean {
  const named = below.flatMap((name, column) => (name === '' ? [] : [column]));
  return named.filter(column => nameAt(above, column) !== '').length > named.length / 2;
}

function filledOn(above: readonly string[]): string[] {
  let group = '';
  return above.map(name => (group = name || group));
}

function prefixed(below: readonly string[], above: readonly string[]): string[] {
  return below.map((name, column) => [nameAt(above, column), name].filter(part => part !== '').join(' '));
}

function nameAt(names: readonly string[], column: number): string {
  return names[column] ?? '';
}
