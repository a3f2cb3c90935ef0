import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ColumnType } from '../types/column-type.ts';
import { misfitsOf } from './field-misfits.ts';
import { type FieldMapping, fieldMapping } from './inferred-mapping.ts';

const typed = (type: ColumnType['type'], more: Partial<ColumnType> = {}): ColumnType => ({
  type,
  confidence: 1,
  ...more,
});
const french = typed('date', { formats: ['dd/MM/yyyy'] });
const iso = typed('date', { formats: ['strict_date_optional_time'] });

function misfits(type: ColumnType, field: FieldMapping): string[] {
  return misfitsOf('sales', new Map([['A', type]]), column => (column === 'A' ? field : undefined));
}

test('a field takes what it was made for without a word, and any field a column without values', () => {
  const types = [
    typed('long'),
    typed('double'),
    french,
    iso,
    typed('keyword'),
    typed('boolean', { isPlain: true }),
    typed('geo_point'),
  ];
  for (const type of types) {
    assert.deepEqual(misfits(type, fieldMapping(type)), []);
    assert.deepEqual(misfits(typed('keyword', { confidence: 0 }), fieldMapping(type)), []);
    assert.deepEqual(misfits(type, { type: 'keyword' }), []);
  }
  assert.deepEqual(misfits(typed('long'), fieldMapping(typed('double'))), []);
  assert.deepEqual(misfits(iso, { type: 'date', ignore_malformed: true }), []);
  assert.deepEqual(misfits(typed('date', { formats: ['yyyyMMdd'] }), fieldMapping(typed('long'))), []);
  assert.deepEqual(misfits(typed('date', { formats: ['yyyy-MM'] }), fieldMapping(iso)), []);
});

test('dates of another format, and words among numbers, are said to be left out of the field', () => {
  const [dates] = misfits(iso, fieldMapping(french));
  assert.match(
    dates ?? '',
    /A \(date dd\/MM\/yyyy; here date strict_date_optional_time\); values that do not fit are left out/,
  );
  assert.match(misfits(typed('keyword'), fieldMapping(typed('long')))[0] ?? '', /A \(long; here keyword\)/);
});

test('fractions in a field of whole numbers are said to be cut; a field that rejects what it does not take speaks for itself', () => {
  assert.match(misfits(typed('double'), { type: 'integer' })[0] ?? '', /A in index sales is of whole numbers/);
  assert.deepEqual(misfits(iso, { type: 'date', format: 'dd/MM/yyyy' }), []);
});
