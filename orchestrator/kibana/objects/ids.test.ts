import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf } from './ids.ts';

test('ids are UUIDs of version 5, which no release changes', () => {
  assert.equal(idOf('dashboard', 'dataset/flights'), '3a9b5020-4da4-5e09-89d8-ad39fbf153aa');
  assert.match(idOf(''), /^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});

test('keys are told apart, also where their texts in a row are the same', () => {
  assert.notEqual(idOf('a', 'b'), idOf('ab'));
  assert.notEqual(idOf('a', 'b'), idOf('b', 'a'));
  assert.notEqual(idOf('a","b'), idOf('a', 'b'));
});
