import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { waitFor } from '../testing/wait-for.ts';
import { makeFolder, removeFolder, startOrchestrator, writeDataset, type TestOrchestrator } from './harness.ts';

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

test('half a YAML is not used while its writer goes on: its files wait, and are loaded by the whole of it', async t => {
  await mkdir(join(folder, 'in-half'));
  const script = 'exec 3>"$1"; echo "WATCH_DIR: $2" >&3; echo begun; read -r _; echo "BACKUP_FILE: true" >&3';
  const writer = spawn('bash', ['-c', script, '-', join(folder, 'config/half.yaml'), join(folder, 'in-half')]);
  t.after(() => writer.kill());
  await once(writer.stdout, 'data');
  await writeFile(join(folder, 'in-half', 'a.csv'), 'a;b\n1;2\n');
  // What is written after it is in use: by now the half would be, too.
  await writeDataset(folder, 'later', 'WATCH_DIR: {folder}/in-later\n');
  await waitFor('the later dataset', async () => (await datasets()).includes('later'));
  assert.ok(!(await datasets()).includes('half'));
  writer.stdin.end('\n');
  await orchestrator.waitForRuns('dataset=half', runs => runs[0]?.endedAt != null);
  const backup = join(folder, 'data/backup/half/a.csv');
  await waitFor('its backup', () =>
    access(backup).then(
      () => true,
      () => false,
    ),
  );
  assert.equal((await orchestrator.runs('dataset=half')).length, 1);
});

test('the log says when a dataset is added, edited (by its keys, not their values) and removed', async () => {
  await writeDataset(folder, 'told', 'WATCH_DIR: {folder}/in-told\n');
  await said(/dataset told was added|was added; .*in-told is watched/);
  await writeDataset(folder, 'told', 'WATCH_DIR: {folder}/in-told\nRETRIES: 7\nENV: { A_TOKEN: not-to-be-told }\n');
  await said(/was edited: ENV, RETRIES; runs under way finish with what they began with/);
  await rm(join(folder, 'config/told.yaml'));
  await said(/was removed; .*in-told is no longer watched, its rows and runs stay/);
  assert.doesNotMatch(await orchestrator.output(), /not-to-be-told/);
});

async function said(what: RegExp): Promise<void> {
  await waitFor(String(what), async () => what.test(await orchestrator.output()), {
    timeoutMs: 30_000,
    tell: () => orchestrator.output(),
  });
}

async function datasets(): Promise<string[]> {
  const { items } = await orchestrator.get<{ items: Array<{ name: string }> }>('/api/datasets');
  return items.map(({ name }) => name);
}

async function configErrors(): Promise<unknown[]> {
  const response = await orchestrator.fetch('/api/health');
  return ((await response.json()) as { configErrors: unknown[] }).configErrors;
}
