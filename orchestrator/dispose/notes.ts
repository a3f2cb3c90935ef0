import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Reject } from '../../default-etl/contract.ts';
import type { Run } from '../journal/journal.ts';

/** Endings of what the orchestrator itself writes beside files: never taken as input. */
export const NOTE_ENDINGS = { receipt: '.receipt.json', error: '.error.json' } as const;

/** So many rejected rows are told beside a file. */
export const MOST_REJECTS = 20;

/** For people who only see the folder: `<file>.receipt.json`. */
export async function writeReceipt(file: string, run: Run, rejects: readonly Reject[]): Promise<void> {
  const { rows } = run;
  await writeNote(file + NOTE_ENDINGS.receipt, {
    run: run.id,
    dataset: run.dataset,
    file: run.file,
    time: timeOf(run),
    rows: rows?.read ?? 0,
    loaded: rows?.loaded ?? 0,
    rejected: rows?.rejected ?? 0,
    filtered: rows?.filtered ?? 0,
    ...firstOf(rejects),
  });
}

/** Why a file was quarantined: `<file>.error.json` beside it. */
export async function writeError(file: string, run: Run, rejects: readonly Reject[]): Promise<void> {
  const { id, dataset, error, rows } = run;
  const what = { run: id, dataset, file: run.file, time: timeOf(run), error, rows, ...firstOf(rejects) };
  await writeNote(file + NOTE_ENDINGS.error, what);
}

function firstOf(rejects: readonly Reject[]): { first_rejects?: object[] } {
  return rejects.length === 0 ? {} : { first_rejects: rejects.map(({ row, line, reason }) => ({ row, line, reason })) };
}

function timeOf(run: Run): string | null {
  return run.endedAt === null ? null : new Date(run.endedAt).toISOString();
}

/** Nobody sees half of it. */
async function writeNote(path: string, value: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.tmp`;
  await writeFile(unfinished, `${JSON.stringify(value, null, 2)}\n`, { flush: true });
  await rename(unfinished, path);
}
