import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { readContent, recordsOf } from '../testing/rows.ts';

const nullable = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 3 });
const ROW = fc.record({
  text: nullable(fc.string({ unit: 'grapheme', maxLength: 12 })),
  word: fc.constantFrom('red', 'green', 'blue'),
  whole: nullable(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  large: nullable(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  isSet: nullable(fc.boolean()),
  nested: nullable(fc.array(fc.nat(99), { maxLength: 3 })),
});
const TYPES = {
  text: 'STRING',
  word: 'STRING',
  whole: 'INT32',
  large: 'INT64',
  isSet: 'BOOLEAN',
  nested: 'JSON',
} as const;

test('whatever values are written come back as text, across pages and row groups', async context => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(ROW, { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 60 }),
      async (rows, size) => {
        const columnData = Object.entries(TYPES).map(([name, type]) => ({
          name,
          type,
          data: rows.map(row => row[name as keyof typeof TYPES]),
        }));
        const bytes = Buffer.from(parquetWriteBuffer({ columnData, rowGroupSize: size * 3, pageSize: size * 8 }));
        const read = await readContent(context, 'a.parquet', bytes);
        const expected = rows.map(row =>
          Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : textOf(value)])),
        );
        assert.deepEqual([read.error, recordsOf(read)], ['', expected.map(row => ordered(row))]);
        assert.deepEqual(
          read.rows.map(({ row }) => row),
          rows.map((_, index) => index + 1),
        );
      },
    ),
    { numRuns: 60 },
  );
});

function textOf(value: string | number | bigint | boolean | number[]): string {
  return Array.isArray(value) ? JSON.stringify(value) : String(value);
}

function ordered(row: Record<string, string | null>): Record<string, string | null> {
  return Object.fromEntries(Object.keys(TYPES).map(name => [name, row[name] ?? null]));
}

test('times keep their digits, lists and structures are JSON', async context => {
  const bytes = Buffer.from(
    parquetWriteBuffer({
      schema: [
        { name: 'root', num_children: 3 },
        { name: 'at', type: 'INT64', repetition_type: 'OPTIONAL', converted_type: 'TIMESTAMP_MICROS' },
        { name: 'day', type: 'INT32', repetition_type: 'OPTIONAL', converted_type: 'DATE' },
        { name: 'ids', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', type: 'INT64', repetition_type: 'OPTIONAL' },
      ],
      columnData: [
        { name: 'at', data: [1_577_934_245_000_006n, null] },
        { name: 'day', data: [new Date('2020-01-02'), null] },
        { name: 'ids', data: [[1n, 9_007_199_254_740_993n], null] },
      ],
    }),
  );
  assert.deepEqual(recordsOf(await readContent(context, 'a.parquet', bytes)), [
    { at: '2020-01-02T03:04:05.000006', day: '2020-01-02', ids: '[1,9007199254740993]' },
    { at: null, day: null, ids: null },
  ]);
});

test('what is cut off or overwritten fails with a sentence, and never with other rows', async context => {
  const data = Array.from({ length: 500 }, (_, row) => `value ${row % 50}`);
  const whole = Buffer.from(parquetWriteBuffer({ columnData: [{ name: 'a', data }], pageSize: 100 }));
  for (let length = 4; length < whole.length; length += 97) {
    const read = await readContent(context, 'a.parquet', whole.subarray(0, length));
    assert.deepEqual([read.code, read.rows.length], [65, 0], `${length} of ${whole.length} bytes`);
  }
  for (let at = 4; at < whole.length; at += 41) {
    const changed = Buffer.from(whole);
    changed.fill(0xff, at, at + 8);
    const { code, error } = await readContent(context, 'a.parquet', changed);
    assert.ok(code === 0 || (code === 65 && error.includes('Parquet')), error);
  }
  const other = await readContent(context, 'a.parquet', Buffer.from([80, 75, 0, 1, 2, 3]));
  assert.match(other.error, /no Parquet file, though it is called one/);
});

test('a footer that is overwritten anywhere never makes fewer rows, nor ends the program', async context => {
  const whole = Buffer.from(
    parquetWriteBuffer({
      schema: [
        { name: 'root', num_children: 2 },
        { name: 'a', type: 'INT32', repetition_type: 'REQUIRED' },
        { name: 'b', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', type: 'INT32', repetition_type: 'OPTIONAL' },
      ],
      columnData: [
        { name: 'a', data: [1, 2, 3, 4] },
        { name: 'b', data: [[1], [2, 3], null, []] },
      ],
      rowGroupSize: 2,
    }),
  );
  const footer = whole.length - 8 - whole.readUInt32LE(whole.length - 8);
  for (let at = footer; at < whole.length - 8; at++) {
    const changed = Buffer.from(whole);
    changed[at] = (whole[at] as number) ^ 2;
    const { code, rows, error } = await readContent(context, 'a.parquet', changed);
    assert.ok(code === 65 || rows.length === 4, `byte ${at}: ${rows.length} rows, ${error}`);
  }
});

test('times of day, spans, decimals within lists, numbers of 32 bits and bytes that are no text lose nothing', async context => {
  const bytes = Buffer.from(
    parquetWriteBuffer({
      schema: [
        { name: 'root', num_children: 6 },
        { name: 'time', type: 'INT64', repetition_type: 'OPTIONAL', converted_type: 'TIME_MICROS' },
        {
          name: 'span',
          type: 'FIXED_LEN_BYTE_ARRAY',
          type_length: 12,
          repetition_type: 'OPTIONAL',
          converted_type: 'INTERVAL',
        },
        { name: 'single', type: 'FLOAT', repetition_type: 'OPTIONAL' },
        { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
        { name: 'prices', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        {
          name: 'element',
          type: 'INT64',
          repetition_type: 'OPTIONAL',
          converted_type: 'DECIMAL',
          scale: 2,
          precision: 18,
        },
        { name: 'part', repetition_type: 'OPTIONAL', num_children: 2 },
        { name: 'at', type: 'INT32', repetition_type: 'OPTIONAL', converted_type: 'TIME_MILLIS' },
        { name: 'key', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
      ],
      columnData: [
        { name: 'time', data: [3_723_000_004n, null] },
        { name: 'span', data: [Buffer.from('010000000200000005000000', 'hex'), null] },
        { name: 'single', data: [0.1, null] },
        { name: 'bytes', data: [Buffer.from('fffe00', 'hex'), Buffer.from('\ufeffé')] },
        { name: 'prices', data: [[123_456_789_012_345_678n, 150n, null], null] },
        {
          name: 'part',
          data: [
            { at: 45_000_000, key: Buffer.from([0x80]) },
            { at: null, key: null },
          ],
        },
      ],
    }),
  );
  const read = await readContent(context, 'a.parquet', bytes);
  assert.equal(read.error, '');
  assert.deepEqual(recordsOf(read), [
    {
      time: '01:02:03.000004',
      span: 'P1M2DT0.005S',
      single: '0.1',
      bytes: '\\xfffe00',
      prices: '[1234567890123456.78,1.50,null]',
      part: '{"at":"12:30:00","key":"\\\\x80"}',
    },
    { time: null, span: null, single: null, bytes: '\ufeffé', prices: null, part: '{"at":null,"key":null}' },
  ]);
});
