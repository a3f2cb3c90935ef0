import type { Decision } from '../../../default-etl/contract/contract.ts';

/**
 * All names in the order of the file. Elasticsearch's mapping knows none, but documents have their columns as the file
 * had them: so they go first, each further list adding what those before it lack, behind the column that it follows
 * there. Names that no list has come last, by their letters.
 */
export function inFileOrder(names: readonly string[], lists: ReadonlyArray<readonly string[]>): string[] {
  const chain = new Chain();
  const expand = expansionOf(names);
  const distinct = new Map(lists.map(list => [JSON.stringify(list), list]));
  for (const list of distinct.values()) chain.add(list.flatMap(expand));
  const rest = names.filter(name => !chain.has(name));
  return [...chain.names(), ...rest.toSorted((a, b) => (a < b ? -1 : 1))];
}

/** The columns that a run decided types of: in the file's order, but for names that are whole numbers. */
export function decidedColumns(decisions: readonly Decision[]): string[] {
  const value = decisions.find(({ name }) => name === 'types')?.value;
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

/** The fields of a column: itself, or those below it where it has objects. */
function expansionOf(names: readonly string[]): (column: string) => string[] {
  const known = new Set(names);
  const below = Map.groupBy(
    names.filter(name => name.includes('.')),
    name => name.slice(0, name.indexOf('.')),
  );
  return column => {
    if (known.has(column)) return [column];
    const [top = column] = column.split('.', 1);
    return (below.get(top) ?? []).filter(name => name.startsWith(`${column}.`));
  };
}

/** Names of which each knows the next one. */
class Chain {
  readonly #next = new Map<string | null, string | null>([[null, null]]);

  has(name: string): boolean {
    return this.#next.has(name);
  }

  /** Each that is new goes behind the one before it. */
  add(list: readonly string[]): void {
    let before: string | null = null;
    for (const name of list) {
      if (!this.#next.has(name)) {
        this.#next.set(name, this.#next.get(before) ?? null);
        this.#next.set(before, name);
      }
      before = name;
    }
  }

  *names(): Iterable<string> {
    for (let name = this.#next.get(null) ?? null; name !== null; name = this.#next.get(name) ?? null) yield name;
  }
}
