import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeSlots } from './slots.ts';
import { datasetOf } from '../config/testing/dataset.ts';

test('rule 11: of datasets that build the same index anew one runs at a time', () => {
  const datasets = ['one', 'two'].map(name =>
    datasetOf(name, `/in/${name}`, { LOAD: { index: 'i', overwrite: true } }),
  );
  const namesOf = (running: Array<[string, number]>) =>
    freeSlots(datasets, new Map(running)).map(({ dataset, exclusive }) => [dataset, exclusive]);
  assert.deepEqual(namesOf([]), [['one', true]]);
  assert.deepEqual(namesOf([['two', 1]]), []);
});
