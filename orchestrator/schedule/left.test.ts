import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { BOUNDS } from '../../default-etl/contract/contract.ts';
import { moveRejects, takeBackWorkDir, tidyWorkDir, withLeft } from './left.ts';
import { readReserved } from './reserved.ts';
import { asRoot } from '../testing/as-root.ts';

const RUN_UID = 61_234;
const OTHER_UID = 61_235;
const REJECT = '{"row":1,"line":2,"reason":"bad","raw":"x"}\n';

test(
  'the folder of a dead attempt is ours alone before it is looked at, and its files may be those of whoever had it',
  asRoot,
  async t => {
    const { workDir } = setUp(t);
    file(workDir, 'reserve', '500\n');
    assert.deepEqual(await reserved(workDir), { rows: 500, breach: null });
    const { uid, mode } = statSync(workDir);
    assert.deepEqual([uid, mode & 0o777], [0, 0o700]);
  },
);

test('after a crash it is still known whose files they may be', asRoot, async t => {
  const { workDir } = setUp(t);
  file(workDir, 'reserve', '500\n');
  await takeBackWorkDir(workDir);
  assert.deepEqual(await reserved(workDir), { rows: 500, breach: null });
});

test('a file of somebody else is not looked at, though it was moved there', asRoot, async t => {
  const { workDir } = setUp(t);
  file(workDir, 'reserve', '500\n', OTHER_UID);
  assert.match((await reserved(workDir)).breach ?? '', /contract breach: .*belongs to a user/);
});

test('where anybody might write, any owner will do, also after a crash', async t => {
  const { workDir } = setUp(t, process.getuid?.() ?? 0);
  chmodSync(workDir, 0o777);
  file(workDir, 'reserve', '500\n', process.getuid?.() === 0 ? OTHER_UID : undefined);
  await takeBackWorkDir(workDir);
  assert.equal(statSync(workDir).mode & 0o777, 0o700);
  assert.deepEqual(await reserved(workDir), { rows: 500, breach: null });
});

for (const [what, make] of Object.entries(traps())) {
  test(`${what} under each name that is read stops nobody, is not followed, and goes`, async t => {
    const { base, workDir } = setUp(t);
    for (const name of ['reserve', 'rejects.ndjson', 'rejects.json', 'out.parquet', 'progress'])
      make(base, workDir, name);
    assert.match((await reserved(workDir)).breach ?? '', /contract breach/);
    const warnings: string[] = [];
    await tidyWorkDir(workDir, true, { warn: text => warnings.push(text) });
    assert.match(warnings.join(), /rejected rows are not kept: .* is left alone/);
    assert(!existsSync(workDir));
    assert.equal(readFileSync(join(base, 'victim'), 'utf8'), REJECT);
  });
}

test('rejects are kept as ours alone, cut at their bound, and nothing else is', async t => {
  const { workDir } = setUp(t);
  file(workDir, 'rejects.ndjson', REJECT);
  truncateSync(join(workDir, 'rejects.ndjson'), BOUNDS.rejectsBytes + 1000);
  file(workDir, 'rejects.json', '{}');
  mkdirSync(join(workDir, 'more', 'below'), { recursive: true });
  await tidyWorkDir(workDir, true);
  assert.deepEqual(readdirSync(workDir).sort(), ['rejects.json', 'rejects.ndjson']);
  for (const name of readdirSync(workDir)) {
    const { uid, mode } = statSync(join(workDir, name));
    assert.deepEqual([uid, mode & 0o777], [process.getuid?.() ?? 0, 0o600]);
  }
  assert.equal(statSync(join(workDir, 'rejects.ndjson')).size, BOUNDS.rejectsBytes);
});

test('the rejects of one file of a folder go to where a run of its own has them, and a link in the place of its part leads nowhere', async t => {
  const { base, workDir } = setUp(t);
  mkdirSync(join(workDir, 'part'));
  own(join(workDir, 'part'));
  file(join(workDir, 'part'), 'rejects.ndjson', REJECT);
  symlinkSync(join(base, 'folder'), join(workDir, 'linked'));
  const to = join(base, 'data', 'runs', 'part', '1');
  await withLeft(workDir, 'part', left => moveRejects(left as NonNullable<typeof left>, to, {}));
  assert.deepEqual(readdirSync(to), ['rejects.ndjson']);
  assert.equal(await withLeft(workDir, 'linked', async left => left), undefined);
});

test('a folder that is removed again and again in between is none', async t => {
  const { base } = setUp(t);
  await tidyWorkDir(join(base, 'data', 'runs', 'none', '1'), true);
  assert.deepEqual(await reserved(join(base, 'data', 'runs', 'none', '1')), { rows: 0, breach: null });
});

function reserved(workDir: string): ReturnType<typeof readReserved> {
  return withLeft(workDir, '', left => readReserved(left, 1e6));
}

type Trap = (base: string, folder: string, name: string) => void;

function traps(): Record<string, Trap> {
  return {
    'a link': (base, folder, name) => symlinkSync(join(base, 'victim'), join(folder, name)),
    'another name of a file': (base, folder, name) => linkSync(join(base, 'victim'), join(folder, name)),
    'a FIFO': (_, folder, name) => void execFileSync('mkfifo', [join(folder, name)]),
    'a folder': (_, folder, name) => mkdirSync(join(folder, name)),
  };
}

/** A WORK_DIR as it is when its attempt has ended. */
function setUp(t: TestContext, uid = RUN_UID): { base: string; workDir: string } {
  const base = mkdtempSync(join(tmpdir(), 'left-'));
  t.after(() => rmSync(base, { recursive: true }));
  const workDir = join(base, 'data', 'runs', 'lead', '1');
  mkdirSync(workDir, { recursive: true, mode: 0o700 });
  mkdirSync(join(base, 'folder'));
  own(workDir, uid);
  writeFileSync(join(base, 'victim'), REJECT);
  return { base, workDir };
}

function file(folder: string, name: string, content: string, uid?: number): void {
  writeFileSync(join(folder, name), content, { mode: 0o644 });
  own(join(folder, name), uid);
}

function own(path: string, uid = RUN_UID): void {
  if (process.getuid?.() === 0) chownSync(path, uid, uid);
}
