import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Folder } from '../files/folder.ts';
import { stage } from './place.ts';

const [here, shm] = [tmpdir(), '/dev/shm'];
const skip =
  statSync(here).dev === statSync(shm, { throwIfNoEntry: false })?.dev && `${here} and ${shm} are one device`;

test('a copy to another device keeps owner, times and permissions, and is nobody’s program', { skip }, async t => {
  const [from, to] = [here, shm].map(folder => mkdtempSync(join(folder, 'place-'))) as [string, string];
  t.after(() => [from, to].forEach(folder => rmSync(folder, { recursive: true })));
  writeFileSync(join(from, 'a'), 'content');
  if (process.getuid?.() === 0) chownSync(join(from, 'a'), 61_234, 61_234);
  chmodSync(join(from, 'a'), 0o6751);
  // A whole number of milliseconds, for a copy gets no finer times.
  utimesSync(join(from, 'a'), 1_700_000_000.5, 1_700_000_001.5);
  await Folder.use(from, source =>
    Folder.use(to, async folder => {
      await using file = await source.openFile('a');
      assert.equal(await stage(file, { folder: source, name: 'a' }, { folder, name: 'b' }), 'copied');
    }),
  );
  const [original, copy] = [statSync(join(from, 'a')), statSync(join(to, 'b'))];
  assert.equal(readFileSync(join(to, 'b'), 'utf8'), 'content');
  assert.deepEqual([copy.uid, copy.gid, copy.mode & 0o7777], [original.uid, original.gid, 0o751]);
  assert.equal(copy.mtimeMs, 1_700_000_001_500);
  assert.deepEqual(readdirSync(to), ['b']);
});

test('a copy to another device has holes where the file has them, and leaves MIN_FREE', { skip }, async t => {
  const [from, to] = [here, shm].map(folder => mkdtempSync(join(folder, 'place-'))) as [string, string];
  t.after(() => [from, to].forEach(folder => rmSync(folder, { recursive: true })));
  const path = join(from, 'a');
  writeFileSync(path, '');
  truncateSync(path, 5 << 20);
  appendFileSync(path, 'content');
  truncateSync(path, 9 << 20);
  const stageAt = (minFreeBytes: number) =>
    Folder.use(from, source =>
      Folder.use(to, async folder => {
        await using file = await source.openFile('a');
        await stage(file, { folder: source, name: 'a' }, { folder, name: 'b' }, { dataDir: to, minFreeBytes });
      }),
    );
  await assert.rejects(stageAt(1e18), { kind: 'wait' });
  assert.deepEqual(readdirSync(to), []);
  await stageAt(0);
  assert.ok(readFileSync(join(to, 'b')).equals(readFileSync(path)));
  assert.ok(statSync(join(to, 'b')).blocks * 512 <= 1 << 20);
});
