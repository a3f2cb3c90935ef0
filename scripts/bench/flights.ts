// The flights of 2013 (336,776 rows) beside the raw bulk limit: the same documents, rendered beforehand, into an index of
// the same mapping on the same server, in turns, so that whatever slows the machine slows both.
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from '../../orchestrator/e2e/harness.ts';
import { fixture } from '../fixtures.ts';
import type { Target } from './elasticsearch.ts';
import { cpuSeconds, type Load, loadRows, type Rows } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { type Bodies, renderBodies, sendBodies } from './raw-bulk.ts';

const RUNNERS = ['process', 'docker'] as const;
const RAW_INDEX = 'bench-flights-raw';

export async function benchFlights(target: Target, { turns }: BenchOptions): Promise<Rows> {
  const flights = await fixture('flights.csv');
  const bodies = await renderBodies(flights);
  // Others can enter it, as is usual: runs read the file itself and no copy.
  const folder = await makeFolder(Object.fromEntries(RUNNERS.map(runner => [nameOf(runner), yamlOf(runner)])), 0o755);
  const orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: target.node });
  const loads: Record<'raw bulk limit' | (typeof RUNNERS)[number], Load[]> = {
    'raw bulk limit': [],
    process: [],
    docker: [],
  };
  try {
    // Not counted, as in latency.ts: the first file of a new checkout compiles the code that is kept for those after it.
    for (const runner of RUNNERS) {
      await throughOrchestrator(orchestrator, runner, flights, 'first');
      await target.remove(nameOf(runner));
    }
    for (let turn = 0; turn < turns; turn++) {
      for (const runner of RUNNERS) loads[runner].push(await throughOrchestrator(orchestrator, runner, flights, turn));
      loads['raw bulk limit'].push(await loadRaw(target, bodies));
      for (const runner of RUNNERS) {
        await target.mustHold(nameOf(runner), bodies.documents);
        await target.remove(nameOf(runner)); // each turn fills a new index
      }
    }
  } finally {
    await orchestrator.kill('SIGTERM');
    await removeFolder(folder);
    for (const index of [...RUNNERS.map(nameOf), RAW_INDEX]) await target.remove(index);
  }
  const { process: asProcess, docker, ...raw } = loads;
  return loadRows({ ...raw, 'orchestrator, process': asProcess, 'orchestrator, docker': docker }, bodies.documents);
}

/** Fills a new index with the mapping and settings of the process's. */
async function loadRaw(target: Target, bodies: Bodies): Promise<Load> {
  await target.remove(RAW_INDEX);
  await target.create(RAW_INDEX, await target.describe(nameOf('process')));
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  await sendBodies(target.node, RAW_INDEX, bodies);
  await target.refresh(RAW_INDEX);
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  await target.mustHold(RAW_INDEX, bodies.documents);
  return { seconds, cpu: (user + system) / 1e6 };
}

function nameOf(runner: string): string {
  return `bench-flights-${runner}`;
}

function yamlOf(runner: string): string {
  return `WATCH_DIR: '{folder}/in/${runner}'\nRUNNER: ${runner}\nREMOVE_FILE: true\nON_CHANGE: replace\nLOAD: { target: elasticsearch, index: ${nameOf(runner)} }\n`;
}

/** From the close of the copy to the end that the journal gives the run. */
async function throughOrchestrator(
  orchestrator: TestOrchestrator,
  runner: string,
  flights: string,
  turn: number | 'first',
): Promise<Load> {
  const folder = join(orchestrator.folder, 'in', runner);
  const name = `flights-${turn}.csv`;
  await mkdir(folder, { recursive: true });
  const before = cpuSeconds(orchestrator.process.pid!);
  await copyFile(flights, join(folder, name));
  const closedAt = Date.now();
  const query = `dataset=${nameOf(runner)}&file=${name}`;
  const [run] = await orchestrator.waitForRuns(query, runs => runs.some(({ endedAt }) => endedAt !== null), 180_000);
  const cpu = cpuSeconds(orchestrator.process.pid!) - before;
  if (run?.state !== 'done') throw new Error(`${name} ended as ${run?.state}: ${run?.error}`);
  await rm(join(folder, name), { force: true });
  return { seconds: (Date.parse(run.endedAt!) - closedAt) / 1000, cpu: runner === 'process' ? cpu : null };
}
