import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FINAL_STATES, type Run } from '../journal/journal.ts';
import { OrchestratorError } from '../errors.ts';
import type { Outcome } from '../run/runner.ts';
import { ROWS, ScriptedRunner, SUCCESS, setUp } from './testing/bench.ts';
import { datasetOf } from '../config/testing/dataset.ts';

const isFinal = (run: Run): boolean => FINAL_STATES.includes(run.state);
const done: Outcome = { ...SUCCESS, results: [{ type: 'result', ...ROWS }] };
const LONG_MS = 600_000;
const hasHandle = (run: Run): boolean => Boolean(run.handle);

/** What can't be adopted, as a process. */
class Unadoptable extends ScriptedRunner {
  override readonly adopts = false;
}

/** Runs one file by something that goes on until it is stopped. */
async function running(bench: ReturnType<typeof setUp>, settings: Parameters<typeof datasetOf>[2]) {
  const dataset = datasetOf('sales', bench.watchDir, settings);
  const runner = new ScriptedRunner(async () => undefined);
  const scheduler = await bench.schedule(runner, [dataset]);
  const { id } = await bench.arrive(dataset, 'slow.csv');
  await bench.until(id, hasHandle);
  return { dataset, runner, scheduler, id };
}

test('a container is left to run on, nobody waits for it, and the next start adopts it', async t => {
  const bench = setUp(t);
  const { dataset, runner, scheduler, id } = await running(bench, {});
  assert.deepEqual([scheduler.status().running, scheduler.status().leaving], [1, 1]);
  await scheduler.stop({ graceMs: LONG_MS });
  assert.equal((await bench.journal.run(id))?.state, 'running');
  assert.equal(runner.living.size, 1);
  const next = new ScriptedRunner(async () => done);
  next.jobs.push(...runner.jobs);
  next.recover = async () => ({ state: 'adopt', handle: `${id}/1` });
  await bench.schedule(next, [dataset], { holder: 'the next one' });
  const run = await bench.until(id, isFinal);
  assert.deepEqual([run.state, run.attempt, run.retriesUsed], ['done', 1, 0]);
});

test('what is to finish does so within the grace, nothing new is started, and the rest is handed back uncounted', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir, { CONCURRENCY: 2, STOP: 'finish' });
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const runner = new ScriptedRunner(job => (job.file.endsWith('quick.csv') ? promise : Promise.resolve(undefined)));
  const scheduler = await bench.schedule(runner, [dataset]);
  const quick = await bench.arrive(dataset, 'quick.csv');
  const slow = await bench.arrive(dataset, 'slow.csv');
  for (const { id } of [quick, slow]) await bench.until(id, hasHandle);
  const stopping = scheduler.stop({ graceMs: LONG_MS });
  const late = await bench.arrive(dataset, 'late.csv');
  resolve(done);
  assert.equal((await bench.until(quick.id, isFinal)).state, 'done');
  scheduler.hurry();
  await stopping;
  const handedBack = await bench.journal.run(slow.id);
  assert.deepEqual([handedBack?.state, handedBack?.retriesUsed], ['queued', 0]);
  assert.equal((await bench.journal.run(late.id))?.attempt, 0);
  assert.equal(runner.living.size, 0);
});

test('what is to be killed has no time, and is handed back uncounted', async t => {
  const bench = setUp(t);
  const { runner, scheduler, id } = await running(bench, { STOP: 'kill' });
  await scheduler.stop({ graceMs: LONG_MS });
  const run = await bench.journal.run(id);
  assert.deepEqual([run?.state, run?.retriesUsed, runner.living.size], ['queued', 0, 0]);
});

test('a process is never left, whatever STOP says, nor anything where nobody is to take it over', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir, { STOP: 'leave' });
  const begun = Promise.withResolvers<void>();
  const process_ = new Unadoptable(async () => {
    begun.resolve();
    return undefined;
  });
  const scheduler = await bench.schedule(process_, [dataset]);
  await bench.arrive(dataset, 'a.csv');
  await begun.promise;
  await scheduler.stop({ graceMs: 0 });
  assert.equal(process_.living.size, 0);
  const other = setUp(t);
  const { runner, scheduler: byHand } = await running(other, {});
  await byHand.stop({ graceMs: 0, leavesNone: true });
  assert.equal(runner.living.size, 0);
});

test('what an engine runs that does not answer keeps no place from those that need none, and no stop waiting', async t => {
  const bench = setUp(t);
  const inContainers = datasetOf('slow', bench.watchDir, { STOP: 'finish' });
  const asProcess = datasetOf('other', bench.watchDir);
  const docker = new ScriptedRunner(async () => undefined);
  const process_ = new ScriptedRunner(async () => done);
  let isAway = false;
  const engine = Object.assign(docker, { isAway: () => isAway });
  docker.stop = async () => {
    throw new OrchestratorError('wait', 'the engine hangs');
  };
  const scheduler = await bench.schedule(docker, [inContainers, asProcess], {
    environment: { dataDir: bench.dataDir, elasticsearch: null, concurrency: 1, minFreeBytes: 0 },
    runners: {
      for: async ({ name }) => ({ runner: name === 'slow' ? engine : process_, reason: 'it is the one' }),
      of: () => engine,
      all: () => [],
    },
  });
  const slow = await bench.arrive(inContainers, 'slow.csv');
  await bench.until(slow.id, hasHandle);
  isAway = true;
  for (const name of ['a.csv', 'b.csv']) {
    const { id } = await bench.arrive(asProcess, name);
    assert.equal((await bench.until(id, isFinal)).state, 'done');
  }
  await scheduler.stop({ graceMs: LONG_MS });
  assert.equal((await bench.journal.run(slow.id))?.state, 'running');
});
