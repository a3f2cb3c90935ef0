import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
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

async function reload(bench: ReturnType<typeof setUp>): Promise<string[][]> {
  const { journal, dataset, dataDir } = bench;
  const signal = new AbortController().signal;
  const found: string[][] = [];
  for await (const one of reloadFiles({ journal, dataset, dataDir, now: () => Date.now(), signal })) {
    if ('why' in one) found.push([one.file, one.why]);
    else {
      found.push([one.file, one.run.readFrom?.slice(dataDir.length + 1) ?? 'in place']);
      await bench.end();
    }
  }
  return found;
}
