import { mtimeNsOf } from '../files/version.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ListedFile } from './listing.ts';
import { inOrder } from './order.ts';

function listed(path: string, mtimeNs: bigint): ListedFile {
  return { path, version: { sizeBytes: 1, token: `${mtimeNs}.1` }, changedAt: 0, device: null };
}

/** Long enough for several stretches to be merged. */
const many = fc.array(fc.tuple(fc.string(), fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n })), {
  minLength: 0,
  maxLength: 12_000,
  size: 'max',
});

test('files arrive by mtime, also of before 1970, then by name; with ORDER: name by name', async () => {
  await fc.assert(
    fc.asyncProperty(many, async pairs => {
      const files = pairs.map(([path, mtime]) => listed(path, mtime));
      const plain = (a: ListedFile, b: ListedFile) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
      const time = ({ version }: ListedFile) => BigInt(mtimeNsOf(version));
      const byMtime = files.toSorted((a, b) => (time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : plain(a, b)));
      assert.deepEqual(await inOrder(files, 'arrival'), byMtime);
      assert.deepEqual(await inOrder(files, 'name'), files.toSorted(plain));
    }),
    { numRuns: 10 },
  );
});
