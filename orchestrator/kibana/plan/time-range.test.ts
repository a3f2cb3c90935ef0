import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DateValues } from '../facts/facts.ts';
import { intervalOf, timeRange } from './time-range.ts';

const at = (text: string) => Date.parse(`${text}T00:00:00Z`);

function dates(from: string, to: string, more: Partial<DateValues> = {}): DateValues {
  const [min, max] = [at(from), at(to)];
  return { min, max, middle: [min, max], days: (max - min) / 86_400_000 + 1, hasTimes: false, ...more };
}

test('old rows are shown from their first to the end of their last day', () => {
  assert.deepEqual(timeRange(dates('2012-01-01', '2015-12-31'), at('2026-11-30')).range, {
    from: '2012-01-01T00:00:00.000Z',
    to: '2015-12-31T23:59:59.999Z',
  });
});

test('where the rows end lately, the range goes on to now, so that rows to come are seen', () => {
  const { range } = timeRange(dates('2026-01-01', '2026-11-20'), at('2026-11-30'));
  assert.deepEqual(range, { from: '2026-01-01T00:00:00.000Z', to: 'now' });
});

test('rows of the future are in the range', () => {
  assert.equal(timeRange(dates('2026-01-01', '2027-05-05'), at('2026-11-30')).range.to, '2027-05-05T23:59:59.999Z');
});

test('a few dates that are far off do not make the range', () => {
  const middle = [at('2024-01-01'), at('2024-12-31')] as const;
  const { range, reason } = timeRange(dates('1900-01-01', '9999-12-31', { middle }), at('2026-11-30'));
  assert.deepEqual([range.from.slice(0, 7), range.to.slice(0, 7)], ['2023-12', '2025-01']);
  assert.match(reason, /far off/);
});

test('years that no calendar writes are no mistake', () => {
  const range = timeRange(dates('2000-01-01', '2000-01-02', { max: 8e18, middle: [0, 8e18] }), 0).range;
  assert.equal(range.to, '9999-12-31T23:59:59.999Z');
});

test('bars are as wide as the rows are apart, and no more than can be told apart', () => {
  assert.equal(intervalOf(dates('2024-01-01', '2024-03-01')), '1d');
  assert.equal(intervalOf(dates('2024-01-01', '2024-12-31')), '1w');
  assert.equal(intervalOf(dates('2012-01-01', '2015-12-31')), '1M');
  assert.equal(intervalOf(dates('1950-01-01', '2015-12-31')), '1y');
  assert.equal(intervalOf(dates('2023-01-01', '2023-12-01', { days: 12 })), '1M');
  assert.equal(intervalOf(dates('2024-01-01', '2024-03-01', { hasTimes: true })), 'auto');
});
