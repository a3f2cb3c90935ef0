import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeSlots, slotsWhileHeld } from './slots.ts';
import { datasetOf } from '../config/testing/dataset.ts';

test('rule 11: of datasets that build the same index anew one runs at a time', () => {
  const datasets = ['one', 'two'].map(name =>
    datasetOf(name, `/in/${name}`, { LOAD: { index: 'i', overwrite: true } }),
  );
  const namesOf = (running: Array<[string, number]>) =>
    freeSlots(datasets, { running: new Map(running), lastStartAt: new Map() }).map(({ dataset, exclusive }) => [
      dataset,
      exclusive,
    ]);
  assert.deepEqual(namesOf([]), [['one', true]]);
  assert.deepEqual(namesOf([['two', 1]]), []);
});

test('what may be claimed says how many go on and when the last was started, so that slots can be shared', () => {
  const datasets = ['one', 'two'].map(name => datasetOf(name, `/in/${name}`, { CONCURRENCY: 3 }));
  const attempts = { running: new Map([['one', 2]]), lastStartAt: new Map([['one', 7]]) };
  assert.deepEqual(
    freeSlots(datasets, attempts).map(({ free, running, lastStartAt }) => [free, running, lastStartAt]),
    [
      [1, 2, 7],
      [3, 0, 0],
    ],
  );
});

test('one more may be claimed where a single dataset has held all slots for 10 s, and not of that dataset', () => {
  const datasets = ['one', 'two'].map(name => datasetOf(name, `/in/${name}`, { CONCURRENCY: 3 }));
  const namesAt = (now: number, running: Array<[string, number]>) => {
    const attempts = { running: new Map(running), lastStartAt: new Map([['one', 5_000]]) };
    return slotsWhileHeld(freeSlots(datasets, attempts), attempts, now).map(({ dataset }) => dataset);
  };
  assert.deepEqual(namesAt(14_999, [['one', 2]]), []);
  assert.deepEqual(namesAt(15_000, [['one', 2]]), ['two']);
  assert.deepEqual(
    namesAt(15_000, [
      ['one', 1],
      ['two', 1],
    ]),
    [],
  );
});
