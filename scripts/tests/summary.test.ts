import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaints, isSummary } from './summary.ts';

const summary = (tests: number, skipped: number, todo = 0): string[] => [
  `ℹ tests ${tests}`,
  `\u001b[34mℹ skipped ${skipped}\u001b[39m`,
  `ℹ todo ${todo}`,
];

test('the summary is known by its first line, coloured or not', () => {
  assert.ok(isSummary('ℹ tests 12'));
  assert.ok(isSummary('\u001b[34mℹ tests 12\u001b[39m'));
  assert.ok(!isSummary('✔ says ℹ tests 12 (1ms)'));
});

test('nothing is wrong where all tests ran', () => {
  assert.deepEqual(complaints(summary(3, 0), null), []);
});

test('a run without tests is a failure, and so is no summary at all', () => {
  assert.deepEqual(complaints(summary(0, 0), null), ['no test ran']);
  assert.deepEqual(complaints([], 'ALLOW_SKIPPED_TESTS'), ['no test ran']);
});

test('skipped tests and those left to do are failures, unless somebody said so', () => {
  assert.deepEqual(complaints(summary(3, 1, 1), null), ['2 tests did not run: skipped, or left to do']);
  assert.deepEqual(complaints(summary(3, 1, 1), 'ALLOW_SKIPPED_TESTS'), []);
});
