import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { rowRecord } from '../batch.ts';
import { csvRecords } from './csv-definition.ts';
import { CsvTokenizer } from './csv-tokenizer.ts';

interface Row {
  cells: Array<string | null>;
  line: number;
}

/** Cuts the text as the reader does, the bytes coming in pieces of the given size. */
function tokenize(text: string, width: number, pieceBytes: number): { rows: Row[]; rejected: number } {
  const bytes = Buffer.from(text);
  const tokenizer = new CsvTokenizer({ delimiter: Buffer.from(','), quote: 34, escape: -1 });
  tokenizer.width = width;
  const header = Array.from({ length: width }, (_, column) => String(column));
  const rows: Row[] = [];
  let rejected = 0;
  let from = 0;
  for (let to = Math.min(pieceBytes, bytes.length); ; to = Math.min(to + pieceBytes, bytes.length)) {
    const window = Buffer.from(bytes.subarray(from, to));
    from += tokenizer.parse(window, 0, window.length, to === bytes.length);
    const batch = tokenizer.take(header);
    rejected += batch.rejects.length;
    for (let row = 0; row < batch.rows; row++) {
      rows.push({ cells: Object.values(rowRecord(batch, row)), line: batch.lines[row] as number });
    }
    if (to === bytes.length) return { rows, rejected };
  }
}

function define(text: string, width: number): { rows: Row[]; rejected: number } {
  const records = csvRecords(text, ',', width === 1);
  const good = records.filter(({ cells, isUnclosed }) => !isUnclosed && !cells.slice(width).some(cell => cell !== ''));
  const rows = good.map(({ cells, line }) => ({
    cells: Array.from({ length: width }, (_, column) => cells[column] ?? null),
    line,
  }));
  return { rows, rejected: records.length - good.length };
}

const ugly = fc
  .array(fc.constantFrom('a', 'é', '𝄞', ' ', '\t', ',', ',', '"', '"', '""', '\n', '\r\n', '\r', '0', '\0'), {
    maxLength: 40,
  })
  .map(parts => parts.join(''));

test('any bytes, in pieces of any size, are cut into the records of the plain definition', () => {
  fc.assert(
    fc.property(ugly, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 12 }), (text, width, piece) => {
      assert.deepEqual(tokenize(text, width, piece), define(text, width));
    }),
    { numRuns: 3000 },
  );
});

test('well-formed CSV is read as csv-parse reads it', () => {
  const cell = fc
    .array(fc.constantFrom('x', 'é', '"', ',', '\n', '\r\n', ' ', '7'), { maxLength: 6 })
    .map(p => p.join(''));
  const table = fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(table, fc.constantFrom('\n', '\r\n'), fc.integer({ min: 1, max: 30 }), (rows, lineEnd, piece) => {
      const text = rows.map(row => row.map(value => `"${value.replaceAll('"', '""')}"`).join(',') + lineEnd).join('');
      const cells = tokenize(text, 3, piece).rows.map(row => row.cells);
      assert.deepEqual(cells, parse(text, { relax_column_count: true }));
    }),
    { numRuns: 500 },
  );
});

test('a row with more cells than columns is a reject with its line and its text, unless the surplus is empty', () => {
  const tokenizer = new CsvTokenizer({ delimiter: Buffer.from(','), quote: 34, escape: -1 });
  tokenizer.width = 2;
  const bytes = Buffer.from('1,"a\nb"\n2,3,4\n5,6,,\n');
  tokenizer.parse(bytes, 0, bytes.length, true);
  const batch = tokenizer.take(['A', 'B']);
  assert.deepEqual(batch.rejects, [{ row: 2, line: 3, reason: '3 cells, but the header has 2 columns', raw: '2,3,4' }]);
  assert.deepEqual([...batch.numbers], [1, 3]);
});
