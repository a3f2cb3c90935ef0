import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { pathsOfStored, storedName } from './names.ts';

test('a second file of a name gets the time of its run, and is found under the name that it had', () => {
  const name = storedName('north/january.csv.gz', '01989ad6-1b00-7c3d-8e4f-0123455ed84c');
  assert.equal(name, 'north/january.2025-08-11T203259Z-5ed84c.csv.gz');
  assert.deepEqual(pathsOfStored(`/backup/${name}`), [
    `backup/${name}`,
    'backup/north/january.csv.gz',
    name,
    'north/january.csv.gz',
    basename(name),
    'january.csv.gz',
  ]);
  const former = 'january.01989ad6-1b00-7c3d-8e4f-0123455ed84c.csv';
  assert.deepEqual(pathsOfStored(`/${former}`), [former, 'january.csv']);
});
