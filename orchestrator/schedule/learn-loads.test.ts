import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../clock.ts';
import type { Dataset } from '../config/dataset.ts';
import { datasetOf } from '../config/testing/dataset.ts';
import { openSqliteJournal } from '../journal/sqlite/sqlite-journal.ts';
import { learnLoads } from './learn-loads.ts';

type Settings = Parameters<typeof datasetOf>[2];

test('nothing is said of a dataset without rows, nor of one that loads as it did', async t => {
  const bench = setUp(t);
  await bench.learn({ sales: {} });
  await bench.learn({ sales: { LOAD: { index: 'other' } } });
  assert.deepEqual(bench.said, []);
  await bench.load('sales', 'a.csv', 'other');
  await bench.learn({ sales: { LOAD: { index: 'other' }, PRIORITY: 3 } });
  assert.deepEqual([bench.said, await bench.notice('sales')], [[], null]);
});

test('what is said of former rows stays in the journal until it holds no more, and is not said twice', async t => {
  const bench = setUp(t);
  await bench.learn({ sales: {} });
  await bench.load('sales', 'a.csv', 'sales');
  await bench.learn({ sales: { LOAD: { index: 'other' } } });
  await bench.learn({ sales: { LOAD: { index: 'other' } } });
  assert.equal(bench.said.length, 1);
  assert.match(
    (await bench.notice('sales')) ?? '',
    /^LOAD\.index is other now, and was sales: the rows of 1 file \(3 rows\) are in sales/,
  );
  await bench.learn({ sales: { LOAD: { target: 'lake' } } });
  assert.match((await bench.notice('sales')) ?? '', /^rows went to index other before and go to the lake now/);
  await bench.learn({ sales: { ON_CHANGE: 'append', LOAD: { target: 'lake' } } });
  assert.match((await bench.notice('sales')) ?? '', /^ON_CHANGE is append now: the rows that are there stay/);
});

test('rows with ids that tell no file are said to stay in the former index', async t => {
  const bench = setUp(t);
  await bench.learn({ sales: { LOAD: { id: ['A'] } } });
  await bench.load('sales', 'a.csv', 'sales');
  await bench.learn({ sales: { LOAD: { id: ['A'], index: 'other' } } });
  assert.match(
    bench.said[0] ?? '',
    /are in sales\. Their ids tell no file, so they stay there: orchestrator reload sales loads all files anew/,
  );
});

test('only a new dataset takes the index of one that is gone for its former name', async t => {
  const bench = setUp(t);
  await bench.learn({ sales: {}, shop: { LOAD: { index: 'sales' } } });
  await bench.load('sales', 'a.csv', 'sales');
  await bench.learn({ shop: { LOAD: { index: 'sales' } } });
  await bench.learn({ sales: {}, fresh: { LOAD: { index: 'sales' } } });
  assert.deepEqual(bench.said, []);
  await bench.learn({ renamed: { LOAD: { index: 'sales' } } });
  assert.match(
    bench.said[0] ?? '',
    /^dataset renamed: index sales holds the rows of 1 file \(3 rows\) of dataset sales/,
  );
});

function setUp(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'loads-'));
  const journal = openSqliteJournal({ path: join(folder, 'journal.sqlite'), clock: systemClock });
  t.after(async () => {
    await journal.close();
    rmSync(folder, { recursive: true });
  });
  const said: string[] = [];
  const logger = {
    debug() {},
    info() {},
    warn: (text: string) => void said.push(text),
    error() {},
    child: () => logger,
  };
  const now = Date.now();

  async function learn(settings: Record<string, Settings>): Promise<void> {
    const named = Object.entries(settings).map(([name, own]): [string, Dataset] => [
      name,
      datasetOf(name, folder, { ...own, LOAD: { target: 'elasticsearch', ...own?.LOAD } }),
    ]);
    await learnLoads({ journal, datasets: new Map(named), logger });
  }

  async function load(dataset: string, file: string, index: string): Promise<void> {
    const fileVersion = { sizeBytes: 1, token: '1.1' };
    await journal.submit({ dataset, file, root: '/in', priority: 0, now, fileVersion, contentHash: 'x' });
    const slot = { dataset, free: 1, strict: false, order: 'arrival' as const, perFolder: false };
    const [[run] = []] = await journal.claim({ holder: 't', leaseMs: 60_000, now, slots: [slot], limit: 1 });
    assert(run);
    await journal.ledger(run, { fileKey: file, append: false, rebuilds: false, indexFor: () => index });
    const rows = { read: 3, loaded: 3, rejected: 0, filtered: 0, deleted: 0 };
    await journal.finish(run, { to: 'done', rows, error: null }, now);
  }

  const notice = async (name: string) => (await journal.loads()).find(({ dataset }) => dataset === name)?.notice;
  return { said, learn, load, notice };
}
