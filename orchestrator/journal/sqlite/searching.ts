import { createYielder } from '../../async/yielder.ts';
import type { FoundPath } from '../journal.ts';
import { indexedRuns, indexedUpTo, match } from './name-index.ts';
import { foldPath, hasPart } from '../rules/paths.ts';
import { type RunRow, RUN_COLUMNS } from '../rules/run-row.ts';
import type { Search } from '../rules/reading.ts';
import type { Parameters } from '../rules/tx.ts';
import type { Store } from './store.ts';

/** So many runs are looked through in one turn of the event loop: 2 to 5 ms. */
const WINDOW = 5000;
/** A letter or two are nearly always found among the newest. */
const NEWEST = 20_000;
/**
 * So many runs that the index finds are looked at, more each time, before all are looked through: the part is frequent,
 * and what else is asked for is not.
 */
const CANDIDATES = [200, 2000, 8000];

/**
 * Runs whose path has a part, the newest first: what came since the index was written is looked through, of the rest
 * the index tells which may have it. In turns with whatever else is to be done.
 */
export async function searchRuns(store: Store, { part, filter, before, limit }: Search): Promise<RunRow[]> {
  const { dataset, states, toCheck } = filter;
  const rows: RunRow[] = [];
  const conditions = [
    dataset === undefined ? [] : 'dataset = $dataset',
    states === undefined ? [] : 'state IN (SELECT value FROM json_each($states))',
    toCheck ? 'to_check IS NOT NULL' : [],
  ].flat();
  const parameters = {
    ...(dataset === undefined ? {} : { dataset }),
    ...(states === undefined ? {} : { states: JSON.stringify(states) }),
  };
  await new Walk(store, {
    part,
    dataset,
    before,
    isFull: () => rows.length >= limit,
    look(where, more) {
      const sql = `SELECT ${RUN_COLUMNS} FROM runs WHERE ${[where, ...conditions].join(' AND ')} ORDER BY seq DESC LIMIT $limit`;
      rows.push(...store.all<RunRow>(sql, { ...parameters, ...more, limit: limit - rows.length }));
    },
  }).run();
  return rows;
}

/** Paths that are a name, or end with it behind a `/`, those with the newest runs first: found as runs are, each once. */
export async function searchPaths(store: Store, name: string, most: number): Promise<FoundPath[]> {
  const found = new Map<string, FoundPath>();
  await new Walk(store, {
    part: foldPath(name),
    dataset: undefined,
    before: Number.MAX_SAFE_INTEGER,
    isFull: () => found.size >= most,
    look(where, more) {
      const isNew = '(dataset, file) NOT IN (SELECT value ->> 0, value ->> 1 FROM json_each($known))';
      const isNamed = '(file = $name OR substr(file, -length($end)) = $end)';
      const sql = `SELECT dataset, file FROM runs WHERE ${where} AND ${isNamed} AND ${isNew} ORDER BY seq DESC`;
      const known = JSON.stringify([...found.values()].map(({ dataset, file }) => [dataset, file]));
      for (const { dataset, file } of store.all<FoundPath>(sql, { ...more, name, end: `/${name}`, known }))
        found.set(`${dataset}\0${file}`, { dataset, file, runId: null });
    },
  }).run();
  return [...found.values()].slice(0, most);
}

interface Wanted {
  /** As foldPath() makes it. */
  part: string;
  dataset: string | undefined;
  before: number;
  /** Whether enough was found. */
  isFull(): boolean;
  /** Takes what it wants of the runs that fulfil a condition, the newest first. */
  look(where: string, parameters: Parameters): void;
}

/** A walk through runs whose path has a part, from the newest to the oldest, some at a time. */
class Walk {
  readonly #store: Store;
  readonly #wanted: Wanted;
  readonly #breathe = createYielder();
  /** All that were made since this one were looked at. */
  #before = 0;

  constructor(store: Store, wanted: Wanted) {
    this.#store = store;
    this.#wanted = wanted;
  }

  async run(): Promise<void> {
    const { part, dataset, before, isFull } = this.#wanted;
    const store = this.#store;
    if (part.includes('\0')) return;
    const { last, upTo } = await store.read(() => ({ last: lastRun(store), upTo: indexedUpTo(store) }));
    this.#before = Math.min(before, last + 1);
    await this.#lookThrough(Array.from(part).length < 3 ? Math.max(0, Math.min(upTo, last - NEWEST)) : upTo);
    if (isFull()) return;
    const matching = await store.read(() => match(store, part, dataset));
    if (matching.kind === 'none') return;
    if (matching.kind === 'some' && (await this.#ask(matching.expression))) return;
    await this.#lookThrough(0);
  }

  /** Each run above this one. */
  async #lookThrough(upTo: number): Promise<void> {
    while (this.#before > upTo + 1 && !this.#wanted.isFull()) {
      const before = this.#before;
      const from = Math.max(before - WINDOW, upTo + 1);
      await this.#look('seq >= $from AND seq < $before', { from, before });
      this.#before = from;
      await this.#breathe();
    }
  }

  /** Those that the index finds. Returns whether these were all, or as many as were asked for. */
  async #ask(expression: string): Promise<boolean> {
    for (const limit of CANDIDATES) {
      const request = { expression, before: this.#before, limit };
      const seqs = await this.#store.read(() => indexedRuns(this.#store, request));
      await this.#look('seq IN (SELECT value FROM json_each($seqs))', { seqs: JSON.stringify(seqs) });
      if (seqs.length < limit || this.#wanted.isFull()) return true;
      this.#before = seqs.at(-1) ?? 0;
      await this.#breathe();
    }
    return false;
  }

  async #look(where: string, parameters: Parameters): Promise<void> {
    const { part, look } = this.#wanted;
    await this.#store.read(() => look(`${where} AND ${hasPart(part)}`, { ...parameters, part }));
  }
}

function lastRun(store: Store): number {
  return store.get<{ last: number | null }>('SELECT max(seq) AS last FROM runs')?.last ?? 0;
}
