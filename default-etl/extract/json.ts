import { emptyBatch, type Reader } from '../batch/batch.ts';
import { neverFailure } from '../contract/failure.ts';
import { type Limits, limitsOf } from '../contract/limits.ts';
import type { Decision } from '../contract/protocol.ts';
import type { Extract } from '../contract/settings.ts';
import type { Source } from '../unpack/source.ts';
import type { Encoding } from './byte-order.ts';
import { columnNames } from './table/column-names.ts';
import type { ArrayTable } from './json/array-rows.ts';
import { ColumnTable } from './json/column-table.ts';
import { type Found, findLayout, INDEX, type Layout } from './json/layout.ts';
import { JsonRun } from './json/json-run.ts';
import { skipSpace } from './json/scanner.ts';
import { MORE } from './json/table-shape.ts';
import { readRecords } from './record-run.ts';
import { placeIn, SyntaxFault } from './syntax-fault.ts';
import { encodingDecision, findEncoding, readTextHead } from './text-encoding.ts';

const HEAD_BYTES = 1 << 20;
/** Of a document that is one object, so much is looked at first for a table that is no list of objects. */
const SHAPE_BYTES = 1 << 16;
/** By how much more is looked at where that does not tell. */
const GROWTH = 8;

/** A JSON text, and what is known of it. */
interface JsonText {
  source: Source;
  encoding: Encoding;
  extract: Extract;
  limits: Limits;
  /** By its name each line is a record. */
  isLines: boolean;
}

/**
 * JSON: one array of objects or of lists, one object, or values one after the other; `record_path` leads to the list
 * inside objects, and is found out where that is left out. With `lines` each line is a record by itself, and one that
 * is no JSON a reject.
 */
export async function openJson(source: Source, extract: Extract, mode: 'lines' | 'values' = 'values'): Promise<Reader> {
  const encoding = await findEncoding(source, extract.encoding);
  const text: JsonText = { source, encoding, extract, limits: limitsOf(extract), isLines: mode === 'lines' };
  const { layout, decisions } = await layoutOf(text);
  const { records } = layout;
  const columns = records.kind === 'columns' ? await readColumns(text, layout.path, records.hasKeys) : undefined;
  const reader = columns ?? recordReader(text, records.kind === 'columns' ? ONE_RECORD : layout);
  const known = records.kind === 'columns' && columns === undefined ? [NO_COLUMNS] : decisions;
  return {
    decisions: [encodingDecision(encoding), ...known],
    columnsVary: true,
    maxRows: source.sizeBytes,
    ...reader,
  };
}

const ONE_RECORD: Layout = { path: [], isLines: false, records: { kind: 'objects' } };

const NO_COLUMNS: Decision = {
  name: 'record_path',
  value: [],
  confidence: 0.5,
  reason:
    'the object is one record, though it begins as a table does whose columns follow each other: they are not all alike',
};

async function layoutOf({ source, encoding, extract, limits, isLines }: JsonText): Promise<Found> {
  let headBytes = HEAD_BYTES;
  for (let shapeBytes = SHAPE_BYTES; ; shapeBytes *= GROWTH) {
    headBytes = Math.max(headBytes, shapeBytes);
    const head = await readTextHead(source, encoding, headBytes);
    const isWhole = head.length < headBytes;
    if (isWhole && skipSpace(head, 0, head.length) === head.length)
      throw neverFailure(`${source.path} is empty: it has no JSON value; export it again`);
    const { record_path: path, header } = extract;
    const found = findLayout({ head, isWhole, shapeBytes, isLines, path, header });
    if (found !== MORE) return found;
    if (shapeBytes > limits.rowBytes) throw tooLong(source, limits.rowBytes);
  }
}

function recordReader({ source, encoding, limits }: JsonText, layout: Layout): Pick<Reader, 'batches' | 'emptyHeader'> {
  const { records } = layout;
  const batches = () => readRecords(source, encoding, new JsonRun(source, layout), limits);
  return records.kind === 'arrays' ? { batches, emptyHeader: () => emptyBatch(records.table.names) } : { batches };
}

/** A table whose columns follow each other is turned, and read as one whose rows are lists. undefined where it is none. */
async function readColumns(
  { source, encoding, limits }: JsonText,
  path: readonly string[],
  hasKeys: boolean,
): Promise<Pick<Reader, 'batches' | 'emptyHeader'> | undefined> {
  const text = await readTextHead(source, encoding, limits.rowBytes);
  if (text.length === limits.rowBytes) throw tooLong(source, limits.rowBytes);
  const columns = columnsOf(source, text, path);
  if (columns === undefined || (hasKeys && !columns.isAligned)) return undefined;
  const names = columnNames(hasKeys ? [INDEX, ...columns.names] : columns.names);
  const table: ArrayTable = { names, skipsFirst: false };
  const turned = { path: source.path, sizeBytes: text.length, stream: () => columns.stream(hasKeys) };
  const layout: Layout = { path: [], isLines: false, records: { kind: 'arrays', table } };
  const plain = { ...encoding, name: 'utf8', bomBytes: 0 };
  delete plain.otherName;
  return {
    batches: () => readRecords(turned, plain, new JsonRun(turned, layout), limits),
    emptyHeader: () => emptyBatch(names),
  };
}

function columnsOf(source: Source, text: Buffer, path: readonly string[]): ColumnTable | undefined {
  try {
    return ColumnTable.of(text, path);
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    throw neverFailure(
      `${source.path} is not JSON: ${error.message} (${placeIn(text, error.position)}); correct it there, or export it again`,
      error,
    );
  }
}

function tooLong({ path }: Source, mostBytes: number): Error {
  return neverFailure(
    `${path} is a table that has to be read whole, since its columns, or what its rows are called, stand in front of them, and has more than ${mostBytes} bytes (EXTRACT.limits.row_size); export its rows as records`,
  );
}
