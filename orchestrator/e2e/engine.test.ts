// An engine of the test's own, which is restarted, killed and let hang, under the real program.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeTestImage } from '../run/testing/image.ts';
import { type OwnEngine, startOwnEngine } from '../run/testing/own-engine.ts';
import { waitFor } from '../testing/wait-for.ts';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';

const IMAGE = 'orchestrator-run-test:1';
/** The first attempt waits until it is ended, the others until they may end. */
const PROGRAM = 'echo begun $ATTEMPT; while [ ! -e /data/go ]; do sleep 0.1; done; echo ended';
const DATASETS = {
  containers: `WATCH_DIR: {folder}/in/containers
DOCKER_IMAGE: ${IMAGE}
RETRIES: 0
DOCKER_OPTIONS: { network: none, pull: never, entrypoint: [/bin/sh, -c, '${PROGRAM}'] }
`,
  processes: `WATCH_DIR: {folder}/in/processes
COMMAND: /bin/true
`,
};
const POLICY = `images: ['${IMAGE}']
networks: [none]
folders: ['{folder}/in']
commands: [/bin]
`;

let engine: OwnEngine;
let folder: string;
let orchestrator: TestOrchestrator;

before(async () => {
  engine = await startOwnEngine();
  await makeTestImage(engine.docker, IMAGE);
  folder = await makeFolder(DATASETS, 0o755);
  await writeFile(join(folder, 'policy.yaml'), POLICY.replaceAll('{folder}', folder));
  for (const name of Object.keys(DATASETS)) await mkdir(join(folder, 'in', name), { recursive: true });
});

after(async () => {
  await orchestrator?.kill('SIGKILL');
  await engine?.remove();
  await removeFolder(folder);
});

function start(): Promise<TestOrchestrator> {
  return startOrchestrator(folder, {
    DOCKER_HOST: engine.host,
    ELASTICSEARCH_NODE: '',
    CONCURRENCY: '1',
    GRACE: '10m',
  });
}

const put = (dataset: string, name: string) => writeFile(join(folder, 'in', dataset, name), 'a\n1\n');

test('an engine that is restarted uses up no retry, a stop leaves its containers to the next start, and one that hangs keeps nothing else waiting', async () => {
  orchestrator = await start();
  await put('containers', 'a.csv');
  let attempt = 1;
  const isBegun = async () => {
    const [run] = await orchestrator.waitForRuns('dataset=containers', runs => runs[0]?.attempt === attempt);
    const id = run?.id ?? '';
    const said = () => orchestrator.logOf(id).catch(() => '');
    await waitFor('it prints', async () => (await said()).includes(`begun ${attempt}\n`), { tell: said });
  };
  await isBegun();
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await engine.restart(signal);
    attempt += 1;
    await isBegun();
  }

  // Its grace is ten minutes: nobody waits for the container.
  assert.equal(await orchestrator.kill('SIGTERM'), 0);
  orchestrator = await start();
  await orchestrator.waitForRuns('dataset=containers', ([run]) => run?.state === 'running' && run.attempt === attempt);

  engine.hang();
  await put('processes', 'b.csv');
  await orchestrator.waitForRuns('dataset=processes', ([run]) => run?.state === 'done');
  const ended = once(orchestrator.process, 'exit');
  orchestrator.process.kill('SIGTERM');
  assert.equal((await ended)[0], 0);
  engine.goOn();

  orchestrator = await start();
  await writeFile(join(folder, 'in', 'containers', 'go'), '');
  const [run] = await orchestrator.waitForRuns('dataset=containers', runs => runs[0]?.state === 'done');
  assert.equal(run?.attempt, attempt);
  assert.match(await orchestrator.logOf(run?.id ?? ''), /begun 3\nended\n$/);
  await orchestrator.kill('SIGTERM');
});
