import { randomUUID } from 'node:crypto';
import type { OpenFile } from '../files/open-file.ts';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { MendedRow } from '../../default-etl/contract/contract.ts';
import { OrchestratorError } from '../errors.ts';
import { askEtl } from '../etl/ask.ts';
import type { Folder } from '../files/folder.ts';
import { linesOf } from '../files/read.ts';
import type { Journal, Run } from '../journal/journal.ts';
import { MENDED_BOUNDS, mendedFolder } from '../rejects/files.ts';
import { type OpenRejects, openRejects } from '../rejects/open-rejects.ts';

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
  /** Gives up, and changes nothing, once it is aborted before all is read and checked. */
  signal?: AbortSignal;
}

/**
 * Queues a run that loads the mended rows in the place of those that were rejected (rule 12). Throws an
 * OrchestratorError `never`, and changes nothing, where the file can't be read, holds a row that isn't rejected (any
 * more), or the path has a newer version.
 */
export async function mendRejects(request: MendRequest): Promise<Run> {
  const { journal, dataDir, run, content, now, signal } = request;
  const rejects = await openRejects(journal, dataDir, run);
  if (rejects.files === null) {
    throw new OrchestratorError('never', `run ${run.id} of ${run.dataset}/${run.file} has no rejected rows to mend`);
  }
  const folder = await mendedFolder(dataDir, rejects.run.id);
  const name = randomUUID();
  const [upload, records] = [`${name}.upload`, `${name}.ndjson`];
  try {
    await write(folder, upload, content, signal);
    const rows = new Set<number>();
    // On disk before the journal names it.
    await write(folder, records, readMended(join(folder.path, upload), request, rejects, rows));
    // rule 12: only rejected rows are mended, and each once
    await assertRejected(rows, rejects, signal);
    signal?.throwIfAborted();
    return await journal.mend(rejects.run.id, join(folder.path, records), now);
  } catch (error) {
    await folder.unlink(records);
    throw error;
  } finally {
    await folder.unlink(upload);
    await folder.close();
  }
}

/** The mended rows as lines of JSON, in the order of the file, and their numbers. */
async function* readMended(
  upload: string,
  { signal }: MendRequest,
  rejects: OpenRejects,
  rows: Set<number>,
): AsyncGenerator<Buffer> {
  const table = { prefix: '--table=', file: rejects.files?.table as string };
  const args = ['--mend', '--name=the mended file', table, { file: upload }];
  let bytes = 0;
  for await (const { text, isCut } of linesOf(
    askEtl({ args, environment: {}, ...(signal && { signal }) }),
    MENDED_BOUNDS.lineBytes,
  )) {
    const line = Buffer.from(`${text}\n`);
    bytes += line.length;
    if (isCut || bytes > MENDED_BOUNDS.fileBytes) throw refusal('it, or a row of it, is too large');
    rows.add((JSON.parse(text) as MendedRow).row);
    yield line;
  }
  if (rows.size === 0) throw refusal('it holds no row');
}

/** Rows are only ever put where there are none. */
async function assertRejected(
  rows: ReadonlySet<number>,
  { list, run }: OpenRejects,
  signal?: AbortSignal,
): Promise<void> {
  const others = new Set(rows);
  for await (const { row } of list()) {
    signal?.throwIfAborted();
    others.delete(row);
  }
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

async function write(
  folder: Folder,
  name: string,
  content: AsyncIterable<Buffer>,
  signal?: AbortSignal,
): Promise<void> {
  const file = await folder.create(name);
  try {
    for await (const chunk of content) {
      signal?.throwIfAborted();
      await writeAll(file, chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeAll(file: OpenFile, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}
