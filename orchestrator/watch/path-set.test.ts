import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PathSet } from './path-set.ts';

test('a set of paths has what was added, and nothing else', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' })),
      fc.array(fc.string({ unit: 'grapheme' })),
      (added, asked) => {
        const [paths, plain] = [new PathSet(), new Set(added)];
        for (const path of added) paths.add(path);
        assert.equal(paths.size, plain.size);
        for (const path of [...added, ...asked]) assert.equal(paths.has(path), plain.has(path));
      },
    ),
  );
});

test('a set of paths grows', () => {
  const paths = new PathSet();
  for (let number = 0; number < 50_000; number += 1) paths.add(`in/${number}.csv`);
  assert.equal(paths.size, 50_000);
  for (let number = 0; number < 100_000; number += 1) assert.equal(paths.has(`in/${number}.csv`), number < 50_000);
});
