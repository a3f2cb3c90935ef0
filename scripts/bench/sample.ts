import { appendFileSync, createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fixture } from '../fixtures.ts';

/** Rows of the flights. */
export const FLIGHTS = 336_776;
/** How many times over they are a large file. */
export const TIMES = 10;

/** The flights of 2013, or the first `rows` of them, which `action` finds at a path. No cell holds a line break. */
export async function withFlights<T>(rows: number | undefined, action: (file: string) => Promise<T>): Promise<T> {
  const flights = await fixture('flights.csv');
  if (rows === undefined) return await action(flights);
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-bench-'));
  try {
    const file = join(folder, 'flights.csv');
    writeFileSync(file, await firstLines(flights, rows + 1));
    return await action(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The rows of a CSV so many times over, below its header once, in a file that is there while `action` runs. */
export async function withRepeated<T>(file: string, times: number, action: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-bench-'));
  try {
    const text = readFileSync(file);
    const rowsAt = text.indexOf('\n') + 1;
    const repeated = join(folder, `${times}-times-${basename(file)}`);
    writeFileSync(repeated, text.subarray(0, rowsAt));
    for (let time = 0; time < times; time++) appendFileSync(repeated, text.subarray(rowsAt));
    return await action(repeated);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function firstLines(file: string, count: number): Promise<string> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (lines.length === count) break;
    lines.push(line);
  }
  return `${lines.join('\n')}\n`;
}
