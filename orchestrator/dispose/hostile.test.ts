import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Dataset } from '../config/dataset.ts';
import type { Disposal, Run } from '../journal/journal.ts';
import { kindOf } from '../errors.ts';
import { type CarryOut, carryOut } from './carry-out.ts';
import { fileVersionAt } from './testing/file-version.ts';
import { writeError, writeReceipt } from './notes.ts';
import { withSource } from './places.ts';
import { restoreQuarantined } from './restore.ts';
import { asRoot } from '../testing/as-root.ts';

const UPLOADER = 61_234;

test('a link under the file’s name is neither moved nor removed, nor is what it leads to', async t => {
  const { base, watchDir, victim, carry } = await setUp(t);
  rmSync(join(watchDir, 'sub', 'a.csv'));
  symlinkSync(victim, join(watchDir, 'sub', 'a.csv'));
  for (const kind of ['backup', 'remove'] as const) assert.equal((await carry(kind)).state, 'abandoned');
  assert(lstatSync(join(watchDir, 'sub', 'a.csv')).isSymbolicLink());
  assert.equal(readFileSync(victim, 'utf8'), 'secret');
  assert.deepEqual(treeOf(join(base, 'backup')), []);
});

test('a link in the place of its folder leads to no other folder’s file', async t => {
  const { base, watchDir, carry } = await setUp(t);
  mkdirSync(join(base, 'elsewhere'));
  renameSync(join(watchDir, 'sub', 'a.csv'), join(base, 'elsewhere', 'a.csv'));
  rmSync(join(watchDir, 'sub'), { recursive: true });
  symlinkSync(join(base, 'elsewhere'), join(watchDir, 'sub'));
  for (const kind of ['backup', 'remove'] as const) assert.equal((await carry(kind)).state, 'abandoned');
  assert(existsSync(join(base, 'elsewhere', 'a.csv')));
});

test('a folder that is swapped while its file is taken is not the one that is worked in', async t => {
  const { base, watchDir, carry, disposal } = await setUp(t);
  mkdirSync(join(base, 'elsewhere'));
  writeFileSync(join(base, 'elsewhere', 'a.csv'), 'another’s');
  writeFileSync(join(base, 'elsewhere', disposal.hidden.slice(disposal.hidden.lastIndexOf('/') + 1)), 'another’s');
  const hasWriter = (): 'no' => {
    if (!lstatSync(join(watchDir, 'sub')).isSymbolicLink()) {
      renameSync(join(watchDir, 'sub'), join(watchDir, 'moved'));
      symlinkSync(join(base, 'elsewhere'), join(watchDir, 'sub'));
    }
    return 'no';
  };
  assert.equal((await carry('backup', { hasWriter })).state, 'disposed');
  assert.deepEqual(readdirSync(join(base, 'elsewhere')).length, 2);
  assert.deepEqual(readdirSync(join(watchDir, 'moved')), []);
});

test('a file that is swapped after it was looked at never gets into the backup', async t => {
  const { base, watchDir, victim, carry } = await setUp(t);
  const source = join(watchDir, 'sub', 'a.csv');
  const swap = (_: number, path: string): 'no' => {
    if (path === source) renameSync(source, `${source}.away`);
    if (path === source) linkSync(victim, source);
    return 'no';
  };
  await assert.rejects(async () => {
    const { state } = await carry('backup', { hasWriter: swap });
    if (state !== 'disposed') throw new Error(state);
  });
  assert.deepEqual(treeOf(join(base, 'backup')), []);
  assert.equal(readFileSync(victim, 'utf8'), 'secret');
});

test('BACKUP_DIR below a folder that others can write is not led elsewhere by a link there', async t => {
  const { base, watchDir, carry } = await setUp(t);
  chmodSync(watchDir, 0o777);
  mkdirSync(join(base, 'elsewhere'));
  symlinkSync(join(base, 'elsewhere'), join(watchDir, 'backup'));
  await assert.rejects(carry('backup', {}, join(watchDir, 'backup', 'sales', 'sub', 'a.csv')), { code: 'ENOTDIR' });
  assert.deepEqual(readdirSync(join(base, 'elsewhere')), []);
  assert(existsSync(join(watchDir, 'sub', 'a.csv')));
});

for (const [what, make] of Object.entries<(victim: string, path: string) => void>({
  'a link': symlinkSync,
  'another name of a file': linkSync,
  'a FIFO': (_, path) => void execFileSync('mkfifo', [path]),
})) {
  test(`${what} under a note’s name, or that of its draft, is replaced, and leads nowhere`, async t => {
    const { watchDir, victim, run } = await setUp(t);
    for (const name of ['a.csv.receipt.json', 'a.csv.receipt.json.tmp', '.run.receipt.json.tmp', 'a.csv.error.json']) {
      make(victim, join(watchDir, 'sub', name));
    }
    await withSource(run, null, spot => writeReceipt(spot as NonNullable<typeof spot>, run, []));
    await withSource(run, null, spot => writeError(spot as NonNullable<typeof spot>, run, []));
    assert.equal(readFileSync(victim, 'utf8'), 'secret');
    for (const ending of ['receipt', 'error']) {
      const note = join(watchDir, 'sub', `a.csv.${ending}.json`);
      assert(lstatSync(note).isFile() && readFileSync(note, 'utf8').includes('"run": "run"'));
    }
  });
}

test('a folder under a note’s name is an error that says so, and stays', async t => {
  const { watchDir, run } = await setUp(t);
  mkdirSync(join(watchDir, 'sub', 'a.csv.receipt.json'));
  await assert.rejects(
    withSource(run, null, spot => writeReceipt(spot as NonNullable<typeof spot>, run, [])),
    { code: 'EISDIR' },
  );
  assert.deepEqual(readdirSync(join(watchDir, 'sub')).sort(), ['a.csv', 'a.csv.receipt.json']);
});

test('a note belongs to whom its file does, and shows itself to whoever can read that', asRoot, async t => {
  const { watchDir, run } = await setUp(t);
  const file = join(watchDir, 'sub', 'a.csv');
  for (const [mode, expected] of [
    [0o600, 0o600],
    [0o6755, 0o644],
  ] as const) {
    chownSync(file, UPLOADER, UPLOADER);
    chmodSync(file, mode);
    await withSource(run, null, spot => writeReceipt(spot as NonNullable<typeof spot>, run, []));
    const { uid, mode: given } = statSync(`${file}.receipt.json`);
    assert.deepEqual([uid, given & 0o7777], [UPLOADER, expected]);
  }
});

test('a note in quarantine that is no note, too large, or a FIFO says of no run', async t => {
  const { base, run } = await setUp(t);
  const folder = join(base, 'quarantine', 'sales', 'sub');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'a.csv'), 'x');
  rmSync(join(run.root, 'sub', 'a.csv'));
  const dataset = { settings: { QUARANTINE_DIR: join(base, 'quarantine') } } as Dataset;
  const note = join(folder, 'a.csv.error.json');
  for (const make of [
    () => writeFileSync(note, '{"run":'),
    () => writeFileSync(note, 'null'),
    () => writeFileSync(note, `{"run":"run"${' '.repeat(2 << 20)}}`),
    () => void execFileSync('mkfifo', [note]),
  ]) {
    rmSync(note, { force: true });
    make();
    await assert.rejects(restoreQuarantined(run, dataset, { dataDir: base, known: null }), /is not in quarantine/);
  }
});

test(
  'WATCH_DIR that became a link, or another folder, gets nothing written, and nothing is put back there',
  asRoot,
  async t => {
    const { base, watchDir, run } = await setUp(t);
    const { dev, ino } = statSync(watchDir);
    const home = join(base, 'home');
    const root = join(home, 'in');
    mkdirSync(home);
    renameSync(watchDir, root);
    chownSync(home, UPLOADER, UPLOADER);
    const elsewhere = join(base, 'elsewhere');
    mkdirSync(join(elsewhere, 'sub'), { recursive: true });
    const quarantine = join(base, 'quarantine', 'sales', 'sub');
    mkdirSync(quarantine, { recursive: true });
    writeFileSync(join(quarantine, 'a.csv'), 'x');
    writeFileSync(join(quarantine, 'a.csv.error.json'), '{"run":"run"}');
    const moved = { ...run, root };
    const dataset = { settings: { QUARANTINE_DIR: join(base, 'quarantine') } } as Dataset;
    const known = `${dev}:${ino}`;
    const refused = (error: unknown) =>
      kindOf(error) === 'wait' && /is not the folder that was watched/.test(String(error));
    await withSource(moved, known, async spot => assert(spot));
    renameSync(root, `${root}.away`);
    const assertRefused = async (identity: string | null) => {
      const write = withSource(moved, identity, spot => writeReceipt(spot as NonNullable<typeof spot>, run, []));
      await assert.rejects(write, refused);
      await assert.rejects(restoreQuarantined(moved, dataset, { dataDir: base, known: identity }), refused);
    };
    symlinkSync(elsewhere, root);
    lchownSync(root, UPLOADER, UPLOADER);
    await assertRefused(null);
    rmSync(root);
    renameSync(elsewhere, root);
    await assertRefused(known);
    assert.deepEqual(treeOf(root), []);
    assert.deepEqual(readdirSync(quarantine).length, 2);
  },
);

interface Bench {
  base: string;
  watchDir: string;
  victim: string;
  run: Run;
  disposal: Disposal;
  carry(kind: 'backup' | 'remove', more?: Partial<CarryOut>, target?: string): ReturnType<typeof carryOut>;
}

async function setUp(t: TestContext): Promise<Bench> {
  const base = mkdtempSync(join(tmpdir(), 'hostile-'));
  t.after(() => rmSync(base, { recursive: true }));
  const watchDir = join(base, 'in');
  const source = join(watchDir, 'sub', 'a.csv');
  mkdirSync(join(watchDir, 'sub'), { recursive: true });
  writeFileSync(source, 'content');
  const victim = join(base, 'victim');
  writeFileSync(victim, 'secret');
  const run = { id: 'run', root: watchDir, file: 'sub/a.csv', dataset: 'sales', rows: null, endedAt: null } as Run;
  const fileVersion = await fileVersionAt(source);
  const disposal: Disposal = {
    runId: 'run',
    kind: 'backup',
    source,
    hidden: join(watchDir, 'sub', '.a.csv.run.taken'),
    target: join(base, 'backup', 'sales', 'sub', 'a.csv'),
    fileVersion,
    marker: null,
    state: 'intended',
    error: null,
  };
  const room = { dataDir: base, minFreeBytes: 0 };
  const options: CarryOut = { hasWriter: () => 'no', witnessDir: join(base, 'removed'), known: null, room };
  return {
    base,
    watchDir,
    victim,
    run,
    disposal,
    carry: (kind, more = {}, target = disposal.target as string) =>
      carryOut({ ...disposal, kind, target: kind === 'remove' ? null : target }, run, { ...options, ...more }),
  };
}

function treeOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(({ name }) => name);
}
