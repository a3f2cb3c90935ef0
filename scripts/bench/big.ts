// Memory and speed as files grow: a CSV of 2 GB beside one of 33 MB, and a workbook of a million rows. The server is a stub that says yes at once,
// so that neither its disk nor its speed counts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { fixture } from '../fixtures.ts';
import { announce, runCommand } from '../services/command.ts';
import type { Usage } from './child.ts';
import { loadByProcess } from './default-etl.ts';
import { round, type Rows } from './measure.ts';
import { requirePython } from './python.ts';

export const BIG_CAPTION = `The default ETL as a process, before a server that says yes at once. Rows/s are those behind the start, which the file of one row shows. CPU is
user and system; memory is the process's at its highest. The CSVs are the flights with a running number in front, again and again.`;

const BIG_BYTES = 2_000_000_000;
const SMALL_TIMES = 5;
const WORKBOOK_ROWS = 1_000_000;
const CSV_FILES = [
  ['small.csv', 0, SMALL_TIMES],
  ['big.csv', BIG_BYTES, 1],
] as const;

export async function benchBig(): Promise<Rows> {
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-bench-'));
  const stub = await startStub();
  try {
    const single = join(folder, 'one-row.csv');
    writeFileSync(single, 'a,b\n1,2\n');
    const start = await measureFile(stub.node, single, SMALL_TIMES);
    const rows: Rows = [rowOf(single, 1, start)];
    for (const [name, bytes, times] of CSV_FILES) {
      const file = join(folder, name);
      const count = await scaleFlights(file, bytes);
      rows.push(rowOf(file, count, await measureFile(stub.node, file, times), start));
      rmSync(file);
    }
    const workbook = join(folder, 'million.xlsx');
    await requirePython();
    await runCommand('python3', [pathOf('make-workbook.py'), workbook, String(WORKBOOK_ROWS)]);
    return [...rows, rowOf(workbook, WORKBOOK_ROWS, await measureFile(stub.node, workbook, 1), start)];
  } finally {
    stub.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Repeats the flights' rows with a running number in front, until the file has so many bytes. Returns how many rows it has. */
async function scaleFlights(file: string, minimumBytes: number): Promise<number> {
  const [header, ...lines] = readFileSync(await fixture('flights.csv'), 'utf8')
    .trimEnd()
    .split('\n');
  announce(`writing ${file}…`);
  const output = createWriteStream(file);
  output.write(`number,${header}\n`);
  let row = 0;
  while (row === 0 || output.bytesWritten < minimumBytes) {
    const text = lines.map(line => `${++row},${line}\n`).join('');
    if (!output.write(text)) await once(output, 'drain');
  }
  output.end();
  await once(output, 'finish');
  return row;
}

interface Run extends Usage {
  seconds: number;
}

/** The median by time. */
async function measureFile(node: string, file: string, times: number): Promise<Run> {
  const runs: Run[] = [];
  for (let time = 0; time < times; time++) {
    const begin = performance.now();
    const usage = await loadByProcess({ node, file, index: 'bench-big', types: 'inferred' });
    runs.push({ ...usage, seconds: (performance.now() - begin) / 1000 });
  }
  return runs.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(times / 2)]!;
}

function rowOf(file: string, rows: number, run: Run, start?: Run): Rows[number] {
  const { seconds, cpuSeconds, peakMb } = run;
  return {
    what: basename(file),
    rows,
    MB: round(statSync(file).size / 1e6),
    s: round(seconds, 2),
    'rows/s': start ? round(rows / (seconds - start.seconds)) : null,
    'client CPU s': round(cpuSeconds, 2),
    'rows/CPU s': start ? round(rows / (cpuSeconds - start.cpuSeconds)) : null,
    'peak MB': peakMb === null ? null : round(peakMb),
  };
}

async function startStub(): Promise<{ node: string; stop(): void }> {
  const child = spawn(process.execPath, [pathOf('stub-server.ts')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { node: line.toString().trim(), stop: () => child.stdin.end() };
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
