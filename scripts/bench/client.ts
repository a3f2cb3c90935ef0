// What a load costs the client itself, start and speed told apart: one row, the flights, and ten times the flights,
// before a stub that says yes at once.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Usage } from './child.ts';
import { loadByProcess } from './default-etl.ts';
import { inTurns, median, round, type Rows } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { FLIGHTS, TIMES, withFlights, withRepeated } from './sample.ts';
import { startStub, type Stub } from './stub.ts';

export const CLIENT_CAPTION = `The default ETL as a process that was not started ahead, before a server that says yes at once. "ms to first request" is from the call that starts it
until a request is there: Node, modules, dialect and types. CPU is user and system; "µs a row" what each row takes of it beyond those of the file above.
Memory is the process's at its highest. Medians.`;

interface Sample {
  what: string;
  file: string;
  rows: number;
}

interface Run extends Usage {
  firstMs: number;
}

export async function benchClient({ turns, rows = FLIGHTS }: BenchOptions): Promise<Rows> {
  const stub = await startStub();
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-bench-'));
  try {
    const single = join(folder, 'one-row.csv');
    writeFileSync(single, 'a,b\n1,2\n');
    return await withFlights(rows, flights =>
      withRepeated(flights, TIMES, async tenfold => {
        const samples: Sample[] = [
          { what: 'a CSV of one row', file: single, rows: 1 },
          { what: 'the flights', file: flights, rows },
          { what: 'ten times the flights', file: tenfold, rows: TIMES * rows },
        ];
        // Not counted: the first file of a new checkout compiles the code that is kept for those after it.
        await load(stub, flights);
        return rowsOf([...(await inTurns(samples, turns, ({ file }) => load(stub, file)))]);
      }),
    );
  } finally {
    stub.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function load({ node, firstRequestAt }: Stub, file: string): Promise<Run> {
  const begin = Date.now();
  const usage = await loadByProcess({ node, file, index: 'bench-client', types: 'inferred' });
  return { ...usage, firstMs: (await firstRequestAt()) - begin };
}

function rowsOf(all: Array<[Sample, Run[]]>): Rows {
  return all.map(([{ what, rows }, runs], position) => {
    const [smaller, former = []] = all[position - 1] ?? [];
    const more = rows - (smaller?.rows ?? rows);
    return {
      what,
      rows,
      'ms to first request': round(median(runs.map(({ firstMs }) => firstMs))),
      'client CPU s': round(cpuOf(runs), 2),
      'µs a row': more > 0 ? round(((cpuOf(runs) - cpuOf(former)) / more) * 1e6, 2) : null,
      'peak MB': round(median(runs.map(({ peakMb }) => peakMb ?? 0))),
      'all CPU s': runs.map(({ cpuSeconds }) => cpuSeconds.toFixed(2)).join(' '),
    };
  });
}

function cpuOf(runs: Run[]): number {
  return median(runs.map(({ cpuSeconds }) => cpuSeconds));
}
