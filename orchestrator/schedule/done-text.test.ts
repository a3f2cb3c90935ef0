import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doneText } from './done-text.ts';

const none = { read: 0, loaded: 0, rejected: 0, filtered: 0, deleted: 0 };

test('the end of a run is told in rows, time and rate, and only what there was', () => {
  const took = (ms: number) => ({ startedAt: 1000, endedAt: 1000 + ms, attempt: 1 });
  assert.equal(doneText(took(400), { ...none, loaded: 1461 }), '1,461 rows in 0.4 s (3,653 rows/s)');
  assert.equal(
    doneText(took(95_000), { ...none, loaded: 1, rejected: 2000, filtered: 1, deleted: 3 }),
    '1 row in 95 s, 2,000 rejected, 1 filtered, 3 deleted',
  );
  assert.equal(doneText(took(7_200_000), { ...none, loaded: 7_200_000 }), '7,200,000 rows in 120 min (1,000 rows/s)');
});

test('a run that took no time has no endless rate', () => {
  assert.equal(
    doneText({ startedAt: null, endedAt: 5, attempt: 1 }, { ...none, loaded: 1000 }),
    '1,000 rows in 0.0 s (1,000,000 rows/s)',
  );
});

test('a run that was tried again, or had no rows, has no rate', () => {
  const run = { startedAt: 0, endedAt: 51_000, attempt: 3 };
  assert.equal(doneText(run, { ...none, loaded: 51_000 }), '51,000 rows in 51 s');
  assert.equal(doneText(run, none), 'no rows in 51 s');
});
