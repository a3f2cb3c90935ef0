import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openDatabase } from '../journal/sqlite/connection.ts';
import { lockDataDir, readHolder } from '../journal/sqlite/lock.ts';
import { silentLogger } from '../run/testing/attempts.ts';
import { closeBelow } from './close-below.ts';
import { closeDataDir } from './close.ts';
import { closedInboxes } from './inbox.ts';

const STRANGER = '1234';

let folder: string;
let data: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-dir-'));
  data = join(folder, 'data');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a DATA_DIR that is missing is made for its user alone, and nothing is said', () => {
  assert.deepEqual(closeDataDir(data), []);
  assert.equal(modeOf(data), '700');
});

test('one that is open is closed with all that stands in it but the inbox, and that is said once', () => {
  for (const name of ['in', 'logs', 'lake']) mkdirSync(join(data, name), { recursive: true });
  writeFileSync(join(data, 'journal.sqlite'), '');
  execFileSync('chmod', ['-R', '777', data]);
  const [said = '', ...more] = closeDataDir(data);
  assert.match(said, /could be entered by others \(0777\): it was closed to all but its owner, and 3 of the files/);
  assert.deepEqual(more, []);
  const modes = ['.', 'in', 'logs', 'lake', 'journal.sqlite'].map(name => modeOf(join(data, name)));
  assert.deepEqual(modes, ['700', '777', '700', '700', '600']);
  assert.deepEqual(closeDataDir(data), []);
  execFileSync('chmod', ['644', join(data, 'journal.sqlite')]);
  assert.match(
    closeDataDir(data).join(),
    /^in DATA_DIR \S+ a file or folder was open to others: closed/,
    'as a restored copy',
  );
});

const PLANTS: Record<string, (path: string) => void> = {
  FIFO: path => execFileSync('mkfifo', [path]),
  'link to a device': path => symlinkSync('/dev/zero', path),
  folder: path => mkdirSync(path),
  'file of a stranger': path => {
    writeFileSync(path, '{}');
    execFileSync('chown', [STRANGER, path]);
  },
};

for (const [plant, put] of Object.entries(PLANTS)) {
  test(`a ${plant} in the place of a file of ours is named, and nobody waits for it`, () => {
    const assertRefused = (name: string, act: () => unknown): void => {
      mkdirSync(data);
      put(join(data, name));
      assert.throws(act, new RegExp(`/${name} is not this orchestrator's`), `${plant} as ${name}`);
      rmSync(data, { recursive: true });
    };
    for (const name of ['lock', 'lock.json', 'instance', 'token']) assertRefused(name, () => closeDataDir(data));
    for (const name of ['lock', 'lock-wal', 'lock-journal', 'lock.json']) assertRefused(name, () => lockDataDir(data));
    for (const name of ['lock', 'lock-journal']) assertRefused(name, () => readHolder(data));
    for (const side of ['', '-wal', '-shm', '-journal']) {
      assertRefused(`journal.sqlite${side}`, () => openDatabase(join(data, 'journal.sqlite')));
    }
  });
}

test('a stranger’s folder in the place of one of ours is named', () => {
  mkdirSync(join(data, 'lake'), { recursive: true });
  execFileSync('chown', [STRANGER, join(data, 'lake')]);
  assert.throws(() => closeDataDir(data), /lake is not this orchestrator's \(it belongs to uid 1234\)/);
});

test('an administrator’s link to another disk is fine', () => {
  for (const name of ['data', 'disk/lake']) mkdirSync(join(folder, name), { recursive: true });
  symlinkSync(join(folder, 'disk/lake'), join(data, 'lake'));
  chmodSync(join(folder, 'disk/lake'), 0o755);
  chmodSync(data, 0o700);
  assert.deepEqual(closeDataDir(data), []);
  assert.equal(modeOf(join(folder, 'disk/lake')), '755');
});

test('closing does not give back the lock that this process has', () => {
  const unlock = lockDataDir(data);
  execFileSync('chmod', ['-R', 'a+rwX', data]);
  closeDataDir(data);
  const lock = join(import.meta.dirname, '../journal/sqlite/lock.ts');
  const ask = `import('${lock}').then(lock => console.log(lock.readHolder(process.argv[1])?.pid))`;
  assert.equal(execFileSync(process.execPath, ['--eval', ask, data], { encoding: 'utf8' }), `${process.pid}\n`);
  unlock();
});

test('a DATA_DIR of somebody else’s, and a folder above in which everybody can write, are said at each start', () => {
  mkdirSync(data, { mode: 0o700 });
  execFileSync('chown', [STRANGER, data]);
  assert.match(closeDataDir(data).join(), /can be replaced by others: it belongs to uid 1234;/);
  execFileSync('chown', ['root', data]);
  chmodSync(folder, 0o777);
  for (let start = 0; start < 2; start += 1) {
    assert.match(closeDataDir(data).join(), /everybody can write in \S+data-dir-/);
  }
});

test('what lies deeper is closed once; attempts’ folders, and what has other names or owners, are left alone', async () => {
  for (const name of ['lake/sales', 'runs/1/1', 'in/sales']) mkdirSync(join(data, name), { recursive: true });
  const left = ['lake/sales/a', 'lake/sales/hers', 'runs/1/1/b', 'in/sales/c'];
  for (const name of [...left, 'lake/sales/own']) writeFileSync(join(data, name), '');
  execFileSync('ln', [join(data, 'lake/sales/a'), join(data, 'lake/sales/second')]);
  execFileSync('chmod', ['-R', '777', data]);
  execFileSync('chown', [STRANGER, join(data, 'lake/sales/hers')]);
  await closeBelow({ dataDir: data, logger: silentLogger, signal: AbortSignal.abort() });
  assert.ok(!existsSync(join(data, '.closed')));
  for (let start = 0; start < 2; start += 1) {
    await closeBelow({ dataDir: data, logger: silentLogger, signal: new AbortController().signal });
  }
  const modes = ['lake/sales', 'lake/sales/own', 'runs/1', ...left, 'runs/1/1'].map(name => modeOf(join(data, name)));
  assert.deepEqual(modes, ['700', '600', '700', '777', '777', '777', '777', '777']);
});

test('people are told which WATCH_DIR only root can reach', () => {
  const datasets = [
    { name: 'a', watchDir: '/srv/data/in/a' },
    { name: 'b', watchDir: '/srv/b' },
  ];
  assert.match(closedInboxes(datasets, '/srv/data') ?? '', /^only root can copy files for a: /);
  assert.equal(closedInboxes(datasets.slice(1), '/srv/data'), undefined);
});

function modeOf(path: string): string {
  return (lstatSync(path).mode & 0o777).toString(8);
}
