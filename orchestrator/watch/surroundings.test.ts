import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import type { Settings } from '../config/schema.ts';
import { waitFor } from '../testing/wait-for.ts';
import { WatchedFolder } from './testing/watched-folder.ts';
import type { WatchStatus } from './watch-dataset.ts';

const PROGRAM = join(import.meta.dirname, 'testing', 'watch-process.ts');

/** A watching process under other surroundings. */
class Elsewhere implements AsyncDisposable {
  readonly process: ChildProcess;
  status: Partial<WatchStatus> = {};

  /** `prefix`: the command that makes the surroundings and runs what follows it. */
  constructor(folder: WatchedFolder, prefix: string[], settings: Partial<Settings> = {}, refuse = '') {
    const journal = join(folder.base, 'journal.sqlite');
    const command = [...prefix, process.execPath, PROGRAM, folder.root, journal, JSON.stringify(settings), refuse];
    this.process = spawn(command[0] ?? '', command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.process.stdout as NodeJS.ReadableStream }).on('line', line => {
      this.status = JSON.parse(line) as WatchStatus;
    });
  }

  run(command: string): void {
    this.process.stdin?.write(`${command}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = this.process.exitCode === null ? once(this.process, 'exit') : undefined;
    this.process.stdin?.end();
    await exited;
  }
}

function canUnshare(...options: string[]): boolean {
  return spawnSync('unshare', [...options, 'true']).status === 0;
}

test('running out of inotify watches is an error that names the sysctl, and the folder is polled from then on', async () => {
  await using folder = await WatchedFolder.make();
  for (const name of ['a', 'b', 'c']) await mkdir(folder.path(name));
  const limited = ['unshare', '-U', '-r', 'sh', '-c', 'echo 2 > /proc/sys/user/max_inotify_watches && exec "$@"', 'sh'];
  // Where user namespaces are forbidden, fs.watch is made to refuse as the kernel does.
  const isAllowed = canUnshare('-U', '-r');
  await using elsewhere = new Elsewhere(folder, isAllowed ? limited : [], {}, isAllowed ? '' : 'refuse');
  await waitFor('it is told', () => elsewhere.status.tooManyWatches === true);
  assert.match(
    elsewhere.status.error ?? '',
    /dataset sales: .*\(ENOSPC\).*raise fs\.inotify\.max_user_watches \(now \d+\)/,
  );
  assert.equal(elsewhere.status.mode, 'poll');
  await writeFile(folder.path('c/a.csv'), 'x');
  await folder.untilStates('c/a.csv', ['queued']);
});

test('a folder that can’t be read is an error that passes by itself, and nothing counts as deleted meanwhile', async () => {
  await using folder = await WatchedFolder.make();
  await mkdir(folder.path('sub'));
  await writeFile(folder.path('sub/a.csv'), 'x');
  await writeFile(folder.path('b.csv'), 'x');
  // Root may read everything, unless it is in a user namespace that does not know it.
  await using elsewhere = new Elsewhere(folder, process.getuid?.() === 0 ? ['unshare', '-U'] : []);
  await folder.untilStates('sub/a.csv', ['queued']);
  await folder.untilStates('b.csv', ['queued']);
  await chmod(folder.path('sub'), 0);
  await waitFor('it is told', () => /folder .*sub can't be read \(EACCES\)/.test(elsewhere.status.error ?? ''));
  await writeFile(folder.path('b.csv'), 'xy');
  await folder.untilStates('b.csv', ['skipped', 'queued']);
  assert.ok((await folder.journal.knownFiles('sales')).every(file => file.present));
  await chmod(folder.path('sub'), 0o755);
  await waitFor('it is over', () => elsewhere.status.error === null);
  await writeFile(folder.path('sub/c.csv'), 'x');
  await folder.untilStates('sub/c.csv', ['queued']);
  assert.deepEqual(await folder.states('sub/a.csv'), ['queued']);
});

test('rule 9: while a folder can’t be read no row is removed', async () => {
  await using folder = await WatchedFolder.make();
  await mkdir(folder.path('sub'));
  await writeFile(folder.path('a.csv'), 'x');
  const settings: Partial<Settings> = { ON_DELETE: 'remove' };
  await using elsewhere = new Elsewhere(folder, process.getuid?.() === 0 ? ['unshare', '-U'] : [], settings);
  await folder.untilStates('a.csv', ['queued']);
  await chmod(folder.path('sub'), 0);
  await waitFor('it is told', () => /folder .*sub can't be read/.test(elsewhere.status.error ?? ''));
  await rm(folder.path('a.csv'));
  for (let listing = 0; listing < 3; listing += 1) {
    const before = elsewhere.status.lastListingAt;
    await waitFor('a listing', () => elsewhere.status.lastListingAt !== before);
  }
  assert.deepEqual(await folder.states('a.csv'), ['queued']);
  await chmod(folder.path('sub'), 0o755);
  await folder.untilStates('a.csv', ['cancelled']);
});

test('rule 9: files below a folder that was unmounted are missing, not deleted', async () => {
  await using folder = await WatchedFolder.make();
  await mkdir(folder.path('sub'));
  const settings: Partial<Settings> = { ON_DELETE: 'remove' };
  await using elsewhere = new Elsewhere(folder, ['unshare', '-U', '-r', '-m'], settings);
  elsewhere.run('mount -t tmpfs none sub && echo x > sub/a.csv && echo x > b.csv');
  await folder.untilStates('sub/a.csv', ['queued']);
  await folder.untilStates('b.csv', ['queued']);
  elsewhere.run('umount sub && rm b.csv');
  await waitFor('it is told', () =>
    /1 files below .* gone together with the folder or device/.test(elsewhere.status.error ?? ''),
  );
  await waitFor('b.csv is known to be gone', async () => (await folder.states('b.csv')).includes('cancelled'));
  assert.deepEqual(await folder.states('sub/a.csv'), ['queued']);
});

test('rule 9: files below a folder that is no longer mounted after a restart are missing, not deleted', async () => {
  await using folder = await WatchedFolder.make();
  await mkdir(folder.path('sub'));
  const settings: Partial<Settings> = { ON_DELETE: 'remove' };
  {
    // The mount goes with the process that made it.
    await using before = new Elsewhere(folder, ['unshare', '-U', '-r', '-m'], settings);
    before.run('mount -t tmpfs none sub && echo x > sub/a.csv && echo x > b.csv');
    await folder.untilStates('sub/a.csv', ['queued']);
    await folder.untilStates('b.csv', ['queued']);
    await waitFor(
      'the mount is remembered',
      async () => 'sub' in ((await folder.journal.place('sales'))?.mounts ?? {}),
    );
  }
  const watch = await folder.watch(settings, { listIntervalMs: 50 });
  await waitFor('it is told', () => /1 files below .* gone together with the folder/.test(watch.status().error ?? ''));
  await folder.listed(watch, 2);
  assert.equal((await folder.journal.knownFile('sales', 'sub/a.csv'))?.present, true);
  assert.deepEqual(await folder.states('b.csv'), ['queued']);
});

test('another WATCH_DIR is known as the one that is watched also while a folder below it can’t be read', async () => {
  await using folder = await WatchedFolder.make();
  const watch = await folder.watch({}, { listIntervalMs: 50 });
  await folder.listed(watch, 1);
  const before = (await folder.journal.place('sales'))?.root;
  await watch.stop();
  await rename(folder.root, join(folder.base, 'away'));
  await mkdir(folder.path('sub'), { recursive: true });
  await chmod(folder.path('sub'), 0);
  await using elsewhere = new Elsewhere(folder, process.getuid?.() === 0 ? ['unshare', '-U'] : []);
  await waitFor('it is told', () => /folder .*sub can't be read/.test(elsewhere.status.error ?? ''));
  const { dev, ino } = await stat(folder.root);
  assert.notEqual(before, `${dev}:${ino}`);
  await waitFor('it is known', async () => (await folder.journal.place('sales'))?.root === `${dev}:${ino}`);
});
