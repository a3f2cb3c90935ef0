import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cellText } from '../batch/batch.ts';
import type { Decision } from '../contract/protocol.ts';
import { openReader } from '../extract/open.ts';
import type { Extract } from '../contract/settings.ts';
import { SourceFile } from '../unpack/source.ts';
import { Spill } from '../unpack/spill.ts';

/** What delimited text is read as. */
export interface Table {
  header: readonly string[];
  rows: Array<Array<string | null | undefined>>;
  rejects: Array<[number, number | null, string]>;
  decided: Record<string, Decision>;
}

/** Reads text, or bytes, as a CSV file. */
export async function readTable(folder: string, content: string | Buffer, extract: Extract = {}): Promise<Table> {
  const path = join(folder, 'in.csv');
  writeFileSync(path, content);
  const nothing = { sizeBytes: null, mtimeNs: null, inode: null };
  const source = await SourceFile.open(path, nothing, new AbortController().signal);
  try {
    const reader = await openReader({ source, fileName: path, extract, spill: new Spill(folder) });
    const table: Table = { header: [], rows: [], rejects: [], decided: {} };
    for await (const batch of reader.batches()) {
      for (let row = 0; row < batch.rows; row++)
        table.rows.push(batch.header.map((_, column) => cellText(batch, row, column)));
      table.rejects.push(...batch.rejects.map(({ row, line, raw }): Table['rejects'][number] => [row, line, raw]));
    }
    table.header = reader.emptyHeader?.().header ?? [];
    const decisions = [...reader.decisions, ...(reader.findings?.() ?? [])];
    table.decided = Object.fromEntries(decisions.map(decision => [decision.name, decision]));
    return table;
  } finally {
    await source.close();
  }
}

/** What was decided, without how sure that is. */
export function values({ decided }: Table, ...names: string[]): unknown[] {
  return names.map(name => decided[name]?.value);
}
