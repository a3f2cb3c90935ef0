import { Readable } from 'node:stream';
import { askEtl } from '../etl/ask.ts';
import type { OpenRejects } from './open-rejects.ts';

/** A reject a line, as JSON. */
export async function* rejectsAsLines({ list }: OpenRejects): AsyncGenerator<string> {
  for await (const reject of list()) yield `${JSON.stringify(reject)}\n`;
}

/** As CSV to be mended, in the dialect and encoding of the file; empty where there are none. */
export async function* rejectsAsCsv(rejects: OpenRejects, signal?: AbortSignal): AsyncGenerator<Buffer> {
  if (rejects.files === null) return;
  yield* askEtl({
    args: ['--rejects', { prefix: '--table=', file: rejects.files.table }],
    environment: {},
    input: Readable.from(rejectsAsLines(rejects)),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** `rejects-january.csv` for `in/january.xlsx`. */
export function rejectsFileName(file: string): string {
  const name = file.slice(file.lastIndexOf('/') + 1).replace(/(\.[a-z0-9]{1,8})+$/i, '');
  return `rejects-${name.replace(/[^\p{L}\p{N}._-]+/gu, '_')}.csv`;
}
