import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskBytes } from './mask-bytes.ts';

const mask = (text: string) => text.replaceAll('pâsse', '***');

test('a secret in UTF-8 is masked beside bytes that are none, and other lines keep those', () => {
  const bytes = Buffer.concat([Buffer.from([0xff, 10]), Buffer.from('a pâsse b\n'), Buffer.from([0xfe])]);
  assert.equal(maskBytes(bytes, mask).toString('latin1'), '\u00ff\na *** b\n\u00fe');
  const beside = Buffer.concat([Buffer.from([0xff]), Buffer.from('pâsse\n')]);
  assert.equal(maskBytes(beside, mask).toString(), '\uFFFD***\n');
});

test('a secret in Latin-1 is masked, and bytes without one are the very same', () => {
  assert.equal(maskBytes(Buffer.from('a pâsse \u00ff\n', 'latin1'), mask).toString('latin1'), 'a *** \u00ff\n');
  const plain = Buffer.from('nothing \u00ff\n', 'latin1');
  assert.equal(maskBytes(plain, mask), plain);
});
