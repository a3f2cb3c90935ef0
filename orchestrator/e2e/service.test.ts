import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../testing/wait-for.ts';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator, writeDataset } from './harness.ts';

const bin = fileURLToPath(new URL('../bin.js', import.meta.url));
const WITHOUT_TARGET = { ELASTICSEARCH_NODE: '' };
const WAITING = 'RUNNER: process\nCOMMAND: /bin/sh -c "until [ -e $0go ]; do sleep 0.05; done"\n';
let folder: string;
let orchestrator: TestOrchestrator | undefined;

before(async () => {
  folder = await makeFolder({
    waiting: `WATCH_DIR: {folder}/waiting\n${WAITING}`,
    mirror: 'WATCH_DIR: {folder}/mirror\nRUNNER: process\nON_DELETE: remove\n',
  });
  for (const name of ['waiting', 'mirror']) await mkdir(join(folder, name));
});

afterEach(async () => {
  await orchestrator?.kill('SIGKILL');
  orchestrator = undefined;
});

after(() => removeFolder(folder));

test('a start that can’t be says why and ends with 1: DATA_DIR in use, the port taken, the journal damaged', async () => {
  orchestrator = await startOrchestrator(folder, WITHOUT_TARGET);
  const { port } = new URL(orchestrator.url);
  await writeFile(join(folder, 'damaged.sqlite'), 'not a database'.repeat(1000));
  const elsewhere = { DATA_DIR: join(folder, 'elsewhere') };
  const ends = await Promise.all([
    startInVain({}),
    startInVain({ ...elsewhere, PORT: port }),
    startInVain({ DATA_DIR: join(folder, 'third'), JOURNAL: join(folder, 'damaged.sqlite') }),
  ]);
  assert.deepEqual(
    ends.map(({ code }) => code),
    [1, 1, 1],
  );
  assert.match(ends[0].output, /DATA_DIR .* is in use by another orchestrator \(pid \d+/);
  assert.match(ends[1].output, /EADDRINUSE.*set PORT or HOST to another/);
  assert.match(ends[2].output, /damaged\.sqlite: file is not a database; .*restore the file from a backup/);
});

test('SIGTERM gives running runs their grace and hands them back uncounted; the next start goes on; a second signal hurries', async () => {
  orchestrator = await startOrchestrator(folder, { ...WITHOUT_TARGET, GRACE: '300ms' });
  await writeFile(join(folder, 'waiting', 'a.csv'), 'a\n1\n');
  await running(orchestrator);
  assert.equal(await orchestrator.kill('SIGTERM'), 0);

  orchestrator = await startOrchestrator(folder, { ...WITHOUT_TARGET, GRACE: '10m' });
  const second = await running(orchestrator);
  assert.equal(second.attempt, 2);
  orchestrator.process.kill('SIGTERM');
  const heard = async () => (await orchestrator!.output()).split('a second signal hurries').length - 1;
  await waitFor('the first signal to be heard', async () => (await heard()) === 2);
  assert.equal(await orchestrator.kill('SIGTERM'), 0);

  await writeFile(join(folder, 'waiting', 'go'), '');
  orchestrator = await startOrchestrator(folder, WITHOUT_TARGET);
  const [run] = await orchestrator.waitForRuns('dataset=waiting', runs => runs[0]?.state === 'done');
  const { attempts } = await orchestrator.get<{ attempts: Array<{ outcome: string }> }>(`/api/runs/${run?.id}`);
  assert.deepEqual(
    attempts.map(({ outcome }) => outcome),
    ['wait', 'wait', 'done'],
  );
});

test('a dataset removed while its run goes: the run ends as it began, what waits waits until the dataset is back', async () => {
  // Its WATCH_DIR is made with the rights of the folder above: what it waits for is to be seen by the run.
  await chmod(folder, 0o755);
  orchestrator = await startOrchestrator(folder, WITHOUT_TARGET);
  await writeDataset(folder, 'gone', `WATCH_DIR: {folder}/gone\nCONCURRENCY: 1\n${WAITING}`);
  await waitFor('its folder', async () => existsSync(join(folder, 'gone')));
  for (const name of ['b.csv', 'c.csv']) await writeFile(join(folder, 'gone', name), 'a\n1\n');
  await orchestrator.waitForRuns('dataset=gone', runs => runs.map(run => run.state).join() === 'queued,running');
  await rm(join(folder, 'config', 'gone.yaml'));
  await waitFor('the removal', async () => {
    const { items } = await orchestrator!.get<{ items: Array<{ name: string; watcher: unknown }> }>('/api/datasets');
    return !items.some(({ name, watcher }) => name === 'gone' && watcher !== null);
  });
  await writeFile(join(folder, 'gone', 'go'), '');
  const [waiting, ended] = await orchestrator.waitForRuns('dataset=gone', runs => runs[1]?.endedAt != null);
  assert.deepEqual([waiting?.state, ended?.state], ['queued', 'done']);
  await writeDataset(folder, 'gone', 'WATCH_DIR: {folder}/gone\nRUNNER: process\nCOMMAND: /bin/true\n');
  await orchestrator.waitForRuns('dataset=gone', runs => runs[0]?.state === 'done');
});

test('rule 9: WATCH_DIR not mounted at a start: rows stay, it is told, and `accept` lets them go', async () => {
  const environment = { ...WITHOUT_TARGET, LIST_INTERVAL: '200ms' };
  orchestrator = await startOrchestrator(folder, environment);
  await writeFile(join(folder, 'mirror', 'a.csv'), 'a\n1\n');
  await orchestrator.waitForRuns('dataset=mirror', runs => runs[0]?.state === 'done');
  await orchestrator.kill('SIGTERM');
  await rename(join(folder, 'mirror'), join(folder, 'away'));
  await mkdir(join(folder, 'mirror'));
  orchestrator = await startOrchestrator(folder, environment);
  const watcher = async () => JSON.stringify(await orchestrator!.get('/api/datasets'));
  await waitFor('it is told', async () => /1 files below .*orchestrator accept mirror/.test(await watcher()));
  assert.equal((await orchestrator.runs('dataset=mirror')).length, 1);
  assert.match(
    (await command('accept', 'mirror')).output,
    /mirror: files that went missing with their folder and now count as deleted: 1/,
  );
  const [deletion] = await orchestrator.waitForRuns('dataset=mirror', runs => runs.length === 2 && !!runs[0]?.endedAt);
  assert.deepEqual([deletion?.state, deletion?.error], ['done', null]);
  assert.deepEqual(await readdir(join(folder, 'data', 'lake', 'mirror')), []);
});

test('commands work from any folder: they find DATA_DIR and the port of the orchestrator that this user runs', async () => {
  orchestrator = await startOrchestrator(folder, WITHOUT_TARGET);
  await writeFile(join(folder, 'mirror', 'far.csv'), 'a,b\n1,2\n3,4,5\n');
  await orchestrator.waitForRuns('file=far.csv', runs => runs[0]?.state === 'done');
  const elsewhere = join(folder, 'elsewhere', 'empty');
  await mkdir(elsewhere, { recursive: true });
  const far = (...args: string[]) =>
    typed(args, elsewhere, { XDG_STATE_HOME: join(folder, 'state'), ELASTICSEARCH_NODE: '' });
  const { code, output } = await far('status');
  assert.deepEqual([code, /An orchestrator is running[^]*mirror/.test(output)], [0, true], output);
  assert.match((await far('runs', 'far.csv')).output, /mirror +│ far\.csv +│ done +│ +1 │ +1 │/);
  assert.match((await far('logs', 'far.csv')).output, /"type":"result","rows_read":2,/);
  assert.match((await far('rejects', 'mirror')).output, /row 2, line 3: 3 cells/);
  assert.match((await far('explain', join(folder, 'mirror', 'far.csv'))).output, /dataset mirror: .*was taken/);
  const { port } = new URL(orchestrator.url);
  assert.match((await far('sign-in')).output, new RegExp(`^http://127\\.0\\.0\\.1:${port}/sign-in#`));
  await orchestrator.kill('SIGTERM');
  assert.match((await far('status')).output, /No orchestrator is running[^]*mirror/);
  assert.deepEqual(await readdir(elsewhere), []);
  const lost = await typed(['status'], elsewhere, { XDG_STATE_HOME: elsewhere });
  assert.deepEqual(
    [lost.code, /none is known .* go to its folder, or set DATA_DIR/.test(lost.output)],
    [1, true],
    lost.output,
  );
});

async function running(where: TestOrchestrator) {
  const [run] = await where.waitForRuns('dataset=waiting', runs => runs[0]?.state === 'running');
  return run!;
}

function startInVain(environment: Record<string, string>) {
  return command('start', undefined, { PORT: '0', ...environment });
}

/** Resolves with the exit code and all output of a command on the folder. */
function command(name: string, argument?: string, environment: Record<string, string> = {}) {
  const places = { CONFIG_DIR: join(folder, 'config'), DATA_DIR: join(folder, 'data') };
  const args = [name, ...(argument === undefined ? [] : [argument])];
  return typed(args, folder, { ...WITHOUT_TARGET, ...places, XDG_STATE_HOME: join(folder, 'state'), ...environment });
}

function typed(args: string[], cwd: string, environment: Record<string, string>) {
  const env = { ...process.env, ...environment };
  return new Promise<{ code: unknown; output: string }>(resolve => {
    execFile(process.execPath, [bin, ...args], { cwd, env, timeout: 30_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr }),
    );
  });
}
