import { readFileSync } from 'node:fs';
import Table from 'cli-table3';

/** Clock ticks a second in /proc: 100 on every Linux that Node runs on. */
const TICKS = 100;

/** The value below which `share` (0 to 1) of them lie, by the nearest rank. */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('no values to take a percentile of');
  return value;
}

export function median(values: number[]): number {
  return percentile(values, 0.5);
}

/** Measures each so often. Every second turn goes backwards, so that nobody always comes after the same one. */
export async function inTurns<Each, Taken>(
  each: readonly Each[],
  turns: number,
  take: (one: Each) => Promise<Taken | undefined>,
): Promise<Map<Each, Taken[]>> {
  const all = new Map<Each, Taken[]>(each.map(one => [one, []]));
  for (let turn = 0; turn < turns; turn++) {
    for (const one of turn % 2 === 0 ? each : each.toReversed()) {
      const taken = await take(one);
      if (taken !== undefined) all.get(one)!.push(taken);
    }
  }
  return all;
}

/** CPU seconds of a process and of its children that have ended (proc(5), stat, fields 14 to 17). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS;
}

export function round(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}

/** What a benchmark has to show: rows of equal keys. */
export type Rows = Array<Record<string, string | number | null>>;

export function tableOf(rows: Rows): string {
  const heads = Object.keys(rows[0] ?? {});
  const table = new Table({ head: heads, style: { head: [], border: [], compact: true } });
  for (const row of rows) table.push(heads.map(head => row[head] ?? '–'));
  return table.toString();
}

/** One load of a file. CPU is the client's; null where it is in a container, out of our sight. */
export interface Load {
  seconds: number;
  cpu: number | null;
}

/** A row a way of loading, each beside the one called `raw bulk limit`. */
export function loadRows(loads: { 'raw bulk limit': Load[] } & Record<string, Load[]>, documents: number): Rows {
  const limit = median(loads['raw bulk limit'].map(({ seconds }) => seconds));
  return Object.entries(loads).map(([what, taken]) => {
    const seconds = median(taken.map(load => load.seconds));
    const cpus = taken.map(({ cpu }) => cpu).filter(cpu => cpu !== null);
    return {
      what,
      documents,
      'median s': round(seconds, 2),
      'documents/s': round(documents / seconds),
      'share of limit': round(limit / seconds, 3),
      'client CPU s': cpus.length > 0 ? round(median(cpus), 2) : null,
      'all s': taken.map(load => load.seconds.toFixed(2)).join(' '),
    };
  });
}
