// Takes the Docker Engine away, or its image, or lets it answer with errors or never, and hands over the next file: a
// process of the machine must not read it.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from '../../orchestrator/e2e/harness.ts';
import { type EngineGate, openEngineGate } from '../../orchestrator/run/testing/engine-gate.ts';

const REAL_ENGINE = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace('unix://', '');
const WITHOUT_TARGET = { ELASTICSEARCH_NODE: '' };

let folder: string;
let gate: EngineGate;
let orchestrator: TestOrchestrator;

before(async () => {
  folder = await makeFolder({ sales: 'WATCH_DIR: {folder}/sales\nLOAD: {target: lake}\n' });
  await mkdir(join(folder, 'sales'));
  gate = await openEngineGate(join(folder, 'engine.sock'), REAL_ENGINE);
  orchestrator = await startOrchestrator(folder, { ...WITHOUT_TARGET, DOCKER_HOST: gate.host });
});

after(async () => {
  await gate.open().catch(() => undefined);
  await orchestrator?.kill('SIGTERM');
  await gate.shut();
  await removeFolder(folder);
});

const arrive = (name: string) => writeFile(join(folder, 'sales', name), 'a,b\n1,2\n');

async function runnersOf(file: string): Promise<string[]> {
  const [run] = await orchestrator.runs(`file=${file}`);
  const { attempts } = await orchestrator.get<{ attempts: Array<{ runner: string | null }> }>(`/api/runs/${run?.id}`);
  return attempts.map(({ runner }) => runner ?? 'none');
}

async function assertWaits(file: string): Promise<void> {
  const [run] = await orchestrator.waitForRuns(`file=${file}`, runs => runs[0]?.error != null);
  assert.equal(run?.state, 'queued', run?.error ?? '');
  assert.match(run?.error ?? '', /waiting/);
  assert.ok((await runnersOf(file)).every(runner => runner === 'docker'));
}

test('the engine is away for a moment: the next file waits, after a restart too, and is run once the engine is back', async () => {
  await arrive('first.csv');
  const [first] = await orchestrator.waitForRuns('file=first', runs => runs[0]?.endedAt != null, 120_000);
  assert.equal(first?.state, 'done', first?.error ?? '');
  assert.deepEqual(await runnersOf('first.csv'), ['docker']);

  await gate.shut();
  await arrive('second.csv');
  await assertWaits('second.csv');
  assert.match(await orchestrator.output(), /no Docker Engine answers.*so runs wait for it, unless RUNNER: process/);

  await orchestrator.kill('SIGKILL');
  orchestrator = await startOrchestrator(folder, { ...WITHOUT_TARGET, DOCKER_HOST: gate.host });
  await arrive('third.csv');
  await assertWaits('third.csv');

  await gate.open();
  const done = (file: string) => orchestrator.waitForRuns(`file=${file}`, runs => runs[0]?.state === 'done', 120_000);
  await done('second.csv');
  await done('third.csv');
  assert.ok((await runnersOf('third.csv')).every(runner => runner === 'docker'));
});

test('an engine that answers with errors, one that never answers and one without the image are none, either', async () => {
  const port = await freeServer((_, response) => void response.writeHead(500).end('{"message":"broken"}'));
  const silent = await freeServer(() => undefined);
  const empty = await freeServer((request, response) => {
    const isVersion = request.url?.endsWith('/version') ?? false;
    response.writeHead(isVersion ? 200 : 404, { 'content-type': 'application/json' });
    response.end(isVersion ? '{"Version":"20.10","ApiVersion":"1.41"}' : '{"message":"no such thing"}');
  });
  // In order, as long as it can take its containers away.
  await orchestrator.kill('SIGTERM');
  for (const [at, server] of [port, silent, empty].entries()) {
    await orchestrator.kill('SIGKILL');
    const address = server.address() as { port: number };
    orchestrator = await startOrchestrator(folder, {
      ...WITHOUT_TARGET,
      DOCKER_HOST: `tcp://127.0.0.1:${address.port}`,
    });
    await arrive(`engine-${at}.csv`);
    if (server === silent) await orchestrator.waitForRuns(`file=engine-${at}`, runs => runs[0]?.state === 'running');
    else await assertNotRead(`engine-${at}.csv`);
    assert.ok((await runnersOf(`engine-${at}.csv`)).every(runner => runner !== 'process'));
    server.close();
    server.closeAllConnections();
  }
});

async function assertNotRead(file: string): Promise<void> {
  const [run] = await orchestrator.waitForRuns(`file=${file}`, runs => runs[0]?.error != null);
  assert.notEqual(run?.state, 'done');
}

async function freeServer(answer: RequestListener): Promise<Server> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
