import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { numberText } from '../number-text.ts';
import { isUsualNumber, parseNumber } from './usual-number.ts';

const written = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.stringMatching(/^-?\d{1,17}(\.\d{0,17})?$/),
  fc.stringMatching(/^-?0\.0{0,5}\d{0,3}$/),
  fc.stringMatching(/^[-+.eE\d ]{0,8}$/),
);

test('a number is read as Number() reads it, and copied as it is written only where its text is the same', () => {
  fc.assert(
    fc.property(written, text => {
      const bytes = Buffer.from(text);
      const expected = text.trim() === '' ? Number.NaN : Number(text);
      assert.equal(parseNumber(bytes, bytes.length), expected);
      if (isUsualNumber(bytes, bytes.length)) assert.equal(numberText(expected), text);
    }),
    { numRuns: 5000 },
  );
  for (const text of ['0', '7', '-12', '43832', '0.1', '12.5', '-3.25', '0.001', '123456789012345'])
    assert.ok(isUsualNumber(Buffer.from(text), text.length), text);
});
