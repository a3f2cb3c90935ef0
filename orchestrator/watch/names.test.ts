import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameRules, takesPath } from './names.ts';
import type { KeptFolder } from '../config/kept-folders.ts';
import { datasetOf } from '../config/testing/dataset.ts';

test('rule 8: only a dataset whose watch would take a file is one that its disposal waits for', () => {
  const deep = datasetOf('deep', '/in', { WATCH_REGEX: '\\.csv$' });
  const flat = datasetOf('flat', '/in', { RECURSIVE: false });
  const below = datasetOf('below', '/in/sub', { READY_MARKER: '.ok' });
  const takers = (path: string, kept: KeptFolder[] = []) =>
    [deep, flat, below].filter(dataset => takesPath(dataset, path, kept)).map(({ name }) => name);
  assert.deepEqual(takers('/in/a.csv'), ['deep', 'flat']);
  assert.deepEqual(takers('/in/sub/a.csv'), ['deep', 'below']);
  assert.deepEqual(takers('/in/sub/a.csv', [{ path: '/in/sub', is: 'BACKUP_DIR /in/sub' }]), []);
  assert.deepEqual(takers('/in/sub/a.txt'), ['below']);
  assert.deepEqual(takers('/inside/a.csv'), []);
});

test('a path that is too long for its expression is refused, and what to do is said', () => {
  const dataset = { ...datasetOf('a', '/in'), matches: () => 'too-long' as const };
  assert.match(
    nameRules(dataset, () => []).refuseFile('a.csv') ?? '',
    /make the expression simpler, or the path shorter/,
  );
});
