import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '../../clock.ts';
import { kindOf } from '../../errors.ts';
import { waitFor } from '../../testing/wait-for.ts';
import type { Job, Outcome } from '../runner.ts';
import { makeJob, makePlace, type Place } from '../testing/attempts.ts';
import { testDockerRunner } from '../testing/docker-runner.ts';
import { makeTestImage } from '../testing/image.ts';
import { type OwnEngine, startOwnEngine } from '../testing/own-engine.ts';
import type { DockerRunner } from './docker-runner.ts';
import { connectEngine, type Engine } from './engine.ts';

const IMAGE = 'orchestrator-run-test:1';
const PATIENCE = { askMs: 60_000, workMs: 60_000, pulseMs: 1500, pauseMs: 200 };
let own: OwnEngine;
let place: Place;
let engine: Engine;
let runner: DockerRunner;

before(async () => {
  own = await startOwnEngine();
  await makeTestImage(own.docker, IMAGE);
  place = await makePlace();
  engine = connectEngine(own.host, systemClock, PATIENCE);
  runner = testDockerRunner(engine, place, { killAfterSeconds: 1 });
});

after(async () => {
  await runner?.close();
  engine?.close();
  await own?.remove();
  await place?.remove();
});

function jobOf(script: string): Promise<Job> {
  return makeJob(place, { image: IMAGE, docker: { network: 'none', entrypoint: ['/bin/sh', '-c', script] } });
}

/** Starts it and waits until it prints `begun`. */
async function begin(script: string): Promise<{ job: Job; handle: string; first: Promise<Outcome | string> }> {
  const job = await jobOf(`echo begun; ${script}`);
  const handle = await runner.start(job);
  const first = runner.follow(handle, job, () => {}).catch((error: unknown) => kindOf(error));
  await waitFor('it runs', () => existsSync(job.logFile) && readFileSync(job.logFile, 'utf8').includes('begun'));
  return { job, handle, first };
}

/** As the scheduler does: follows it again for as long as the engine is away. */
async function outcomeOf({ job, handle, first }: Awaited<ReturnType<typeof begin>>): Promise<Outcome> {
  for (let outcome = await first; ; ) {
    if (typeof outcome !== 'string') return outcome;
    assert.equal(outcome, 'wait');
    await new Promise(resolve => setTimeout(resolve, 100));
    outcome = await runner.follow(handle, job, () => {}).catch((error: unknown) => kindOf(error));
  }
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`what an engine ends that is restarted (${signal}) is not taken for the program's own end`, async () => {
    for (const script of ['sleep 600', 'trap "exit 3" TERM; while :; do sleep 0.05; done']) {
      const begun = await begin(script);
      await own.restart(signal);
      assert.equal((await outcomeOf(begun)).stopped, 'engine', script);
    }
  });
}

test('an engine that ends a program which then says that all is well has ended it all the same', async () => {
  const begun = await begin('trap "exit 0" TERM; while :; do sleep 0.05; done');
  await own.restart('SIGTERM');
  const { exitCode, stopped } = await outcomeOf(begun);
  assert.deepEqual([exitCode, stopped], [0, 'engine']);
});

test('what the restart of a machine ended while no orchestrator followed it is no failure of the program', async () => {
  const job = await jobOf('sleep 600');
  await runner.start(job);
  await own.restart('SIGTERM');
  const found = await runner.recover(job);
  assert.ok(found.state === 'adopt');
  assert.equal((await runner.follow(found.handle, job, () => {})).stopped, 'engine');
});

test('a program that ends by itself while the engine hangs, or after it did, has the end that it has', async () => {
  const begun = await begin('while [ ! -e /work/go ]; do sleep 0.05; done; exit 7');
  own.hang();
  assert.equal(await begun.first, 'wait');
  assert.equal(runner.isAway(), true);
  await assert.rejects(runner.start(await jobOf('exit 0')), error => kindOf(error) === 'wait');
  own.goOn();
  const ended = outcomeOf(begun);
  await waitFor('it is seen again', () => !runner.isAway());
  // From here on it is followed as if nothing had been.
  await new Promise(resolve => setTimeout(resolve, 1000));
  await writeFile(join(begun.job.workDir, 'go'), '');
  const { exitCode, stopped } = await ended;
  assert.deepEqual([exitCode, stopped], [7, null]);
});
