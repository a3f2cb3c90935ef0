import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { asRoot } from '../testing/as-root.ts';
import { askEtl } from './ask.ts';
import { askPreview } from './preview.ts';

async function place(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'asked-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

async function importStep(t: TestContext, text: string, signal = AbortSignal.timeout(20_000)): Promise<string> {
  const folder = await place(t);
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'step.mjs'), text);
  const args = ['--check-module', join(folder, 'step.mjs')];
  let said = '';
  for await (const chunk of askEtl({ args, environment: {}, folders: [folder], runsModules: true, signal }))
    said += String(chunk);
  return said;
}

test('an ETL that loops for ever, and hears no signal, is ended all the same', async t => {
  await assert.rejects(importStep(t, 'for (;;);\n', AbortSignal.timeout(1000)), /stopped before its answer/);
});

test('a file that only root can read is shown, and nothing of it stays', async t => {
  const folder = await place(t);
  const file = join(folder, 'sales.csv');
  await writeFile(file, 'a;b\n1;x\n2;y\n', { mode: 0o600 });
  const before = await readdir(tmpdir());
  const preview = await askPreview({ file, dataset: undefined, rows: 5, signal: AbortSignal.timeout(20_000) });
  assert.deepEqual(preview.columns, ['A', 'B']);
  const left = (await readdir(tmpdir())).filter(name => name.startsWith('ask-') && !before.includes(name));
  assert.deepEqual(left, []);
});

test(
  'as root, what answers is nobody: no file of root’s, no network, and nothing but its own folder to write in',
  asRoot,
  async t => {
    const folder = await place(t);
    const secret = join(folder, 'secret');
    await writeFile(secret, 'secret', { mode: 0o600 });
    const said = await importStep(
      t,
      `import { readFileSync, writeFileSync, readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
const tried = (what, act) => { try { console.log(what, act()); } catch (error) { console.log(what, error.code); } };
console.log('uid', process.getuid() >= 61200, process.getgroups().length);
tried('secret', () => readFileSync(${JSON.stringify(secret)}, 'utf8'));
tried('environ', () => readFileSync('/proc/${process.pid}/environ', 'utf8').length);
tried('etc', () => writeFileSync('/etc/asked', ''));
tried('network', () => Object.keys(networkInterfaces()).length);
export function step(row) { return row; }
`,
    );
    assert.equal(said, 'uid true 1\nsecret ENOENT\nenviron EACCES\netc EROFS\nnetwork 0\n');
  },
);
