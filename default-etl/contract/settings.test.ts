import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJob } from './settings.ts';

const mappingsOf = (mappings: unknown) =>
  readJob({ DATASET: 'sales', LOAD: JSON.stringify({ mappings }) }, 'a.csv', Date.now()).load.mappings;

test('mappings may be written as Elasticsearch has them, or as those of the columns alone', () => {
  const columns = { DATE: { type: 'date' }, TYPE: { type: 'keyword' } };
  assert.deepEqual(mappingsOf({ properties: columns }), columns);
  assert.deepEqual(mappingsOf(columns), columns);
  assert.equal(mappingsOf(undefined), undefined);
});

test('a column named properties keeps its mapping', () => {
  assert.deepEqual(mappingsOf({ properties: { type: 'keyword' } }), { properties: { type: 'keyword' } });
});
