import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFile, link, mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { datasetOf } from '../config/testing/dataset.ts';
import { isRoot } from '../testing/as-root.ts';
import { explain } from './explain.ts';
import { ownCopyOf, type Seen } from './own-copies.ts';
import { WatchedFolder } from './testing/watched-folder.ts';

/** A file that is loaded, and then moved to a backup as the disposer would move it and write it down. Returns where it is. */
async function loadAndMove(folder: WatchedFolder, file: string, name = file): Promise<string> {
  await writeFile(folder.path(file), `content of ${file}`);
  const [queued] = await folder.untilStates(file, ['queued']);
  const { id, fileVersion } = await folder.finish(file);
  assert.ok(queued && fileVersion);
  const source = folder.path(file);
  const target = join(folder.base, 'bk', 'sales', name.replace('RUN', id));
  await folder.journal.intend({
    runId: id,
    kind: 'backup',
    source,
    hidden: `${source}.taken`,
    target,
    fileVersion,
    marker: null,
  });
  await mkdir(dirname(target), { recursive: true });
  await rename(source, target);
  await folder.journal.closeDisposal(id, 'disposed', null);
  return target;
}

const leftAlone = async (folder: WatchedFolder) =>
  (await folder.journal.attention({ kind: 'to-check' })).items.map(({ file }) => file);

test('rule 8: a backup that is seen below WATCH_DIR by a way nobody knows of is no arrival, whatever its name became', async () => {
  await using folder = await WatchedFolder.make();
  const watch = await folder.watch({}, { listIntervalMs: 100 });
  const targets = [
    await loadAndMove(folder, 'a.csv'),
    await loadAndMove(folder, 'b.csv', 'b.RUN.csv'),
    await loadAndMove(folder, 'c.csv.gz', 'c.2026-01-31T140307Z-5ed84c.csv.gz'),
  ];
  await mkdir(folder.path('x', 'sales'), { recursive: true });
  // As a mount of the backup's folder would show it: the same file.
  for (const target of targets) {
    const file = `x/sales/${target.slice(target.lastIndexOf('/') + 1)}`;
    await link(target, folder.path(file));
    await folder.untilStates(file, ['cancelled']);
  }
  const [copy] = await folder.runs('x/sales/a.csv');
  assert.match(copy?.error ?? '', /own copy of a file that was loaded before, moved to \/.*\/bk\/sales\/a\.csv/);
  // Known from now on: it is not read again by each listing.
  await folder.listed(watch, 2);
  assert.deepEqual(await folder.states('x/sales/a.csv'), ['cancelled']);
  assert.equal(folder.log.filter(line => line.includes('own copy')).length, 1);
});

test('what is left alone as our own copy is to be looked after, and explained, until it is acknowledged or loaded', async () => {
  await using folder = await WatchedFolder.make();
  await folder.watch({}, { listIntervalMs: 100 });
  const target = await loadAndMove(folder, 'a.csv');
  await mkdir(folder.path('sales'));
  await link(target, folder.path('sales', 'a.csv'));
  await folder.untilStates('sales/a.csv', ['cancelled']);
  assert.deepEqual(await leftAlone(folder), ['sales/a.csv']);
  assert.equal((await folder.journal.summaries())[0]?.runsToCheck, 1);
  const sentences = await explain(folder.path('sales', 'a.csv'), [datasetOf('sales', folder.root)], folder.journal);
  assert.match(sentences.join('\n'), /a\.csv is left alone in the version it has now\.\n.*own copy .*touch it/);
  const [run] = await folder.runs('sales/a.csv');
  await folder.journal.acknowledge(run?.id ?? '', Date.now());
  assert.deepEqual(await leftAlone(folder), []);
  // Once more as another version, and then as a file of its own.
  await utimes(target, 1, 1);
  await folder.untilStates('sales/a.csv', ['cancelled', 'cancelled']);
  assert.deepEqual(await leftAlone(folder), ['sales/a.csv']);
  await rm(target);
  await utimes(folder.path('sales', 'a.csv'), 2, 2);
  await folder.untilStates('sales/a.csv', ['cancelled', 'cancelled', 'queued']);
  await folder.finish('sales/a.csv');
  assert.deepEqual(await leftAlone(folder), []);
});

test('what is no copy of ours is taken, though its path ends like that of one', async () => {
  await using folder = await WatchedFolder.make();
  await folder.watch();
  const target = await loadAndMove(folder, 'a.csv');
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
  assert.ok(await stat(target));
});

test('somebody’s own file with the path and the content of a copy of ours is taken: another file, of another time, or after ours is gone', async () => {
  await using folder = await WatchedFolder.make();
  await folder.watch();
  const target = await loadAndMove(folder, 'a.csv');
  const { atime, mtime } = await stat(target);
  const put = async (name: string) => {
    await mkdir(folder.path(name, 'sales'), { recursive: true });
    await copyFile(target, join(folder.base, name));
    await utimes(join(folder.base, name), atime, mtime);
    await rename(join(folder.base, name), folder.path(name, 'sales', 'a.csv'));
    await folder.untilStates(`${name}/sales/a.csv`, ['queued']);
  };
  await put('as-old');
  const kept = join(folder.base, 'kept');
  await rename(target, kept);
  await mkdir(folder.path('late', 'sales'), { recursive: true });
  await rename(kept, folder.path('late', 'sales', 'a.csv'));
  await folder.untilStates('late/sales/a.csv', ['queued']);
  assert.deepEqual(await leftAlone(folder), []);
});

test('by another file system, whose inodes are its own and whose times may be of two seconds, a copy of ours is still known', async () => {
  await using folder = await WatchedFolder.make();
  await folder.watch();
  const target = await loadAndMove(folder, 'a.csv');
  const contentHash = (await folder.runs('a.csv'))[0]?.contentHash ?? '';
  const stored = await stat(target, { bigint: true });
  const other = { dev: stored.dev + 1n, ino: stored.ino + 1n, size: stored.size };
  const copyOf = (seen: Seen | undefined) =>
    ownCopyOf(folder.journal, datasetOf('sales', folder.root), {
      path: 'fuse/sales/a.csv',
      contentHash,
      look: async () => seen,
    });
  for (const step of [1n, 1_000_000n, 1_000_000_000n, 2_000_000_000n])
    assert.equal(await copyOf({ ...other, mtimeNs: (stored.mtimeNs / step) * step }), target, `${step}`);
  for (const [what, seen] of [
    ['of another time', { ...other, mtimeNs: stored.mtimeNs + 2_000_000_001n }],
    ['of an earlier time', { ...other, mtimeNs: stored.mtimeNs - 2_000_000_001n }],
    ['of another size', { ...other, size: stored.size + 1n, mtimeNs: stored.mtimeNs }],
    ['another file of the same file system', { ...stored, ino: stored.ino + 1n }],
    ['gone', undefined],
  ] as const)
    assert.equal(await copyOf(seen), undefined, what);
});

test('what a FUSE mount shows of the backup below WATCH_DIR is no arrival; somebody’s own file beside it is one', {
  skip: !canMount() && 'needs root and bindfs',
}, async () => {
  await using folder = await WatchedFolder.make();
  await folder.watch({ SETTLE_MS: 50 }, { listIntervalMs: 100 });
  await loadAndMove(folder, 'a.csv');
  const seen = folder.path('seen');
  await mkdir(seen);
  execFileSync('bindfs', [join(folder.base, 'bk'), seen]);
  try {
    await folder.untilStates('seen/sales/a.csv', ['cancelled']);
    await mkdir(folder.path('sales'));
    await writeFile(folder.path('sales', 'a.csv'), 'content of a.csv');
    await folder.untilStates('sales/a.csv', ['queued']);
    assert.deepEqual(await leftAlone(folder), ['seen/sales/a.csv']);
  } finally {
    execFileSync('umount', [seen]);
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
  const target = join(folder.base, 'bk', 'sales', 'a.csv');
  await mkdir(dirname(target), { recursive: true });
  await link(source, target);
  await folder.journal.intend({ runId: id, kind: 'backup', source, hidden, target, fileVersion, marker: null });
  await folder.watch({}, { name: 'all' });
  await folder.untilStates('sales/a.csv', ['queued'], 'all');
});

function canMount(): boolean {
  return isRoot && spawnSync('which', ['bindfs']).status === 0;
}
