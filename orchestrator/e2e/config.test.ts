import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  makeFolder,
  removeFolder,
  startOrchestrator,
  waitFor,
  writeDataset,
  type TestOrchestrator,
} from './harness.ts';

const yaml = (key: string) => `WATCH_DIR: {folder}/in-broken\nRUNNER: process\n${key}: '\\.csv$'\n`;
let folder: string;
let orchestrator: TestOrchestrator;

before(async () => {
  folder = await makeFolder({
    broken: yaml('WATCH_REGX'),
    fine: 'WATCH_DIR: {folder}/in-fine\nRUNNER: process\n',
  });
  await mkdir(join(folder, 'in-fine'));
  await mkdir(join(folder, 'in-broken'));
  orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: '' });
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  await removeFolder(folder);
});

test('a typo in a YAML is shown with line, column and a suggestion, and the other datasets go on', async () => {
  const output = await orchestrator.output();
  assert.match(output, /broken\.yaml:3:1: WATCH_REGX is not a key; did you mean WATCH_REGEX\?/);
  assert.deepEqual(await configErrors(), [
    {
      dataset: 'broken',
      file: 'config/broken.yaml',
      line: 3,
      column: 1,
      message: 'WATCH_REGX is not a key; did you mean WATCH_REGEX?',
    },
  ]);

  await writeFile(join(folder, 'in-fine', 'a.csv'), 'a;b\n1;2\n');
  const [run] = await orchestrator.waitForRuns('dataset=fine', runs => runs[0]?.endedAt != null);
  assert.deepEqual([run?.state, run?.rowsLoaded], ['done', 1]);
});

test('mending the file brings the dataset back without a restart', async () => {
  await writeFile(join(folder, 'in-broken', 'b.csv'), 'a;b\n1;2\n3;4\n');
  await writeDataset(folder, 'broken', yaml('WATCH_REGEX'));
  const [run] = await orchestrator.waitForRuns('dataset=broken', runs => runs[0]?.endedAt != null);
  assert.deepEqual([run?.state, run?.rowsLoaded], ['done', 2]);
});

test('a broken edit keeps the previous version running', async () => {
  await writeDataset(folder, 'broken', 'WATCH_DIR: [\n');
  await waitFor('the error', async () => (await configErrors()).length > 0);
  await writeFile(join(folder, 'in-broken', 'c.csv'), 'a;b\n1;2\n');
  const [run] = await orchestrator.waitForRuns('dataset=broken&file=c.csv', runs => runs[0]?.endedAt != null);
  assert.equal(run?.state, 'done');
});

async function configErrors(): Promise<unknown[]> {
  const response = await orchestrator.fetch('/api/health');
  return ((await response.json()) as { configErrors: unknown[] }).configErrors;
}
