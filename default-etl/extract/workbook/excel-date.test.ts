import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dateText, durationText } from './excel-date.ts';

test('serial numbers are the dates and times that openpyxl gives, in both epochs', () => {
  assert.equal(dateText(43832, false), '2020-01-02 00:00:00');
  assert.equal(dateText(43832 - 1462, true), '2020-01-02 00:00:00');
  assert.equal(dateText(43832.127835648, false), '2020-01-02 03:04:05');
  assert.equal(dateText(43832.1278434954, false), '2020-01-02 03:04:05.678000');
  assert.equal(dateText(1, false), '1900-01-01 00:00:00');
  assert.equal(dateText(61, false), '1900-03-01 00:00:00');
  assert.equal(dateText(1, true), '1904-01-02 00:00:00');
  for (const usesDatesOf1904 of [false, true]) assert.equal(dateText(0.5 + 1 / 48, usesDatesOf1904), '12:30:00');
});

test('a span of time is its hours, minutes and seconds, however many', () => {
  assert.equal(durationText(1.25), '30:00:00');
  assert.equal(durationText(5 / 1440), '00:05:00');
  assert.equal(durationText(-1 / 24), '-01:00:00');
});
