import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../clock.ts';
import { watchWorkSize } from './work-size.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'work-size-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

function watched(t: TestContext, workDir: string): Promise<void> {
  return new Promise(resolve => {
    t.after(watchWorkSize({ workDir, mostBytes: 1 << 20, clock: systemClock, onExceeded: resolve }));
  });
}

test('what an attempt writes in many files, and deep below, is seen', async t => {
  const workDir = await folder(t);
  const exceeded = watched(t, workDir);
  await mkdir(join(workDir, 'a', 'b'), { recursive: true });
  for (let file = 0; file < 20; file++)
    await writeFile(join(workDir, 'a', 'b', String(file)), Buffer.alloc(1 << 16, 1));
  await exceeded;
});

test('holes, and what links lead to, count for nothing', async t => {
  const workDir = await folder(t);
  let isExceeded = false;
  void watched(t, workDir).then(() => (isExceeded = true));
  await writeFile(join(workDir, 'sparse'), '');
  await truncate(join(workDir, 'sparse'), 1e12);
  await symlink('/usr', join(workDir, 'link'));
  await new Promise<void>(resolve => void systemClock.after(1500, resolve));
  assert.equal(isExceeded, false);
});
