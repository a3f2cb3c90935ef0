import { SIGMA } from '../rules/paths.ts';
import type { Store } from './store.ts';

/** Runs in one transaction: 3 ms of the event loop, 20 at most. Fewer than that are looked through as fast as they are found. */
const SLICE = 250;
/** Pages of the index that are merged with each slice: enough to keep it in ten parts (2026-11-30, a million runs). */
const MERGED_PAGES = 16;
/** What stands for a dataset in the text of a run, as in 9-search.sql. */
const PRIVATE_USE = 0xe000;
/** A letter or two stand in so many different trigrams at most, or each run is looked at. */
const MOST_TERMS = 500;

/** Writes the texts of runs that came since, as long as there are many. */
export async function indexNames(store: Store, signal?: AbortSignal): Promise<void> {
  while (signal?.aborted !== true && (await store.writeAlone(() => indexSlice(store))));
}

/** Up to which run a search can ask the index. */
export function indexedUpTo(store: Store): number {
  return store.get<{ upto: number }>('SELECT upto FROM named')?.upto ?? 0;
}

/** Runs in the index that fulfil an expression, the newest first. */
export function indexedRuns(store: Store, request: { expression: string; before: number; limit: number }): number[] {
  const sql =
    'SELECT rowid AS seq FROM names WHERE names MATCH $expression AND rowid < $before ORDER BY rowid DESC LIMIT $limit';
  return store.all<{ seq: number }>(sql, request).map(({ seq }) => seq);
}

/**
 * What runs in the index have in common whose path has a part: there may be others that have it, too. Or that there is
 * none, or that the index can't tell.
 */
export type Match = { kind: 'some'; expression: string } | { kind: 'none' } | { kind: 'any' };

export function match(store: Store, part: string, dataset: string | undefined): Match {
  const isShort = Array.from(part).length < 3;
  const hasSigma = part.includes(SIGMA);
  if (isShort && hasSigma) return { kind: 'any' };
  // A sigma may be the other one there, which version 0.1.0 wrote.
  const terms = isShort ? termsWith(store, part) : part.split(SIGMA).flatMap(piece => trigramsOf(Array.from(piece)));
  if (terms.length === 0) return { kind: hasSigma ? 'any' : 'none' };
  if (terms.length > MOST_TERMS) return { kind: 'any' };
  const joined = [...new Set(terms)].map(quoted).join(isShort ? ' OR ' : ' AND ');
  if (dataset === undefined) return { kind: 'some', expression: joined };
  const token = datasetToken(store, dataset);
  return token === undefined ? { kind: 'none' } : { kind: 'some', expression: `${quoted(token)} AND (${joined})` };
}

/**
 * Each letter is in one of them, which is nearly as good as all, and takes a third of the time: 1 ms each where a
 * million runs have it.
 */
function trigramsOf(letters: string[]): string[] {
  const last = letters.length - 3;
  return letters.flatMap((_, at) =>
    at === last || (at < last && at % 3 === 0) ? letters.slice(at, at + 3).join('') : [],
  );
}

/** Trigrams that begin with a letter or two; those of two slashes are no path's. */
function termsWith(store: Store, letters: string): string[] {
  const sql = `SELECT term FROM name_terms WHERE term >= $from AND term < $to AND substr(term, 1, 2) <> '//' LIMIT ${MOST_TERMS + 1}`;
  return store.all<{ term: string }>(sql, { from: letters, to: `${letters}\u{10FFFF}` }).map(({ term }) => term);
}

function datasetToken(store: Store, dataset: string): string | undefined {
  const row = store.get<{ number: number }>('SELECT number FROM datasets WHERE name = $dataset', { dataset });
  if (row === undefined) return undefined;
  const digits = [Math.floor(row.number / 4096), Math.floor(row.number / 64) % 64, row.number % 64];
  return String.fromCodePoint(...digits.map(digit => PRIVATE_USE + digit));
}

/** https://www.sqlite.org/fts5.html#fts5_strings */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** Returns whether there may be more. */
function indexSlice(store: Store): boolean {
  const from = indexedUpTo(store);
  const next = `SELECT count(*) AS count, max(seq) AS last FROM (SELECT seq FROM runs WHERE seq > $from ORDER BY seq LIMIT ${SLICE})`;
  const { count, last } = store.get<{ count: number; last: number }>(next, { from }) ?? { count: 0, last: from };
  if (count < SLICE) return false;
  store.execute(
    `INSERT INTO names (rowid, text)
     SELECT seq, file_folded || '//' || char(${PRIVATE_USE} + number / 4096, ${PRIVATE_USE} + number / 64 % 64, ${PRIVATE_USE} + number % 64)
     FROM runs JOIN datasets ON name = dataset WHERE seq > $from AND seq <= $last`,
    { from, last },
  );
  store.execute(`INSERT INTO names (names, rank) VALUES ('merge', ${MERGED_PAGES})`);
  store.execute('UPDATE named SET upto = $last', { last });
  return true;
}
