import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Reject } from '../../default-etl/contract.ts';
import { codeOf } from '../errors.ts';
import type { Journal, Run } from '../journal/journal.ts';
import { findRejects, type RejectsFiles } from './files.ts';

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
  const run = await originOf(journal, asked);
  const files = await findRejects(dataDir, run);
  const mends = (await journal.mends(run.id)).filter(({ state }) => state === 'done');
  async function* list(): AsyncGenerator<Reject> {
    const given = await Promise.all(mends.map(mend => readMend(dataDir, mend)));
    const sources = [files, ...given.map(({ rejects }) => rejects)];
    for (const [index, source] of sources.entries()) {
      // What a later mend was given is said by that mend.
      const later = given.slice(index);
      if (source === null) continue;
      for await (const reject of readRejects(source.rejects)) {
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
  for await (const reject of readRejects(files.rejects)) {
    first.push(reject);
    if (first.length === most) break;
  }
  return first;
}

/** The run that read the file, to which a mend adds; the run itself where that was pruned. */
export async function originOf(journal: Pick<Journal, 'run'>, run: Run): Promise<Run> {
  let origin = run;
  while (origin.action === 'mend' && origin.replayOf !== null) {
    const before = await journal.run(origin.replayOf);
    if (before === undefined) return run;
    origin = before;
  }
  return origin;
}

async function readMend(dataDir: string, mend: Run): Promise<Mend> {
  const rows = new Set<number>();
  for await (const { row } of readLines<{ row: number }>(mend.mendFile ?? '')) rows.add(row);
  return { rows, rejects: await findRejects(dataDir, mend) };
}

function readRejects(path: string): AsyncGenerator<Reject> {
  return readLines<Reject>(path);
}

/** The objects of an NDJSON file; none where it is gone. */
async function* readLines<Line>(path: string): AsyncGenerator<Line> {
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      if (line.trim() !== '') yield JSON.parse(line) as Line;
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
