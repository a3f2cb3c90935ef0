import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ABSENT, rowRecord } from '../batch.ts';
import { BatchBuilder } from '../batch-builder.ts';
import { documentId } from '../contract.ts';
import { rowAction } from './actions.ts';
import { BulkRenderer, BulkRequest } from './bulk-request.ts';

const NAMES = ['A', 'É "x"', 'A.1'];

test('what is rendered as bytes is the JSON of the row, under its id and version', () => {
  const cell = fc.option(fc.string({ unit: 'binary', maxLength: 12 }), { freq: 4 });
  const rows = fc.array(fc.array(fc.option(cell, { nil: undefined }), { minLength: 3, maxLength: 3 }), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 10 ** 9 }), (cells, first) => {
      const builder = new BatchBuilder();
      for (const name of NAMES) builder.addColumn(name);
      cells.forEach((row, index) => {
        builder.beginRow(first + index, 0, ABSENT);
        row.forEach((text, column) => {
          if (text === null) builder.setNull(column);
          else if (text !== undefined) builder.text(column, text);
        });
      });
      const batch = builder.take();
      const request = new BulkRequest();
      const renderer = new BulkRenderer(rowAction('KEY', 7), () => Buffer.alloc(0));
      renderer.render(batch, 0, request, () => assert.fail('no row is refused'));
      const lines = request.body.toString('utf8', 0, request.byteLength).split('\n').slice(0, -1);
      const expected = cells.flatMap((_, row) => [
        { index: { _id: documentId('KEY', first + row), version: 7, version_type: 'external_gte' } },
        rowRecord(batch, row),
      ]);
      assert.deepEqual(
        lines.map(line => JSON.parse(line) as unknown),
        expected,
      );
    }),
  );
});
