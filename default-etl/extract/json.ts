import type { Reader } from '../batch.ts';
import { neverFailure } from '../failure.ts';
import { limitsOf } from '../limits.ts';
import type { Extract } from '../settings.ts';
import type { Source } from '../source.ts';
import { findLayout } from './json/layout.ts';
import { JsonRun } from './json/run.ts';
import { skipSpace } from './json/scanner.ts';
import { readRecords } from './record-run.ts';
import { findEncoding, readTextHead } from './text.ts';

const HEAD_BYTES = 1 << 20;

/**
 * JSON: one array of objects, one object, or values one after the other; `record_path` leads to the list inside objects, and is found out
 * where that is left out. With `lines` each line is a record by itself, and one that is no JSON a reject.
 */
export async function openJson(source: Source, extract: Extract, mode: 'lines' | 'values' = 'values'): Promise<Reader> {
  const { record_path: path } = extract;
  const limits = limitsOf(extract);
  const encoding = await findEncoding(source, extract.encoding);
  const head = await readTextHead(source, encoding, HEAD_BYTES);
  const isWhole = head.length < HEAD_BYTES;
  if (isWhole && skipSpace(head, 0, head.length) === head.length)
    throw neverFailure(`${source.path} is empty: it has no JSON value; export it again`);
  const { layout, decisions } = findLayout({ head, isWhole, isLines: mode === 'lines', path });
  return {
    decisions: [{ name: 'encoding', value: encoding.name, confidence: 1, reason: encoding.reason }, ...decisions],
    columnsVary: true,
    maxRows: source.sizeBytes,
    batches: () => readRecords(source, encoding, new JsonRun(source, layout), limits),
  };
}
