import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentHash } from './content.ts';

const object = (attributes: Record<string, unknown>, type = 'dashboard') => ({ type, attributes, references: [] });

test('the order of keys, how JSON is written, and what is empty make no difference', () => {
  const one = contentHash(object({ title: 'a', optionsJSON: '{"b":1,"a":[{}]}', description: '' }));
  const other = contentHash(object({ optionsJSON: '{ "a": [null], "b": 1 }', title: 'a', tags: [] }));
  assert.equal(one, other);
});

test('everything else does, false and zero, too', () => {
  const base = { title: 'a', panelsJSON: '[{"hide":true}]' };
  const others = [
    { ...base, title: 'b' },
    { ...base, panelsJSON: '[{"hide":false}]' },
    { ...base, panelsJSON: '[]' },
    { ...base, timeRestore: false },
    { ...base, size: 0 },
  ];
  const hashes = [base, ...others].map(attributes => contentHash(object(attributes)));
  assert.equal(new Set(hashes).size, hashes.length);
});

test('counts of a data view’s fields do not, its labels do', () => {
  const hash = (fieldAttrs: string) => contentHash(object({ title: 'a', fieldAttrs }, 'index-pattern'));
  assert.equal(hash('{}'), hash('{"A":{"count":7}}'));
  assert.equal(hash('{"A":{"customLabel":"B"}}'), hash('{"A":{"count":7,"customLabel":"B"}}'));
  assert.notEqual(hash('{}'), hash('{"A":{"customLabel":"B"}}'));
  assert.doesNotThrow(() => hash('[null, {"A"'));
  assert.doesNotThrow(() => hash('{"A":null}'));
});

test('what is nested without end is taken, and ended', () => {
  const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
  assert.match(contentHash(object({ title: 'a', panelsJSON: deep })), /^[0-9a-f]{64}$/);
});
