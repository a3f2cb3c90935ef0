import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EtlFailure } from '../../contract/failure.ts';
import { type TestMember, zipOf } from '../../testing/zip.ts';
import { openZip, type ZipEntry } from './zip.ts';
import type { ZipLimits } from './zip-member.ts';

function fileOf(bytes: Buffer): Parameters<typeof openZip>[0] {
  const readAt = async (start: number, length: number) => bytes.subarray(start, start + length);
  const stream = (start: number) => {
    let position = start;
    return {
      fill: async (buffer: Buffer, offset: number) => {
        const count = bytes.copy(buffer, offset, position);
        position += count;
        return count;
      },
      close() {},
    };
  };
  return { path: 'in.zip', sizeBytes: bytes.length, readAt, stream };
}

async function entriesOf(members: TestMember[], limits?: ZipLimits): Promise<ZipEntry[]> {
  return await openZip(fileOf(zipOf(members)), limits);
}

async function contentOf(entry: ZipEntry | undefined): Promise<string> {
  const stream = await (entry as ZipEntry).stream();
  const buffer = Buffer.alloc(1000);
  let text = '';
  for (let count = await stream.fill(buffer, 0); count > 0; count = await stream.fill(buffer, 0))
    text += buffer.toString('latin1', 0, count);
  stream.close();
  return text;
}

/** As a stream, and all at once. */
async function failsWith(entry: ZipEntry | undefined, message: RegExp): Promise<void> {
  for (const read of [contentOf, async (one: typeof entry) => await (one as ZipEntry).content()])
    await assert.rejects(read(entry), error => {
      assert.ok(error instanceof EtlFailure);
      assert.equal(error.exitCode, 65);
      assert.match(error.message, message);
      return true;
    });
}

const LONG = 'a line that comes up again and again\n'.repeat(20_000);

test('members are read in their order: packed, stored, empty, with sizes in 64 bits behind them, and behind foreign bytes', async () => {
  const members: TestMember[] = [
    { name: 'folder/', content: '' },
    { name: 'packed.txt', content: LONG },
    { name: 'folder/stored.txt', content: LONG, isStored: true },
    { name: 'empty', content: '' },
    { name: 'streamed', content: LONG, isStreamed64: true },
    { name: 'été.csv', content: 'x' },
  ];
  for (const front of ['', '#!/bin/sh\nexit\n']) {
    const entries = await openZip(fileOf(Buffer.concat([Buffer.from(front), zipOf(members)])));
    assert.deepEqual(
      entries.map(entry => [entry.name, entry.isFolder, entry.sizeBytes]),
      members.map(({ name, content }) => [name, String(name).endsWith('/'), content.length]),
    );
    for (const [index, member] of members.entries()) {
      assert.equal(await contentOf(entries[index]), member.content);
      assert.equal((await entries[index]?.content())?.toString(), member.content);
    }
  }
});

test('a damaged archive is said to be damaged, and where', async () => {
  const whole = zipOf([{ name: 'a.csv', content: LONG }]);
  await assert.rejects(openZip(fileOf(whole.subarray(0, whole.length - 30))), /its end is missing/);
  await assert.rejects(openZip(fileOf(Buffer.alloc(0))), /its end is missing/);
  const listless = Buffer.from(whole);
  listless.fill(0, whole.lastIndexOf('PK\x01\x02', undefined, 'latin1'), whole.length - 22);
  await assert.rejects(openZip(fileOf(listless)), /its list of members is overwritten or cut off/);
  const [first] = await openZip(fileOf(Buffer.concat([whole.subarray(0, 60), Buffer.alloc(60), whole.subarray(120)])));
  await failsWith(first, /^in\.zip: its member a\.csv is damaged/);
  const crc = await entriesOf([{ name: 'a', content: LONG, lies: { crc: 1 } }]);
  await failsWith(crc[0], /checksum \(CRC\) is wrong/);
  const short = await entriesOf([{ name: 'a', content: LONG, lies: { sizeBytes: LONG.length + 1 } }]);
  await failsWith(short[0], /shorter than the archive says/);
  const long = await entriesOf([{ name: 'a', content: LONG, lies: { sizeBytes: 10 } }]);
  await failsWith(long[0], /longer than the archive says/);
});

test('what is encrypted or packed in a rare way is said to be so, once it is asked for', async () => {
  const entries = await entriesOf([
    { name: 'a', content: 'a', isEncrypted: true },
    { name: 'b', content: 'b', lies: { method: 14 } },
    { name: 'c', content: 'c' },
  ]);
  await failsWith(entries[0], /encrypted with a password/);
  await failsWith(entries[1], /packed by method 14/);
  assert.equal(await contentOf(entries[2]), 'c');
});

test('a bomb is stopped by a limit that is named: its ratio, its size, whether it admits them or not, and shared bytes', async () => {
  const limits = { anyRatioBytes: 100_000, maxRatio: 20, maxBytes: 700_000 };
  const member = { name: 'a', content: LONG };
  await failsWith((await entriesOf([member], limits))[0], /limit of 700000 bytes/);
  await failsWith((await entriesOf([member], { ...limits, maxBytes: 1e9 }))[0], /20 times its packed \d+ bytes/);
  const liar = await entriesOf([{ ...member, lies: { sizeBytes: 5 } }], { ...limits, maxBytes: 1e9 });
  await failsWith(
    liar[0],
    /20 times its packed \d+ bytes: the limit against zip bombs|is longer than the archive says/,
  );
  const bytes = zipOf([member, { name: 'b', content: 'bb' }]);
  // The second record of the directory names the first member's place.
  bytes.writeUInt32LE(0, bytes.lastIndexOf('PK\x01\x02', undefined, 'latin1') + 42);
  const [first, second] = await openZip(fileOf(bytes));
  await failsWith(first, /shares its bytes/);
  await failsWith(second, /shares its bytes/);
});

test('the directory is found though the signature of its end stands in the comment behind it', async () => {
  const members = [{ name: 'a.csv', content: 'a' }];
  const entries = await openZip(fileOf(zipOf(members, 'PK\x05\x06 marks the end of a zip file, they say')));
  assert.deepEqual(
    entries.map(entry => entry.name),
    ['a.csv'],
  );
});

test('names are read in UTF-8, in the code page of DOS, and in that of Windows', async () => {
  const entries = await entriesOf([
    { name: 'Données.csv', content: 'a' },
    { name: Buffer.from('Donn\x82es.csv', 'latin1'), content: 'a' },
    { name: Buffer.from('Donn\xe9es \xe0 jour.csv', 'latin1'), content: 'a' },
  ]);
  assert.deepEqual(
    entries.map(entry => entry.name),
    ['Données.csv', 'Données.csv', 'Données à jour.csv'],
  );
});
