import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NULL } from '../../batch/batch.ts';
import { BatchBuilder } from '../../batch/batch-builder.ts';
import { EtlFailure } from '../../contract/failure.ts';
import { versionAt } from '../../contract/protocol.ts';
import { keyAction } from './actions.ts';
import { BulkRequest } from './bulk-request.ts';

/** The action line of a row with this number, its key column being `1`. */
function keyLine(version: number, row: number): string {
  const builder = new BatchBuilder();
  builder.addColumn('K');
  builder.beginRow(row, 0, NULL);
  builder.text(0, '1');
  const request = new BulkRequest();
  const end = keyAction(['K'], version)(builder.take(), 0, request, 0);
  return request.body.toString('utf8', 0, end);
}

test('rule 4: with LOAD.id the version is VERSION × 10^8 + row, to the last digit, and more rows are an error', () => {
  assert.match(keyLine(21_000_000_001, 99_999_999), /"_id":"1","version":2100000000199999999,/);
  assert.match(keyLine(21_000_000_002, 1), /"version":2100000000200000001,/);
  assert.throws(
    () => keyLine(7, 100_000_000),
    (error: unknown) => error instanceof EtlFailure && error.exitCode === 65 && /split it/.test(error.message),
  );
});

test('rule 4: a VERSION of which no version can be made is a fault of the settings, and says what to do', () => {
  assert.match(keyLine(versionAt(Date.UTC(2100, 0, 1)) + 1_000_000, 99_999_999), /"version":\d{19},/);
  assert.throws(
    () => keyLine(Math.floor(2 ** 63 / 1e8), 1),
    (error: unknown) =>
      error instanceof EtlFailure && error.exitCode === 78 && /beyond 2049.*another name/.test(error.message),
  );
});
