// Close of the file → run started → documents acknowledged, one small file after the other, for a process and for a
// container; beside it what a bare container of the same image costs on this machine.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DEFAULT_IMAGE } from '../../orchestrator/config/default-image.ts';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from '../../orchestrator/e2e/harness.ts';
import { runCommand } from '../services/command.ts';
import type { Target } from './elasticsearch.ts';
import { percentile, round, type Rows } from './measure.ts';

const FILES = 30;
const ROWS = 10;
const RUNNERS = ['process', 'docker'] as const;

export async function benchLatency(target: Target): Promise<Rows> {
  // Others can enter it, as is usual: runs read the file itself and no copy.
  const folder = await makeFolder(
    Object.fromEntries(RUNNERS.map(runner => [`bench-${runner}`, yamlOf(runner)])),
    0o755,
  );
  const orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: target.node });
  try {
    const rows: Rows = [];
    for (const runner of RUNNERS) rows.push(...(await measureRunner(orchestrator, runner)));
    return [
      ...rows,
      await bareRun('docker run --rm, true', ['true']),
      await bareRun('docker run --rm, node', ['node', '-e', '0']),
    ];
  } finally {
    await orchestrator.kill('SIGTERM');
    await removeFolder(folder);
    for (const runner of RUNNERS) await target.remove(`bench-${runner}`);
  }
}

function yamlOf(runner: string): string {
  return `WATCH_DIR: '{folder}/in/${runner}'\nRUNNER: ${runner}\nLOAD: { target: elasticsearch, index: bench-${runner} }\n`;
}

async function measureRunner(orchestrator: TestOrchestrator, runner: string): Promise<Rows> {
  const folder = join(orchestrator.folder, 'in', runner);
  await mkdir(folder, { recursive: true });
  await measureFile(orchestrator, runner, join(folder, 'first.csv')); // makes the index, and in a new checkout compiled code; not counted
  const times: Times[] = [];
  for (let number = 1; number <= FILES; number++) {
    times.push(await measureFile(orchestrator, runner, join(folder, `file-${number}.csv`)));
  }
  return [
    summary(
      `${runner}: close → started`,
      times.map(({ startedMs }) => startedMs),
    ),
    summary(
      `${runner}: close → acknowledged`,
      times.map(({ endedMs }) => endedMs),
    ),
  ];
}

/** Milliseconds since the file was closed, by the times the journal gives the run. */
interface Times {
  startedMs: number;
  endedMs: number;
}

async function measureFile(orchestrator: TestOrchestrator, runner: string, file: string): Promise<Times> {
  const lines = Array.from({ length: ROWS }, (_, row) => `${row},${file},${row * 2}`);
  await writeFile(file, `number,name,double\n${lines.join('\n')}\n`);
  const closedAt = Date.now();
  const name = file.slice(file.lastIndexOf('/') + 1);
  const query = `dataset=bench-${runner}&file=${name}`;
  const [run] = await orchestrator.waitForRuns(query, runs => runs.some(({ endedAt }) => endedAt !== null));
  if (run?.state !== 'done' || run.startedAt === null || run.endedAt === null) {
    throw new Error(`${name} ended as ${run?.state}: ${run?.error}`);
  }
  return { startedMs: Date.parse(run.startedAt) - closedAt, endedMs: Date.parse(run.endedAt) - closedAt };
}

async function bareRun(title: string, command: string[]): Promise<Rows[number]> {
  const times: number[] = [];
  for (let number = 0; number < FILES; number++) {
    const begin = performance.now();
    const [entrypoint, ...words] = command;
    await runCommand('docker', [
      'run',
      '--rm',
      '--network',
      'host',
      '--entrypoint',
      entrypoint!,
      DEFAULT_IMAGE,
      ...words,
    ]);
    times.push(performance.now() - begin);
  }
  return summary(title, times);
}

function summary(what: string, times: number[]): Rows[number] {
  return {
    what,
    files: times.length,
    'p50 ms': round(percentile(times, 0.5)),
    'p99 ms': round(percentile(times, 0.99)),
  };
}
