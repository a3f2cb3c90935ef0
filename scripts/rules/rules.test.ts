import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findStale } from './check-texts.ts';
import { renderDocument } from './document.ts';
import { RULES } from './entries.ts';
import { resultOf } from './run-test.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('each rule has clauses, and the code and the test of each are found where its entry says', () => {
  assert.deepEqual(
    RULES.map(rule => rule.number),
    Array.from({ length: 13 }, (_, index) => index + 1),
  );
  assert.ok(RULES.every(rule => rule.clauses.length > 0));
  assert.deepEqual(findStale(root, RULES), []);
});

test('an entry whose code is gone, or there twice, or whose test is gone, is told', () => {
  const entry = {
    clause: 'c',
    file: 'package.json',
    code: '"name"',
    without: '',
    test: 'package.json',
    title: '"name"',
  };
  const tell = (more: object) => findStale(root, [{ number: 1, name: 'n', clauses: [{ ...entry, ...more }] }]);
  assert.deepEqual(tell({}), []);
  assert.match(tell({ code: 'no such code' }).join(), /package\.json 0 times, not once/);
  assert.match(tell({ code: '"' }).join(), /package\.json \d+ times, not once/);
  assert.match(tell({ title: 'no such title' }).join(), /title is in package\.json 0 times/);
});

test('orchestrator/RULES.md is as the entries make it; else run node scripts/rules/main.ts --write', () => {
  assert.equal(readFileSync(join(root, 'orchestrator/RULES.md'), 'utf8'), renderDocument(RULES));
});

test('a test has run only where its own title is told, at whatever depth', () => {
  assert.equal(resultOf('    ok 3 - rule 1: a \\# b # SUITE', 'rule 1: a # b'), true);
  assert.equal(resultOf('not ok 3 - rule 1: a', 'rule 1: a'), false);
  assert.equal(resultOf('not ok 1 - orchestrator/a.test.ts', 'rule 1: a'), undefined);
});
