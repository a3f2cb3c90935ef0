import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setUp } from './testing/bench.ts';
import { datasetOf } from '../config/testing/dataset.ts';

const PROGRAM = join(import.meta.dirname, 'testing', 'orchestrate.ts');

test('rules 2 and 10: killed again and again, each file is done in the end, no retry is used up, and no two attempts meet', async t => {
  const bench = setUp(t);
  const dataset = datasetOf('sales', bench.watchDir);
  const runs = [];
  for (const name of ['a.csv', 'b.csv', 'c.csv']) runs.push(await bench.arrive(dataset, name));
  let child: ChildProcess | undefined;
  t.after(() => child?.kill('SIGKILL'));
  for (const aliveMs of [0, 40, 90, 150]) {
    child = await orchestrate(bench.dataDir, bench.watchDir);
    await new Promise(resolve => setTimeout(resolve, aliveMs));
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  child = await orchestrate(bench.dataDir, bench.watchDir);
  for (const { id, file } of runs) {
    const run = await bench.until(id, ({ endedAt }) => endedAt !== null);
    assert.deepEqual([run.state, run.retriesUsed], ['done', 0]);
    const lines = linesOf(join(bench.dataDir, 'logs', id));
    assert(lines.includes('end') && !lines.includes('overlap'), `${file}: ${lines.join(' ')}`);
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
});

/** What all attempts of a run printed. */
function linesOf(folder: string): string[] {
  return readdirSync(folder).flatMap(name => readFileSync(join(folder, name), 'utf8').split('\n'));
}

async function orchestrate(dataDir: string, watchDir: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [PROGRAM, dataDir, watchDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('the orchestrator did not start'))),
  ]);
  return child;
}
