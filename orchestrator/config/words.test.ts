import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { closest } from '../../default-etl/contract/contract.ts';
import { parseDuration, parseSize } from './units.ts';
import { splitWords, toWords } from './words.ts';

test('text is split as sh splits it', () => {
  for (const text of [
    '-p default',
    `-H 'Accept: */*' --name "two words"`,
    `a"b c"d'e f'g`,
    `"a \\"quoted\\" word" back\\ slash 'single \\n'`,
    `'' "" x`,
    '  many   blanks\tand tabs  ',
    `--form "files=@{file};type=text/csv"`,
    '"a\\xb"',
  ]) {
    const bySh = execFileSync('sh', ['-c', `set -f; for word in ${text}; do printf '%s\\0' "$word"; done`], {
      encoding: 'utf8',
    });
    assert.deepEqual(splitWords(text), bySh.split('\0').slice(0, -1), text);
  }
});

test('a quote that is never closed ends with the text', () => {
  assert.deepEqual(splitWords(`a "b c`), ['a', 'b c']);
  assert.deepEqual(splitWords(`a 'b c`), ['a', 'b c']);
});

test('a list is taken as it is', () => {
  assert.deepEqual(toWords(['a b', '"c"']), ['a b', '"c"']);
  assert.deepEqual(toWords(undefined), []);
});

test('durations and sizes have units', () => {
  assert.deepEqual(
    ['250ms', '1.5s', '2m', '1h', '3d'].map(parseDuration),
    [250, 1500, 120_000, 3_600_000, 259_200_000],
  );
  assert.deepEqual(['5', 's', '5 s', '-1s', '1w'].map(parseDuration), Array(5).fill(undefined));
  assert.deepEqual(['7', '2k', '1.5M', '1g', '1t'].map(parseSize), [7, 2048, 1_572_864, 1024 ** 3, 1024 ** 4]);
  assert.deepEqual(['', 'g', '1gb', '-1'].map(parseSize), Array(4).fill(undefined));
});

test('a suggestion is near; what is far has none', () => {
  assert.equal(closest('WATCH_REGX', ['WATCH_DIR', 'WATCH_REGEX']), 'WATCH_REGEX');
  assert.equal(closest('watch-dir', ['WATCH_DIR', 'WATCH_REGEX']), 'WATCH_DIR');
  assert.equal(closest('colour', ['WATCH_DIR', 'id']), undefined);
});
