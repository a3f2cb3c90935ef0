import { createYielder } from '../../async/yielder.ts';
import { indexedRuns, indexedUpTo, match } from './name-index.ts';
import { hasPart } from '../rules/paths.ts';
import { type RunRow, RUN_COLUMNS } from '../rules/run-row.ts';
import type { Search } from '../rules/reading.ts';
import type { Parameters } from '../rules/tx.ts';
import type { Store } from './store.ts';

/** So many runs are looked through in one turn of the event loop: 2 to 5 ms. */
const WINDOW = 5000;
/** A letter or two are nearly always found among the newest. */
const NEWEST = 20_000;
/** So many runs that the index finds are looked at, more each time, before all are looked through: the part is frequent, and what else is asked for is not. */
const CANDIDATES = [200, 2000, 8000];

/**
 * Runs whose path has a part, the newest first: what came since the index was written is looked through, of the rest the index tells which may have it. In turns with
 * whatever else is to be done.
 */
export async function searchRuns(store: Store, search: Search): Promise<RunRow[]> {
  const found = new Found(store, search);
  if (search.part.includes('\0')) return found.rows;
  const { last, upTo } = await store.read(() => ({ last: lastRun(store), upTo: indexedUpTo(store) }));
  found.before = Math.min(search.before, last + 1);
  await found.lookThrough(Array.from(search.part).length < 3 ? Math.min(upTo, last - NEWEST) : upTo);
  if (found.isFull) return found.rows;
  const matching = await store.read(() => match(store, search.part, search.filter.dataset));
  if (matching.kind === 'none') return found.rows;
  if (matching.kind === 'some' && (await found.ask(matching.expression))) return found.rows;
  await found.lookThrough(0);
  return found.rows;
}

class Found {
  readonly #store: Store;
  readonly #search: Search;
  readonly #conditions: string;
  readonly #parameters: Parameters;
  readonly #breathe = createYielder();
  readonly rows: RunRow[] = [];
  /** All that were made since this one were looked at. */
  before = 0;

  constructor(store: Store, search: Search) {
    this.#store = store;
    this.#search = search;
    const { dataset, states, toCheck } = search.filter;
    const conditions = [
      hasPart(search.part),
      dataset === undefined ? [] : 'dataset = $dataset',
      states === undefined ? [] : 'state IN (SELECT value FROM json_each($states))',
      toCheck ? 'to_check IS NOT NULL' : [],
    ];
    this.#conditions = conditions.flat().join(' AND ');
    this.#parameters = {
      part: search.part,
      ...(dataset === undefined ? {} : { dataset }),
      ...(states === undefined ? {} : { states: JSON.stringify(states) }),
    };
  }

  get isFull(): boolean {
    return this.rows.length >= this.#search.limit;
  }

  /** Each run above this one. */
  async lookThrough(upTo: number): Promise<void> {
    while (this.before > upTo + 1 && !this.isFull) {
      const { before } = this;
      const from = Math.max(before - WINDOW, upTo + 1, 0);
      await this.#take('seq >= $from AND seq < $before', { from, before });
      this.before = from;
      await this.#breathe();
    }
  }

  /** Those that the index finds. Returns whether these were all, or as many as were asked for. */
  async ask(expression: string): Promise<boolean> {
    for (const limit of CANDIDATES) {
      const request = { expression, before: this.before, limit };
      const seqs = await this.#store.read(() => indexedRuns(this.#store, request));
      await this.#take('seq IN (SELECT value FROM json_each($seqs))', { seqs: JSON.stringify(seqs) });
      if (seqs.length < limit || this.isFull) return true;
      this.before = seqs.at(-1) ?? 0;
      await this.#breathe();
    }
    return false;
  }

  async #take(where: string, more: Parameters): Promise<void> {
    const sql = `SELECT ${RUN_COLUMNS} FROM runs WHERE ${where} AND ${this.#conditions} ORDER BY seq DESC LIMIT $limit`;
    const parameters = { ...this.#parameters, ...more, limit: this.#search.limit - this.rows.length };
    this.rows.push(...(await this.#store.read(() => this.#store.all<RunRow>(sql, parameters))));
  }
}

function lastRun(store: Store): number {
  return store.get<{ last: number | null }>('SELECT max(seq) AS last FROM runs')?.last ?? 0;
}
