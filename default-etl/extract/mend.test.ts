import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, temporaryFolder } from '../testing/load.ts';

test('mended rows may bring new columns late, and hundreds of them', async context => {
  const lines = [...Array(1000).keys()].map(index => {
    const row = index + 1;
    const names = Array.from({ length: row < 998 ? 400 : 500 }, (_, column) => `${row < 998 ? 'A' : row}_${column}`);
    return JSON.stringify({ row, record: Object.fromEntries(names.map(name => [name, 'x'])) });
  });
  const content = [...lines, JSON.stringify({ row: 1001, raw: '{', reason: 'still none' })].join('\n');
  const ran = await load({
    folder: temporaryFolder(context),
    content,
    env: { ACTION: 'mend', LOAD: '{"target":"lake","types":"text"}', EXTRACT: '{"columns":["A_399","1000_499"]}' },
  });
  assert.deepEqual(
    [ran.code, ran.result?.rows_loaded, ran.rejects.map(({ row }) => row)],
    [0, 1000, [1001]],
    ran.error,
  );
});
