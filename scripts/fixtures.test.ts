import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fixture } from './fixtures.ts';

test('real files are fetched by their package and are what they are said to be', async () => {
  const flights = readFileSync(await fixture('flights.csv'));
  assert.equal(flights.toString('latin1').trimEnd().split('\n').length, 336_776 + 1);
  assert.equal(readFileSync(await fixture('macrodata.xls')).readUInt32BE(0), 0xd0cf11e0); // [MS-CFB] header
  for (const name of ['covid_19-iss.xlsx', 'ne_1033_data.xlsx']) {
    assert.equal(readFileSync(await fixture(name)).toString('latin1', 0, 2), 'PK');
  }
});

test('a file that is there is not fetched again', async () => {
  const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
  const first = await fixture('flights.csv');
  assert.equal(digest(await fixture('flights.csv')), digest(first));
  assert.ok(existsSync(await fixture('seattle-weather.csv')));
});

test('an unknown name is an error that lists the known ones', async () => {
  await assert.rejects(fixture('nothing.csv'), /no real file is called nothing\.csv; there are flights\.csv/);
});
