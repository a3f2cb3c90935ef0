import { emptyBatch, type Reader } from '../batch/batch.ts';
import type { Decision } from '../contract/protocol.ts';
import { configFailure, neverFailure } from '../contract/failure.ts';
import { limitsOf } from '../contract/limits.ts';
import type { Extract } from '../contract/settings.ts';
import type { Source } from '../unpack/source.ts';
import { canSample, sampleCsv } from './csv/sample-csv.ts';
import type { TextHead } from './csv/head.ts';
import type { Findings } from './csv/findings.ts';
import { usualLineEnd } from './csv/line-end.ts';
import { withHeaderLine } from './csv/header-line.ts';
import { CR, skipLines } from './csv/marks.ts';
import { findDialect } from './csv/dialect.ts';
import { CsvRun, type Layout } from './csv/csv-run.ts';
import { findTableEnd, type TableEnd } from './csv/table-end.ts';
import { Ending } from './csv/tail.ts';
import type { Encoding } from './byte-order.ts';
import { type GridRow, MOST_ROWS } from './table/grid.ts';
import { findTable, type TablePlace } from './table/table-place.ts';
import { RowsWatch } from './table/rows-watch.ts';
import { findEncoding, openText } from './text-encoding.ts';
import { InnerMarks, withoutInnerMarks } from './inner-marks.ts';

const HEAD_BYTES = 1 << 16;

/** Delimited text. `fallback`: the delimiter where the text shows none. */
export async function openCsv(source: Source, extract: Extract, fallback: string): Promise<Reader> {
  if (source.sizeBytes === 0) throw emptyFile(source);
  const limits = limitsOf(extract);
  const ending = new Ending(source);
  const encoding = await findEncoding(ending.watched, extract.encoding);
  const marks = new InnerMarks();
  const head = await textHead(source, encoding, extract.skip_rows ?? 0, marks);
  const beginning = findLayout(source, head, extract, fallback);
  const { dialect } = beginning.layout;
  const end: TableEnd =
    extract.skip_footer === undefined
      ? await findTableEnd(ending, encoding, beginning)
      : { decisions: [], isKnown: true };
  const layout = { ...beginning.layout, endBytes: end.endBytes };
  const encoded = { name: 'encoding', value: encoding.name, confidence: encoding.confidence, reason: encoding.reason };
  // Not the run itself: of an archive's members each would keep its windows.
  let header: readonly string[] = [];
  const onHeader = (found: readonly string[]) => void (header = found);
  let watch = new RowsWatch('line', beginning.decisions, end.isKnown);
  let found: Findings | undefined;
  return {
    decisions: [encoded, ...marks.decisions(), ...beginning.decisions, ...end.decisions],
    columnsVary: false,
    maxRows: source.sizeBytes,
    emptyHeader: () => emptyBatch(header),
    ...(canSample(source, encoding.name) ? { samples: () => sampleCsv(source, dialect, () => header) } : {}),
    findings: () => [...marks.decisions(), ...watch.decisions(), ...(found?.decisions() ?? [])],
    batches: () => {
      watch = new RowsWatch('line', beginning.decisions, end.isKnown);
      const run = new CsvRun(source, encoding, layout, limits, { onHeader, marks });
      found = run.findings;
      return watch.over(run.batches());
    },
  };
}

/** What the first bytes tell. */
interface Beginning {
  layout: Layout;
  /** Cells that the rows have. */
  rowWidth: number;
  decisions: Decision[];
}

function findLayout(source: Source, head: TextHead, extract: Extract, fallback: string): Beginning {
  if (head.bytes.length === 0) throw emptyFile(source);
  const separator = separatorLine(head.bytes);
  const text = { ...head, bytes: head.bytes.subarray(separator?.bytes ?? 0) };
  const delimiter = extract.delimiter ?? separator?.delimiter;
  const { dialect, records, decisions } = findDialect(
    text,
    { ...extract, ...(delimiter === undefined ? {} : { delimiter }) },
    fallback,
  );
  const { header } = extract;
  if (Array.isArray(header) && header.length === 0) throw configFailure('EXTRACT.header is an empty list');
  const isNamed = Array.isArray(header);
  const linesAbove = (extract.skip_rows ?? 0) + (separator ? 1 : 0);
  const rows = records.map(record => ({ ...record, line: record.line + linesAbove }));
  const found = findTable(rows, {
    skipsNothing: extract.skip_rows !== undefined || isNamed,
    hasHeader: isNamed ? false : header,
    isWhole: head.isWhole && records.length < MOST_ROWS,
    isCutByBlanks: dialect.delimiter.toString() === ' ',
    place: 'line',
  });
  const place = isNamed ? found : withHeaderLine(found, { records, rows, head: text.bytes, dialect });
  return {
    layout: {
      dialect,
      width: place.width,
      undeclared: {
        quote: extract.quote === undefined,
        escape: extract.escape === undefined,
        blanks: extract.skip_blanks === undefined,
      },
      lineEnd: usualLineEnd(text.bytes, records, place.rowWidth),
      ...headerIn(rows, place, linesAbove),
      ...(isNamed ? { header } : {}),
    },
    rowWidth: place.rowWidth,
    decisions: [
      ...decisions.map(decision =>
        decision.name === 'delimiter' && extract.delimiter === undefined && separator
          ? { ...decision, reason: 'as the first line says, which is no header' }
          : decision,
      ),
      lineEndOf(head.bytes),
      ...place.decisions,
    ],
  };
}

/** Names that are not the cells of the one record right above the rows are given, and what they were made of is skipped. */
function headerIn(
  rows: readonly GridRow[],
  place: TablePlace,
  linesAbove: number,
): Pick<Layout, 'skipLines' | 'header'> {
  const { above, headerRows, names } = place;
  if (names !== undefined) return { skipLines: lineBefore(rows[above + headerRows]), header: [...names] };
  return { skipLines: above === 0 ? linesAbove : lineBefore(rows[above]), header: headerRows > 0 };
}

function lineBefore(row: GridRow | undefined): number {
  return (row?.line ?? 1) - 1;
}

/**
 * A first line of `sep=;` is how Excel is told the delimiter: it is that, and no header. Whoever saved it anew may have
 * put quotes around it, or delimiters behind it.
 */
function separatorLine(head: Buffer): { delimiter: string; bytes: number } | undefined {
  const found = /^"?sep=([^\r\n"])"?\1*(\r\n|\r|\n)/i.exec(head.toString('latin1', 0, 1024));
  return found ? { delimiter: found[1] as string, bytes: found[0].length } : undefined;
}

function emptyFile(source: Source): Error {
  return neverFailure(`${source.path} is empty: it has neither a header nor rows`);
}

/** The first bytes of the text behind `skipRows` lines. */
async function textHead(source: Source, encoding: Encoding, skipRows: number, marks: InnerMarks): Promise<TextHead> {
  const stream = withoutInnerMarks(await openText(source, encoding), marks);
  const buffer = Buffer.allocUnsafeSlow(HEAD_BYTES);
  let used = 0;
  let left = skipRows;
  try {
    for (;;) {
      const count = await stream.fill(buffer, used);
      const { position, skipped } = skipLines(buffer, 0, used + count, left);
      left -= skipped;
      // A CR at the very end may be half of a line end: it stays for the next look.
      const from = left > 0 && count > 0 && buffer[position - 1] === CR ? position - 1 : position;
      if (from < position) left++;
      used = buffer.copy(buffer, 0, from, used + count);
      if (count === 0 || used === buffer.length) return { bytes: buffer.subarray(0, used), isWhole: count === 0 };
    }
  } finally {
    stream.close();
  }
}

/** Which line ends the first bytes have. */
function lineEndOf(head: Buffer): Decision {
  const text = head.toString('latin1');
  const counts = { CRLF: text.match(/\r\n/g), LF: text.match(/(?<!\r)\n/g), CR: text.match(/\r(?!\n)/g) };
  const found = Object.entries(counts).filter(([, matches]) => matches !== null);
  const value = found.length === 0 ? 'none' : found.map(([name]) => name).join(' and ');
  return {
    name: 'line_end',
    value,
    confidence: 1,
    reason: 'each of CRLF, LF and CR ends a line, within quotes it is text',
  };
}
