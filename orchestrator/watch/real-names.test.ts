import { versionOf } from '../files/version.ts';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Folder } from '../files/folder.ts';
import { isRoot } from '../testing/as-root.ts';
import { waitFor } from '../testing/wait-for.ts';
import { RealNames } from './real-names.ts';
import { WatchedFolder } from './testing/watched-folder.ts';

const QUICK = { listIntervalMs: 50 };

for (const [what, put] of [
  ['a folder', (path: string) => mkdir(path)],
  ['a link that leads nowhere', (path: string) => symlink('/nowhere/at/all', path)],
  ['a FIFO', async (path: string) => void execFileSync('mkfifo', [path])],
] as const) {
  test(`ON_DELETE: remove counts a file as deleted that becomes ${what}`, async () => {
    await using folder = await WatchedFolder.make();
    await loadOne(folder);
    await rm(folder.path('a.csv'));
    await put(folder.path('a.csv'));
    await folder.untilStates('a.csv', ['cancelled']);
    assert.equal((await folder.journal.knownFile('sales', 'a.csv'))?.present, false);
  });
}

test('a file that becomes a link to another one is there, whether links are followed or not', async () => {
  await using folder = await WatchedFolder.make();
  const watch = await loadOne(folder);
  await writeFile(join(folder.base, 'moved.csv'), 'x');
  await rm(folder.path('a.csv'));
  await symlink(join(folder.base, 'moved.csv'), folder.path('a.csv'));
  await folder.listed(watch, 4);
  assert.deepEqual(await folder.states('a.csv'), ['queued']);
});

test('where upper and lower case are the same a renamed file is gone under its old name, and taken under the new one', {
  skip: !canMount() && 'needs root, exfat-fuse and exfatprogs',
}, async () => {
  await using folder = await WatchedFolder.make();
  using mount = await mountWithoutCase(folder);
  const watch = await loadOne(folder, mount.path);
  await rename(join(mount.path, 'a.csv'), join(mount.path, 'between'));
  await rename(join(mount.path, 'between'), join(mount.path, 'A.CSV'));
  await folder.untilStates('A.CSV', ['queued']);
  await folder.untilStates('a.csv', ['cancelled']);
  const root = await Folder.open(mount.path);
  const seen = await stat(join(mount.path, 'a.csv'), { bigint: true });
  assert.equal(await new RealNames().of(root, 'a.csv', seen), 'A.CSV');
  await root.close();
  await watch.stop();
});

test('elsewhere names that differ in case, or in how an accent is written, are different files', async () => {
  await using folder = await WatchedFolder.make();
  await folder.watch();
  for (const name of ['a.csv', 'A.csv', 'été.csv'.normalize('NFC'), 'été.csv'.normalize('NFD')]) {
    await writeFile(folder.path(name), name);
    await folder.untilStates(name, ['queued']);
  }
});

test('a file with a time after 2262 is taken, and known by that time', async () => {
  await using folder = await WatchedFolder.make();
  const watch = await folder.watch({}, QUICK);
  const late = new Date('2400-01-01T00:00:00.5Z');
  await writeFile(folder.path('a.csv.tmp'), 'x');
  await utimes(folder.path('a.csv.tmp'), late, late);
  await rename(folder.path('a.csv.tmp'), folder.path('a.csv'));
  const [run] = await folder.untilStates('a.csv', ['queued']);
  assert.deepEqual(run?.fileVersion, versionOf(await stat(folder.path('a.csv'), { bigint: true })));
  await folder.listed(watch, 3);
  assert.deepEqual(await folder.states('a.csv'), ['queued']);
});

test('a time that no file system of disks can keep is told, not waited for', async () => {
  // On /tmp ext4 may cut it off.
  await using folder = await WatchedFolder.make('/dev/shm');
  const late = new Date('3000-01-01T00:00:00Z');
  await writeFile(folder.path('a.csv'), 'x');
  await utimes(folder.path('a.csv'), late, late);
  const watch = await folder.watch({}, QUICK);
  await waitFor('it is told', () => /before 1901 or after 2486.*touch/.test(watch.status().notice ?? ''));
  assert.deepEqual(await folder.states('a.csv'), []);
});

async function loadOne(folder: WatchedFolder, root = folder.root) {
  const watch = await folder.watch({ ON_DELETE: 'remove' }, { ...QUICK, root });
  await writeFile(join(root, 'a.csv'), 'x');
  await folder.untilStates('a.csv', ['queued']);
  return watch;
}

function canMount(): boolean {
  const programs = ['mount.exfat-fuse', 'mkfs.exfat', 'losetup'];
  return isRoot && programs.every(name => spawnSync('which', [name]).status === 0);
}

async function mountWithoutCase(folder: WatchedFolder): Promise<Disposable & { path: string }> {
  const [image, path] = [join(folder.base, 'image'), join(folder.base, 'mounted')];
  await mkdir(path);
  execFileSync('truncate', ['-s', '16M', image]);
  execFileSync('mkfs.exfat', [image], { stdio: 'ignore' });
  const device = execFileSync('losetup', ['--find', '--show', image], { encoding: 'utf8' }).trim();
  execFileSync('mount.exfat-fuse', [device, path], { stdio: 'ignore' });
  const unmount = (): void => {
    execFileSync('umount', [path]);
    execFileSync('losetup', ['--detach', device]);
  };
  return { path, [Symbol.dispose]: unmount };
}
