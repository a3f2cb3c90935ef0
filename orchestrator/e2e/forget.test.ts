import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator, waitFor } from './harness.ts';
import { openIndex } from './index.ts';

const bin = fileURLToPath(new URL('../bin.js', import.meta.url));
const INDEX = 'e2e-forget';
let folder: string;
let orchestrator: TestOrchestrator | undefined;

before(async () => {
  await openIndex(INDEX).drop();
  const dataset = (name: string) => `WATCH_DIR: {folder}/${name}\nRUNNER: process\nLOAD: {index: ${INDEX}}\n`;
  folder = await makeFolder({ gone: dataset('gone'), stays: dataset('stays') }, 0o755);
  for (const name of ['gone', 'stays']) await mkdir(join(folder, name));
});

after(async () => {
  await orchestrator?.kill('SIGKILL');
  await openIndex(INDEX).drop();
  await removeFolder(folder);
});

test('a dataset that was removed is forgotten with its rows, those of another one in the same index stay', async () => {
  orchestrator = await startOrchestrator(folder);
  const rows = Array.from({ length: 6000 }, (_, row) => `${row},x`).join('\n');
  await writeFile(join(folder, 'gone', 'a.csv'), `a,b\n${rows}\n1,2,3\n`);
  await writeFile(join(folder, 'stays', 'a.csv'), 'a,b\n1,2\n3,4\n');
  await orchestrator.waitForRuns('state=done', runs => runs.length === 2);
  const index = openIndex(INDEX);
  assert.equal(await index.count(), 6002);
  const configured = await command('forget', 'gone', '--rows');
  assert.deepEqual([configured.code, /gone is configured/.test(configured.output)], [1, true], configured.output);

  await rm(join(folder, 'config', 'gone.yaml'));
  await waitFor('the removal', async () => {
    const { items } = await orchestrator!.get<{ items: Array<{ name: string; watchDir: unknown }> }>('/api/datasets');
    return items.some(({ name, watchDir }) => name === 'gone' && watchDir === null);
  });
  const { code, output } = await command('forget', 'gone', '--rows');
  assert.deepEqual(
    [code, output],
    [
      0,
      `6,000 rows are taken out of the index ${INDEX} (of 1 more that may have been there none was)\ndataset gone is forgotten, with 1 run\n`,
    ],
  );
  assert.equal(await index.count(), 2);
  const { items } = await orchestrator.get<{ items: Array<{ name: string }> }>('/api/datasets');
  assert.deepEqual(
    items.map(({ name }) => name),
    ['stays'],
  );
  assert.equal((await command('forget', 'gone')).code, 1);
});

function command(...args: string[]) {
  const places = { CONFIG_DIR: join(folder, 'config'), DATA_DIR: join(folder, 'data') };
  const env = { ...process.env, ...places, XDG_STATE_HOME: join(folder, 'state') };
  return new Promise<{ code: unknown; output: string }>(resolve => {
    execFile(process.execPath, [bin, ...args], { cwd: folder, env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr }),
    );
  });
}
