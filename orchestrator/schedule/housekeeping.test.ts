import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../clock.ts';
import { prune, startHousekeeping } from './housekeeping.ts';
import { ROWS, ScriptedRunner, SUCCESS, setUp } from './testing/bench.ts';
import { datasetOf } from '../config/testing/dataset.ts';

const done = { ...SUCCESS, results: [{ type: 'result' as const, ...ROWS }] };

test('rule 13: old runs go with their logs and rejects, never a path’s latest version', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const scheduler = await bench.schedule(new ScriptedRunner(async () => done), [dataset]);
  const runs = [];
  for (const content of ['one', 'three']) {
    const { id } = await bench.arrive(dataset, 'a.csv', content);
    runs.push(await bench.until(id, run => run.endedAt !== null));
  }
  await scheduler.stop({ graceMs: 1000 });
  const [old, latest] = runs.map(run => join(bench.dataDir, 'logs', run.id)) as [string, string];
  const { journal, dataDir, logger } = bench;
  const clock = { ...systemClock, now: () => Date.now() + 1000 };
  assert.equal(await prune({ journal, dataDir, retentionMs: 0, clock, logger }), 1);
  assert(!existsSync(old) && existsSync(latest));
});

test('work folders that a crash left are cleared, those of running attempts are not', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const { id } = await bench.arrive(dataset, 'a.csv');
  const [known, unknown] = [id, 'nobody'].map(name => join(bench.dataDir, 'runs', name, '1')) as [string, string];
  for (const folder of [known, unknown]) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'reserve'), '5');
  }
  const { journal, dataDir, logger } = bench;
  const housekeeping = startHousekeeping({ journal, dataDir, retentionMs: 1e9, clock: systemClock, logger });
  while (existsSync(unknown)) await new Promise(resolve => setImmediate(resolve));
  await housekeeping.stop();
  assert(existsSync(join(known, 'reserve')));
});
