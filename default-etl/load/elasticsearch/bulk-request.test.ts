import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ABSENT, type Batch, rowRecord } from '../../batch/batch.ts';
import { BatchBuilder } from '../../batch/batch-builder.ts';
import { documentId } from '../../contract/protocol.ts';
import { rowAction } from './actions.ts';
import { ACTION_BYTES, BulkRenderer, BulkRequest } from './bulk-request.ts';

const NAMES = ['A', 'É "x"', 'A.1', '\x7f\u{1f600}\x7f\u{10ffff}'];
const NOTHING = Buffer.alloc(0);

type Cells = Array<Array<string | null | undefined>>;

/** Text of any length within a few words, much of it plain, with what has to be escaped anywhere in it. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc
    .array(fc.constantFrom('a', 'b', 'é', '"', '\\', '\n', '\u0001', ' ', '!', '\u{1f600}'), { maxLength: 30 })
    .map(all => all.join('')),
);
const cell = fc.option(fc.option(text, { freq: 4 }), { nil: undefined });
const rows = fc.array(fc.array(cell, { minLength: NAMES.length, maxLength: NAMES.length }), { maxLength: 20 });

/** The cells as a batch, in a buffer that ends with the last of them. */
function batchOf(cells: Cells, first: number): Batch {
  const builder = new BatchBuilder();
  for (const name of NAMES) builder.addColumn(name);
  cells.forEach((row, index) => {
    builder.beginRow(first + index, 0, ABSENT);
    row.forEach((value, column) => {
      if (value === null) builder.setNull(column);
      else if (value !== undefined) builder.text(column, value);
    });
  });
  const batch = builder.take();
  return { ...batch, bytes: Buffer.from(batch.bytes.subarray(0, builder.byteLength)) };
}

/** Renders all of it into requests with bodies of this size at first. */
function renderAll(batch: Batch, renderer: BulkRenderer, bodyBytes: number): string {
  let rendered = '';
  for (let row = 0; row < batch.rows; ) {
    const request = new BulkRequest(Buffer.alloc(bodyBytes, 'x'));
    row = renderer.render(batch, row, request, () => assert.fail('no row is refused'));
    rendered += request.body.toString('utf8', 0, request.byteLength);
  }
  return rendered;
}

test('what is rendered as bytes is the JSON of the row, under its id and version, whatever room a request has', () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 10 ** 9 }), fc.nat(1000), (cells, first, room) => {
      const batch = batchOf(cells, first);
      const rendered = renderAll(batch, new BulkRenderer(rowAction('KEY', 7), () => NOTHING), ACTION_BYTES + room);
      const expected = cells.flatMap((_, row) => [
        { index: { _id: documentId('KEY', first + row), version: 7, version_type: 'external_gte' } },
        rowRecord(batch, row),
      ]);
      assert.deepEqual(
        rendered
          .split('\n')
          .slice(0, -1)
          .map(line => JSON.parse(line) as unknown),
        expected,
      );
    }),
  );
});

test('cells that are JSON values are no strings; further members stand behind the columns', () => {
  const batch = { ...batchOf([['1.50', 'x', 'true', null]], 1), literals: [true, false, true, true] };
  const renderer = new BulkRenderer(rowAction('KEY', 7), () => Buffer.from(',"ROW":"1"'));
  const document = renderAll(batch, renderer, ACTION_BYTES).split('\n')[1];
  assert.equal(document, '{"A":1.50,"É \\"x\\"":"x","A.1":true,"\\u007f\u{1f600}\\u007f\u{10ffff}":null,"ROW":"1"}');
});
