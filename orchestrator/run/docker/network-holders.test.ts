import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { systemClock } from '../../clock.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { readInstance } from '../instance.ts';
import type { DockerOptions } from '../../config/docker-schema.ts';
import type { Job } from '../runner.ts';
import { makeJob, makePlace, type Place, run } from '../testing/attempts.ts';
import { testDockerRunner } from '../testing/docker-runner.ts';
import { makeTestImage } from '../testing/image.ts';
import { testNetwork } from '../testing/network.ts';
import type { DockerRunner } from './docker-runner.ts';
import { connectEngine } from './engine.ts';
import { LABELS } from './names.ts';

const IMAGE = 'orchestrator-holders-test:1';
const engine = connectEngine(process.env['DOCKER_HOST'] ?? null, systemClock);
const { docker } = engine;

before(() => makeTestImage(docker, IMAGE));
after(() => docker.getImage(IMAGE).remove({ force: true }));

interface Bench {
  place: Place;
  runner: DockerRunner;
  /** Another orchestrator on the same DATA_DIR, after a crash of this one. */
  next(): DockerRunner;
  job(script: string, options?: DockerOptions): Promise<Job>;
}

async function setUp(t: TestContext): Promise<Bench> {
  const place = await makePlace();
  const network = testNetwork(engine, place.dataDir);
  const next = () =>
    testDockerRunner(engine, place, { network, defaultImage: IMAGE, mostPlaces: 3, killAfterSeconds: 1 });
  const runner = next();
  t.after(async () => {
    await runner.close();
    assert.deepEqual(await containersOf(place), []);
    await network.close();
    await place.remove();
  });
  const job = (script: string, options: DockerOptions = {}) =>
    makeJob(place, { image: IMAGE, docker: { ...options, entrypoint: ['/bin/sh', '-c', script] } });
  return { place, runner, next, job };
}

async function containersOf(place: Place, label?: string): Promise<string[]> {
  const own = `${LABELS.instance}=${readInstance(place.dataDir)}`;
  const found = await docker.listContainers({
    all: true,
    filters: { label: label === undefined ? [own] : [own, label] },
  });
  return found.map(({ Id }) => Id);
}

const holdersOf = (place: Place) => containersOf(place, LABELS.holds);

async function networkOf(handle: string): Promise<string> {
  return (await docker.getContainer(handle).inspect()).HostConfig.NetworkMode ?? '';
}

test('a run joins a place in the network that was made ahead, alone, and the next one the same', async t => {
  const { place, runner, job } = await setUp(t);
  await run(runner, await job('true'));
  await runner.settled();
  const [holder] = await holdersOf(place);
  const [first, second] = [await job('sleep 2; cat /sys/class/net/eth0/address'), await job('true')];
  const handle = await runner.start(first);
  assert.equal(await networkOf(handle), `container:${holder}`);
  const other = await runner.start(second);
  assert.notEqual(await networkOf(other), `container:${holder}`);
  await runner.follow(other, second, () => {});
  const { exitCode } = await runner.follow(handle, first, () => {});
  assert.equal(exitCode, 0);
  const third = await job('true');
  const again = await runner.start(third);
  assert.ok((await holdersOf(place)).map(id => `container:${id}`).includes(await networkOf(again)));
  await runner.follow(again, third, () => {});
});

test('a container that names its host, its network or hosts of its own, or has capabilities to change a network, joins none', async t => {
  const { runner, job } = await setUp(t);
  await run(runner, await job('true'));
  await runner.settled();
  for (const options of [
    { hostname: 'own' },
    { network: 'none' },
    { extra_hosts: ['db:10.0.0.5'] },
    { cap_add: ['NET_ADMIN'] },
  ]) {
    const named = await job('true', options);
    const handle = await runner.start(named);
    assert.doesNotMatch(await networkOf(handle), /^container:/);
    await runner.follow(handle, named, () => {});
  }
});

test('a place that somebody removed is not used', async t => {
  const { place, runner, job } = await setUp(t);
  await run(runner, await job('true'));
  await runner.settled();
  for (const id of await holdersOf(place)) await docker.getContainer(id).remove({ force: true });
  assert.equal((await run(runner, await job('true'))).outcome.exitCode, 0);
});

test('rule 10: after a crash the place of a container that goes on stays, and goes with it; what nobody is in is swept', async t => {
  const { place, runner, next, job } = await setUp(t);
  await run(runner, await job('true'));
  await runner.settled();
  const going = await job('while ! [ -e /work/go ]; do sleep 0.05; done; ls /sys/class/net');
  const handle = await runner.start(going);
  const joined = await networkOf(handle);
  await waitFor('one more is free', async () => (await holdersOf(place)).length === 2);
  const adopter = next();
  assert.deepEqual(await adopter.recover(going), { state: 'adopt', handle });
  await adopter.sweep((runId, attempt) => runId === going.runId && attempt === going.attempt);
  assert.deepEqual(
    (await holdersOf(place)).map(id => `container:${id}`),
    [joined],
  );
  await docker
    .getContainer(handle)
    .exec({ Cmd: ['touch', '/work/go'] })
    .then(exec => exec.start({}));
  const { exitCode } = await adopter.follow(handle, going, () => {});
  assert.equal(exitCode, 0);
  assert.deepEqual(await containersOf(place), []);
  await adopter.close();
});
