import assert from 'node:assert/strict';
import { closeSync, openSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Folder } from '../files/folder.ts';
import { lookAtSource, openSource } from '../files/source.ts';
import { versionOf } from '../files/version.ts';
import { type Content, readContent } from './content.ts';
import { WatchedFolder } from './testing/watched-folder.ts';

const signal = new AbortController().signal;

test('rule 1: a file that a writer opens while it is read is not complete', async () => {
  await using folder = await WatchedFolder.make();
  const path = folder.path('a.csv');
  writeFileSync(path, 'x'.repeat(1 << 20));
  const reading = contentOf(folder, signal);
  const writer = openSync(path, 'r+');
  try {
    assert.deepEqual(await reading, { state: 'written' });
  } finally {
    closeSync(writer);
  }
  assert.equal((await contentOf(folder, signal)).state, 'complete');
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
  assert.deepEqual(await contentOf(folder, reads), { state: 'changed' });
});

test('a large file that goes away while it is read is not read to its end', async () => {
  await using folder = await WatchedFolder.make();
  const path = folder.path('a.csv');
  writeFileSync(path, '');
  truncateSync(path, 1 << 30);
  let pieces = 0;
  const reads = new Proxy(signal, {
    get(target, name: keyof AbortSignal) {
      if (name !== 'throwIfAborted') return target[name];
      return () => {
        pieces += 1;
        rmSync(path, { force: true });
      };
    },
  });
  assert.deepEqual(await contentOf(folder, reads), { state: 'changed' });
  assert.ok(pieces < 100, `${pieces} pieces`);
});

/** Of its a.csv. */
async function contentOf({ root }: WatchedFolder, until: AbortSignal): Promise<Content> {
  const rules = { followLinks: false };
  return Folder.use(root, async folder => {
    const source = await openSource(folder, 'a.csv', rules);
    const now = async () => {
      const found = await lookAtSource(folder, 'a.csv', rules);
      return found && versionOf(found.stats);
    };
    try {
      return await readContent({ source, now, leases: true, signal: until });
    } finally {
      await source.file.close();
    }
  });
}
