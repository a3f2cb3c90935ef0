import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { kindOf } from '../errors.ts';
import type { RunUids } from './runner.ts';
import { createRunUids } from './uids.ts';
import { asRoot } from '../testing/as-root.ts';

interface Place {
  base: string;
  uids(to: number, reserve?: number): RunUids;
  folder(name: string): string;
}

function place(t: TestContext): Place {
  const base = mkdtempSync(join(tmpdir(), 'uids-'));
  t.after(() => rmSync(base, { recursive: true }));
  return {
    base,
    uids: (to, reserve = 0) => createRunUids({ range: { from: 71_000, to }, reserve, claimsDir: join(base, 'claims') }),
    folder(name) {
      const path = join(base, name);
      mkdirSync(path, { recursive: true });
      return path;
    },
  };
}

test(
  'each attempt gets the uid whose last run is longest ago, its own group with it, and nobody shares one',
  asRoot,
  t => {
    const { uids, folder } = place(t);
    const all = uids(71_002);
    assert.deepEqual(all.take(folder('a')), { uid: 71_000, gid: 71_000 });
    assert.equal(all.take(folder('b')).uid, 71_001);
    all.free(folder('a'));
    assert.equal(all.take(folder('c')).uid, 71_002);
    assert.equal(all.take(folder('d')).uid, 71_000);
    assert.throws(
      () => all.take(folder('e')),
      error => kindOf(error) === 'wait' && /RUN_UIDS \(71000-71002\)/.test(String(error)),
    );
  },
);

test(
  'two orchestrators of a machine never give the same uid, and one that was removed with its DATA_DIR holds none',
  asRoot,
  t => {
    const { uids, folder } = place(t);
    const [one, other] = [uids(71_001), uids(71_001)];
    assert.equal(one.take(folder('one')).uid, 71_000);
    assert.equal(other.take(folder('other')).uid, 71_001);
    assert.throws(() => other.take(folder('more')), /are taken/);
    rmSync(folder('one'), { recursive: true });
    assert.equal(other.take(folder('more')).uid, 71_000);
  },
);

test(
  'after a restart the uid of what goes on is known by the owner of its folder, and what had ended holds none',
  asRoot,
  t => {
    const { base, uids, folder } = place(t);
    const former = uids(71_002);
    former.take(folder('data/ended'));
    chownSync(folder('data/goes-on'), former.take(folder('data/goes-on')).uid, 0);
    const next = uids(71_002);
    next.recall(folder('data/goes-on'));
    next.recall(join(base, 'data', 'never-was'));
    next.forgetOthers(join(base, 'data'));
    assert.equal(next.take(folder('data/x')).uid, 71_000);
    assert.equal(next.take(folder('data/y')).uid, 71_002);
    next.free(folder('data/goes-on'));
    assert.equal(next.take(folder('data/z')).uid, 71_001);
  },
);

test('rule 10: a uid that two folders have after a restart is nobody else’s before both are free', asRoot, t => {
  const { uids, folder } = place(t);
  const [home, attempt] = [folder('home'), folder('attempt')];
  for (const path of [home, attempt]) chownSync(path, 71_000, 71_000);
  for (const [first, last] of [
    [home, attempt],
    [attempt, home],
  ] as const) {
    const [next, other] = [uids(71_000), uids(71_000)];
    for (const path of [first, last]) next.recall(path);
    next.free(first);
    assert.throws(() => other.take(folder('other')), /are taken/);
    next.free(last);
    assert.equal(other.take(folder('other')).uid, 71_000);
    other.free(folder('other'));
  }
});

test('a uid that any process still has is nobody else’s', asRoot, async t => {
  const { uids, folder } = place(t);
  const left = spawn('/bin/sh', ['-c', 'echo; read -r end'], { uid: 71_000, gid: 71_000 });
  await once(left.stdout, 'data');
  const all = uids(71_001);
  assert.equal(all.take(folder('a')).uid, 71_001);
  assert.throws(() => all.take(folder('b')), /are taken/);
  left.kill('SIGKILL');
  await once(left, 'exit');
  assert.equal(all.take(folder('b')).uid, 71_000);
});

test('a folder that is no run’s holds no uid', asRoot, t => {
  const { uids, folder } = place(t);
  const all = uids(71_000);
  all.recall(folder('of-root'));
  assert.equal(all.take(folder('a')).uid, 71_000);
});

test(
  'a waiting container’s uid is its attempt’s from the hand-over on, and what the attempt had is free',
  asRoot,
  t => {
    const { base, uids, folder } = place(t);
    const all = uids(71_001);
    assert.equal(all.take(folder('attempt')).uid, 71_000);
    assert.equal(all.spare(folder('waiting'))?.uid, 71_001);
    all.move(folder('waiting'), folder('attempt'));
    assert.equal(all.take(folder('next')).uid, 71_000);
    all.free(folder('attempt'));
    all.free(folder('next'));
    assert.deepEqual(readdirSync(join(base, 'claims')), []);
  },
);

test('what waits takes no uid that an attempt may need', asRoot, t => {
  const { uids, folder } = place(t);
  const all = uids(71_002, 2);
  assert.equal(all.spare(folder('a'))?.uid, 71_000);
  assert.equal(all.spare(folder('b')), undefined);
  assert.equal(all.take(folder('c')).uid, 71_001);
  assert.equal(all.take(folder('d')).uid, 71_002);
});

test('an orchestrator that isn’t root runs everything as itself', t => {
  const { folder } = place(t);
  const uids = createRunUids({ range: { from: 71_000, to: 71_000 }, reserve: 0, isRoot: false });
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  assert.deepEqual(uids.take(folder('a')), own);
  assert.deepEqual(uids.take(folder('b')), own);
});
