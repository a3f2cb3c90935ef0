import { createHash } from 'node:crypto';
import { lstat, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock } from '../../orchestrator/clock.ts';
import { type FileVersion, versionOf } from '../../orchestrator/files/version.ts';
import type { Journal, Run } from '../../orchestrator/journal/journal.ts';
import { openSqliteJournal } from '../../orchestrator/journal/sqlite/sqlite-journal.ts';

export interface Fill {
  /** Of the journal; its folder is made. */
  path: string;
  dataset: string;
  /** WATCH_DIR, absolute: the first files are really there. */
  root: string;
  /** Known files, each with a run that is done. */
  files: number;
  present: number;
}

/** So many files go through the journal together: their writes share transactions. */
const BATCH = 500;
const HOLDER = '1:1:bench';
const ROWS = { read: 10, loaded: 10, rejected: 0, filtered: 0, deleted: 0 };

/** A journal as an orchestrator leaves it that has loaded so many files, made by the calls that it makes. */
export async function fillJournal(fill: Fill, onProgress: (files: number) => void): Promise<void> {
  await Promise.all([mkdir(fill.root, { recursive: true }), mkdir(dirname(fill.path), { recursive: true })]);
  const journal = openSqliteJournal({ path: fill.path, clock: systemClock });
  try {
    await journal.firstWatch(fill.dataset, Date.now());
    for (let from = 0; from < fill.files; from += BATCH) {
      const numbers = Array.from({ length: Math.min(BATCH, fill.files - from) }, (_, index) => from + index);
      await loadFiles(journal, fill, numbers);
      onProgress(from + numbers.length);
    }
  } finally {
    await journal.close();
  }
}

/** As people name them: what comes often, and what tells one from the other. */
export function nameOf(number: number): string {
  const day = new Date(Date.UTC(2020, 0, 1) + number * 200_000).toISOString().slice(0, 10);
  return `delivery_${day}_${['north', 'east', 'south', 'west'][number % 4]}_${String(number).padStart(7, '0')}.csv`;
}

async function loadFiles(journal: Journal, fill: Fill, numbers: number[]): Promise<void> {
  const { dataset, root } = fill;
  const now = Date.now();
  const versions = await Promise.all(numbers.map(number => makeVersion(fill, number)));
  const seen = await Promise.all(
    numbers.map(number => journal.settle({ dataset, file: nameOf(number), root, priority: 0, now })),
  );
  await Promise.all(
    seen.map((run, index) =>
      journal.queue({ runId: run.id, fileVersion: versions[index]!, contentHash: hashOf(run.file), now }),
    ),
  );
  const slot = { dataset, free: BATCH, strict: false, order: 'arrival', perFolder: false } as const;
  const claimed = await journal.claim({ holder: HOLDER, leaseMs: 60_000, now, slots: [slot], limit: BATCH });
  await Promise.all(claimed.flat().map(run => finishRun(journal, run)));
}

/** Of a file that is there, or of one that was. */
async function makeVersion({ root, present }: Fill, number: number): Promise<FileVersion> {
  if (number >= present)
    return { sizeBytes: 20 + number, token: `1767225600${String(number).padStart(9, '0')}.${number}` };
  const path = join(root, nameOf(number));
  await writeFile(path, `a,b\n1,${number}\n`);
  return versionOf(await lstat(path, { bigint: true }));
}

async function finishRun(journal: Journal, run: Run): Promise<void> {
  const fileKey = hashOf(run.file).slice(0, 22);
  await Promise.all([
    journal.ledger(run, { fileKey, append: false, rebuilds: false, indexFor: () => 'bench' }),
    journal.started(run, 'process', `${HOLDER}:${run.id}`),
    journal.finish(run, { to: 'done', rows: ROWS, error: null }, Date.now(), 0),
  ]);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
