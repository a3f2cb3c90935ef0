import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ByteStream } from '../unpack/source.ts';
import { mixedStream } from './mixed-text.ts';

function streamOf(bytes: Buffer, pieceBytes: number): ByteStream {
  let at = 0;
  return {
    async fill(buffer, offset) {
      const count = bytes.copy(buffer, offset, at, Math.min(at + pieceBytes, bytes.length));
      at += count;
      return count;
    },
    close() {},
  };
}

async function readAll(stream: ByteStream): Promise<string> {
  const parts: Buffer[] = [];
  const buffer = Buffer.alloc(7);
  for (let count = await stream.fill(buffer, 0); count > 0; count = await stream.fill(buffer, 0))
    parts.push(Buffer.from(buffer.subarray(0, count)));
  return Buffer.concat(parts).toString();
}

test('each line is read in its encoding, wherever the pieces of the file are cut', async () => {
  const line = fc.tuple(
    fc.string({ unit: fc.constantFrom('a', ';', 'é', 'ü', 'ß'), maxLength: 6 }),
    fc.constantFrom('utf8', 'latin1'),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line),
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 9 }),
      async (lines, end, pieceBytes) => {
        const written = lines.map(([text, encoding]) => Buffer.from(text + end, encoding as BufferEncoding));
        const expected = written.map(bytes => bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')).join('');
        const stream = mixedStream(streamOf(Buffer.concat(written), pieceBytes), bytes => bytes.toString('latin1'));
        assert.equal(await readAll(stream), expected);
      },
    ),
    { numRuns: 300 },
  );
});
