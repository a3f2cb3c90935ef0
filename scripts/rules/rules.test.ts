import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { renderDocument } from './document.ts';
import { RULES } from './entries.ts';
import { placeClauses, textWithout } from './markers.ts';
import { resultOf } from './run-test.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const placed = placeClauses(root, RULES);

test('each rule has clauses, each of which has one marked line of code and one test', () => {
  assert.deepEqual(
    RULES.map(rule => rule.number),
    Array.from({ length: 13 }, (_, index) => index + 1),
  );
  assert.deepEqual(new Set(placed.map(({ rule }) => rule)).size, 13);
});

test('a clause without a marker, or without its code behind it, or without a test, and a marker without a clause are told', t => {
  const project = mkdtempSync(join(tmpdir(), 'rules-test-'));
  t.after(() => rmSync(project, { recursive: true }));
  mkdirSync(join(project, 'orchestrator'));
  const write = (name: string, text: string) => writeFileSync(join(project, 'orchestrator', name), text);
  const rules = (clause: object) => [
    { number: 1, name: 'n', clauses: { 'is kept': { title: 'rule 1: kept', ...clause } } },
  ];
  const mistake = (clause: object) => {
    try {
      return placeClauses(project, rules(clause)).map(({ file, titled }) => `${file} ${titled}`);
    } catch (error) {
      return (error as Error).message;
    }
  };
  write('a.ts', '// rule 1: is kept\nkeep(1);\n');
  write('a.test.ts', "test('rule 1: kept', …");
  assert.deepEqual(mistake({}), ['orchestrator/a.ts orchestrator/a.test.ts']);
  assert.match(
    String(mistake({ code: 'lose' })),
    /^rule 1, is kept: behind its marker in orchestrator\/a\.ts there is not once lose$/,
  );
  assert.match(
    String(mistake({ title: 'rule 1: other' })),
    /its test’s title is there 0 times, not once: rule 1: other$/,
  );
  write('a.test.ts', "test('rule 1: kept', …\ntest('rule 1: kept', …");
  assert.match(String(mistake({})), /its test’s title is there 2 times, not once/);
  write('b.ts', '  -- rule 1: is kept\n');
  assert.match(String(mistake({})), /2 lines of code are marked so, not one/);
  write('b.ts', '# rule 1: is gone\n');
  assert.match(String(mistake({})), /rule 1, is gone: marked in orchestrator\/b\.ts, and not in/);
});

test('without its code a clause’s line is gone, or is what the entry says', () => {
  const clause = { line: 1 };
  const text = 'a();\n// rule 1: is kept\n// rule 2: more\nkeep(1);\nkeep(2);\n';
  assert.equal(textWithout(text, clause), 'a();\n// rule 1: is kept\n// rule 2: more\n\nkeep(2);\n');
  assert.equal(textWithout(text, { ...clause, code: '2', without: '3' }), text.replace('keep(2)', 'keep(3)'));
  assert.equal(textWithout(text, { ...clause, code: 'a()' }), undefined);
  const far = `// rule 1: is kept\n${'more();\n'.repeat(10)}keep(1);\n`;
  assert.equal(textWithout(far, { line: 0, code: 'keep(1)' }), undefined);
});

test('orchestrator/RULES.md is as the entries make it; else run node scripts/rules/main.ts --write', () => {
  assert.equal(readFileSync(join(root, 'orchestrator/RULES.md'), 'utf8'), renderDocument(RULES, placed));
});

test('a test has run only where its own title is told, at whatever depth', () => {
  assert.equal(resultOf('    ok 3 - rule 1: a \\# b # SUITE', 'rule 1: a # b'), true);
  assert.equal(resultOf('not ok 3 - rule 1: a', 'rule 1: a'), false);
  assert.equal(resultOf('not ok 1 - orchestrator/a.test.ts', 'rule 1: a'), undefined);
});
