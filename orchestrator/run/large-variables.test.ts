import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { kindOf } from '../errors.ts';
import { writeLargeVariables, withoutLarge } from './large-variables.ts';

function fit(t: TestContext, environment: Record<string, string>, args: string[] = []) {
  const workDir = mkdtempSync(join(tmpdir(), 'large-variables-'));
  t.after(() => rmSync(workDir, { recursive: true }));
  const fitted = writeLargeVariables(
    { workDir, datasetName: 'sales' },
    { environment, args, paths: { work: '/work' } },
  );
  return { fitted, file: join(workDir, 'environment.json') };
}

test('variables that a program can be given stay where they are', t => {
  const environment = { DATASET: 'sales', TRANSFORM: 'x'.repeat(60_000) };
  assert.deepEqual(fit(t, environment).fitted, environment);
});

test('one that is too large is in a file that its run alone can read, and the others stay', t => {
  const TRANSFORM = 'é'.repeat(100_000);
  const { fitted, file } = fit(t, { DATASET: 'sales', TRANSFORM });
  assert.deepEqual(fitted, { DATASET: 'sales', ENVIRONMENT_FILE: '/work/environment.json' });
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { TRANSFORM });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(withoutLarge({ DATASET: 'sales', TRANSFORM }), { DATASET: 'sales' });
});

test('many that are too large together are there as far as they must be', t => {
  const names = Array.from({ length: 40 }, (_, n) => `V${n}`);
  const { fitted, file } = fit(t, Object.fromEntries(names.map(name => [name, 'x'.repeat(50_000)])));
  const inFile = Object.keys(JSON.parse(readFileSync(file, 'utf8')) as object);
  assert.deepEqual(
    [...Object.keys(fitted), ...inFile].filter(name => name.startsWith('V')).toSorted(),
    names.toSorted(),
  );
  assert.ok(inFile.length < 25, String(inFile.length));
});

test('arguments that are too large fail at once, with what to do', t => {
  for (const args of [['x'.repeat(200_000)], Array.from({ length: 30 }, () => 'x'.repeat(50_000))]) {
    assert.throws(
      () => fit(t, {}, args),
      (error: Error) => kindOf(error) === 'never' && /PARAMETERS are too large/.test(error.message),
    );
  }
});
