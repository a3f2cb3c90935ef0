import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Reserve } from './reserve.ts';
import { temporaryFolder } from '../testing/load.ts';

test('rule 5: the number is synced before the rows may be sent, in steps of 100,000', context => {
  const folder = temporaryFolder(context);
  const synced = noteSyncs(context, () => fs.readFileSync(join(folder, 'reserve'), 'utf8').trim());
  const reserve = new Reserve(folder, 150_000);
  for (const row of [1, 99_999, 100_000, 100_001, 150_000]) reserve.upTo(row);
  reserve.close();
  assert.deepEqual(synced, ['100000', '150000']);
});

/** What `read` gives whenever something is synced: no kill of a process tells a synced file from another. */
function noteSyncs(context: TestContext, read: () => string): string[] {
  const synced: string[] = [];
  context.mock.method(fs, 'fdatasyncSync', () => void synced.push(read()));
  syncBuiltinESMExports();
  context.after(() => {
    context.mock.restoreAll();
    syncBuiltinESMExports();
  });
  return synced;
}
