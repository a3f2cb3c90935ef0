import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decidedColumns, inFileOrder } from './column-order.ts';

test('what a list adds stands behind the column that it follows there', () => {
  const names = ['a', 'b', 'c', 'd', 'z', 'y'];
  const lists = [
    ['c', 'a'],
    ['c', 'd', 'a', 'b'],
    ['c', 'a'],
  ];
  assert.deepEqual(inFileOrder(names, lists), ['c', 'd', 'a', 'b', 'y', 'z']);
});

test('a column of objects stands for the fields below it', () => {
  assert.deepEqual(inFileOrder(['x', 'o.b', 'o.a', 'oo'], [['oo', 'o', 'gone', 'x']]), ['oo', 'o.b', 'o.a', 'x']);
});

test('20,000 columns are put in order at once', () => {
  const names = Array.from({ length: 20_000 }, (_, index) => `c${index}`);
  const started = performance.now();
  assert.deepEqual(inFileOrder(names.toReversed(), [names.slice(0, 10_000), names]), names);
  assert.ok(performance.now() - started < 2_000);
});

test('runs that say nothing of types know no order', () => {
  assert.deepEqual(decidedColumns([]), []);
  const types = { name: 'types', value: { B: 'long', A: 'date' }, confidence: 1, reason: '' };
  assert.deepEqual(decidedColumns([types]), ['B', 'A']);
});
