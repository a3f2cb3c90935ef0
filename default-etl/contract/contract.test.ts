import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { fileKey } from './protocol.ts';

test('rule 3: a file key is 16 bytes of SHA-256 over its parts, which NUL keeps apart, in base64url', () => {
  const sum = createHash('sha256').update(Buffer.from('sales\0north/a.csv')).digest();
  assert.equal(fileKey('sales', 'north/a.csv'), sum.subarray(0, 16).toString('base64url'));
  assert.match(fileKey('sales', 'north/a.csv'), /^[\w-]{22}$/);
  assert.notEqual(fileKey('sales', 'a', 'b'), fileKey('sales', 'ab', ''));
});
