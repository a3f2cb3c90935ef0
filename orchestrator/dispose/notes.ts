import type { Reject } from '../../default-etl/contract/contract.ts';
import type { Rights } from '../files/rights.ts';
import type { Run } from '../journal/journal.ts';
import { noteName } from './names.ts';
import type { Spot } from './places.ts';

/** Endings of what the orchestrator itself writes beside files: never taken as input. */
export const NOTE_ENDINGS = { receipt: '.receipt.json', error: '.error.json' } as const;

/** So many rejected rows are told beside a file. */
export const MOST_REJECTS = 20;

const WRITTEN_BY_OWNER = 0o600;
const READ_BY_OTHERS = 0o044;

/** For people who only see the folder: `<file>.receipt.json`. */
export async function writeReceipt(file: Spot, run: Run, rejects: readonly Reject[]): Promise<void> {
  const { rows } = run;
  await writeNote(file, NOTE_ENDINGS.receipt, {
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
export async function writeError(file: Spot, run: Run, rejects: readonly Reject[]): Promise<void> {
  const { id, dataset, error, rows } = run;
  const what = { run: id, dataset, file: run.file, time: timeOf(run), error, rows, ...firstOf(rejects) };
  await writeNote(file, NOTE_ENDINGS.error, what);
}

function firstOf(rejects: readonly Reject[]): { first_rejects?: object[] } {
  return rejects.length === 0 ? {} : { first_rejects: rejects.map(({ row, line, reason }) => ({ row, line, reason })) };
}

function timeOf(run: Run): string | null {
  return run.endedAt === null ? null : new Date(run.endedAt).toISOString();
}

interface Note {
  run: string;
  [key: string]: unknown;
}

/** Nobody sees half of it, and no link is followed. */
async function writeNote(file: Spot, ending: string, value: Note): Promise<void> {
  const content = `${JSON.stringify(value, null, 2)}\n`;
  const draft = `.${value.run}${ending}.tmp`;
  await file.folder.replace(noteName(file.name, ending, value.run), content, { ...(await rightsOf(file)), draft });
}

/** A note is for whoever can read the file, or, where that is gone, look into its folder. */
async function rightsOf({ folder, name }: Spot): Promise<Rights> {
  const file = await folder.look(name);
  const { uid, gid, mode } = file?.isFile() ? file : await folder.stat();
  return { owner: { uid: Number(uid), gid: Number(gid) }, mode: WRITTEN_BY_OWNER | (Number(mode) & READ_BY_OTHERS) };
}
