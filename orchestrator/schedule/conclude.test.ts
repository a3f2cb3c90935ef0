import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROWS, ScriptedRunner, SUCCESS, setUp } from './testing/bench.ts';
import { datasetOf } from '../config/testing/dataset.ts';

test('rule 8: what will become of a file is written down before the end of its run is, and carried out after', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const seen: string[] = [];
  const { promise: carriedOut, resolve } = Promise.withResolvers<void>();
  const disposer = {
    intend: async ({ id }: { id: string }) => void seen.push(`intended while ${(await bench.journal.run(id))?.state}`),
    ended({ state }: { state: string }) {
      seen.push(`carried out when ${state}`);
      resolve();
    },
    released: async () => undefined,
  };
  const outcome = { ...SUCCESS, results: [{ type: 'result' as const, ...ROWS }] };
  await bench.schedule(new ScriptedRunner(async () => outcome), [dataset], { disposer });
  await bench.arrive(dataset, 'a.csv');
  await carriedOut;
  assert.deepEqual(seen, ['intended while running', 'carried out when done']);
});

test('rule 5: what may be in the target is written down, unless the target refused every row', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const fileRows: Array<string | undefined> = [];
  const rejected = { type: 'result' as const, ...ROWS, rows_loaded: 0, rows_rejected: 2 };
  const outcomes = [
    { ...SUCCESS, exitCode: 65, results: [rejected] },
    { ...SUCCESS, exitCode: 65, errorText: 'no table' },
    { ...SUCCESS, results: [{ type: 'result' as const, ...ROWS }] },
  ];
  const runner = new ScriptedRunner(async job => {
    fileRows.push(job.environment({ data: '/data', config: '/config', work: '/work' })['FILE_ROWS']);
    writeFileSync(join(job.workDir, 'reserve'), '5000000\n');
    return outcomes[fileRows.length - 1];
  });
  const scheduler = await bench.schedule(runner, [dataset]);
  for (const [n] of outcomes.entries()) {
    const { id } = await bench.arrive(dataset, 'a.csv', `a\n${n}\n`);
    scheduler.wake();
    await bench.until(id, run => run.endedAt !== null);
  }
  assert.deepEqual(fileRows, ['0', '0', '5000000']);
});

test('what is to be checked is what the attempt said and what is a guess in how the file was read, only where it is done', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir, { RETRIES: 0 });
  const decision = { name: 'sheet', value: 'Lisez-moi', confidence: 0.2, reason: 'there are 3' };
  const runner = new ScriptedRunner(async (job, _attempt, say) => {
    say({ type: 'to_check', sentences: ['said first'] });
    say({ type: 'to_check', sentences: ['4 values are not dates'] });
    say({ type: 'decided', decisions: [decision, { ...decision, name: 'header', confidence: 1 }] });
    if (job.file.endsWith('b.csv')) return { ...SUCCESS, exitCode: 3 };
    return { ...SUCCESS, results: [{ type: 'result' as const, ...ROWS }] };
  });
  await bench.schedule(runner, [dataset]);
  const runs = [await bench.arrive(dataset, 'a.csv'), await bench.arrive(dataset, 'b.csv')];
  const [done, failed] = await Promise.all(runs.map(({ id }) => bench.until(id, run => run.endedAt !== null)));
  assert.deepEqual(done?.toCheck, [
    'it was read with sheet "Lisez-moi", which is only 20 % sure: there are 3',
    '4 values are not dates',
  ]);
  assert.deepEqual([failed?.state, failed?.toCheck], ['failed', []]);
});

test('whoever hears of the end finds the rejects in their place, and ours alone', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const rejected = { type: 'result' as const, ...ROWS, rows_loaded: ROWS.rows_read - 1, rows_rejected: 1 };
  let rejects = '';
  const runner = new ScriptedRunner(async job => {
    rejects = join(job.workDir, 'rejects.ndjson');
    writeFileSync(rejects, '{"row":1,"line":2,"reason":"bad","raw":"x"}\n', { mode: 0o644 });
    return { ...SUCCESS, results: [rejected] };
  });
  const modes: number[] = [];
  bench.journal.onChange(run => {
    if (run.endedAt !== null) modes.push(statSync(rejects).mode & 0o777);
  });
  await bench.schedule(runner, [dataset]);
  const { id } = await bench.arrive(dataset, 'a.csv');
  await bench.until(id, run => run.endedAt !== null);
  assert.deepEqual(modes, [0o600]);
});
