import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { readContent } from '../testing/rows.ts';

/** Bytes without any order, always the same. */
function noise(length: number): Buffer {
  return Buffer.concat(
    Array.from({ length: Math.ceil(length / 32) }, (_, index) => createHash('sha256').update(String(index)).digest()),
  ).subarray(0, length);
}

test('what is packed, encrypted or an image is no text, whatever it is called', async context => {
  const contents = {
    'a.csv': noise(3000),
    'part-of-a.zip': noise(100_000),
    'a.json': deflateRawSync(noise(5000).toString('hex')),
    'a.xml': Buffer.concat([Buffer.alloc(5000), noise(3000)]),
    'a.csv.gz': gzipSync(noise(3000)),
  };
  for (const [name, content] of Object.entries(contents)) {
    const read = await readContent(context, name, content);
    assert.deepEqual([read.code, read.rows.length, read.rejects.length], [65, 0, 0], name);
    assert.match(read.error, /is no text: its bytes are those of a packed, encrypted or binary file/);
  }
});

test('text that is not UTF-8 stays text: with zeros, a control character as delimiter, and where EXTRACT.encoding says so', async context => {
  const rows = 'clé\u001fville\n' + '1\u001fOrléans\n2\u001fNîmes\n'.repeat(50);
  const delimited = await readContent(context, 'a.csv', Buffer.from(rows, 'latin1'));
  assert.deepEqual([delimited.error, delimited.rows.length], ['', 100]);
  assert.deepEqual(delimited.rows[1]?.record, { clé: '2', ville: 'Nîmes' });
  const padded = await readContent(
    context,
    'a.csv',
    Buffer.from(`clé;ville\n1;Orléans${'\0'.repeat(500)}\n`, 'latin1'),
  );
  assert.deepEqual([padded.error, padded.rows.length], ['', 1]);
  const said = await readContent(context, 'a.csv', noise(3000), { encoding: 'cp437' });
  assert.equal(said.error, '');
});
