import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutFractions } from './cut-fractions.ts';

const cut = (type: 'double' | 'long', field: object, confidence = 1) =>
  cutFractions('sales', new Map([['A', { type, confidence }]]), column => (column === 'A' ? { ...field } : undefined));

test('fractions in a field of whole numbers are said to be cut; whole numbers, and any in a field of decimals, are not', () => {
  assert.match(
    cut('double', { type: 'integer' }) ?? '',
    /^A in index sales is a field of whole numbers, and this file has/,
  );
  assert.equal(cut('double', { type: 'double' }), undefined);
  assert.equal(cut('long', { type: 'long' }), undefined);
  assert.equal(cut('double', { type: 'long' }, 0), undefined, 'of a column without values nothing is known');
});
