import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { waitFor } from '../../testing/wait-for.ts';
import { JobOutput } from './job-output.ts';
import { launchPiped } from './piped.ts';
import { killMembers, leaderOf } from './process-group.ts';
import { Worker } from './worker.ts';

interface Bench {
  worker: Worker;
  /** Of the next job. */
  output(path?: string): JobOutput;
  log(): string;
  odd(): number;
}

async function workerOf(t: TestContext, script: string, jobs = 2): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'worker-'));
  const process_ = await launchPiped({
    command: ['/bin/bash', '-c', script],
    environment: { WORK_DIR: folder },
    cwd: folder,
    umask: 0o077,
    limits: {},
  });
  const leader = leaderOf(process_.pid, folder, undefined) ?? assert.fail('it has ended');
  process_.go();
  let odd = 0;
  const owner = { uid: 0, gid: 0 };
  const worker = new Worker({ process: process_, leader, owner, places: ['a', 'b'], jobs, onOdd: () => (odd += 1) });
  t.after(async () => {
    worker.dismiss();
    await killMembers(leader);
    await worker.over;
    rmSync(folder, { recursive: true });
  });
  const logFile = join(folder, 'log');
  const output = (path = logFile) =>
    new JobOutput({ logFile: path, mask: text => text, mostBytes: 1000, onFull: () => assert.fail('it is full') });
  return { worker, output, log: () => readFileSync(logFile, 'latin1'), odd: () => odd };
}

const NAMED = String.raw`name=$(echo "$job" | sed 's/.*ORCHESTRATOR_JOB":"//; s/".*//');`;

test('what it prints goes to the log of its job, and the line that ends the job does not, in whatever pieces it comes', async t => {
  const script = String.raw`while read -r job; do ${NAMED} printf 'x\0ended other 7\n\0ended 0\ny\0ended %s 1\n\0' $name; sleep 0.1; printf 'end'; sleep 0.1; printf 'ed %s 6' $name; sleep 0.1; printf '5\n'; done`;
  const { worker, output, log } = await workerOf(t, script);
  for (const place of ['a', 'b']) {
    worker.take();
    assert.equal(worker.takePlace(), place);
    assert.deepEqual(await worker.run({ A: '1' }, output()), { exitCode: 65, signal: null });
    worker.free();
  }
  assert.match(log(), /^(x\0ended other 7\n\0ended 0\ny\0ended [-\da-f]{36} 1\n){2}$/);
});

test('one that ends without a word has no job done, whatever its exit code', async t => {
  const { worker, output } = await workerOf(t, 'read -r job; exit 0');
  assert.deepEqual(await worker.run({}, output()), { exitCode: null, signal: null });
});

test('a log that can’t be written makes it odd, and ends nobody else', async t => {
  const { worker, output, odd } = await workerOf(t, 'read -r job; echo said; exit 3');
  assert.deepEqual(await worker.run({}, output('/dev/full')), { exitCode: 3, signal: null });
  assert.ok(odd() > 0);
});

test('a job of any text is one line', async t => {
  const { worker, output, log } = await workerOf(t, String.raw`read -r job; echo "$job"; exit 3`);
  await worker.run({ FILE: 'a\u2028b\u2029c\nd' }, output());
  assert.match(log(), /"a\\u2028b\\u2029c\\nd"/);
});

test('one that ends with its job has the job end as it did, with all that it said', async t => {
  const { worker, output, log } = await workerOf(
    t,
    String.raw`read -r job; echo to errors >&2; printf 'cut\n\0ende'; exit 3`,
  );
  assert.deepEqual(await worker.run({}, output()), { exitCode: 3, signal: null });
  await worker.over;
  assert.deepEqual(log().split('\n').toSorted(), ['\0ende', 'cut', 'to errors'].toSorted());
  assert.equal(worker.isFree, false);
});

test('a job for one that has ended ends at once', async t => {
  const { worker, output } = await workerOf(t, 'exit 0');
  await worker.over;
  assert.deepEqual(await worker.run({}, output()), { exitCode: null, signal: null });
});

test('one that speaks without a job is odd', async t => {
  const { odd } = await workerOf(t, 'echo unasked; sleep 60');
  await waitFor('it was told', () => odd() === 1);
});

test('each job has a folder, one at a time, and not before what came with the last one is over; one that is there again serves another', async t => {
  const { worker, output } = await workerOf(
    t,
    String.raw`while read -r job; do ${NAMED} printf '\0ended %s 0\n' $name; done`,
    3,
  );
  for (const place of ['a', 'b', 'a']) {
    assert.throws(() => worker.takePlace(), /not taken/);
    assert.deepEqual([worker.isFree, worker.take(), worker.isFree, worker.take()], [true, true, false, false]);
    assert.equal(worker.takePlace(), place);
    assert.deepEqual(await worker.run({}, output()), { exitCode: 0, signal: null });
    assert.equal(worker.isFree, false);
    assert.equal(worker.free(), worker.jobsLeft === 2);
    if (worker.jobsLeft !== 1) continue;
    worker.returnPlace('a');
    assert.equal(worker.isFree, true);
  }
  worker.returnPlace('b');
  assert.deepEqual([worker.jobsLeft, worker.placesLeft, worker.isFree], [0, 1, false]);
});
