import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellText } from '../../batch/batch.ts';
import type { Sheet } from './sheet.ts';
import { TableSink } from './table-sink.ts';

function sheetOf(maxTextBytes: number): Sheet {
  return {
    path: 'in.xlsx',
    name: 'Data',
    isHidden: false,
    maxRows: 9,
    maxTextBytes,
    open: () => Promise.reject(new Error('not read here')),
  };
}

function addRow(sink: TableSink, row: number, text: string): void {
  sink.beginRow(row);
  sink.addText(0, text);
  sink.endRow();
}

test('the bytes of a batch are used again once nobody holds them, and not before', () => {
  const sink = new TableSink(sheetOf(1e6), ['a'], { from: 0 }, 1);
  const batches = ['one', 'two', 'three', 'four'].map((text, row) => {
    addRow(sink, row, text);
    const batch = sink.take();
    // The third is kept by a target.
    if (row === 2) batch.shared?.hold();
    assert.equal(cellText(batch, 0, 0), text);
    batch.shared?.release();
    return batch.bytes;
  });
  assert.equal(batches[3], batches[1]);
  assert.equal(batches.lastIndexOf(batches[2] as Buffer), 2);
});

test('a sheet whose text has no end is stopped by its limit', () => {
  const sink = new TableSink(sheetOf(1000), ['a'], { from: 0 }, 1);
  addRow(sink, 0, 'x'.repeat(900));
  sink.take();
  addRow(sink, 1, 'x'.repeat(900));
  assert.throws(
    () => sink.take(),
    /in\.xlsx: sheet "Data" repeats its texts to more than 1000 bytes: the limit against bombs/,
  );
});
