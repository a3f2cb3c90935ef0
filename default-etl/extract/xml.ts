import type { Reader } from '../batch/batch.ts';
import type { Decision } from '../contract/protocol.ts';
import { configFailure, neverFailure } from '../contract/failure.ts';
import { limitsOf } from '../contract/limits.ts';
import type { Extract } from '../contract/settings.ts';
import type { Source } from '../unpack/source.ts';
import { readRecords } from './record-run.ts';
import { placeIn, SyntaxFault } from './syntax-fault.ts';
import type { Encoding } from './byte-order.ts';
import { encodingDecision, findEncoding, readTextHead } from './text-encoding.ts';
import { findXmlEncoding } from './markup/xml-encoding.ts';
import { findRecordPath } from './xml/record-path.ts';
import { XmlRun } from './xml/xml-run.ts';

const PATH_HEAD_BYTES = 1 << 20;

/** XML: each element that EXTRACT.record_path leads to is a row. Left out, the path is found out from the first megabyte. */
export async function openXml(source: Source, extract: Extract): Promise<Reader> {
  if (source.sizeBytes === 0) throw neverFailure(`${source.path} is empty: it has no XML element; export it again`);
  const limits = limitsOf(extract);
  const { encoding: said } = extract;
  const encoding = said === undefined ? await findXmlEncoding(source) : await findEncoding(source, said);
  const path = await decidePath(source, encoding, extract.record_path);
  return {
    decisions: [encodingDecision(encoding), path],
    columnsVary: true,
    maxRows: source.sizeBytes,
    batches: () => readRecords(source, encoding, new XmlRun(source, path.value), limits),
  };
}

async function decidePath(
  source: Source,
  encoding: Encoding,
  declared: string[] | undefined,
): Promise<Decision & { value: string[] }> {
  if (declared?.length === 0)
    throw configFailure('EXTRACT.record_path is an empty list; name the elements down to the record, or leave it out');
  if (declared) return { name: 'record_path', value: declared, confidence: 1, reason: 'as EXTRACT.record_path says' };
  const head = await readTextHead(source, encoding, PATH_HEAD_BYTES);
  if (head.length === 0) throw neverFailure(`${source.path} is empty: it has no XML element; export it again`);
  try {
    const found = findRecordPath(head);
    if (found.value.length > 0 || head.length < PATH_HEAD_BYTES) return found;
    throw neverFailure(
      `${source.path} has no element in its first ${PATH_HEAD_BYTES} bytes; name those from the root down to the record in EXTRACT.record_path`,
    );
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    const place = placeIn(head, error.position);
    throw neverFailure(
      `${source.path} is not XML: ${error.message} (${place}); correct it there, or export it again`,
      error,
    );
  }
}
