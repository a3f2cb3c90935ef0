import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { SKETCH } from '../../default-etl/contract/contract.ts';
import { resemblanceText, shareOf } from './resemblance.ts';

let last = 0;
/** Hashes of rows that nobody else has. */
const rows = (count: number): string[] => Array.from({ length: count }, () => hashOf(String(last++)));
const hashOf = (row: string): string =>
  createHash('sha256')
    .update(row)
    .digest('hex')
    .slice(0, SKETCH.entryBytes * 2);
/** The lowest hashes, as the default ETL tells them. */
const sketchOf = (hashes: string[]): Buffer =>
  Buffer.from([...new Set(hashes)].toSorted().slice(0, SKETCH.entries).join(''), 'hex');

test('the share of rows that two files have in common is about right, whatever their sizes, and exact for small ones', () => {
  const [common, mine, others] = [rows(8000), rows(2000), rows(12_000)];
  const one = sketchOf([...common, ...mine]);
  assert(Math.abs(shareOf(one, sketchOf([...common, ...others])) - 0.8) < 0.3);
  assert.equal(shareOf(one, one), 1);
  assert.equal(shareOf(one, sketchOf(others)), 0);
  const few = rows(10);
  assert.equal(shareOf(sketchOf(few), sketchOf([...few.slice(0, 9), ...rows(3)])), 0.9);
  // A file of ten rows says too little of one of thousands.
  assert.equal(shareOf(sketchOf(few), sketchOf([...few, ...common])), 0);
  assert.equal(shareOf(Buffer.alloc(0), one), 0);
});

test('a file whose rows are mostly those of a former one is told, with the share, and another one is not', () => {
  const [same, others] = [rows(1000), rows(1000)];
  const deliveries = [
    { rows: 500, sketch: sketchOf(others) },
    { rows: 1398, sketch: sketchOf(same) },
  ];
  const text = resemblanceText(sketchOf(same), deliveries, 'sales');
  assert.match(text ?? '', /^about 100 % of its rows .*\(1,398 rows\).*orchestrator reload sales$/);
  assert.equal(resemblanceText(sketchOf(rows(1000)), deliveries, 'sales'), undefined);
  assert.equal(resemblanceText(sketchOf(same), [], 'sales'), undefined);
});
