import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { EtlFailure } from '../contract/failure.ts';
import { type Source, SourceFile } from './source.ts';
import { temporaryFolder } from '../testing/load.ts';
import { compressionOf } from './compression.ts';
import { Spill } from './spill.ts';
import { unpacked } from './unpack.ts';

const PACKERS = { gzip: gzipSync, zstd: zstdCompressSync };
/** RFC 8878, 3.1.2: bytes that a reader of zstd passes over. */
const SKIPPABLE = Buffer.from('502a4d1803000000616263', 'hex');
const TEXT = Buffer.from('a line of a table;1;2;3\n'.repeat(2000));

async function openPacked(context: TestContext, content: Buffer): Promise<Source> {
  const path = join(temporaryFolder(context), 'packed');
  writeFileSync(path, content);
  const nothing = { sizeBytes: null, mtimeNs: null, inode: null };
  const file = await SourceFile.open(path, nothing, new AbortController().signal);
  context.after(async () => await file.close());
  const compression = compressionOf(await file.head(16));
  assert.ok(compression);
  return unpacked(file, compression, 2 ** 30);
}

async function failure(source: Source): Promise<string> {
  const error: unknown = await source.readAll().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof EtlFailure, 'it was read as if it were whole');
  assert.equal(error.exitCode, 65);
  return error.message;
}

test('members and frames one after the other are one content, read as often as wanted', async context => {
  const stretches = fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom<'gzip' | 'zstd'>('gzip', 'zstd'), stretches, async (name, parts) => {
      const source = await openPacked(context, Buffer.concat(parts.map(part => PACKERS[name](part))));
      const content = Buffer.concat(parts);
      assert.deepEqual(await source.readAll(), content);
      assert.deepEqual(await source.head(100), content.subarray(0, 100));
    }),
    { numRuns: 40 },
  );
});

test('frames that zstd passes over, and zeros behind the end, are no content', async context => {
  for (const content of [
    Buffer.concat([SKIPPABLE, PACKERS.zstd(TEXT), SKIPPABLE, PACKERS.zstd(TEXT)]),
    Buffer.concat([PACKERS.zstd(TEXT), PACKERS.zstd(TEXT), Buffer.alloc(1_000_000)]),
    Buffer.concat([PACKERS.gzip(TEXT), Buffer.alloc(512), PACKERS.gzip(TEXT), Buffer.alloc(3)]),
  ])
    assert.deepEqual(await (await openPacked(context, content)).readAll(), Buffer.concat([TEXT, TEXT]));
});

test('what is cut off anywhere, changed, or followed by other bytes, is damaged', async context => {
  for (const [name, pack] of Object.entries(PACKERS)) {
    const whole = pack(TEXT);
    for (let length = 18; length < whole.length; length += 7) {
      const source = await openPacked(context, whole.subarray(0, length));
      assert.match(await failure(source), new RegExp(`damaged ${name} file: .* after \\d+ unpacked bytes`));
    }
    const followed = await openPacked(context, Buffer.concat([whole, Buffer.from('id;name\n')]));
    assert.match(await failure(followed), new RegExp(`damaged ${name} file`));
  }
  const changed = PACKERS.gzip(TEXT);
  changed.writeUInt8(changed.readUInt8(changed.length - 6) ^ 1, changed.length - 6);
  assert.match(await failure(await openPacked(context, changed)), /incorrect data check/);
});

test('what has to be entered in the middle is unpacked to a file that nobody sees', async context => {
  const folder = join(temporaryFolder(context), 'work');
  const spill = new Spill(folder);
  const first = await spill.seekable(await openPacked(context, PACKERS.zstd(TEXT)));
  const second = await spill.seekable(await openPacked(context, PACKERS.gzip(Buffer.from('another'))));
  assert.deepEqual([first.sizeBytes, second.sizeBytes], [TEXT.length, 7]);
  assert.deepEqual(await first.readAt(24_000, 30), TEXT.subarray(24_000, 24_030));
  assert.equal(String(await second.readAt(3, 100)), 'ther');
  assert.deepEqual(await first.readAll(), TEXT);
  assert.equal(String(await second.head(2)), 'an');
  assert.ok(existsSync(folder));
  assert.deepEqual(readdirSync(folder), []);
  await spill.close();
});
