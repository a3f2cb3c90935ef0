import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NULL } from '../batch.ts';
import { BatchBuilder } from '../batch-builder.ts';
import { EtlFailure } from '../failure.ts';
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
