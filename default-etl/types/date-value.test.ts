import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dateValue } from './date-value.ts';

test('a date is its microseconds since 1970, however it is written', () => {
  const day = BigInt(Date.UTC(2020, 1, 15)) * 1000n;
  for (const text of ['2020-02-15', '15/02/2020', '15.2.2020', '20200215'])
    assert.equal(dateValue(text, true), day, text);
  assert.equal(dateValue('02/15/2020', false), day);
  const month = BigInt(Date.UTC(2020, 1, 1)) * 1000n;
  for (const text of ['2020-02', '2020/02', '02-2020', '02/2020']) assert.equal(dateValue(text, true), month, text);
  const time = BigInt(Date.UTC(2020, 1, 15, 9, 30)) * 1000n + 120_000n;
  for (const zone of ['+01', '+0100', '+01:00'])
    assert.equal(dateValue(`2020-02-15 10:30:00.12${zone}`, true), time, zone);
  for (const zone of ['-02:30', '-0230']) assert.equal(dateValue(`2020-02-15T07:00:00.12${zone}`, true), time, zone);
});

test('a day that the calendar does not have is none', () => {
  for (const text of ['2020-02-30', '20200230', '2020-13', '13/2020', '31/04/2020', '2020', '202002150'])
    assert.equal(dateValue(text, true), undefined, text);
});

test('any date of JavaScript comes back from its ISO text', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), date => {
      assert.equal(dateValue(date.toISOString(), true), BigInt(date.getTime()) * 1000n);
      assert.equal(
        dateValue(date.toISOString().replace('T', ' ').replace('Z', '+00'), true),
        BigInt(date.getTime()) * 1000n,
      );
    }),
  );
});
