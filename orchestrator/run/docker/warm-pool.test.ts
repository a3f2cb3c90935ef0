import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, afterEach, it } from 'node:test';
import { WARM_LABEL } from '../../../default-etl/contract/contract.ts';
import { systemClock } from '../../clock.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { readInstance } from '../instance.ts';
import { type JobOptions, makeJob, makePlace, type Place, run } from '../testing/attempts.ts';
import { testDockerRunner } from '../testing/docker-runner.ts';
import { makeTestImage } from '../testing/image.ts';
import type { DockerRunner } from './docker-runner.ts';
import { connectEngine } from './engine.ts';
import { LABELS } from './names.ts';

const IMAGE = 'orchestrator-warm-test:1';
const engine = connectEngine(process.env['DOCKER_HOST'] ?? null, systemClock);
// Says whether it waited, and what it was told; as the contract has it, an input that ends without a line is no job.
const SCRIPT = `if [ "$ORCHESTRATOR_WARM" = 1 ]; then read -r line || exit 9; echo "warm $line"; else echo cold; fi; echo left > /work/rejects.ndjson`;

let place: Place;
let runner: DockerRunner;

before(() => makeTestImage(engine.docker, IMAGE, [`LABEL ${WARM_LABEL}=1`]));
after(() => engine.docker.getImage(IMAGE).remove({ force: true }));

beforeEach(async () => {
  place = await makePlace();
  runner = createRunner();
});

afterEach(async () => {
  await runner.close();
  assert.deepEqual(await containers(), []);
  await place.remove();
});

function createRunner(): DockerRunner {
  return testDockerRunner(engine, place, { defaultImage: IMAGE, killAfterSeconds: 1 });
}

const jobOf = (more: JobOptions = {}) =>
  makeJob(place, { warm: 1, docker: { network: 'none', entrypoint: ['/bin/sh', '-c', SCRIPT] }, ...more });

async function containers() {
  const filters = { label: [`${LABELS.instance}=${readInstance(place.dataDir)}`] };
  return engine.docker.listContainers({ all: true, filters });
}

it('the next job gets the container that waits, its environment and its own folder', async () => {
  assert.match((await run(runner, await jobOf())).log, /^cold/);
  await runner.settled();
  const [waiting] = await containers();
  const job = await jobOf({ environment: { FILE: '/data/jé 1.csv' } });
  await writeFile(join(job.workDir, 'files.json'), '[]');
  const handle = await runner.start(job);
  assert.equal(handle, waiting?.Id);
  const outcome = await runner.follow(handle, job, () => {});
  assert.equal(outcome.exitCode, 0);
  const [, environment] = /^warm (\{.*\})\n$/.exec(readFileSync(job.logFile, 'utf8')) ?? [];
  assert.deepEqual(JSON.parse(environment ?? '{}'), {
    DATASET: 'sales',
    WORK_DIR: '/work',
    DATA: '/data',
    FILE: '/data/jé 1.csv',
  });
  assert.deepEqual(readdirSync(job.workDir).toSorted(), ['files.json', 'rejects.ndjson']);
  await runner.settled();
  assert.equal((await containers()).length, 1);
});

it('containers are there before the first job, and go with their dataset', async () => {
  const job = await jobOf();
  const { dataset, inputFolder, args, environment } = job;
  runner.keepWarm([dataset], [{ dataset, inputFolder, args, environment }]);
  await runner.settled();
  assert.equal((await containers()).length, 1);
  assert.equal(await runner.sweep(() => false), 0);
  assert.match((await run(runner, job)).log, /^warm /);
  await runner.settled();
  assert.equal((await containers()).length, 1);
  runner.keepWarm([], []);
  await runner.settled();
  assert.deepEqual(await containers(), []);
  // A job of it that still goes on makes none.
  await run(runner, await jobOf());
  await runner.settled();
  assert.deepEqual([await containers(), readdirSync(join(place.dataDir, 'warm'))], [[], []]);
});

it('a changed configuration replaces what waits', async () => {
  const job = await jobOf();
  runner.keepWarm([job.dataset], [job]);
  await runner.settled();
  const [former] = await containers();
  const dataset = { ...job.dataset, hash: 'other' };
  runner.keepWarm([dataset], [{ ...job, dataset }]);
  await runner.settled();
  const waiting = await containers();
  assert.equal(waiting.length, 1);
  assert.notEqual(waiting[0]?.Id, former?.Id);
});

it('a container made for other arguments or another image is not used', async () => {
  await run(runner, await jobOf());
  await runner.settled();
  assert.match((await run(runner, await jobOf({ args: ['-v'] }))).log, /^cold/);
});

it('an image that doesn’t say that it can wait is started for each job', async () => {
  const plain = 'orchestrator-warm-test:plain';
  await makeTestImage(engine.docker, plain);
  await run(runner, await jobOf({ image: plain }));
  await runner.settled();
  assert.deepEqual(await containers(), []);
  await engine.docker.getImage(plain).remove({ force: true });
});

it('rule 10: a warm container that has got its job is found after a crash, and no sweep removes it', async () => {
  await run(runner, await jobOf());
  await runner.settled();
  const job = await jobOf();
  const handle = await runner.start(job);
  await runner.settled();
  assert.equal(await runner.sweep(runId => runId === job.runId), 0);
  const next = createRunner();
  assert.deepEqual(await next.recover(job), { state: 'adopt', handle });
  assert.equal((await next.follow(handle, job, () => {})).exitCode, 0);
  assert.match(readFileSync(job.logFile, 'utf8'), /^warm /);
});

it('what waits is swept by the next orchestrator', async () => {
  await run(runner, await jobOf());
  await runner.settled();
  assert.equal(await createRunner().sweep(() => true), 1);
  assert.deepEqual(await containers(), []);
  // It is not missed: the next job is started anew.
  assert.match((await run(runner, await jobOf())).log, /^cold/);
});

it('a waiting container that ended is not used', async () => {
  await run(runner, await jobOf());
  await runner.settled();
  const [waiting] = await containers();
  await engine.docker.getContainer(waiting?.Id ?? '').kill();
  await waitFor('it has ended', async () => (await containers())[0]?.State === 'exited');
  const { log } = await run(runner, await jobOf());
  assert.match(log, /^cold/);
  await runner.settled();
  await runner.close();
  assert.deepEqual(readdirSync(join(place.dataDir, 'warm')), []);
  assert.ok(existsSync(place.file));
});
