import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import Docker, { type ContainerInfo } from 'dockerode';
import { waitFor } from '../testing/wait-for.ts';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';

const docker = new Docker();
let folder: string;
let orchestrator: TestOrchestrator;

before(async () => {
  folder = await makeFolder({
    warm: 'WATCH_DIR: {folder}/warm\nRUNNER: docker\nWARM: 1\nLOAD: {target: lake}\n',
    stays: 'WATCH_DIR: {folder}/stays\nRUNNER: docker\nWARM: 1\nLOAD: {target: lake}\n',
  });
  orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: '' });
});

after(async () => {
  await orchestrator.kill('SIGTERM');
  const left = await containers();
  await removeFolder(folder);
  assert.deepEqual(left, []);
});

test('containers of the default ETL wait before the first file, take it, and go with their dataset', async () => {
  await waitFor('one container a dataset', async () => (await waiting('warm')) === 1 && (await waiting('stays')) === 1);
  const [ahead] = (await containers()).filter(container => isOf(container, 'warm'));

  await writeFile(join(folder, 'warm', 'a.csv'), 'A\n1\n2\n');
  const [run] = await orchestrator.waitForRuns('dataset=warm', runs => runs[0]?.endedAt != null);
  assert.deepEqual([run?.state, run?.rowsLoaded, run?.attempt], ['done', 2, 1]);
  await waitFor('another one', async () => {
    const now = (await containers()).filter(container => isOf(container, 'warm'));
    return now.length === 1 && now[0]?.Id !== ahead?.Id;
  });

  await rm(join(folder, 'config', 'warm.yaml'));
  await waitFor('none of the removed dataset', async () => (await waiting('warm')) === 0);
  assert.equal(await waiting('stays'), 1);
});

async function containers(): Promise<ContainerInfo[]> {
  const instance = readFileSync(join(folder, 'data', 'instance'), 'utf8').trim();
  return docker.listContainers({ all: true, filters: { label: [`orchestrator.instance=${instance}`] } });
}

function isOf({ Labels }: ContainerInfo, dataset: string): boolean {
  return Labels['orchestrator.dataset'] === dataset;
}

async function waiting(dataset: string): Promise<number> {
  return (await containers()).filter(container => isOf(container, dataset) && container.State === 'running').length;
}
