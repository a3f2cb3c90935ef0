import assert from 'node:assert/strict';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import { fixture } from '../../scripts/fixtures.ts';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';
import { elasticsearchNode, openIndex } from './index.ts';

const ROWS = 336_776;
let folder: string;
let orchestrator: TestOrchestrator;

before(async () => {
  folder = await makeFolder({
    container: 'WATCH_DIR: {folder}/container\nRUNNER: docker\nLOAD: {index: e2e-crash-container}\n',
    process: 'WATCH_DIR: {folder}/process\nRUNNER: process\nLOAD: {index: e2e-crash-process}\n',
  });
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  await openIndex('e2e-crash-container').drop();
  await openIndex('e2e-crash-process').drop();
  await removeFolder(folder);
});

for (const { dataset, attempts, story } of [
  { dataset: 'container', attempts: 1, story: /adopt/ },
  { dataset: 'process', attempts: 2, story: /orchestrator/ },
])
  test(`rule 10: the orchestrator killed while a ${dataset} runs, and started again: every row once, nothing left over`, async () => {
    await mkdir(join(folder, dataset), { recursive: true });
    orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: elasticsearchNode() });
    await copyFile(await fixture('flights.csv'), join(folder, dataset, 'flights.csv'));
    const [running] = await orchestrator.waitForRuns(
      `dataset=${dataset}&state=running`,
      runs => runs.length === 1 && runs[0]?.startedAt != null,
    );
    await orchestrator.waitForRuns(
      `dataset=${dataset}`,
      runs => ((runs[0] as { progress?: { rows: number } })?.progress?.rows ?? 0) > 0,
    );
    await orchestrator.kill('SIGKILL');

    orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: elasticsearchNode() });
    const runs = await orchestrator.waitForRuns(`dataset=${dataset}`, all => all[0]?.endedAt != null, 180_000);
    assert.deepEqual(
      runs.map(run => [run.id, run.state, run.rowsRead, run.rowsLoaded, run.attempt]),
      [[running?.id, 'done', ROWS, ROWS, attempts]],
    );
    assert.equal(await openIndex(`e2e-crash-${dataset}`).count(), ROWS);
    const history = await orchestrator.get<{ attempts: unknown[] }>(`/api/runs/${running?.id}`);
    assert.match(JSON.stringify(history.attempts), story);
    assert.deepEqual(await containersOf(dataset), []);
    await orchestrator.kill('SIGTERM');
  });

async function containersOf(dataset: string): Promise<string[]> {
  const containers = await new Docker().listContainers({
    all: true,
    filters: { label: [`orchestrator.dataset=${dataset}`] },
  });
  return containers.map(container => container.Id);
}
