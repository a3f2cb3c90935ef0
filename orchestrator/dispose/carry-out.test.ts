import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Disposal } from '../journal/journal.ts';
import { type CarryOut, carryOut } from './carry-out.ts';
import { fileVersionAt } from './file-version.ts';

test('rule 8: a file that a writer changed and closed while it was taken is put back', async t => {
  const { disposal, options } = await intended(t);
  const hasWriter = (path: string): 'no' => {
    if (path === disposal.hidden) writeFileSync(path, 'written to the end');
    return 'no';
  };
  const carried = await carryOut(disposal, { ...options, hasWriter });
  assert.equal(carried.state, 'put-back');
  assert.equal(readFileSync(disposal.source, 'utf8'), 'written to the end');
  assert.equal(existsSync(disposal.target as string), false);
});

test('rule 8: a backup that came there after the intent was written is not overwritten', async t => {
  const { disposal, options } = await intended(t);
  mkdirSync(join(disposal.target as string, '..'));
  writeFileSync(disposal.target as string, 'another backup');
  const carried = await carryOut(disposal, options);
  assert.equal(readFileSync(disposal.target as string, 'utf8'), 'another backup');
  assert.ok(carried.state === 'disposed' && carried.target !== null);
  assert.equal(readFileSync(carried.target, 'utf8'), 'content');
});

/** A file that is to be moved to a backup. */
async function intended(t: TestContext): Promise<{ disposal: Disposal; options: CarryOut }> {
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
    target: join(base, 'backup', 'a.csv'),
    fileVersion,
    marker: null,
    state: 'intended',
    error: null,
  };
  return { disposal, options: { hasWriter: () => 'no', witnessDir: join(base, 'removed') } };
}
