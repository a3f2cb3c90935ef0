import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Disposal, Run } from '../journal/journal.ts';
import { type CarryOut, carryOut } from './carry-out.ts';
import { fileVersionAt } from './testing/file-version.ts';

test('rule 8: a file that a writer changed and closed while it was taken is put back', async t => {
  const { disposal, run, options } = await intended(t);
  const hasWriter = (_: number, path: string): 'no' => {
    if (path === disposal.hidden) writeFileSync(path, 'written to the end');
    return 'no';
  };
  const carried = await carryOut(disposal, run, { ...options, hasWriter });
  assert.equal(carried.state, 'put-back');
  assert.equal(readFileSync(disposal.source, 'utf8'), 'written to the end');
  assert.equal(existsSync(disposal.target as string), false);
});

test('rule 8: a backup that came there after the intent was written is not overwritten', async t => {
  const { disposal, run, options } = await intended(t);
  mkdirSync(join(disposal.target as string, '..'), { recursive: true });
  writeFileSync(disposal.target as string, 'another backup');
  const carried = await carryOut(disposal, run, options);
  assert.equal(readFileSync(disposal.target as string, 'utf8'), 'another backup');
  assert.ok(carried.state === 'disposed' && carried.target !== null);
  assert.equal(readFileSync(carried.target, 'utf8'), 'content');
});

/** A file that is to be moved to a backup. */
async function intended(t: TestContext): Promise<{ disposal: Disposal; run: Run; options: CarryOut }> {
  const base = mkdtempSync(join(tmpdir(), 'carry-out-'));
  t.after(() => rmSync(base, { recursive: true }));
  const source = join(base, 'a.csv');
  writeFileSync(source, 'content');
  const fileVersion = await fileVersionAt(source);
  assert.ok(fileVersion);
  const disposal: Disposal = {
    runId: 'run',
    kind: 'backup',
    source,
    hidden: join(base, '.a.csv.run.taken'),
    target: join(base, 'backup', 'sales', 'a.csv'),
    fileVersion,
    marker: null,
    state: 'intended',
    error: null,
  };
  const run = { root: base, file: 'a.csv', dataset: 'sales' } as Run;
  const room = { dataDir: base, minFreeBytes: 0 };
  return { disposal, run, options: { hasWriter: () => 'no', witnessDir: join(base, 'removed'), known: null, room } };
}
