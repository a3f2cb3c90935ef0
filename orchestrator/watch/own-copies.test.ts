import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { WatchedFolder } from './testing/watched-folder.ts';

/** A file that is loaded, and then moved to a backup as the disposer would write it down. */
async function loadAndMove(folder: WatchedFolder, file: string, target: string): Promise<string> {
  await writeFile(folder.path(file), `content of ${file}`);
  const [queued] = await folder.untilStates(file, ['queued']);
  const { id, fileVersion } = await folder.finish(file);
  assert.ok(queued && fileVersion);
  const source = folder.path(file);
  await folder.journal.intend({
    runId: id,
    kind: 'backup',
    source,
    hidden: `${source}.taken`,
    target: target.replace('RUN', id),
    fileVersion,
    marker: null,
  });
  await folder.journal.closeDisposal(id, 'disposed', null);
  return target.replace('RUN', id);
}

test('rule 8: a backup that is seen below WATCH_DIR by a way nobody knows of is no arrival, whatever its name became', async () => {
  await using folder = await WatchedFolder.make();
  const watch = await folder.watch({}, { listIntervalMs: 100 });
  await loadAndMove(folder, 'a.csv', '/bk/sales/a.csv');
  const taken = await loadAndMove(folder, 'b.csv', '/bk/sales/b.RUN.csv');
  const name = taken.slice(taken.lastIndexOf('/') + 1);
  const dated = 'c.2026-01-31T140307Z-5ed84c.csv.gz';
  await loadAndMove(folder, 'c.csv.gz', `/bk/sales/${dated}`);
  await mkdir(folder.path('x', 'sales'), { recursive: true });
  await writeFile(folder.path('x', 'sales', 'a.csv'), 'content of a.csv');
  await writeFile(folder.path('x', 'sales', name), 'content of b.csv');
  await writeFile(folder.path('x', 'sales', dated), 'content of c.csv.gz');
  const [copy] = await folder.untilStates('x/sales/a.csv', ['cancelled']);
  assert.match(copy?.error ?? '', /own copy of a file that was loaded before, moved to \/bk\/sales\/a\.csv/);
  await folder.untilStates(`x/sales/${name}`, ['cancelled']);
  await folder.untilStates(`x/sales/${dated}`, ['cancelled']);
  // Known from now on: it is not read again by each listing.
  await folder.listed(watch, 2);
  assert.deepEqual(await folder.states('x/sales/a.csv'), ['cancelled']);
  assert.equal(folder.log.filter(line => line.includes('own copy')).length, 1);
});

test('what is no copy of ours is taken, though its path ends like that of one', async () => {
  await using folder = await WatchedFolder.make();
  await folder.watch();
  await loadAndMove(folder, 'a.csv', '/bk/sales/a.csv');
  await writeFile(folder.path('kept.csv'), 'content of kept.csv');
  await folder.untilStates('kept.csv', ['queued']);
  await folder.finish('kept.csv');
  await mkdir(folder.path('sales'));
  for (const [name, content] of [
    ['sales/a.csv', 'other content'],
    ['sales/kept.csv', 'content of kept.csv'],
    ['a-copy.csv', 'content of a.csv'],
  ] as const) {
    await writeFile(folder.path(name), content);
    await folder.untilStates(name, ['queued']);
  }
});

test('a file that another dataset is moving away is taken by the dataset that watches the folder above, too', async () => {
  await using folder = await WatchedFolder.make();
  await mkdir(folder.path('sales'));
  await folder.watch({}, { root: folder.path('sales') });
  await writeFile(folder.path('sales', 'a.csv'), 'content');
  const [queued] = await folder.untilStates('a.csv', ['queued']);
  const { id, fileVersion } = await folder.finish('a.csv');
  assert.ok(queued && fileVersion);
  const source = folder.path('sales', 'a.csv');
  const hidden = join(folder.path('sales'), '.a.csv.taken');
  const intent = { runId: id, kind: 'backup' as const, source, hidden, target: '/bk/sales/a.csv' };
  await folder.journal.intend({ ...intent, fileVersion, marker: null });
  await folder.watch({}, { name: 'all' });
  await folder.untilStates('sales/a.csv', ['queued'], 'all');
});
