import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arePlausible, mostRows } from './plausible.ts';

const MB = 1 << 20;
const ofSize = (sizeBytes: number) => ({ fileVersion: { sizeBytes, token: '0.0' } });
const rows = { read: 0, loaded: 0, rejected: 0, filtered: 0, deleted: 0 };

test('no honest attempt comes near what is believed: a row a byte, or ten times as fast as the ETL reads', () => {
  assert(mostRows(ofSize(100 * MB), 0) > 100 * MB);
  assert(mostRows(ofSize(1000), 60_000) > 60_000 * 1500);
  assert(mostRows({ fileVersion: null }, 0) >= 10_000_000);
});

test('no more rows are believed than ids can number, nor fewer because a clock was set back', () => {
  assert.equal(mostRows(ofSize(1e15), 1e12), 9_999_999_999);
  assert.equal(mostRows(ofSize(0), -1e9), 10_000_000);
});

test('each count is held against it, but for rows of former versions, of which there may be many', () => {
  assert(arePlausible({ ...rows, read: 10, deleted: 1000 }, 10));
  assert(!arePlausible({ ...rows, filtered: 11 }, 10));
  assert(!arePlausible({ ...rows, deleted: Number.MAX_SAFE_INTEGER }, 10));
});
