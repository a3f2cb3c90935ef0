import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeadAndTail } from './head-and-tail.ts';

const KEPT = { headBytes: 20, tailBytes: 12 };

function keep(pieces: readonly string[]): string {
  const kept = new HeadAndTail(KEPT);
  const head = pieces.map(piece => kept.add(Buffer.from(piece)).toString());
  return head.join('') + kept.rest().toString();
}

test('a log that fits is kept whole', () => {
  assert.equal(keep(['a\n', 'b\n']), 'a\nb\n');
  assert.equal(keep(['x'.repeat(32)]), 'x'.repeat(32));
});

test('of a longer one head and tail are kept, the tail from a line’s beginning on, and it is said', () => {
  assert.equal(
    keep(['0123456789012345678\n', 'left out\n', 'cut here\n', 'the last\n']),
    '0123456789012345678\n\n(0.0 MB of the log are left out here)\nthe last\n',
  );
});

test('what is kept is the same however it comes, and no more than head, tail and a sentence', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 30 }).map(text => text.replaceAll(/[^ -~]/g, '\n'))), pieces => {
      const whole = keep([pieces.join('')]);
      assert.equal(keep(pieces), whole);
      assert.ok(whole.length <= KEPT.headBytes + KEPT.tailBytes + 60);
    }),
  );
});
