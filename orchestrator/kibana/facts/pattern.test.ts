import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patternOf } from './pattern.ts';

test('the pattern has all indices of a dataset, and no more than its name and suffix say', () => {
  assert.equal(patternOf({}, 'sales'), 'sales');
  assert.equal(patternOf({ index: 's', aliases: ['all'] }, 'sales'), 's');
  assert.equal(patternOf({ date_suffix: '_%Y_%m' }, 'sales'), 'sales_*_*');
  assert.equal(patternOf({ date_suffix: '-%Y.%m' }, 'sales'), 'sales-*.*');
  assert.equal(patternOf({ date_suffix: '-%Y%m-eu' }, 'sales'), 'sales-*-eu');
  assert.equal(patternOf({ date_suffix: '-fixed' }, 'sales'), 'sales-fixed');
  assert.equal(patternOf({ date_suffix: '_%Y', aliases: ['all-sales'] }, 'sales'), 'all-sales');
});
