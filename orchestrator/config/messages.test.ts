import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { parseEnvFile } from './environment.ts';
import { loadDatasets } from './load.ts';
import { formatMistake, MESSAGES } from './messages.ts';

// A fixture is `<name>.bad.yaml`, or a folder `<name>.bad` that is a whole CONFIG_DIR (with `env`, the variables that
// differ, and `policy.yaml`, which is put where the policy is); beside it `<name>.bad.txt` has all that is said about it.
const TESTDATA = new URL('./testdata/', import.meta.url).pathname;
const ENV = { ELASTICSEARCH_NODE: 'http://localhost:9200', WORD: 'many' };

const fixtures = (await readdir(TESTDATA)).filter(name => /\.bad(\.yaml)?$/.test(name)).sort();
/**
 * They need a file that takes long, thousands of files or big ones, or rights that git doesn't keep: bounds.test.ts and
 * policy.test.ts.
 */
const TESTED_ELSEWHERE = ['too-slow', 'too-many-files', 'no-room', 'writable-command'];
const codesSeen = new Set<string>();

for (const fixture of fixtures) {
  const name = fixture.replace(/\.bad(\.yaml)?$/, '');
  test(`testdata/${fixture}: every mistake is told with its place`, async () => {
    const { said, codes } = await load(fixture, name);
    for (const code of codes) codesSeen.add(code);
    assert.equal(said, await readFile(join(TESTDATA, `${name}.bad.txt`), 'utf8'));
  });
}

test('each message has a fixture that brings it about', () => {
  assert.deepEqual(
    Object.keys(MESSAGES).filter(code => !codesSeen.has(code) && !TESTED_ELSEWHERE.includes(code)),
    [],
  );
});

async function load(fixture: string, name: string): Promise<{ said: string; codes: string[] }> {
  const root = await mkdtemp(join(tmpdir(), 'mistakes-'));
  const configDir = join(root, 'config');
  try {
    const isFolder = !fixture.endsWith('.yaml');
    if (!isFolder) await mkdir(configDir);
    await cp(join(TESTDATA, fixture), isFolder ? configDir : join(configDir, `${name}.yaml`), {
      recursive: true,
      verbatimSymlinks: true,
    });
    await rename(join(configDir, 'policy.yaml'), join(root, 'policy.yaml')).catch(() => undefined);
    const { errors, warnings } = await loadDatasets(configDir, { ...ENV, ...(await variables(configDir)) });
    const mistakes = [...errors, ...warnings];
    return {
      said: mistakes.map(mistake => `${formatMistake(mistake).replaceAll(root, '')}\n`).join(''),
      codes: mistakes.map(({ code }) => code),
    };
  } finally {
    await rm(root, { recursive: true });
  }
}

async function variables(configDir: string): Promise<Record<string, string>> {
  const hasFile = (await readdir(configDir)).map(path => basename(path)).includes('env');
  return hasFile ? parseEnvFile(await readFile(join(configDir, 'env'), 'utf8')) : {};
}
