import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { tidyWorkDir } from './left.ts';
import { makeWorkDir } from './work-dir.ts';

test('the folder of an attempt is made while that of the one before is tidied away', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'work-dir-'));
  for (let attempt = 1; attempt <= 200; attempt++) {
    const run = join(folder, String(attempt));
    await mkdir(join(run, '1'), { recursive: true });
    await Promise.all([tidyWorkDir(join(run, '1'), false), makeWorkDir(join(run, '2'))]);
    assert.equal((await stat(join(run, '2'))).mode & 0o777, 0o700);
  }
  await rm(folder, { recursive: true });
});
