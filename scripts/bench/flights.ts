// The flights of 2013 (336,776 rows) beside the raw bulk limit: the same documents, rendered beforehand, into an index of
// the same mapping on the same server, in turns, so that whatever slows the machine slows both.
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from '../../orchestrator/e2e/harness.ts';
import { fixture } from '../fixtures.ts';
import type { Target } from './elasticsearch.ts';
import { cpuSeconds, median, round, type Rows } from './measure.ts';
import { type Bodies, renderBodies, sendBodies } from './raw-bulk.ts';

const TURNS = 5;
const RUNNERS = ['process', 'docker'] as const;
const RAW_INDEX = 'bench-flights-raw';

/** One load: CPU is the client's, null where it is in a container, out of our sight. */
interface Load {
  seconds: number;
  cpu: number | null;
}

export async function benchFlights(target: Target): Promise<Rows> {
  const flights = await fixture('flights.csv');
  const bodies = await renderBodies(flights);
  const folder = await makeFolder(Object.fromEntries(RUNNERS.map(runner => [nameOf(runner), yamlOf(runner)])));
  const orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: target.node });
  const loads: Record<string, Load[]> = { raw: [], process: [], docker: [] };
  try {
    for (let turn = 0; turn < TURNS; turn++) {
      for (const runner of RUNNERS) loads[runner]!.push(await throughOrchestrator(orchestrator, runner, flights, turn));
      loads['raw']!.push(await raw(target, bodies));
      for (const runner of RUNNERS) await clear(target, nameOf(runner), bodies.documents);
    }
  } finally {
    await orchestrator.kill('SIGTERM');
    await removeFolder(folder);
    for (const index of [...RUNNERS.map(nameOf), RAW_INDEX]) await target.remove(index);
  }
  const limit = bodies.documents / median(loads['raw']!.map(({ seconds }) => seconds));
  return Object.entries(loads).map(([what, taken]) => rowOf(what, taken, bodies.documents, limit));
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
  turn: number,
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

async function raw(target: Target, bodies: Bodies): Promise<Load> {
  await target.remove(RAW_INDEX);
  await target.createLike(nameOf('process'), RAW_INDEX);
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  await sendBodies(target.node, RAW_INDEX, bodies);
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  await mustHold(target, RAW_INDEX, bodies.documents);
  return { seconds, cpu: (user + system) / 1e6 };
}

/** Each turn fills a new index. */
async function clear(target: Target, index: string, documents: number): Promise<void> {
  await mustHold(target, index, documents);
  await target.remove(index);
}

async function mustHold(target: Target, index: string, documents: number): Promise<void> {
  const count = await target.count(index);
  if (count !== documents) throw new Error(`${index} holds ${count} documents, not ${documents}`);
}

function rowOf(what: string, loads: Load[], documents: number, limit: number): Rows[number] {
  const seconds = median(loads.map(load => load.seconds));
  const cpus = loads.map(({ cpu }) => cpu).filter(cpu => cpu !== null);
  return {
    what: what === 'raw' ? 'raw bulk limit' : `orchestrator, ${what}`,
    documents,
    'median s': round(seconds, 2),
    'documents/s': round(documents / seconds),
    'share of limit': round(documents / seconds / limit, 3),
    'client CPU s': cpus.length > 0 ? round(median(cpus), 2) : null,
    'all s': loads.map(load => load.seconds.toFixed(2)).join(' '),
  };
}
