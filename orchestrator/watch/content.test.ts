import assert from 'node:assert/strict';
import { closeSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { readContent } from './content.ts';
import { WatchedFolder } from './testing/watched-folder.ts';

const signal = new AbortController().signal;

test('rule 1: a file that a writer opens while it is read is not complete', async () => {
  await using folder = await WatchedFolder.make();
  const path = folder.path('a.csv');
  writeFileSync(path, 'x'.repeat(1 << 20));
  const reading = readContent(path, true, signal);
  const writer = openSync(path, 'r+');
  try {
    assert.deepEqual(await reading, { state: 'written' });
  } finally {
    closeSync(writer);
  }
  assert.equal((await readContent(path, true, signal)).state, 'complete');
});

test('rule 1: a file that is replaced while it is read is not complete', async () => {
  await using folder = await WatchedFolder.make();
  const path = folder.path('a.csv');
  writeFileSync(path, 'one');
  writeFileSync(folder.path('b.csv'), 'two');
  const reads = new Proxy(signal, {
    get(target, name: keyof AbortSignal) {
      // Asked before each piece is read: by then the file is open.
      if (name === 'throwIfAborted') return () => renameSync(folder.path('b.csv'), path);
      return target[name];
    },
  });
  assert.deepEqual(await readContent(path, true, reads), { state: 'changed' });
});
