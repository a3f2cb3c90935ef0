import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatOf } from './format.ts';
import { FORMAT_WORDS } from './registry.ts';

test('JSON under the name of a text, or none, is JSON: a bulk body, lines, a list, a document', () => {
  const bulk = '{"index":{"_index":"a"}}\n{"x":1}\n';
  for (const name of ['a.txt', 'a.log', 'a', 'a.csv', 'a.txt.gz'])
    assert.equal(formatOf(name, Buffer.from(bulk)).name, 'ndjson');
  for (const text of [`\ufeff${bulk}`, bulk.replaceAll('\n', '\r\n'), '{"x":1}\n', ' {"x":{"y":"\\"}"}}'])
    assert.equal(formatOf('a.txt', Buffer.from(text)).name, 'ndjson', text);
  for (const text of [
    '[{"x":1},\n{"x":2}]',
    '[\n  {"x": 1}\n]',
    '{\n  "x": 1,\n  "y": []\n}',
    `{"x":"${'y'.repeat(2000)}`,
  ])
    assert.equal(formatOf('a.txt', Buffer.from(text)).name, 'json', text.slice(0, 40));
});

test('a text that only begins as JSON does is a text', () => {
  for (const text of ['{"a":1} is an example\nof JSON\n', '{x}\n', '[1] Durand\n', '{}\n', 'a,b\n{"x":1},2\n'])
    assert.equal(formatOf('a.txt', Buffer.from(text)).name, 'txt', text);
  for (const text of ['{"x":1}\n', '{"x":1};a\n{"x":2};b\n', '[{"x":1}]\n'])
    assert.equal(formatOf('a.csv', Buffer.from(text)).name, 'csv', text);
});

test('the documentation names every format', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, formats = ''] = /## Formats\n\n([^;]*);/.exec(readme) ?? [];
  for (const word of FORMAT_WORDS) assert.match(formats, new RegExp(`\\b${word}\\b`));
});
