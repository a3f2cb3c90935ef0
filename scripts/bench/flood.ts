// Many small files at once: from the first one's close to the last run's end, beside a program by hand that puts the
// rows of many files in one request and accounts for nothing. Each way fills an index of its own; all documents must be
// there, and each file must have a run that is done.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from '../../orchestrator/e2e/harness.ts';
import type { Target } from './elasticsearch.ts';
import { cpuSeconds, round, type Rows } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { sendBodies } from './raw-bulk.ts';

interface Way {
  what: string;
  yaml: string;
  /** Of all files this share: a container takes so long to start. */
  share: number;
  /** The orchestrator's own environment. */
  environment?: Record<string, string>;
}

const WAYS: Record<string, Way> = {
  process: { what: 'orchestrator, process', yaml: 'RUNNER: process', share: 1 },
  four: {
    what: 'orchestrator, process, CONCURRENCY: 4',
    yaml: 'RUNNER: process\nCONCURRENCY: 4',
    share: 1,
    environment: { CONCURRENCY: '4' },
  },
  alone: { what: 'orchestrator, process, WARM: 0', yaml: 'RUNNER: process\nWARM: 0', share: 0.1 },
  warm: { what: 'orchestrator, warm container', yaml: 'RUNNER: docker\nWARM: 2', share: 0.1 },
  cold: { what: 'orchestrator, container', yaml: 'RUNNER: docker', share: 0.1 },
};
const FILES = 2000;
const ROWS = 10;
const LOOK_MS = 250;
const LIMIT_MS = 30 * 60_000;
const FILES_OF_A_REQUEST = 500;

export async function benchFlood(target: Target, { files = FILES }: BenchOptions): Promise<Rows> {
  const rows: Rows = [await byHand(target, files)];
  for (const name of Object.keys(WAYS)) rows.push(await throughOrchestrator(target, name, files));
  return rows;
}

async function throughOrchestrator(target: Target, name: string, all: number): Promise<Rows[number]> {
  const { what, yaml, share, environment } = WAYS[name] as Way;
  const files = Math.ceil(all * share);
  const index = `bench-flood-${name}`;
  const text = `WATCH_DIR: '{folder}/in'\n${yaml}\nLOAD: { target: elasticsearch, index: ${index} }\n`;
  const folder = await makeFolder({ [name]: text }, 0o755);
  await target.remove(index);
  const orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: target.node, ...environment });
  try {
    const [pid, before] = [orchestrator.process.pid!, cpuSeconds(orchestrator.process.pid!)];
    const begin = performance.now();
    await writeFiles(join(folder, 'in'), files);
    await allDone(orchestrator, files);
    const seconds = (performance.now() - begin) / 1000;
    const cpu = (cpuSeconds(pid) - before) / files;
    await target.mustHold(index, files * ROWS);
    return rowOf(what, files, seconds, { cpu, peakMb: peakMb(pid) });
  } finally {
    await orchestrator.kill('SIGTERM');
    await removeFolder(folder);
    await target.remove(index);
  }
}

/** The files lie there already. */
async function byHand(target: Target, files: number): Promise<Rows[number]> {
  const index = 'bench-flood-by-hand';
  const folder = await makeFolder({});
  try {
    await writeFiles(join(folder, 'in'), files);
    await target.remove(index);
    const [before, begin] = [process.cpuUsage(), performance.now()];
    await sendBodies(target.node, index, await bodiesOf(join(folder, 'in')));
    await target.refresh(index);
    const seconds = (performance.now() - begin) / 1000;
    const { user, system } = process.cpuUsage(before);
    await target.mustHold(index, files * ROWS);
    return rowOf('by hand, shared requests', files, seconds, { cpu: (user + system) / 1e6 / files, peakMb: null });
  } finally {
    await removeFolder(folder);
    await target.remove(index);
  }
}

function rowOf(
  what: string,
  files: number,
  seconds: number,
  own: { cpu: number; peakMb: number | null },
): Rows[number] {
  const { cpu, peakMb: peak } = own;
  return {
    what,
    files,
    s: round(seconds, 1),
    'files/s': round(files / seconds, 1),
    'CPU ms a file': round(cpu * 1000, 1),
    'orchestrator MB at most': peak,
  };
}

async function writeFiles(folder: string, files: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let file = 0; file < files; file++) {
    const lines = Array.from({ length: ROWS }, (_, row) => `${row},file ${file},${row * 2}\n`);
    await writeFile(join(folder, `file-${file}.csv`), `number,name,double\n${lines.join('')}`);
  }
}

async function allDone(orchestrator: TestOrchestrator, files: number): Promise<void> {
  const until = performance.now() + LIMIT_MS;
  for (;;) {
    const { items } = await orchestrator.get<{ items: Array<{ counts: Record<string, number> }> }>('/api/datasets');
    const { done = 0, failed = 0, quarantined = 0 } = items[0]?.counts ?? {};
    if (failed + quarantined > 0) throw new Error(`${failed} runs failed, ${quarantined} files are in quarantine`);
    if (done === files) return;
    if (performance.now() > until) throw new Error(`${done} of ${files} files are done after ${LIMIT_MS / 60_000} min`);
    await pause(LOOK_MS);
  }
}

async function bodiesOf(folder: string): Promise<{ bodies: Buffer[]; documents: number }> {
  const names = await readdir(folder);
  const bodies: Buffer[] = [];
  for (let at = 0; at < names.length; at += FILES_OF_A_REQUEST) {
    const texts = await Promise.all(
      names.slice(at, at + FILES_OF_A_REQUEST).map(name => readFile(join(folder, name), 'utf8')),
    );
    bodies.push(Buffer.from(texts.flatMap(actionsOf).join('')));
  }
  return { bodies, documents: names.length * ROWS };
}

function actionsOf(text: string): string[] {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const names = head.split(',');
  return lines.map(line => {
    const cells = line.split(',');
    return `{"index":{}}\n${JSON.stringify(Object.fromEntries(names.map((name, at) => [name, cells[at]])))}\n`;
  });
}

/** The most memory that a process ever had. */
function peakMb(pid: number): number {
  return round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);
}
