// Tries, as a local user, to read, enter or change anything below DATA_DIR, to have files of others closed or given
// away when it is tightened, and to make a start wait by what is planted as `lock`, `lock.json`, `instance` or the
// journal.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import {
  makeFolder,
  removeFolder,
  startOrchestrator,
  type TestOrchestrator,
  withoutServices,
} from '../../orchestrator/e2e/harness.ts';
import { waitFor } from '../../orchestrator/testing/wait-for.ts';
import { asAttacker, asAttackerInProject, ATTACKER } from './attacker.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
const bin = join(project, 'orchestrator', 'bin.js');
const YAML = `WATCH_DIR: '{folder}/data/in/sales'
RUNNER: process
LOAD: { target: lake }
BACKUP_FILE: true
`;

let folder: string;
let data: string;
let service: TestOrchestrator | undefined;
beforeEach(async () => {
  folder = await makeFolder({ sales: YAML }, 0o755);
  data = join(folder, 'data');
});
afterEach(async () => {
  await service?.kill('SIGTERM');
  service = undefined;
  await removeFolder(folder);
});

const start = async () => (service = await startOrchestrator(folder, withoutServices(folder)));

test('after a run there is nothing below DATA_DIR that anybody else could enter or read', async () => {
  await start();
  await waitFor(
    'WATCH_DIR is there',
    async () => lstatSync(join(data, 'in/sales'), { throwIfNoEntry: false }) !== undefined,
  );
  writeFileSync(join(data, 'in/sales/a.csv'), 'A,B\n1,2\n3\n');
  writeFileSync(join(data, 'in/sales/bad.csv'), Buffer.from([0, 1, 2, 3, 0]));
  await waitFor('it is done and backed up', async () => /a\.csv: done/.test(await service!.output()));
  await waitFor(
    'the backup is there',
    async () => lstatSync(join(data, 'backup/sales/a.csv'), { throwIfNoEntry: false }) !== undefined,
  );
  await service!.kill('SIGTERM');
  const open = below(data).filter(
    path => !path.startsWith(join(data, 'backup/sales/')) && (lstatSync(path).mode & 0o077) !== 0,
  );
  assert.deepEqual(open, []);
  assert.match(await asAttacker('ls "$1"; cat "$1/journal.sqlite" "$1/lake/sales/"*', data), /Permission denied/);
});

test('what an earlier version left open is closed at the start, and said once', async () => {
  for (const name of ['logs/1', 'lake/sales', 'runs/1/1']) mkdirSync(join(data, name), { recursive: true });
  for (const name of ['logs/1/1.log', 'lake/sales/a.parquet', 'instance']) writeFileSync(join(data, name), 'x');
  execFileSync('chmod', ['-R', 'a+rwX', data]);
  await start();
  await waitFor('all is closed', async () => /deeper in DATA_DIR are closed/.test(await service!.output()));
  await service!.kill('SIGTERM');
  // What an attempt left is its own matter: it was made for one user, in a folder that is closed now.
  const open = below(data).filter(path => !path.endsWith('runs/1/1') && (lstatSync(path).mode & 0o077) !== 0);
  assert.deepEqual(open, []);
  const said = await service!.output();
  assert.match(said, /could be entered by others \(0777\): it was closed to all but its owner, and \d+ of the files/);
  await start();
  await service!.kill('SIGTERM');
  const again = (await service!.output()).slice(said.length);
  assert.doesNotMatch(again, /closed to all/);
});

test('links, hard links, and what others own are left as they are', async () => {
  const victim = join(folder, 'victim');
  const victimFolder = join(folder, 'victims');
  mkdirSync(join(data, 'lake'), { recursive: true });
  mkdirSync(join(data, 'in/sales'), { recursive: true });
  mkdirSync(victimFolder);
  for (const path of [victim, join(victimFolder, 'x'), join(data, 'in/sales/hers.part')]) writeFileSync(path, 'x');
  symlinkSync(victim, join(data, 'lake/link'));
  symlinkSync(victimFolder, join(data, 'logs'));
  linkSync(victim, join(data, 'lake/hard'));
  chownSync(join(data, 'in/sales/hers.part'), ATTACKER, ATTACKER);
  execFileSync('chmod', ['-R', 'a+rwX', data, victim, victimFolder]);
  const before = [victim, victimFolder, join(victimFolder, 'x'), join(data, 'in/sales/hers.part')].map(rightsOf);
  await start();
  await waitFor(
    'the walk is over',
    async () => lstatSync(join(data, '.closed'), { throwIfNoEntry: false }) !== undefined,
  );
  assert.deepEqual(
    [victim, victimFolder, join(victimFolder, 'x'), join(data, 'in/sales/hers.part')].map(rightsOf),
    before,
  );
});

test('a FIFO of another’s as `lock` keeps no start waiting, and is named', async () => {
  mkdirSync(data);
  chmodSync(data, 0o777);
  await asAttacker('mkfifo -m 666 "$1"', join(data, 'lock'));
  const { all, timedOut, exitCode } = await tryStart();
  assert.deepEqual([timedOut, exitCode], [false, 1], all);
  assert.match(all, /lock is not this orchestrator's \(it belongs to uid 1234\)/);
});

test('a DATA_DIR that somebody else made in a folder of everybody’s is refused', async () => {
  const shared = mkdtempSync(join(tmpdir(), 'orchestrator-shared-'));
  after(() => rmSync(shared, { recursive: true }));
  chmodSync(shared, 0o1777);
  await asAttacker('mkdir "$1"', join(shared, 'data'));
  const { all, exitCode } = await tryStart({ DATA_DIR: join(shared, 'data') });
  assert.equal(exitCode, 1);
  assert.match(all, /was made by uid 1234 in a folder that everybody can write/);
});

test('so is a JOURNAL there, beside which anybody could put a log that SQLite believes', async () => {
  const shared = mkdtempSync(join(tmpdir(), 'orchestrator-shared-'));
  after(() => rmSync(shared, { recursive: true }));
  chmodSync(shared, 0o1777);
  const { all, exitCode } = await tryStart({ JOURNAL: join(shared, 'journal.sqlite') });
  assert.equal(exitCode, 1);
  assert.match(all, /can be written by everybody.*give JOURNAL a folder/);
});

test('a folder above DATA_DIR in which everybody can write is said at the start', async () => {
  chmodSync(folder, 0o777);
  await start();
  assert.match(await service!.output(), /can be replaced by others: everybody can write in/);
});

test('a command of another user says whose DATA_DIR it is', async () => {
  await start();
  const said = await asAttackerInProject(
    project,
    'DATA_DIR="$1/data" CONFIG_DIR="$1/config" node_modules/.bin/node orchestrator/bin.js status',
    folder,
  );
  assert.match(said, /can be entered by uid 0 alone; run this command as that user/);
});

async function tryStart(more: Record<string, string> = {}) {
  return execa(process.execPath, [bin, 'start'], {
    all: true,
    reject: false,
    stdin: 'ignore',
    timeout: 20_000,
    env: { ...withoutServices(folder), CONFIG_DIR: join(folder, 'config'), DATA_DIR: data, PORT: '0', ...more },
  });
}

function below(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter(name => name !== 'in' && !name.startsWith('in/'))
    .map(name => join(path, name));
}

function rightsOf(path: string): string {
  const { mode, uid, gid } = lstatSync(path);
  return `${mode.toString(8)} ${uid}:${gid}`;
}
