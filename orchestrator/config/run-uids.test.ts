import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountsMistake, parseUidRange } from './run-uids.ts';

test('a range is one uid or two, none below 1000', () => {
  assert.deepEqual(parseUidRange('61200'), { from: 61_200, to: 61_200 });
  assert.deepEqual(parseUidRange('61200 - 61455'), { from: 61_200, to: 61_455 });
  for (const wrong of ['0', '999-2000', '5000-4000', '-1', '1000-', 'nobody', '1000-99999999999', '1000-4294967295'])
    assert.equal(parseUidRange(wrong), undefined, wrong);
});

test('a range with an account of the machine in it is a mistake that names the account', () => {
  assert.match(accountsMistake({ from: 60_000, to: 65_534 }) ?? '', /nobody \(65534\).*name uids that nobody has/);
  assert.equal(accountsMistake({ from: 61_200, to: 61_455 }), undefined);
});
