import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { rowRecord } from '../batch/batch.ts';
import type { Decision, Reject } from '../contract/protocol.ts';
import { openReader } from '../extract/open.ts';
import { EtlFailure } from '../contract/failure.ts';
import type { Extract } from '../contract/settings.ts';
import { SourceFile } from '../unpack/source.ts';
import { temporaryFolder } from './load.ts';
import { Spill } from '../unpack/spill.ts';

/** What a file is read as. */
export interface Read {
  decisions: Decision[];
  /** Number, line and cells of each row. */
  rows: Array<{ row: number; line: number; record: Record<string, string | null> }>;
  rejects: Reject[];
  /** Exit code and message of the failure, if any. */
  code: number;
  error: string;
}

/** Writes the content into a file of this name and reads it as far as it goes. */
export async function readContent(
  context: TestContext,
  name: string,
  content: Buffer | string,
  extract: Extract = {},
): Promise<Read> {
  const folder = temporaryFolder(context);
  const path = join(folder, name);
  writeFileSync(path, content);
  const read: Read = { decisions: [], rows: [], rejects: [], code: 0, error: '' };
  const nothing = { sizeBytes: null, mtimeNs: null, inode: null };
  const source = await SourceFile.open(path, nothing, new AbortController().signal);
  const spill = new Spill(join(folder, 'work'));
  try {
    const reader = await openReader({ source, fileName: name, extract, spill });
    read.decisions = reader.decisions;
    for await (const batch of reader.batches()) {
      for (let index = 0; index < batch.rows; index++)
        read.rows.push({
          row: batch.numbers[index] as number,
          line: batch.lines[index] as number,
          record: rowRecord(batch, index),
        });
      read.rejects.push(...batch.rejects);
    }
  } catch (error) {
    if (!(error instanceof EtlFailure)) throw error;
    read.code = error.exitCode;
    read.error = error.message.replaceAll(path, name);
  } finally {
    await spill.close();
    await source.close();
  }
  return read;
}

/** The records alone. */
export function recordsOf({ rows }: Read): Array<Record<string, string | null>> {
  return rows.map(({ record }) => record);
}

/** The value that was decided for this name. */
export function decided({ decisions }: Read, name: string): unknown {
  return decisions.find(decision => decision.name === name)?.value;
}
