import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { rowRecord } from '../../batch/batch.ts';
import { csvRecords, type PlainDialect } from './definition.ts';
import { CsvTokenizer } from './tokenizer.ts';

interface Row {
  cells: Array<string | null>;
  line: number;
}

const comma: PlainDialect = { delimiter: ',', quote: '"', escape: '', skipsBlanks: false };

function newTokenizer({ delimiter, quote, escape, skipsBlanks }: PlainDialect, width: number): CsvTokenizer {
  const byte = (character: string) => (character === '' ? -1 : character.charCodeAt(0));
  const tokenizer = new CsvTokenizer({
    delimiter: Buffer.from(delimiter),
    quote: byte(quote),
    escape: byte(escape),
    skipsBlanks,
  });
  tokenizer.width = width;
  return tokenizer;
}

/** Cuts the text as the reader does, the bytes coming in pieces of the given size. */
function tokenize(text: string, dialect: PlainDialect, width: number, pieceBytes: number) {
  const bytes = Buffer.from(text);
  const tokenizer = newTokenizer(dialect, width);
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

function define(text: string, dialect: PlainDialect, width: number) {
  const records = csvRecords(text, dialect, width);
  const good = records.filter(({ cells, isUnclosed }) => !isUnclosed && !cells.slice(width).some(cell => cell !== ''));
  const rows = good.map(({ cells, line }) => ({
    cells: Array.from({ length: width }, (_, column) => cells[column] ?? null),
    line,
  }));
  return { rows, rejected: records.length - good.length };
}

const ugly = fc
  .array(
    fc.constantFrom('a', 'é', '𝄞', ' ', '\t', ',', ',', '"', '"', '""', "'", '\\', '\n', '\r\n', '\r', '0', '\0', ';;'),
    {
      maxLength: 40,
    },
  )
  .map(parts => parts.join(''));

const anyDialect: fc.Arbitrary<PlainDialect> = fc.record({
  delimiter: fc.constantFrom(',', ',', ' ', '\t', ';;', ', '),
  quote: fc.constantFrom('"', '"', "'", ''),
  escape: fc.constantFrom('', '\\'),
  skipsBlanks: fc.boolean(),
});

test('any bytes, in pieces of any size and any dialect, are cut into the records of the plain definition', () => {
  const sizes = [fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 12 })] as const;
  fc.assert(
    fc.property(ugly, anyDialect, ...sizes, (text, dialect, width, piece) => {
      assert.deepEqual(tokenize(text, dialect, width, piece), define(text, dialect, width));
    }),
    { numRuns: 10_000 },
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
      const cells = tokenize(text, comma, 3, piece).rows.map(row => row.cells);
      assert.deepEqual(cells, parse(text, { relax_column_count: true }));
    }),
    { numRuns: 500 },
  );
});

test('a row with more cells than columns is a reject with its line and its text, unless the surplus is empty', () => {
  const tokenizer = newTokenizer(comma, 2);
  const bytes = Buffer.from('1,"a\nb"\n2,3,4\n5,6,,\n');
  tokenizer.parse(bytes, 0, bytes.length, true);
  const batch = tokenizer.take(['A', 'B']);
  assert.deepEqual(batch.rejects, [{ row: 2, line: 3, reason: '3 cells, but the header has 2 columns', raw: '2,3,4' }]);
  assert.deepEqual([...batch.numbers], [1, 3]);
});
