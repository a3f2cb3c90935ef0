import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { skipBlanks, skipBlanksBack, trimBlanks } from './blanks.ts';

test('blanks are found in bytes as in text, and nothing else is taken for one', () => {
  const any = fc.oneof(
    fc.constantFrom(
      ' ',
      '\t',
      '\x1c',
      '\x85',
      '\xa0',
      '\u1680',
      '\u2005',
      '\u2028',
      '\u202f',
      '\u205f',
      '\u3000',
      '\u200b',
      '\ufeff',
      'é',
      '\u20ac',
      'x',
    ),
    fc.string({ unit: 'grapheme', maxLength: 2 }),
  );
  fc.assert(
    fc.property(fc.array(any, { maxLength: 8 }), parts => {
      const text = parts.join('');
      const bytes = Buffer.from(text);
      const start = skipBlanks(bytes, 0, bytes.length);
      assert.equal(
        bytes.toString('utf8', start, skipBlanksBack(bytes, start, bytes.length)),
        trimBlanks(bytes.toString()),
      );
    }),
    { numRuns: 2000 },
  );
});
