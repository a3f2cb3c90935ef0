import type { OpenFile } from '../files/open-file.ts';
import type { Reject } from '../../default-etl/contract/contract.ts';
import { type BoundedLine, type LineBounds, readLines } from '../files/read.ts';
import type { Journal, Run } from '../journal/journal.ts';
import { findRejects, MENDED_BOUNDS, openMended, REJECTS_BOUNDS, type RejectsFiles, unlessMissing } from './files.ts';
import { parseReject } from './parse.ts';

/** The rejects of a file as they are now, whichever run of it they were asked of. */
export interface OpenRejects {
  /** The run that read the file. */
  run: Run;
  /** Those of that run; null where it has none, or they are no longer kept. */
  files: RejectsFiles | null;
  /** Each rejected row that no mend has loaded since, with what was wrong with it last. */
  list(): AsyncGenerator<Reject>;
}

/** The rows that a mend was given, and those of them that were rejected again. */
interface Mend {
  rows: Set<number>;
  rejects: RejectsFiles | null;
}

export async function openRejects(journal: Journal, dataDir: string, asked: Run): Promise<OpenRejects> {
  const run = await journal.origin(asked);
  const files = await findRejects(dataDir, run);
  const mends = (await journal.mends(run.id)).filter(({ state }) => state === 'done');
  async function* list(): AsyncGenerator<Reject> {
    const given = await Promise.all(mends.map(mend => readMend(dataDir, mend)));
    const sources = [files, ...given.map(({ rejects }) => rejects)];
    for (const [index, source] of sources.entries()) {
      // What a later mend was given is said by that mend.
      const later = given.slice(index);
      if (source === null) continue;
      for await (const reject of readRejects(source)) {
        if (!later.some(({ rows }) => rows.has(reject.row))) yield reject;
      }
    }
  }
  return { run, files, list };
}

/** The first of a run's own rejects, as its attempt left them. */
export async function firstRejects(dataDir: string, run: Run, most: number): Promise<Reject[]> {
  const files = await findRejects(dataDir, run);
  const first: Reject[] = [];
  if (files === null) return first;
  for await (const reject of readRejects(files)) {
    first.push(reject);
    if (first.length === most) break;
  }
  return first;
}

async function readMend(dataDir: string, mend: Run): Promise<Mend> {
  const rows = new Set<number>();
  const file = mend.mendFile;
  const lines = file === null ? [] : linesIfThere(() => openMended(dataDir, file), MENDED_BOUNDS);
  for await (const { text } of lines) rows.add((JSON.parse(text) as { row: number }).row);
  return { rows, rejects: await findRejects(dataDir, mend) };
}

async function* readRejects(files: RejectsFiles): AsyncGenerator<Reject> {
  for await (const line of linesIfThere(files.open, REJECTS_BOUNDS)) yield parseReject(line);
}

/** Lines with something in them; none where the file is gone. */
async function* linesIfThere(open: () => Promise<OpenFile>, bounds: LineBounds): AsyncGenerator<BoundedLine> {
  const file = await open().catch(unlessMissing);
  if (file === undefined) return;
  try {
    for await (const line of readLines(file, bounds)) if (line.text.trim() !== '') yield line;
  } finally {
    await file.close();
  }
}
