import assert from 'node:assert/strict';
import { chownSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Settings } from '../../config/schema.ts';
import { systemClock } from '../../clock.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { CUT_TEXT } from '../cut-log.ts';
import type { Ahead, Job, Outcome } from '../runner.ts';
import { makeJob, makePlace, type Place, silentLogger, uids } from '../testing/attempts.ts';
import { livingOf, readProcess } from './process-table.ts';
import { ProcessRunner, type ProcessRunnerOptions } from './process-runner.ts';

/**
 * Takes one job after another, as the default ETL does: says its pid and what it got, writes a file, and does what DO
 * says. Alone it only says its pid.
 */
const STUB = `
const say = message => process.stdout.write(JSON.stringify(message) + '\\n');
const said = env => say({ type: 'error', message: JSON.stringify({ pid: process.pid, ...env }) });
if (!process.env.ORCHESTRATOR_WARM) said({});
else {
  const { createInterface } = require('node:readline');
  const { writeFileSync } = require('node:fs');
  createInterface({ input: process.stdin }).on('line', line => {
    const { ORCHESTRATOR_JOB, ...env } = JSON.parse(line);
    said(env);
    writeFileSync(env.WORK_DIR + '/left', 'x');
    if (env.DO === 'print') for (let at = 0; at < 2000; at += 1) console.log('x'.repeat(100));
    if (env.DO !== 'hang') process.stdout.write('\\0ended ' + ORCHESTRATOR_JOB + ' 0\\n');
  });
  setInterval(() => undefined, 1000);
}`;

interface Bench {
  runner: ProcessRunner;
  place: Place;
  job(environment?: Record<string, string>): Promise<Job>;
  /** Gives it to a worker where one waits. */
  start(job: Job): Promise<string>;
  /** `isTidied`: its folder goes back. */
  run(
    environment?: Record<string, string>,
    isTidied?: boolean,
  ): Promise<Outcome & { said: Record<string, string>; ahead: Ahead | undefined }>;
  /** Another orchestrator, of the same DATA_DIR. */
  next(): ProcessRunner;
}

const SETTINGS: Partial<Settings> = { CONCURRENCY: 2, RUN_PER: 'file', LOAD: { target: 'elasticsearch' } };

async function bench(t: TestContext, more: Partial<ProcessRunnerOptions> & { jobs?: number } = {}): Promise<Bench> {
  const place = await makePlace();
  const { jobs = 100, ...others } = more;
  const runners: ProcessRunner[] = [];
  const next = (): ProcessRunner => {
    const created = new ProcessRunner({
      mask: text => text,
      logger: silentLogger,
      clock: systemClock,
      dataDir: place.dataDir,
      projectDir: place.watchDir,
      defaultEtl: [process.execPath, '--eval', STUB],
      environment: process.env,
      workers: { uids, most: 2, jobs },
      killAfterMs: 300,
      ...others,
    });
    runners.push(created);
    return created;
  };
  const runner = next();
  t.after(async () => {
    for (const each of runners) await each.close();
    await place.remove();
  });

  async function job(environment: Record<string, string> = {}): Promise<Job> {
    const made = await makeJob(place, { environment });
    await mkdir(dirname(made.logFile), { recursive: true });
    return { ...made, dataset: { ...made.dataset, written: [], settings: SETTINGS as Settings } };
  }

  function start(made: Job, ahead = runner.ahead?.(made)): Promise<string> {
    if (ahead) {
      rmdirSync(made.workDir);
      if (!ahead.putWorkDir(made.workDir)) mkdirSync(made.workDir);
    }
    return runner.start({ ...made, ahead, owner: ahead?.owner ?? made.owner });
  }

  async function run(environment?: Record<string, string>, isTidied = false) {
    const made = await job(environment);
    const ahead = runner.ahead?.(made);
    const handle = await start(made, ahead);
    const outcome = await runner.follow(handle, made, () => undefined);
    uids.free(made.workDir);
    if (isTidied) {
      const [owner, group] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
      chownSync(made.workDir, owner, group);
      unlinkSync(join(made.workDir, 'left'));
      assert.equal(ahead?.takeWorkDir(made.workDir), ahead && process.getuid?.() === 0);
    }
    return { ...outcome, said: JSON.parse(outcome.errorText) as Record<string, string>, ahead };
  }
  return { runner, place, job, start, run, next };
}

/** The second file is what a worker is made for. */
async function warm({ runner, run }: Bench): Promise<void> {
  for (let times = 0; times < 2; times += 1) assert.equal((await run()).ahead, undefined);
  await runner.settled();
}

const pidOf = (handle: string) => Number(handle.split('-')[0]);

test('files that come at once have as many workers as may run at once, as soon as there are two', async t => {
  const of = await bench(t);
  await warm(of);
  const jobs = await Promise.all([of.job({ DO: 'hang' }), of.job({ DO: 'hang' }), of.job()]);
  const waiting = jobs.map(job => of.runner.ahead?.(job));
  assert.deepEqual(
    waiting.map(ahead => ahead === undefined),
    [false, false, true],
  );
  if (process.getuid?.() === 0) assert.notEqual(waiting[0]?.owner.uid, waiting[1]?.owner.uid);
});

test('one that is given back is free for another job, once', async t => {
  const of = await bench(t);
  await warm(of);
  const job = await of.job();
  const [first, second] = [of.runner.ahead?.(job), of.runner.ahead?.(job)];
  first?.giveBack();
  first?.giveBack();
  assert.deepEqual(of.runner.ahead?.(job)?.owner, first?.owner);
  assert.equal(of.runner.ahead?.(job), undefined);
  second?.giveBack();
  const { ahead, exitCode } = await of.run();
  assert.deepEqual([ahead?.owner, exitCode], [second?.owner, 0]);
  ahead?.giveBack();
  const next = await of.run();
  assert.deepEqual([next.ahead?.owner, next.exitCode], [second?.owner, 0]);
});

test('a job of a worker gets its connection in the line, and is heard though its log has it masked', async t => {
  const of = await bench(t, { mask: text => text.replaceAll('hunter22', '***') });
  await warm(of);
  const job = {
    ...(await of.job({ SECRET: 'hunter22' })),
    connections: {
      variables: { ELASTICSEARCH_PASSWORD: 'hunter22' },
      file: '/none',
      write: () => assert.fail('nobody reads it'),
    },
  };
  const handle = await of.start(job);
  const { errorText } = await of.runner.follow(handle, job, () => undefined);
  const { SECRET, ELASTICSEARCH_PASSWORD, CONNECTIONS_FILE } = JSON.parse(errorText) as Record<string, string>;
  assert.deepEqual([SECRET, ELASTICSEARCH_PASSWORD, CONNECTIONS_FILE], ['hunter22', 'hunter22', undefined]);
  const log = readFileSync(job.logFile, 'utf8');
  assert.match(log, /"\*\*\*/);
  assert.doesNotMatch(log, /hunter22|\0/);
  assert.deepEqual(readdirSync(job.workDir), ['left']);
});

test('another one is there before one is used up: no job waits for it, or does without', async t => {
  const of = await bench(t, { jobs: 8 });
  await warm(of);
  const pids = new Set<string>();
  for (let times = 0; times < 40; times += 1) {
    const { ahead, said } = await of.run();
    assert.notEqual(ahead, undefined, `job ${times}`);
    pids.add(said['pid'] as string);
    await of.runner.settled();
  }
  assert.ok(pids.size >= 5 && pids.size <= 6, `${pids.size} workers for 40 jobs of 8`);
});

test('a folder that is given back empty is used again, by the same one, and is the orchestrator’s alone meanwhile', async t => {
  const of = await bench(t, { jobs: 100 });
  await warm(of);
  const job = await of.job();
  const pids = new Set<string>();
  for (let times = 0; times < 90; times += 1) {
    const { said, ahead } = await of.run({}, true);
    pids.add(said['pid'] as string);
    assert.notEqual(ahead, undefined);
  }
  assert.equal(pids.size, 1);
  const ahead = of.runner.ahead?.(job);
  rmdirSync(job.workDir);
  if (!ahead?.putWorkDir(job.workDir)) return;
  const { uid, mode } = statSync(job.workDir);
  assert.deepEqual([uid, mode & 0o777, readdirSync(job.workDir)], [0, 0o700, []]);
  ahead.giveBack();
});

test('one that prints too much is stopped, and its log cut', async t => {
  const of = await bench(t, { mostLogBytes: 1000 });
  await warm(of);
  const job = await of.job({ DO: 'print' });
  const handle = await of.start(job);
  const { stopped } = await of.runner.follow(handle, job, () => undefined);
  assert.equal(stopped, 'output');
  const log = readFileSync(job.logFile, 'utf8');
  assert.deepEqual([log.length, log.endsWith(`x\n${CUT_TEXT}`)], [1000 + 1 + CUT_TEXT.length, true]);
  assert.equal(readProcess(pidOf(handle)), undefined);
});

test('rule 10: after a crash a worker that does not end by itself is found by the attempt that it had, and dead before that starts over', async t => {
  const of = await bench(t);
  await warm(of);
  const job = await of.job({ DO: 'hang' });
  const handle = await of.start(job);
  await waitFor('it is at work', () => readdirSync(job.workDir).length > 0);
  const next = of.next();
  assert.deepEqual(await next.recover(job), { state: 'dead' });
  const entry = readProcess(pidOf(handle));
  assert.ok(entry === undefined || entry.isZombie);
  await next.sweep(() => false);
  assert.deepEqual(readdirSync(join(of.place.dataDir, 'workers')), []);
});

test('what was started ahead of a job that was stopped does no other', async t => {
  const of = await bench(t);
  await warm(of);
  const job = await of.job({ DO: 'hang' });
  const handle = await of.start(job);
  const followed = of.runner.follow(handle, job, () => undefined);
  await of.runner.stop(handle, job, 'cancel');
  assert.equal((await followed).stopped, 'cancel');
  const { said } = await of.run();
  assert.notEqual(Number(said['pid']), pidOf(handle));
  if (process.getuid?.() === 0) assert.deepEqual(livingOf(job.owner.uid), []);
});
