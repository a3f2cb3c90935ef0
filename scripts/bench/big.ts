// Memory and speed as files grow: a CSV of 2 GB beside the same file of 31 MB, and a workbook of a million rows. The server is a stub that says yes
// at once, so that neither its disk nor its speed counts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { fixture } from '../fixtures.ts';
import { announce, runCommand } from '../services/command.ts';
import { loadByProcess } from './default-etl.ts';
import { round, type Rows } from './measure.ts';

const BIG_BYTES = 2_000_000_000;
const SMALL_TIMES = 3;
const WORKBOOK_ROWS = 1_000_000;

export async function benchBig(): Promise<Rows> {
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-bench-'));
  const stub = await startStub();
  try {
    const rows: Rows = [];
    for (const [name, minimum] of [
      ['small.csv', 0],
      ['big.csv', BIG_BYTES],
    ] as const) {
      const file = join(folder, name);
      const count = await scaleFlights(file, minimum);
      rows.push(await measureFile(stub.node, file, count, minimum === 0 ? SMALL_TIMES : 1));
      rmSync(file);
    }
    const workbook = join(folder, 'big.xlsx');
    await runCommand('python3', [pathOf('make-workbook.py'), workbook, String(WORKBOOK_ROWS)]);
    return [...rows, await measureFile(stub.node, workbook, WORKBOOK_ROWS, 1)];
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

async function measureFile(node: string, file: string, rows: number, times: number): Promise<Rows[number]> {
  const runs: Array<{ seconds: number; cpuSeconds: number; peakMb: number }> = [];
  for (let time = 0; time < times; time++) {
    const begin = performance.now();
    const { cpuSeconds, peakMb } = await loadByProcess({ node, file, index: 'bench-big', types: 'inferred' });
    runs.push({ seconds: (performance.now() - begin) / 1000, cpuSeconds, peakMb: peakMb ?? 0 });
  }
  const { seconds, cpuSeconds, peakMb } = runs.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(times / 2)]!;
  return {
    what: file.slice(file.lastIndexOf('/') + 1),
    rows,
    MB: round(statSync(file).size / 1e6),
    s: round(seconds, 2),
    'rows/s': round(rows / seconds),
    'client CPU s': round(cpuSeconds, 2),
    'rows/CPU s': round(rows / cpuSeconds),
    'peak MB': round(peakMb),
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
