// Memory and speed as files grow: a CSV of 2 GB beside one of 33 MB, packed too, JSON and XML of 1 GB, and a workbook
// of a million rows. The server is a stub that says yes at once, so that neither its disk nor its speed counts.
import { once } from 'node:events';
import {
  createReadStream,
  createWriteStream,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip, createZstdCompress } from 'node:zlib';
import { fixture } from '../fixtures.ts';
import { announce, runCommand } from '../services/command.ts';
import type { Usage } from './child.ts';
import { loadByProcess } from './default-etl.ts';
import { round, type Rows } from './measure.ts';
import { requirePython } from './python.ts';
import { startStub } from './stub.ts';

export const BIG_CAPTION = `The default ETL as a process, before a server that says yes at once. Rows/s are those behind the start, which the file of one row shows. CPU is
user and system; memory is the process's at its highest. All but the workbook are the flights with a running number in front, again and again.`;

const BIG_BYTES = 2_000_000_000;
const SMALL_TIMES = 5;
const WORKBOOK_ROWS = 1_000_000;
const NESTED_BYTES = 1_000_000_000;

/** How a format writes the flights: what stands before all rows, one row, and what stands behind them. */
interface Notation {
  head(names: string[]): string;
  row(number: number, line: string, names: string[]): string;
  tail: string;
}

const CSV: Notation = {
  head: names => `${names.join(',')}\n`,
  row: (number, line) => `${number},${line}\n`,
  tail: '',
};

const JSON_LINES: Notation = {
  head: () => '',
  row: (number, line, names) => `${objectOf(number, line, names)}\n`,
  tail: '',
};

const JSON_LIST: Notation = {
  head: () => '[\n',
  row: (number, line, names) => `${number === 1 ? '' : ','}${objectOf(number, line, names)}\n`,
  tail: ']\n',
};

const XML: Notation = {
  head: () => '<rows>\n',
  row: (number, line, names) =>
    `<row>${cellsOf(number, line)
      .map((cell, column) => `<${names[column]}>${cell}</${names[column]}>`)
      .join('')}</row>\n`,
  tail: '</rows>\n',
};

const PACKERS = { '.gz': () => createGzip({ level: 1 }), '.zst': createZstdCompress };

interface BigFile {
  name: string;
  notation: Notation;
  bytes: number;
  times?: number;
  packings?: ReadonlyArray<keyof typeof PACKERS>;
}

const FILES: readonly BigFile[] = [
  { name: 'small.csv', notation: CSV, bytes: 0, times: SMALL_TIMES },
  { name: 'big.csv', notation: CSV, bytes: BIG_BYTES, packings: ['.gz', '.zst'] },
  { name: 'big.ndjson', notation: JSON_LINES, bytes: NESTED_BYTES },
  { name: 'big.json', notation: JSON_LIST, bytes: NESTED_BYTES },
  { name: 'big.xml', notation: XML, bytes: NESTED_BYTES },
];

export async function benchBig(): Promise<Rows> {
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-bench-'));
  const stub = await startStub();
  try {
    const single = join(folder, 'one-row.csv');
    writeFileSync(single, 'a,b\n1,2\n');
    const start = await measureFile(stub.node, single, SMALL_TIMES);
    const rows: Rows = [rowOf(single, 1, start)];
    for (const each of FILES) {
      const file = join(folder, each.name);
      const count = await scaleFlights(file, each);
      rows.push(rowOf(file, count, await measureFile(stub.node, file, each.times ?? 1), start));
      for (const packing of each.packings ?? []) {
        const packed = `${file}${packing}`;
        announce(`packing ${packed}…`);
        await pipeline(createReadStream(file), PACKERS[packing](), createWriteStream(packed));
        rows.push(rowOf(packed, count, await measureFile(stub.node, packed, 1), start));
        rmSync(packed);
      }
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
async function scaleFlights(file: string, { notation, bytes }: BigFile): Promise<number> {
  const [header, ...lines] = readFileSync(await fixture('flights.csv'), 'utf8')
    .trimEnd()
    .split('\n') as [string, ...string[]];
  const names = ['number', ...header.split(',')];
  announce(`writing ${file}…`);
  const output = createWriteStream(file);
  output.write(notation.head(names));
  let row = 0;
  while (row === 0 || output.bytesWritten < bytes) {
    const text = lines.map(line => notation.row(++row, line, names)).join('');
    if (!output.write(text)) await once(output, 'drain');
  }
  output.end(notation.tail);
  await once(output, 'finish');
  return row;
}

/** The flights have no quoted cells. */
function cellsOf(number: number, line: string): string[] {
  return [String(number), ...line.split(',')];
}

function objectOf(number: number, line: string, names: string[]): string {
  return JSON.stringify(Object.fromEntries(cellsOf(number, line).map((cell, column) => [names[column], cell])));
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

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
