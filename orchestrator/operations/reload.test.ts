import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Run } from '../journal/journal.ts';
import { reloadFiles } from './reload.ts';
import { setUp } from './testing/bench.ts';

test('with append all files of a path that were backed up are loaded anew, one after the other, and what is in place', async t => {
  const bench = setUp(t, { ON_CHANGE: 'append' });
  for (const [n, content] of ['one', 'two'].entries()) {
    await bench.moveAway(await bench.load('a.csv', content), 'backup', `a.${n}.csv`);
  }
  await bench.load('a.csv', 'three');
  await bench.load('b.csv', 'one');
  assert.deepEqual(await reload(bench), [
    ['a.csv', 'backup/sales/a.0.csv'],
    ['a.csv', 'backup/sales/a.1.csv'],
    ['a.csv', 'in place'],
    ['b.csv', 'in place'],
  ]);
});

test('with replace the newest file of each path is, from its place or the backup; what was removed, or is another by now, is told', async t => {
  const bench = setUp(t, { ON_CHANGE: 'replace' });
  await bench.moveAway(await bench.load('a.csv', 'one'), 'backup');
  const changed = await bench.moveAway(await bench.load('b.csv', 'one'), 'backup');
  writeFileSync(changed, 'another');
  await bench.load('c.csv', 'one');
  await bench.remove(await bench.load('d.csv', 'one'));
  await bench.load('e.csv', 'one', { to: 'failed', rows: null, error: 'no' });
  await bench.load('f.csv', 'one');
  rmSync(bench.path('f.csv'));
  assert.deepEqual(await reload(bench), [
    ['a.csv', 'backup/sales/a.csv'],
    ['b.csv', `${changed} is not what was backed up there`],
    ['c.csv', 'in place'],
    ['d.csv', 'it was removed after having been loaded, and no backup is known: the rows stay as they are'],
    ['e.csv', 'in place'],
    ['f.csv', `${bench.path('f.csv')} is gone, and no copy of it was kept: copy the file there again to load it`],
  ]);
});

test('with replace a file that came while others were queued is the one that is loaded anew', async t => {
  const bench = setUp(t, { ON_CHANGE: 'replace' });
  for (const file of ['a.csv', 'y.csv', 'z.csv']) await bench.moveAway(await bench.load(file, 'old'), 'backup');
  const files = reloadFiles(optionsOf(bench));
  assert.equal((await files.next()).value?.file, 'a.csv');
  await bench.end();
  const removed = await bench.load('y.csv', 'new');
  await bench.remove(removed);
  await bench.moveAway(await bench.load('z.csv', 'new'), 'backup', 'z.1.csv');
  assert.deepEqual(await collect(bench, files), [
    ['y.csv', `run ${removed.id} loaded a newer y.csv, of which no backup is known: its rows stay as they are`],
    ['z.csv', 'backup/sales/z.1.csv'],
  ]);
});

test('where replace follows append, the file that was delivered last is loaded, though its content came once before', async t => {
  const bench = setUp(t, { ON_CHANGE: 'append' });
  for (const [n, content] of ['one', 'two', 'one'].entries()) {
    await bench.moveAway(await bench.load('a.csv', content), 'backup', `a.${n}.csv`);
  }
  const { dataset } = setUp(t, { ON_CHANGE: 'replace' });
  const settings = { ...bench.dataset, settings: dataset.settings };
  assert.deepEqual(await collect(bench, reloadFiles({ ...optionsOf(bench), dataset: settings })), [
    ['a.csv', 'backup/sales/a.2.csv'],
  ]);
});

test('with LOAD.id all files are, in the order in which they came, those that came meanwhile last', async t => {
  const bench = setUp(t, { LOAD: { id: ['A'] } });
  await bench.moveAway(await bench.load('z.csv', 'one'), 'backup');
  await bench.load('b.csv', 'two');
  await bench.moveAway(await bench.load('a.csv', 'three'), 'backup');
  await bench.moveAway(await bench.load('z.csv', 'four'), 'backup', 'z.1.csv');
  const files = reloadFiles(optionsOf(bench));
  assert.equal((await files.next()).value?.file, 'z.csv');
  await bench.end();
  await bench.load('new.csv', 'five');
  assert.deepEqual(await collect(bench, files), [
    ['b.csv', 'in place'],
    ['a.csv', 'backup/sales/a.csv'],
    ['z.csv', 'backup/sales/z.1.csv'],
    ['new.csv', 'in place'],
  ]);
});

test('with LOAD.id the order stays, however often files are run again, and wherever they lie', async t => {
  const bench = setUp(t, { LOAD: { id: ['A'] } });
  const first = await bench.load('a.csv', 'one');
  await bench.moveAway(await bench.load('c.csv', 'two'), 'backup');
  await bench.load('b.csv', 'three');
  const again = (await bench.replay(first)) as Run;
  await bench.end();
  const order = [
    ['a.csv', 'in place'],
    ['c.csv', 'backup/sales/c.csv'],
    ['b.csv', 'in place'],
  ];
  for (const turn of [1, 2]) assert.deepEqual(await reload(bench), order, `${turn}`);
  // As the disposer does it, where the files are backed up from now on.
  await bench.moveAway(again, 'backup');
  order[0] = ['a.csv', 'backup/sales/a.csv'];
  for (const turn of [1, 2]) assert.deepEqual(await reload(bench), order, `moved, ${turn}`);
  await bench.journal.prune({ endedBefore: Date.now() + 1 });
  const { items } = await bench.journal.runs({ dataset: 'sales', path: 'b.csv' });
  assert.deepEqual(items.length, 1);
  assert.ok((items[0]?.delivered ?? 0) < (items[0]?.version ?? 0));
});

test('with LOAD.id a file of which nobody knows any more when it came is not', async t => {
  const bench = setUp(t, { LOAD: { id: ['A'] }, ON_CHANGE: 'append' });
  await bench.moveAway(await bench.load('a.csv', 'one'), 'backup', 'a.0.csv');
  await bench.moveAway(await bench.load('a.csv', 'two'), 'backup');
  await bench.journal.prune({ endedBefore: Date.now() + 1 });
  const [[lost = '', why] = [], next] = await reload(bench);
  assert.deepEqual([lost, next], ['a.csv', ['a.csv', 'backup/sales/a.csv']]);
  assert.match(why ?? '', /backup\/sales\/a\.0\.csv came so long ago that nobody knows in which order: its rows stay/);
});

test('with LOAD.overwrite only the file that came last is', async t => {
  const bench = setUp(t, { LOAD: { overwrite: true } });
  await bench.load('b.csv', 'one');
  await bench.moveAway(await bench.load('c.csv', 'two'), 'backup');
  await bench.load('a.csv', 'three');
  await bench.load('b.csv', 'four');
  assert.deepEqual(await reload(bench), [['b.csv', 'in place']]);
});

test('a paused dataset is not waited for', async t => {
  const bench = setUp(t, { ON_CHANGE: 'append' });
  for (const content of ['one', 'two']) {
    await bench.moveAway(await bench.load('a.csv', content), 'backup', `a.${content}.csv`);
  }
  await bench.journal.pause('sales', true);
  const files = reloadFiles(optionsOf(bench));
  assert((await files.next()).value);
  const { value } = await files.next();
  assert(value && 'why' in value);
  assert.match(value.why, /a run of it waits, and dataset sales is paused: orchestrator resume sales/);
});

test('it is told how many mended rows are rejected again', async t => {
  const bench = setUp(t);
  const rows = { read: 3, loaded: 1, rejected: 2, filtered: 0, deleted: 0 };
  const { id } = await bench.load('a.csv', 'one', { to: 'done', rows, error: null });
  await bench.journal.mend(id, bench.path('mend'), Date.now());
  await bench.end();
  const { value } = await reloadFiles(optionsOf(bench)).next();
  assert.ok(value && 'mended' in value);
  assert.equal(value.mended, 1);
});

async function reload(bench: ReturnType<typeof setUp>): Promise<string[][]> {
  return collect(bench, reloadFiles(optionsOf(bench)));
}

function optionsOf({ journal, dataset, dataDir }: ReturnType<typeof setUp>): Parameters<typeof reloadFiles>[0] {
  return { journal, dataset, dataDir, now: () => Date.now(), signal: new AbortController().signal };
}

async function collect(
  { dataDir, ...bench }: ReturnType<typeof setUp>,
  files: ReturnType<typeof reloadFiles>,
): Promise<string[][]> {
  const found: string[][] = [];
  for await (const one of files) {
    if ('why' in one) found.push([one.file, one.why]);
    else {
      found.push([one.file, one.run.readFrom?.slice(dataDir.length + 1) ?? 'in place']);
      await bench.end();
    }
  }
  return found;
}
