import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileKey } from '../../default-etl/contract/contract.ts';
import { systemClock } from '../clock.ts';
import type { Dataset } from '../config/dataset.ts';
import { OrchestratorError } from '../errors.ts';
import { FINAL_STATES, type Run } from '../journal/journal.ts';
import type { Job, Outcome } from '../run/runner.ts';
import { waitFor } from '../testing/wait-for.ts';
import { NO_REFRESHES, parquetOf, ROWS, ScriptedRunner, SUCCESS, setUp } from './testing/bench.ts';
import { datasetOf } from '../config/testing/dataset.ts';

const isFinal = (run: Run): boolean => FINAL_STATES.includes(run.state);
const done: Outcome = { ...SUCCESS, results: [{ type: 'result', ...ROWS }] };
const paths = (job: Job) => ({ data: job.inputFolder, config: '/none', work: job.workDir });

test('a queued run is started with its environment, followed to its end, and leaves nothing but its log', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const seen: Array<Record<string, string>> = [];
  const runner = new ScriptedRunner(async job => {
    seen.push(job.environment(paths(job)));
    assert.equal(statSync(job.workDir).mode & 0o777, 0o700);
    return done;
  });
  await bench.schedule(runner, [dataset]);
  const { id } = await bench.arrive(dataset, 'north/a.csv');
  const run = await bench.until(id, isFinal);
  assert.equal(run.state, 'done');
  assert.equal(run.rows?.loaded, 2);
  assert.equal(seen[0]?.['FILE_KEY'], fileKey('sales', 'north/a.csv'));
  assert.equal(seen[0]?.['ATTEMPT'], '1');
  assert(existsSync(join(bench.dataDir, 'logs', id, '1.log')));
  await waitFor('its folder is gone', () => !existsSync(join(bench.dataDir, 'runs', id)));
});

test('rule 3: the key is of dataset and path, with append of the content, too', async t => {
  const bench = setUp(t);
  const replace = datasetOf('one', bench.watchDir);
  const append = datasetOf('two', bench.watchDir, { ON_CHANGE: 'append' });
  const runner = new ScriptedRunner(async () => done);
  await bench.schedule(runner, [replace, append]);
  const runs = [await bench.arrive(replace, 'a.csv'), await bench.arrive(append, 'a.csv')];
  const [one, two] = await Promise.all(runs.map(run => bench.until(run.id, isFinal)));
  assert.equal(one?.fileKey, fileKey('one', 'a.csv'));
  assert.equal(two?.fileKey, fileKey('two', 'a.csv', 'hash of a\n1\n'));
});

test('a failure is tried again until RETRIES are used up, and the history tells it', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir, { RETRIES: 2 });
  const runner = new ScriptedRunner(async () => ({ ...SUCCESS, exitCode: 3, errorText: 'no such column' }));
  await bench.schedule(runner, [dataset]);
  const { id } = await bench.arrive(dataset, 'a.csv');
  const run = await bench.until(id, isFinal);
  assert.equal(run.state, 'failed');
  assert.equal(run.error, 'exit code 3: no such column; gave up after 3 attempts');
  const attempts = await bench.journal.attempts(id);
  assert.deepEqual(
    attempts.map(({ outcome, exitCode }) => [outcome, exitCode]),
    [
      ['retry', 3],
      ['retry', 3],
      ['failed', 3],
    ],
  );
});

test('a clock that is set back by ten years delays no retry, neither while it goes on nor at the next start', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir, { RETRIES: 9 });
  const patient = { ...dataset, backoff: { firstMs: 600_000, factor: 1, maxMs: 600_000 } };
  let setBackMs = 0;
  const clock = { ...systemClock, now: () => systemClock.now() - setBackMs };
  let attempts = 0;
  const runner = new ScriptedRunner(async () => (++attempts % 2 === 1 ? { ...SUCCESS, exitCode: 3 } : done));
  const waits = (run: Run) => run.state === 'queued' && run.attempt > 0;
  const first = await bench.schedule(runner, [patient], { clock });
  const one = await bench.arrive(dataset, 'a.csv');
  await bench.until(one.id, waits);
  setBackMs = 10 * 365 * 86_400_000;
  first.wake();
  assert.equal((await bench.until(one.id, isFinal)).state, 'done');
  const two = await bench.arrive(dataset, 'b.csv');
  await bench.until(two.id, waits);
  await first.stop({ graceMs: 0 });
  setBackMs *= 2;
  await bench.schedule(runner, [patient], { clock });
  assert.equal((await bench.until(two.id, isFinal)).state, 'done');
});

test('no more runs at once than CONCURRENCY of the dataset and of all', async t => {
  const bench = setUp(t);
  const datasets = ['a', 'b'].map(name => datasetOf(name, join(bench.watchDir, name), { CONCURRENCY: 2 }));
  const most = new Map<string, number>();
  const full = Promise.withResolvers<void>();
  const runner = new ScriptedRunner(async () => {
    const living = [...runner.living].map(handle => runner.jobs.find(job => handle.startsWith(job.runId))?.datasetName);
    for (const name of ['a', 'b']) {
      most.set(name, Math.max(most.get(name) ?? 0, living.filter(each => each === name).length));
    }
    most.set('all', Math.max(most.get('all') ?? 0, living.length));
    if (runner.living.size === 3) full.resolve();
    await full.promise;
    return done;
  });
  const environment = { dataDir: bench.dataDir, elasticsearch: null, concurrency: 3, minFreeBytes: 0 };
  const runs: Run[] = [];
  for (let n = 0; n < 20; n++) {
    for (const dataset of datasets) runs.push(await bench.arrive(dataset, `${n}.csv`));
  }
  await bench.schedule(runner, datasets, { environment });
  for (const { id } of runs) assert.equal((await bench.until(id, isFinal)).state, 'done');
  assert.equal(most.get('a'), 2);
  assert((most.get('b') ?? 0) <= 2);
  assert.equal(most.get('all'), 3);
});

test('while an end waits to be recorded another file has the place, and nobody hears of done before its rows are found', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir, { CONCURRENCY: 2, LOAD: { target: 'elasticsearch' } });
  const { promise: shown, resolve: show } = Promise.withResolvers<void>();
  const asked: string[] = [];
  const told: Array<string | undefined> = [];
  const runner = new ScriptedRunner(async job => {
    told.push(job.environment(paths(job))['REFRESH']);
    return done;
  });
  const refresh = (index: string): Promise<void> => {
    asked.push(index);
    return shown;
  };
  await bench.schedule(runner, [dataset], { refreshes: { ...NO_REFRESHES, cover: () => true, refresh } });
  const runs = [];
  for (const name of ['a', 'b', 'c', 'd', 'e']) runs.push(await bench.arrive(dataset, `${name}.csv`));
  await waitFor('the engine is asked five times', () => asked.length === 5);
  assert.deepEqual(told, Array(5).fill('later'));
  assert.deepEqual(asked, Array(5).fill('sales'));
  for (const { id } of runs) assert.equal((await bench.journal.run(id))?.state, 'running');
  show();
  for (const { id } of runs) await bench.until(id, run => run.state === 'done');
});

test('one dataset cannot take all slots while another waits: its single file is next, though many came before it', async t => {
  for (const concurrency of [1, 2]) {
    const bench = setUp(t);
    const [many, single] = ['many', 'single'].map(name =>
      datasetOf(name, join(bench.watchDir, name), { CONCURRENCY: 4 }),
    ) as [Dataset, Dataset];
    const ends: Array<() => void> = [];
    let isOver = false;
    const runner = new ScriptedRunner(async () => {
      if (!isOver) await new Promise<void>(resolve => ends.push(resolve));
      return done;
    });
    const environment = { dataDir: bench.dataDir, elasticsearch: null, concurrency, minFreeBytes: 0 };
    for (let n = 0; n < 20; n++) await bench.arrive(many, `${n}.csv`);
    await bench.schedule(runner, [many, single], { environment });
    await waitFor('as many run as may', () => ends.length === concurrency);
    assert.deepEqual(new Set(runner.jobs.map(job => job.datasetName)), new Set(['many']));
    const { id } = await bench.arrive(single, 'one.csv');
    ends.shift()?.();
    await waitFor('one more has started', () => runner.jobs.length === concurrency + 1);
    assert.deepEqual([runner.jobs.at(-1)?.datasetName, runner.jobs.at(-1)?.runId], ['single', id]);
    isOver = true;
    for (const end of ends) end();
  }
});

test('runs of one dataset that do not end keep no other dataset waiting: one more than CONCURRENCY may run, and no second', async t => {
  const bench = setUp(t);
  const [slow, quick, other] = ['slow', 'quick', 'other'].map(name =>
    datasetOf(name, join(bench.watchDir, name), { CONCURRENCY: 64 }),
  ) as [Dataset, Dataset, Dataset];
  let late = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + late };
  const end = Promise.withResolvers<void>();
  const runner = new ScriptedRunner(async ({ datasetName: dataset }) => {
    if (dataset !== 'quick') await end.promise;
    return done;
  });
  const environment = { dataDir: bench.dataDir, elasticsearch: null, concurrency: 2, minFreeBytes: 0 };
  for (let n = 0; n < 4; n++) await bench.arrive(slow, `${n}.csv`);
  const scheduler = await bench.schedule(runner, [slow, quick, other], { environment, clock });
  await waitFor('both have started', () => runner.jobs.length === 2);
  const { id } = await bench.arrive(quick, 'one.csv');
  late = 9_000;
  scheduler.wake();
  assert.equal((await bench.journal.run(id))?.state, 'queued');
  late = 10_000;
  scheduler.wake();
  assert.equal((await bench.until(id, isFinal)).state, 'done');
  const first = await bench.arrive(other, 'one.csv');
  await bench.until(first.id, run => run.state === 'running');
  const second = await bench.arrive(quick, 'two.csv');
  late = 30_000;
  scheduler.wake();
  await waitFor('three run', () => runner.living.size === 3);
  assert.equal((await bench.journal.run(second.id))?.state, 'queued');
  assert.deepEqual(runner.jobs.map(job => job.datasetName).toSorted(), ['other', 'quick', 'slow', 'slow']);
  end.resolve();
  assert.equal((await bench.until(second.id, isFinal)).state, 'done');
});

test('rule 2: an engine that is away is waited for with its reason, no retry is used up, and it recovers by itself', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir, { RETRIES: 0 });
  let isAway = true;
  const runner = new ScriptedRunner(async () => done);
  const runners = {
    for: async () => {
      if (isAway) throw new OrchestratorError('wait', 'the Docker engine does not answer');
      return { runner, reason: 'it is there' };
    },
    of: () => runner,
    all: () => [],
  };
  await bench.schedule(runner, [dataset], { runners });
  const { id } = await bench.arrive(dataset, 'a.csv');
  const waiting = await bench.until(id, run => run.state === 'queued' && run.waits > 0);
  assert.match(waiting.error ?? '', /the Docker engine does not answer/);
  isAway = false;
  const run = await bench.until(id, isFinal);
  assert.deepEqual([run.state, run.retriesUsed], ['done', 0]);
});

test('an engine that goes away meanwhile does not end the run', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir, { RETRIES: 0 });
  let calls = 0;
  const runner = new ScriptedRunner(async () => {
    if (++calls === 1) throw new OrchestratorError('wait', 'the Docker engine went away');
    return done;
  });
  await bench.schedule(runner, [dataset]);
  const { id } = await bench.arrive(dataset, 'a.csv');
  const run = await bench.until(id, isFinal);
  assert.deepEqual([run.state, run.attempt], ['done', 1]);
});

for (const reason of ['cancel', 'timeout'] as const) {
  test(`what was stopped and is dead is not followed without end (${reason})`, async t => {
    const bench = setUp(t);
    const dataset = {
      ...datasetOf('sales', bench.watchDir, { RETRIES: 0 }),
      timeoutMs: reason === 'timeout' ? 100 : 1e9,
    };
    const runner = new ScriptedRunner(async () => Promise.reject(new OrchestratorError('wait', 'its log is broken')));
    const clock = { ...systemClock, after: (ms: number, act: () => void) => systemClock.after(ms / 20, act) };
    await bench.schedule(runner, [dataset], { clock });
    const { id } = await bench.arrive(dataset, 'a.csv');
    await bench.until(id, run => run.handle !== null && run.handle !== '');
    if (reason === 'cancel') await bench.journal.cancel(id, Date.now());
    const { state, error } = await bench.until(id, isFinal);
    assert.equal(state, reason === 'cancel' ? 'cancelled' : 'failed');
    assert.match(error ?? '', reason === 'cancel' ? /cancelled on request/ : /took longer than TIMEOUT/);
  });
}

test('a program that is superseded again and again runs as often as RETRIES says', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir, { RETRIES: 1 });
  const runner = new ScriptedRunner(async () => ({ ...SUCCESS, exitCode: 75, supersededBy: 2 ** 40 }));
  await bench.schedule(runner, [dataset]);
  const { id } = await bench.arrive(dataset, 'a.csv');
  const run = await bench.until(id, isFinal);
  assert.deepEqual([run.state, run.attempt], ['failed', 3]);
});

test('what can never work as configured is failed at once', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const runner = new ScriptedRunner(async () => done);
  runner.start = async () => Promise.reject(new OrchestratorError('never', 'COMMAND nope is not there'));
  await bench.schedule(runner, [dataset]);
  const { id } = await bench.arrive(dataset, 'a.csv');
  const run = await bench.until(id, isFinal);
  assert.deepEqual([run.state, run.error, run.attempt], ['failed', 'COMMAND nope is not there', 1]);
});

test('a request to cancel stops a running run at once', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  await bench.schedule(new ScriptedRunner(async () => undefined), [dataset]);
  const { id } = await bench.arrive(dataset, 'a.csv');
  await bench.until(id, run => run.handle !== null && run.handle !== '');
  await bench.journal.cancel(id, Date.now());
  assert.equal((await bench.until(id, isFinal)).state, 'cancelled');
});

test('a run that takes longer than TIMEOUT is stopped and counts as a failure', async t => {
  const bench = setUp(t);
  const dataset = { ...datasetOf('sales', bench.watchDir, { RETRIES: 0 }), timeoutMs: 30 };
  await bench.schedule(new ScriptedRunner(async () => undefined), [dataset]);
  const { id } = await bench.arrive(dataset, 'a.csv');
  const run = await bench.until(id, isFinal);
  assert.equal(run.state, 'failed');
  assert.match(run.error ?? '', /took longer than TIMEOUT \(30 ms\)/);
});

test('rule 6: a file that changed before its attempt is skipped, one that is gone cancelled, and nothing is started', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const changed = await bench.arrive(dataset, 'changed.csv');
  const gone = await bench.arrive(dataset, 'gone.csv');
  writeFileSync(join(bench.watchDir, 'changed.csv'), 'other and longer');
  rmSync(join(bench.watchDir, 'gone.csv'));
  const runner = new ScriptedRunner(async () => done);
  await bench.schedule(runner, [dataset]);
  assert.equal((await bench.until(changed.id, isFinal)).state, 'skipped');
  assert.equal((await bench.until(gone.id, isFinal)).state, 'cancelled');
  assert.equal(runner.jobs.length, 0);
});

test('a run waits while WATCH_DIR is not there, and no retry is used up', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir, { RETRIES: 0 });
  const { id } = await bench.arrive(dataset, 'a.csv');
  renameSync(bench.watchDir, `${bench.watchDir}-away`);
  const runner = new ScriptedRunner(async () => done);
  await bench.schedule(runner, [dataset]);
  const waiting = await bench.until(id, run => run.waits > 0);
  assert.match(waiting.error ?? '', /WATCH_DIR .* is not there/);
  assert.equal(runner.jobs.length, 0);
  renameSync(`${bench.watchDir}-away`, bench.watchDir);
  const run = await bench.until(id, isFinal);
  assert.deepEqual([run.state, run.retriesUsed], ['done', 0]);
});

test('rule 6: a file that goes while it is read is cancelled, and the error tells of the former version’s rows', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const runner = new ScriptedRunner(async job => {
    if (job.action === 'add') return done;
    writeFileSync(join(job.workDir, 'reserve'), '100000');
    rmSync(job.file);
    return { ...SUCCESS, exitCode: 75, errorText: 'the file changed while it was read' };
  });
  await bench.schedule(runner, [dataset]);
  const first = await bench.arrive(dataset, 'a.csv');
  await bench.until(first.id, isFinal);
  const second = await bench.arrive(dataset, 'a.csv', 'a\n1\n2\n');
  const run = await bench.until(second.id, isFinal);
  assert.equal(run.state, 'cancelled');
  assert.match(run.error ?? '', /rows of the former version were partly overwritten/);
});

test('rule 5: what an attempt reserved is the next one’s FILE_ROWS, whatever became of it', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const fileRows: string[] = [];
  const runner = new ScriptedRunner(async (job, attempt) => {
    fileRows.push(job.environment(paths(job))['FILE_ROWS'] ?? '');
    writeFileSync(join(job.workDir, 'reserve'), String(300_000 - attempt * 100_000));
    return attempt < 3 ? { ...SUCCESS, exitCode: attempt === 1 ? 75 : 1 } : done;
  });
  await bench.schedule(runner, [dataset]);
  const { id } = await bench.arrive(dataset, 'a.csv');
  await bench.until(id, isFinal);
  const again = await bench.arrive(dataset, 'a.csv', 'a\n3\n');
  await bench.until(again.id, isFinal);
  assert.deepEqual(fileRows.slice(0, 4), ['0', '200000', '200000', '2']);
});

test('rule 4: with a newer version in the index than the journal knows, the run goes on above it', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir, { RETRIES: 0 });
  const versions: number[] = [];
  const runner = new ScriptedRunner(async job => {
    versions.push(Number(job.environment(paths(job))['VERSION']));
    const [first] = versions as [number];
    return versions.length === 1 ? { ...SUCCESS, exitCode: 75, supersededBy: first + 1000 } : done;
  });
  await bench.schedule(runner, [dataset]);
  const { id } = await bench.arrive(dataset, 'a.csv');
  assert.equal((await bench.until(id, isFinal)).state, 'done');
  assert((versions[1] as number) > (versions[0] as number) + 1000);
});

test('rule 7: rows that do not add up are a failed run, never a done one', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const results = [{ type: 'result' as const, ...ROWS, rows_loaded: 1 }];
  await bench.schedule(new ScriptedRunner(async () => ({ ...SUCCESS, results })), [dataset]);
  const { id } = await bench.arrive(dataset, 'a.csv');
  assert.equal((await bench.until(id, isFinal)).state, 'failed');
});

test('the lake gets the attempt’s file in one step before the run is done, and loses it with the last row', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir, { LOAD: { target: 'lake' } });
  const runner = new ScriptedRunner(async job => {
    const content = readFileSync(job.file, 'utf8');
    if (content === 'none') return { ...SUCCESS, results: [{ type: 'result', ...ROWS, rows_read: 0, rows_loaded: 0 }] };
    if (content !== 'missing') writeFileSync(join(job.workDir, 'out.parquet'), parquetOf(content));
    return done;
  });
  await bench.schedule(runner, [dataset]);
  const parquet = join(bench.dataDir, 'lake', 'sales', `a.csv.${fileKey('sales', 'a.csv')}.parquet`);
  const states: string[] = [];
  for (const content of ['one', 'three', 'missing', 'none']) {
    const { id } = await bench.arrive(dataset, 'a.csv', content);
    const run = await bench.until(id, isFinal);
    states.push(`${run.state} ${existsSync(parquet) ? readFileSync(parquet, 'latin1').slice(4, -8) : '-'}`);
  }
  assert.deepEqual(states, ['done one', 'done three', 'failed three', 'done -']);
});

test('RUN_PER: folder takes all that waits in one attempt; each file has its own end, retry, log and rejects', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir, { RUN_PER: 'folder' });
  const sizes: number[] = [];
  const runner = new ScriptedRunner(async job => {
    job.writeFiles(paths(job));
    const list = JSON.parse(readFileSync(join(job.workDir, 'files.json'), 'utf8')) as Array<Record<string, string>>;
    sizes.push(list.length);
    for (const { WORK_DIR, FILE_PATH } of list)
      writeFileSync(join(WORK_DIR as string, 'rejects.ndjson'), `${FILE_PATH}`);
    const codeOf = (file: string): number => (file === 'b.csv' && sizes.length === 1 ? 1 : 0);
    const results = list.map(({ FILE_PATH = '' }) => ({
      type: 'result' as const,
      ...ROWS,
      file: FILE_PATH,
      code: codeOf(FILE_PATH),
    }));
    return { ...SUCCESS, exitCode: results.some(({ code }) => code !== 0) ? 1 : 0, results };
  });
  const runs = [];
  for (const name of ['a.csv', 'b.csv', 'c.csv']) runs.push(await bench.arrive(dataset, name));
  await bench.schedule(runner, [dataset]);
  const ended = await Promise.all(runs.map(run => bench.until(run.id, isFinal)));
  assert.deepEqual(
    ended.map(run => [run.state, run.attempt]),
    [
      ['done', 1],
      ['done', 2],
      ['done', 1],
    ],
  );
  assert.deepEqual(sizes, [3, 1]);
  for (const { id, attempt, file } of ended) {
    const rejects = join(bench.dataDir, 'runs', id, String(attempt), 'rejects.ndjson');
    await waitFor('the rejects are there', () => existsSync(rejects));
    assert.equal(readFileSync(rejects, 'utf8'), file);
    assert(existsSync(join(bench.dataDir, 'logs', id, `${attempt}.log`)));
  }
});

test('rule 12: mended rows run as the file they are, and are refused once the path has a newer version', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const contents: string[] = [];
  const runner = new ScriptedRunner(async job => {
    contents.push(readFileSync(job.environment(paths(job))['FILE'] ?? '', 'utf8'));
    return done;
  });
  const scheduler = await bench.schedule(runner, [dataset]);
  const { id } = await bench.arrive(dataset, 'a.csv');
  await bench.until(id, isFinal);
  const mendFile = join(bench.dataDir, 'mended', id, 'a.ndjson');
  mkdirSync(dirname(mendFile), { recursive: true });
  writeFileSync(mendFile, '{"row":2}\n');
  const mend = await bench.journal.mend(id, mendFile, Date.now());
  assert.equal((await bench.until(mend.id, isFinal)).state, 'done');
  assert.equal(contents[1], '{"row":2}\n');
  await scheduler.stop({ graceMs: 0 });
  const late = await bench.journal.mend(id, mendFile, Date.now());
  writeFileSync(join(bench.watchDir, 'a.csv'), 'a newer one');
  await bench.schedule(runner, [dataset]);
  assert.equal((await bench.until(late.id, isFinal)).state, 'skipped');
});

test('rule 13: below the floor of free space nothing is started, it says so once, and goes on by itself', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const runner = new ScriptedRunner(async () => done);
  let free = 10;
  const environment = { dataDir: bench.dataDir, elasticsearch: null, concurrency: 3, minFreeBytes: 1000 };
  const { id } = await bench.arrive(dataset, 'a.csv');
  const scheduler = await bench.schedule(runner, [dataset], { environment, freeBytesOf: async () => free });
  await waitFor('it waits', () => scheduler.status().waiting !== null);
  assert.match(scheduler.status().waiting ?? '', /MIN_FREE/);
  scheduler.wake();
  assert.equal((await bench.journal.run(id))?.state, 'queued');
  assert.equal(runner.jobs.length, 0);
  assert.equal(bench.logged.filter(line => line.includes('MIN_FREE')).length, 1);
  free = 2000;
  assert.equal((await bench.until(id, isFinal)).state, 'done');
  assert.equal(scheduler.status().waiting, null);
});

test('rule 10: a container that outlived its orchestrator is adopted; its timeout goes on from its start', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const { id } = await bench.arrive(dataset, 'a.csv');
  const runner = await diedWith(bench, dataset.name, id);
  runner.recover = async () => ({ state: 'adopt', handle: `${id}/1` });
  await bench.schedule(runner, [dataset]);
  const run = await bench.until(id, isFinal);
  assert.deepEqual([run.state, run.attempt], ['done', 1]);
  assert.match((await bench.journal.attempts(id))[0]?.outcome ?? '', /adopted/);
  assert.ok(bench.logged.some(line => /a\.csv: .* went on while no orchestrator ran/.test(line)));
});

test('rule 10: an attempt seen dead goes back to the queue without using up a retry, its reserved rows remembered', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir, { RETRIES: 0 });
  const { id } = await bench.arrive(dataset, 'a.csv');
  const runner = await diedWith(bench, dataset.name, id);
  mkdirSync(join(bench.dataDir, 'runs', id, '1'), { recursive: true });
  writeFileSync(join(bench.dataDir, 'runs', id, '1', 'reserve'), '100000');
  await bench.schedule(runner, [dataset]);
  const run = await bench.until(id, isFinal);
  assert.deepEqual([run.state, run.attempt, run.retriesUsed], ['done', 2, 0]);
  const [job] = runner.jobs.slice(-1) as [Job];
  assert.equal(job.attempt, 2);
  assert.match((await bench.journal.attempts(id))[0]?.error ?? '', /died during attempt 1/);
  assert.equal(job.environment(paths({ ...job, workDir: '/none' }))['FILE_ROWS'], '100000');
});

test('rule 2: with the engine away no new attempt starts before the old one is seen dead', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const { id } = await bench.arrive(dataset, 'a.csv');
  const runner = await diedWith(bench, dataset.name, id);
  let asked = 0;
  runner.recover = async () => {
    if (++asked === 1) throw new OrchestratorError('wait', 'the engine is away');
    assert.equal(runner.jobs.filter(job => job.attempt === 2).length, 0);
    return { state: 'dead' };
  };
  const scheduler = await bench.schedule(runner, [dataset]);
  assert.equal(scheduler.status().recovering, 1);
  const run = await bench.until(id, isFinal);
  assert.deepEqual([run.state, run.attempt, asked], ['done', 2, 2]);
  assert.equal(scheduler.status().recovering, 0);
});

test('secrets do not reach the journal', async t => {
  const bench = setUp(t);
  const dataset = { ...datasetOf('sales', bench.watchDir), secrets: ['hunter2'] };
  const outcome = { ...SUCCESS, exitCode: 65, errorText: 'login with hunter2 refused' };
  await bench.schedule(new ScriptedRunner(async () => outcome), [dataset]);
  const { id } = await bench.arrive(dataset, 'a.csv');
  assert.match((await bench.until(id, isFinal)).error ?? '', /login with \*\*\* refused/);
});

test('rejects of a done run are kept, and nothing else of its work', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const results = [{ type: 'result' as const, ...ROWS, rows_loaded: 1, rows_rejected: 1 }];
  const runner = new ScriptedRunner(async job => {
    for (const name of ['rejects.ndjson', 'reserve', 'scratch']) writeFileSync(join(job.workDir, name), '1');
    return { ...SUCCESS, results };
  });
  await bench.schedule(runner, [dataset]);
  const { id } = await bench.arrive(dataset, 'a.csv');
  await bench.until(id, isFinal);
  const workDir = join(bench.dataDir, 'runs', id, '1');
  await waitFor('one entry is left', () => readdirSync(workDir).length === 1);
  assert.deepEqual(readdirSync(workDir), ['rejects.ndjson']);
});

/** Leaves a run as an orchestrator does that is killed while an attempt goes on. */
async function diedWith(bench: ReturnType<typeof setUp>, dataset: string, id: string): Promise<ScriptedRunner> {
  const slots = [{ dataset, free: 1, strict: false, order: 'arrival' as const, perFolder: false }];
  const [[run] = []] = await bench.journal.claim({
    holder: 'the dead one',
    leaseMs: 30_000,
    now: Date.now(),
    slots,
    limit: 1,
  });
  const key = { fileKey: fileKey(dataset, 'a.csv'), append: false, rebuilds: false, indexFor: () => dataset };
  assert(run);
  await bench.journal.ledger(run, key);
  await bench.journal.started(run, 'process', `${id}/1`);
  const runner = new ScriptedRunner(async () => done);
  runner.jobs.push({ runId: id, attempt: 1 } as Job);
  return runner;
}
