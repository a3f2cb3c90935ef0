import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before as beforeAll, describe, it } from 'node:test';
import { openDatabase } from './connection.ts';
import type { RunFilter } from '../journal.ts';
import { indexedUpTo, indexNames } from './name-index.ts';
import { foldPath } from '../rules/paths.ts';
import { prune } from '../rules/pruning.ts';
import { searchPaths, searchRuns } from './searching.ts';
import { Store } from './store.ts';

const NAMES = ['north', 'ΔΡΟΜΟΣ', 'ΟΔΟΣ', 'été', '“quoted”', '😀😀', 'a.b', "it's", '100%', 'NULL', 'x'];
const PARTS = [
  'n',
  'or',
  'nort',
  'th/1',
  '/',
  'é',
  'té',
  'été',
  '“',
  '😀',
  '😀😀/',
  '"',
  '"a" or "b"',
  "it's",
  '%',
  '100%',
  'v',
  'sv',
  'csv',
  '.csv',
  'zq',
  'q',
  'nowhere',
  '11',
  '111',
  '0001',
  '\uE000',
  'x/1',
  '\0',
  'ΔΡΟΜΟΣ',
  'δρομος',
  'δρομοσ/1',
  'Οδος',
  'οσ/',
  'σ',
  'ς/',
];
const FILTERS: RunFilter[] = [
  {},
  { dataset: 'sales' },
  { dataset: 'costs' },
  { dataset: 'nobody' },
  { states: ['skipped'] },
  { dataset: 'costs', states: ['cancelled', 'done'] },
];

/** Of which some are paths, or ends of them. */
const ENDS = [
  'busy.csv',
  'far/busy.csv',
  '10799.txt',
  '22000.csv',
  'x',
  'usy.csv',
  'BUSY.csv',
  '.csv',
  '/busy.csv',
  '\0',
];

interface Made {
  seq: number;
  dataset: string;
  state: string;
  file: string;
  folded: string;
}

describe('a search in the names of many runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'searching-'));
  const path = join(folder, 'journal.sqlite');
  let store: Store;
  let made: Made[] = [];

  beforeAll(() => {
    const database = openDatabase(path);
    store = new Store(path, database);
    database.exec("INSERT INTO datasets (name) VALUES ('sales'), ('costs')");
    const insert =
      database.prepare(`INSERT INTO runs (id, dataset, file, file_folded, root, state, action, priority, seen_at, ended_at, error, changed)
      VALUES ($id, $dataset, $file, $folded, '/in', $state, 'add', 0, 1, $ended, 'x', 1)`);
    database.exec('BEGIN');
    for (let n = 0; n < 22_500; n += 1) {
      const dataset = n % 3 === 0 ? 'costs' : 'sales';
      const state = n % 5 === 0 ? 'cancelled' : 'skipped';
      const file = fileOf(n);
      // As version 0.1.0 wrote it, and as it is written now.
      const folded = n % 2 === 0 ? file.normalize('NFC').toLowerCase() : foldPath(file);
      insert.run({ id: String(n), dataset, state, file, folded, ended: n });
      made.push({ seq: n + 1, dataset, state, file, folded: foldPath(file) });
    }
    database.exec('COMMIT');
  });

  after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  async function compare(): Promise<void> {
    for (const part of [...PARTS, 'old', 'o', '.txt', 'old/1079'].map(foldPath)) {
      for (const filter of FILTERS) {
        for (const [before, limit] of [
          [Number.MAX_SAFE_INTEGER, 20],

          [11_500, 3],
        ] as const) {
          const found = await searchRuns(store, { part, filter, before, limit });
          const expected = made
            .filter(run => isWanted(run, part, filter) && run.seq < before)
            .slice(-limit)
            .toReversed();
          const text = `${part} of ${JSON.stringify(filter)} before ${before}`;
          assert.deepEqual(
            found.map(({ seq }) => seq),
            expected.map(({ seq }) => seq),
            text,
          );
        }
      }
    }
    for (const name of ENDS) {
      const paths = made.toReversed().filter(({ file }) => file === name || file.endsWith(`/${name}`));
      const expected = [...new Set(paths.map(({ dataset, file }) => `${dataset} ${file}`))];
      for (const most of [1, 2, 100]) {
        const found = await searchPaths(store, name, most);
        assert.deepEqual(
          found.map(({ dataset, file }) => `${dataset} ${file}`),
          expected.slice(0, most),
          name,
        );
      }
    }
  }

  it('finds what a look at each run finds, before they are in the index', compare);

  it('finds the same while part of them are', async () => {
    const stop = new AbortController();
    const indexing = indexNames(store, stop.signal);
    while (indexedUpTo(store) < 8000) await new Promise(resolve => setImmediate(resolve));
    stop.abort();
    await indexing;
    assert.ok(indexedUpTo(store) < 22_500);
    await compare();
  });

  it('and once all of them are', async () => {
    await indexNames(store);
    assert.equal(indexedUpTo(store), 22_500);
    await compare();
  });

  it('finds none that was forgotten, nor keeps its name', async () => {
    await prune(store, { endedBefore: 11_000 });
    made = made.slice(11_000);
    await compare();
    assert.equal(store.get<{ terms: number }>("SELECT count(*) AS terms FROM name_terms WHERE term = 'old'")?.terms, 0);
  });
});

/** A file that comes again and again hides those before it of its name. */
function fileOf(n: number): string {
  if (n === 11_000) return 'far/busy.csv';
  if (n === 11_001) return 'x';
  if (n % 2 === 0 && n > 11_000) return 'busy.csv';
  return n < 10_800 ? `old/${n}.txt` : `${NAMES[n % NAMES.length]}/${n}.csv`;
}

function isWanted({ dataset, state, folded }: Made, part: string, filter: RunFilter): boolean {
  if (filter.dataset !== undefined && filter.dataset !== dataset) return false;
  if (filter.states !== undefined && !(filter.states as string[]).includes(state)) return false;
  return folded.includes(part);
}
