import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '@elastic/elasticsearch';
import { waitFor } from '../testing/wait-for.ts';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';
import { elasticsearchNode, openIndex } from './index.ts';

const INDEX = 'e2e-forget';
const ALIAS = 'e2e-forget-rolled';
let folder: string;
let orchestrator: TestOrchestrator;

before(async () => {
  for (const name of [INDEX, ALIAS]) await openIndex(name).drop();
  const dataset = (name: string, index: string) =>
    `WATCH_DIR: {folder}/${name}\nRUNNER: process\nLOAD: {index: ${index}}\n`;
  const datasets = { gone: dataset('gone', INDEX), stays: dataset('stays', INDEX), rolled: dataset('rolled', ALIAS) };
  folder = await makeFolder(datasets, 0o755);
  for (const name of Object.keys(datasets)) await mkdir(join(folder, name));
  orchestrator = await startOrchestrator(folder);
});

after(async () => {
  await orchestrator.kill('SIGKILL');
  for (const name of [INDEX, ALIAS]) await openIndex(name).drop();
  await removeFolder(folder);
});

test('a dataset that was removed is forgotten with its rows, those of another one in the same index stay', async () => {
  const rows = Array.from({ length: 6000 }, (_, row) => `${row},x`).join('\n');
  await writeFile(join(folder, 'gone', 'a.csv'), `a,b\n${rows}\n1,2,3\n`);
  await writeFile(join(folder, 'stays', 'a.csv'), 'a,b\n1,2\n3,4\n');
  await orchestrator.waitForRuns('state=done', runs => runs.length === 2);
  const index = openIndex(INDEX);
  assert.equal(await index.count(), 6002);
  const configured = await command('forget', 'gone', '--rows');
  assert.deepEqual([configured.code, /gone is configured/.test(configured.output)], [1, true], configured.output);

  await takeAway('gone');
  const { code, output } = await command('forget', 'gone', '--rows');
  assert.deepEqual(
    [code, output],
    [
      0,
      `6,000 rows are taken out of the index ${INDEX} (1 more might have been there, but were not)\ndataset gone is forgotten, with 1 run\n`,
    ],
  );
  assert.equal(await index.count(), 2);
  const { items } = await orchestrator.get<{ items: Array<{ name: string }> }>('/api/datasets');
  assert.deepEqual(
    items.map(({ name }) => name),
    ['rolled', 'stays'],
  );
  assert.equal((await command('forget', 'gone')).code, 1);
});

test('behind an alias that was rolled over rows go from each index, and none is forgotten while one is closed', async () => {
  const client = new Client({ node: elasticsearchNode() });
  await client.indices.create({ index: `${ALIAS}-000001`, aliases: { [ALIAS]: { is_write_index: true } } });
  await orchestrator.load('rolled', 'a.csv', 'a,b\n1,2\n3,4\n');
  await client.indices.rollover({ alias: ALIAS });
  await orchestrator.load('rolled', 'b.csv', 'a,b\n1,2\n');
  const index = openIndex(ALIAS);
  assert.equal(await index.count(), 3);
  await takeAway('rolled');

  await client.indices.close({ index: `${ALIAS}-000001` });
  const refused = await command('forget', 'rolled', '--rows');
  assert.match(
    refused.output,
    /000001 behind e2e-forget-rolled, which is closed: .*; nothing was deleted or forgotten\n$/,
  );
  assert.equal(refused.code, 1);
  await client.indices.open({ index: `${ALIAS}-000001` });
  assert.equal(await index.count(), 3);
  assert.deepEqual(await command('forget', 'rolled', '--rows'), {
    code: 0,
    output: `3 rows are taken out of the 2 indices behind ${ALIAS}\ndataset rolled is forgotten, with 2 runs\n`,
  });
  assert.equal(await index.count(), 0);
  await client.close();
});

async function takeAway(dataset: string): Promise<void> {
  await rm(join(folder, 'config', `${dataset}.yaml`));
  await waitFor('the removal', async () => {
    const { items } = await orchestrator.get<{ items: Array<{ name: string; watchDir: unknown }> }>('/api/datasets');
    return items.some(({ name, watchDir }) => name === dataset && watchDir === null);
  });
}

async function command(...args: string[]): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await orchestrator.command(...args);
  return { code, output: stdout + stderr };
}
