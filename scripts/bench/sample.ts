import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fixture } from '../fixtures.ts';

/** The flights of 2013 (336,776 rows), or the first `rows` of them, which `action` finds at a path. No cell holds a line break. */
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

async function firstLines(file: string, count: number): Promise<string> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (lines.length === count) break;
    lines.push(line);
  }
  return `${lines.join('\n')}\n`;
}
