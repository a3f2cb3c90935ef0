import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { waitFor } from '../testing/wait-for.ts';
import { type ApiRun, makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';
import { elasticsearchNode, openIndex } from './index.ts';

const INDEX = 'e2e-workers';
/** With two files at once there are two workers. */
const ONE = 'CONCURRENCY: 1\n';

async function serve(t: TestContext, more = ''): Promise<TestOrchestrator> {
  const folder = await makeFolder(
    { w: `WATCH_DIR: '{folder}/in'\nRUNNER: process\nLOAD: {target: elasticsearch, index: ${INDEX}}\n${more}` },
    0o755,
  );
  await mkdir(join(folder, 'in'));
  const orchestrator = await start(folder);
  t.after(async () => {
    await orchestrator.kill('SIGTERM');
    assert.deepEqual(workersOf(folder), [], 'nothing is left of it');
    await openIndex(INDEX).drop();
    await removeFolder(folder);
  });
  return orchestrator;
}

function start(folder: string): Promise<TestOrchestrator> {
  return startOrchestrator(folder, { ELASTICSEARCH_NODE: elasticsearchNode() });
}

/** Pids of the workers whose homes are in the folder. */
function workersOf(folder: string): number[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  return pids.filter(pid => environmentOf(pid).includes(`\0WORK_DIR=${folder}/data/workers/`)).map(Number);
}

function environmentOf(pid: string): string {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`;
  } catch {
    return '';
  }
}

async function load({ folder, ...orchestrator }: TestOrchestrator, name: string, text: string): Promise<ApiRun> {
  await writeFile(join(folder, 'in', name), text);
  const [run] = await orchestrator.waitForRuns(`dataset=w&file=${name}`, runs => runs[0]?.endedAt != null);
  return run as ApiRun;
}

async function untilLoading(orchestrator: TestOrchestrator, name: string): Promise<void> {
  await orchestrator.waitForRuns(
    `dataset=w&file=${name}`,
    ([run]) => ((run as { progress?: { rows: number } } | undefined)?.progress?.rows ?? 0) > 0,
  );
}

const rowsOf = (count: number, name: string) =>
  `a,b\n${Array.from({ length: count }, (_, row) => `${row},${name}\n`).join('')}`;

/** The second file is what a worker is made for. */
async function withWorker(orchestrator: TestOrchestrator): Promise<number> {
  for (const name of ['one.csv', 'two.csv'])
    assert.equal((await load(orchestrator, name, rowsOf(2, name))).state, 'done');
  await waitFor('a worker', async () => workersOf(orchestrator.folder).length > 0);
  return workersOf(orchestrator.folder)[0] as number;
}

test('one process takes file after file; each has its own rows, rejects and log, and nothing stays of its work', async t => {
  const orchestrator = await serve(t, ONE);
  const pid = await withWorker(orchestrator);
  const good = await load(orchestrator, 'good.csv', rowsOf(10, 'good'));
  const bad = await load(orchestrator, 'bad.csv', 'a,b\n1,x\n2,"y\n3,z,z,z\n');
  const wrong = await load(orchestrator, 'wrong.xlsx', 'PK\u0003\u0004 no workbook');
  const last = await load(orchestrator, 'last.csv', rowsOf(5, 'last'));
  assert.deepEqual(workersOf(orchestrator.folder), [pid]);
  assert.deepEqual(
    [good, bad, wrong, last].map(({ state, attempt }) => [state, attempt]),
    [
      ['done', 1],
      ['done', 1],
      ['quarantined', 1],
      ['done', 1],
    ],
  );
  assert.ok((bad.rowsRejected ?? 0) > 0 && bad.rowsRead === (bad.rowsLoaded ?? 0) + (bad.rowsRejected ?? 0));
  assert.equal(await openIndex(INDEX).count(), 4 + 10 + (bad.rowsLoaded ?? 0) + 5);
  const rejects = await (await orchestrator.fetch(`/api/runs/${bad.id}/rejects`)).text();
  assert.equal(rejects.trim().split('\n').length, bad.rowsRejected);
  assert.equal(await (await orchestrator.fetch(`/api/runs/${last.id}/rejects`)).text(), '');
  for (const run of [good, bad, last]) {
    const log = await orchestrator.logOf(run.id);
    assert.equal(log.match(/"type":"result"/g)?.length, 1);
    assert.doesNotMatch(log, /\0/);
  }
  assert.match(await orchestrator.logOf(wrong.id), /"type":"error"/);
  const runs = join(orchestrator.folder, 'data', 'runs');
  await waitFor('nothing but rejects stays', async () => (await readdir(runs)).join() === bad.id);
  const { uid, mode } = statSync(join(runs, bad.id, '1'));
  assert.deepEqual([uid, mode & 0o777], [process.getuid?.(), 0o700]);
});

test('a worker that is killed costs the file that it has an attempt, and nothing else', async t => {
  const orchestrator = await serve(t, ONE);
  const pid = await withWorker(orchestrator);
  await writeFile(join(orchestrator.folder, 'in', 'big.csv'), rowsOf(200_000, 'big'));
  await untilLoading(orchestrator, 'big.csv');
  process.kill(pid, 'SIGKILL');
  const [big] = await orchestrator.waitForRuns('dataset=w&file=big.csv', runs => runs[0]?.endedAt != null);
  assert.deepEqual([big?.state, big?.attempt, big?.rowsLoaded], ['done', 2, 200_000]);
  const next = await load(orchestrator, 'next.csv', rowsOf(3, 'next'));
  assert.deepEqual([next.state, next.attempt], ['done', 1]);
  assert.equal(await openIndex(INDEX).count(), 4 + 200_000 + 3);
});

test('one that is killed while it waits costs nothing', async t => {
  const orchestrator = await serve(t, ONE);
  process.kill(await withWorker(orchestrator), 'SIGKILL');
  await waitFor('it is gone', async () => workersOf(orchestrator.folder).length === 0);
  const next = await load(orchestrator, 'next.csv', rowsOf(3, 'next'));
  assert.deepEqual([next.state, next.attempt], ['done', 1]);
});

test('rule 10: with the orchestrator its workers end, and the file that one had is run again', async t => {
  const orchestrator = await serve(t);
  await withWorker(orchestrator);
  await writeFile(join(orchestrator.folder, 'in', 'big.csv'), rowsOf(200_000, 'big'));
  await untilLoading(orchestrator, 'big.csv');
  await orchestrator.kill('SIGKILL');
  const next = await start(orchestrator.folder);
  try {
    const [big] = await next.waitForRuns('dataset=w&file=big.csv', runs => runs[0]?.endedAt != null);
    assert.deepEqual([big?.state, big?.attempt, big?.rowsLoaded], ['done', 2, 200_000]);
    assert.equal(await openIndex(INDEX).count(), 4 + 200_000);
    await waitFor(
      'nothing stays of its work',
      async () => (await readdir(join(next.folder, 'data', 'runs'))).length === 0,
    );
  } finally {
    await next.kill('SIGTERM');
  }
});

test('WARM: 0 keeps none; WARM: 2 keeps two before there is a file, and has one for each that goes', async t => {
  const none = await serve(t, 'WARM: 0\n');
  for (const name of ['one.csv', 'two.csv']) assert.equal((await load(none, name, rowsOf(2, name))).state, 'done');
  assert.deepEqual(workersOf(none.folder), []);
  const two = await serve(t, 'WARM: 2\n');
  await waitFor('two workers', async () => workersOf(two.folder).length === 2);
  const [first, second] = workersOf(two.folder);
  assert.equal((await load(two, 'one.csv', rowsOf(2, 'one'))).state, 'done');
  assert.deepEqual(workersOf(two.folder), [first, second]);
  process.kill(first as number, 'SIGKILL');
  assert.equal((await load(two, 'two.csv', rowsOf(2, 'two'))).state, 'done');
  await waitFor('two again', async () => workersOf(two.folder).filter(pid => pid !== first).length === 2);
});

test('of files that come at once none is lost between two workers', async t => {
  const orchestrator = await serve(t);
  const names = Array.from({ length: 60 }, (_, at) => `flood-${at}.csv`);
  await Promise.all(names.map(name => writeFile(join(orchestrator.folder, 'in', name), rowsOf(10, name))));
  const runs = await orchestrator.waitForRuns('dataset=w&state=done', all => all.length === names.length);
  assert.ok(runs.every(({ attempt, rowsLoaded }) => attempt === 1 && rowsLoaded === 10));
  assert.equal(await openIndex(INDEX).count(), 600);
  assert.equal(workersOf(orchestrator.folder).length, Math.min(2, availableParallelism()));
});
