// The default ETL alone, as a process, beside the raw bulk limit: what of the flights' time is the orchestrator's.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { fixture } from '../fixtures.ts';
import { runCommand } from '../services/command.ts';
import type { Target } from './elasticsearch.ts';
import { cpuSeconds, type Load, loadRows, type Rows } from './measure.ts';
import { type Bodies, loadRaw, renderBodies } from './raw-bulk.ts';

const TURNS = 5;
const INDEX = 'bench-etl';
const RAW_INDEX = 'bench-etl-raw';
const program = fileURLToPath(new URL('../../default-etl/main.ts', import.meta.url));

export async function benchEtl(target: Target): Promise<Rows> {
  const flights = await fixture('flights.csv');
  const bodies: Bodies = await renderBodies(flights);
  const loads: { 'raw bulk limit': Load[]; 'default-etl, process': Load[] } = {
    'raw bulk limit': [],
    'default-etl, process': [],
  };
  try {
    for (let turn = 0; turn < TURNS; turn++) {
      loads['default-etl, process'].push(await loadByEtl(target, flights));
      await target.mustHold(INDEX, bodies.documents);
      loads['raw bulk limit'].push(await loadRaw(target, bodies, { like: INDEX, index: RAW_INDEX }));
      await target.remove(INDEX);
    }
  } finally {
    for (const index of [INDEX, RAW_INDEX]) await target.remove(index);
  }
  return loadRows(loads, bodies.documents);
}

async function loadByEtl(target: Target, flights: string): Promise<Load> {
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-bench-'));
  const before = cpuSeconds(process.pid);
  const begin = performance.now();
  try {
    const LOAD = JSON.stringify({ target: 'elasticsearch', index: INDEX });
    await runCommand(process.execPath, [program, flights], {
      env: { ELASTICSEARCH_NODE: target.node, DATASET: INDEX, LOAD, WORK_DIR: folder },
    });
    return { seconds: (performance.now() - begin) / 1000, cpu: cpuSeconds(process.pid) - before };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
