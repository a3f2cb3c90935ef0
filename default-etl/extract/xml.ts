import type { Reader } from '../batch.ts';
import type { Decision } from '../protocol.ts';
import { configFailure, neverFailure } from '../failure.ts';
import { limitsOf } from '../limits.ts';
import type { Extract } from '../settings.ts';
import type { Source } from '../source.ts';
import { readRecords } from './record-run.ts';
import { SyntaxFault } from './syntax-fault.ts';
import type { Encoding } from './byte-order.ts';
import { findEncoding, readTextHead } from './text.ts';
import { findRecordPath } from './xml/record-path.ts';
import { XmlRun } from './xml/run.ts';

const PATH_HEAD_BYTES = 1 << 20;

/** XML: each element that EXTRACT.record_path leads to is a row. Left out, the path is found out from the first megabyte. */
export async function openXml(source: Source, extract: Extract): Promise<Reader> {
  if (source.sizeBytes === 0) throw neverFailure(`${source.path} is empty: it has no XML element; export it again`);
  const limits = limitsOf(extract);
  const encoding = await encodingOf(source, extract.encoding);
  const path = await decidePath(source, encoding, extract.record_path);
  return {
    decisions: [{ name: 'encoding', value: encoding.name, confidence: 1, reason: encoding.reason }, path],
    columnsVary: true,
    maxRows: source.sizeBytes,
    batches: () => readRecords(source, encoding, new XmlRun(source, path.value), limits),
  };
}

async function encodingOf(source: Source, declared: string | undefined): Promise<Encoding> {
  if (declared !== undefined) return await findEncoding(source, declared);
  const inProlog = await prologEncoding(source);
  const encoding = await findEncoding(source, inProlog);
  return inProlog === undefined ? encoding : { ...encoding, reason: 'as its first line says' };
}

/**
 * What the first line declares, where it is no Unicode: that shows in the bytes. ISO-8859-1 is read as Windows-1252, as browsers do: no table
 * means the control characters that the two differ by.
 */
async function prologEncoding(source: Source): Promise<string | undefined> {
  const prolog = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([^"'>]+)["']/.exec(
    (await source.head(512)).toString('latin1'),
  );
  const declared = prolog?.[1]?.toLowerCase();
  if (declared === undefined || /^(utf|ucs|iso-10646|us-ascii$|ascii$)/.test(declared)) return undefined;
  return /^(iso[-_]?8859[-_]?1|latin-?1)$/.test(declared) ? 'windows-1252' : declared;
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
    const lines = head.toString('utf8', 0, error.position).split('\n');
    const place = `line ${lines.length}, column ${(lines.at(-1) as string).length + 1}`;
    throw neverFailure(
      `${source.path} is not XML: ${error.message} (${place}); correct it there, or export it again`,
      error,
    );
  }
}
