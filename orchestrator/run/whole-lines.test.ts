import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WholeLines } from './whole-lines.ts';

const SECRET = 'hunter22';
const LONGEST = 64 * 1024;
const mask = (text: string) => text.replaceAll(SECRET, '***');

function masked(text: string, ends: readonly number[]): string[] {
  const lines = new WholeLines(LONGEST, mask);
  const bytes = Buffer.from(text);
  const places = [0, ...ends.map(end => Math.min(end, bytes.length)).toSorted((a, b) => a - b), bytes.length];
  const whole = places.slice(1).flatMap((end, index) => lines.add(bytes.subarray(places[index], end)));
  return [...whole, lines.rest()].map(part => mask(part.toString()));
}

test('no part of a long line begins or ends within a secret, wherever that stands, and in whatever pieces it comes', () => {
  const cuts = fc.array(fc.nat(3 * LONGEST), { maxLength: 8 });
  fc.assert(
    fc.property(fc.integer({ min: LONGEST - 20_000, max: LONGEST + 10 }), cuts, (at, ends) => {
      const line = `${'é'.repeat(at / 2)}${SECRET}${'y'.repeat(LONGEST)}${SECRET}${SECRET}\n`;
      const parts = masked(`${line}last`, ends);
      assert.equal(parts.join(''), mask(`${line}last`));
      assert.ok(parts.every(part => part.length <= LONGEST));
    }),
  );
});

test('parts end at the same bytes however the line comes', () => {
  const text = `${`${SECRET} `.repeat(LONGEST / 4)}\n`;
  const long = (parts: string[]) => parts.filter(part => part !== '').slice(0, 2);
  assert.deepEqual(long(masked(text, [10, LONGEST - 1, LONGEST + 5])), long(masked(text, [LONGEST + 9000])));
});

test('lines that are short come whole, as soon as their line break has', () => {
  const lines = new WholeLines(LONGEST, mask);
  assert.deepEqual(lines.add(Buffer.from('one\ntw')).map(String), ['one\n']);
  assert.deepEqual(lines.add(Buffer.from('o')).map(String), []);
  assert.deepEqual(lines.add(Buffer.from('\nthree\nf')).map(String), ['two\nthree\n']);
  assert.equal(lines.rest().toString(), 'f');
});
