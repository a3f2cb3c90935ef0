import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('every promise of SECURITY.md, and every attack, names files and titles of tests that are there', () => {
  const promises = readFileSync(join(root, 'orchestrator/SECURITY.md'), 'utf8');
  const attacks = readFileSync(join(root, 'scripts/attacks/README.md'), 'utf8');
  const named = [
    ...[...promises.matchAll(/`([^`]+\.ts)`(?: “([^”]+)”)?/g)].map(([, file, title]) => ({ file, title })),
    ...[...attacks.matchAll(/`([^`]+\/[^`]+\.ts)`/g)].map(([, file]) => ({ file, title: undefined })),
    ...[...attacks.matchAll(/`([a-k]\d?-[a-z-]+)`/g)].map(([, name]) => ({
      file: `scripts/attacks/${name}.test.ts`,
      title: undefined,
    })),
  ];
  assert.ok(named.length > 50, `${named.length}`);
  const wrong = named.filter(({ file = '', title = '' }) => !holds(file, title));
  assert.deepEqual(wrong, []);
});

test('each promise has its test, and each attack says what shows its end', () => {
  const promises = readFileSync(join(root, 'orchestrator/SECURITY.md'), 'utf8');
  const rows = promises.split('## What is promised')[1]?.split('## What is not promised')[0] ?? '';
  const held = rows.split('\n').filter(line => /^\| (?!promise)[^-]/.test(line));
  assert.ok(held.length > 20, `${held.length}`);
  assert.deepEqual(
    held.filter(line => !/\| .*`[^`]+\.(ts|md)`/.test(line)),
    [],
  );
});

/** A title may stand on several lines of code, and with a plain apostrophe. */
function holds(file: string, title: string): boolean {
  const path = join(root, file);
  return existsSync(path) && readFileSync(path, 'utf8').includes(title);
}
