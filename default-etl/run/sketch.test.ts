import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from '../batch/batch.ts';
import { parseMessage, SKETCH } from '../contract/protocol.ts';
import { RowSketch } from './sketch.ts';

test('equal rows have equal hashes, in whichever order and batches they come, and each counts once', () => {
  const rows = Array.from({ length: 5000 }, (_, row) => `${row},${row * 7},a text of row ${row}`);
  for (const batchOf of [textBatch, cellBatch]) {
    const whole = sketchOf([rows], batchOf);
    assert.equal(sketchOf([rows.toReversed()], batchOf), whole);
    assert.equal(sketchOf([rows.slice(0, 99), [], rows.slice(50), rows], batchOf), whole);
    assert.notEqual(sketchOf([rows.map(row => row.replace('7', '8'))], batchOf), whole);
    assert.equal(Buffer.from(whole ?? '', 'base64').length, SKETCH.entries * SKETCH.entryBytes);
  }
});

test('rows that differ in one byte anywhere differ, short ones too, and no rows are told by nothing', () => {
  const row = '2013,1,1,517,515,2,830,819,11,UA,1545,N14228,EWR,IAH';
  const whole = sketchOf([[row]], textBatch);
  for (let at = 0; at < row.length; at++) {
    assert.notEqual(sketchOf([[`${row.slice(0, at)}x${row.slice(at + 1)}`]], textBatch), whole);
  }
  assert.notEqual(sketchOf([['']], textBatch), sketchOf([['a']], textBatch));
  assert.notEqual(sketchOf([['a,']], cellBatch), sketchOf([[',a']], cellBatch));
  assert.equal(sketchOf([[]], textBatch), undefined);
});

test('its line is a message, and what can’t be one is none', () => {
  const hashes = sketchOf([['a,b'], ['c,d']], textBatch);
  assert.deepEqual(parseMessage(JSON.stringify({ type: 'sketch', hashes })), { type: 'sketch', hashes });
  for (const wrong of ['', 7, '<script>', 'A'.repeat(400)]) {
    assert.equal(parseMessage(JSON.stringify({ type: 'sketch', hashes: wrong })), undefined);
  }
});

function sketchOf(batches: string[][], batchOf: (rows: string[]) => Batch): string | undefined {
  const sketch = new RowSketch();
  for (const rows of batches) sketch.add(batchOf(rows));
  return sketch.toText();
}

/** Records as they stand in a file. */
function textBatch(rows: string[]): Batch {
  const bytes = Buffer.from(rows.map(row => `${row}\n`).join(''));
  const ends = rows.map((_, row) => rows.slice(row, row + 1).join('').length);
  let at = 0;
  const rawStarts = Int32Array.from(ends, length => (at += length + 1) - length - 1);
  return {
    ...cellBatch(rows),
    bytes,
    rawStarts,
    rawEnds: Int32Array.from(rawStarts, (start, row) => start + (ends[row] as number)),
  };
}

/** Cells alone. */
function cellBatch(rows: string[]): Batch {
  const header = ['A', 'B', 'C'];
  const cells = rows.flatMap(row => header.map((_, column) => row.split(',')[column] ?? ''));
  let at = 0;
  const starts = Int32Array.from(cells, cell => (at += cell.length) - cell.length);
  const none = new Int32Array(rows.length).fill(-1);
  return {
    bytes: Buffer.from(cells.join('')),
    header,
    rows: rows.length,
    width: header.length,
    starts,
    ends: Int32Array.from(starts, (start, cell) => start + (cells[cell] as string).length),
    numbers: Float64Array.from(rows, (_, row) => row + 1),
    lines: none,
    rawStarts: none,
    rawEnds: none,
    rejects: [],
  };
}
