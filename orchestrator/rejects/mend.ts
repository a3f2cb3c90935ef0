import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { MendedRow } from '../../default-etl/contract.ts';
import { OrchestratorError } from '../errors.ts';
import { askEtl } from '../etl/ask.ts';
import type { Journal, Run } from '../journal/journal.ts';
import { mendedFolder } from './files.ts';
import { type OpenRejects, openRejects } from './open-rejects.ts';

/** More would be a wall of text. */
const MOST_NAMED = 20;

export interface MendRequest {
  journal: Journal;
  /** Absolute. */
  dataDir: string;
  /** The run whose rejects were mended. */
  run: Run;
  /** The mended file: CSV as it was downloaded and saved by whatever program, or NDJSON. */
  content: Readable;
  now: number;
}

/**
 * Queues a run that loads the mended rows in the place of those that were rejected (rule 12). Throws an OrchestratorError `never`, and changes nothing,
 * where the file can't be read, holds a row that isn't rejected (any more), or the path has a newer version.
 */
export async function mendRejects({ journal, dataDir, run, content, now }: MendRequest): Promise<Run> {
  const rejects = await openRejects(journal, dataDir, run);
  if (rejects.files === null) {
    throw new OrchestratorError('never', `run ${run.id} of ${run.dataset}/${run.file} has no rejected rows to mend`);
  }
  const folder = mendedFolder(dataDir, rejects.run.id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, randomUUID());
  const [upload, records] = [`${path}.upload`, `${path}.ndjson`];
  try {
    await pipeline(content, createWriteStream(upload, { mode: 0o600 }));
    await writeRecords(records, await readMended(upload, rejects));
    return await journal.mend(rejects.run.id, records, now);
  } catch (error) {
    await rm(records, { force: true });
    throw error;
  } finally {
    await rm(upload, { force: true });
  }
}

/** The mended rows as lines of JSON, in the order of the file. */
async function readMended(upload: string, rejects: OpenRejects): Promise<string[]> {
  const lines: string[] = [];
  const rows = new Set<number>();
  const args = ['--mend', '--name=the mended file', `--table=${rejects.files?.table}`, upload];
  const output = Readable.from(askEtl({ args, environment: {} }));
  for await (const line of createInterface({ input: output })) {
    lines.push(line);
    rows.add((JSON.parse(line) as MendedRow).row);
  }
  if (rows.size === 0) throw refusal('it holds no row');
  await assertRejected(rows, rejects);
  return lines;
}

/** Rows are only ever put where there are none. */
async function assertRejected(rows: ReadonlySet<number>, { list, run }: OpenRejects): Promise<void> {
  const others = new Set(rows);
  for await (const { row } of list()) others.delete(row);
  if (others.size === 0) return;
  const named = [...others].slice(0, MOST_NAMED).join(', ') + (others.size > MOST_NAMED ? ', …' : '');
  const what = others.size === 1 ? `row ${named} is` : `rows ${named} are`;
  throw refusal(
    `${what} not rejected, or mended already (run ${run.id}); take ${others.size === 1 ? 'it' : 'them'} out`,
  );
}

function refusal(why: string): OrchestratorError {
  return new OrchestratorError('never', `the mended file is not taken: ${why}`);
}

/** On disk before the journal names it. */
async function writeRecords(path: string, lines: readonly string[]): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(`${lines.join('\n')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}
