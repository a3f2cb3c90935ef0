import type { Batch } from '../../batch/batch.ts';
import type { Source } from '../../unpack/source.ts';
import type { Dialect } from './marks.ts';
import { CsvTokenizer } from './tokenizer.ts';

/** A file of fewer bytes is read whole by who wants to know it. */
const SMALL_BYTES = 1 << 20;
const PLACES = 16;
/** What is read at a place, and what is where that did not show enough records: those of 2,000 columns take 10 KB and more. */
const PLACE_BYTES = [1 << 14, 1 << 17];
/** Records that a place must show, and the share of them that must have all cells, to be believed. */
const FEWEST_ROWS = 3;
const WHOLE_SHARE = 0.9;
/** Encodings in which a line end, a delimiter and a quote are the bytes they are in ASCII, wherever one begins to read. */
const ONE_BYTE = /^(utf-?8|ascii|win(dows-?)?-?\d+|cp(437|85\d|125\d)|latin-?\d|iso-?8859-?\d+|mac\w*)$/i;

/** Whether sampleCsv() can enter the file in the middle, and it is worth it. */
export function canSample(source: Source, encoding: string): boolean {
  return source.isSeekable && source.sizeBytes > SMALL_BYTES && ONE_BYTE.test(encoding);
}

/**
 * Records from places all over the file. Where a place begins within quotes its records look wrong, and it is left out:
 * a quote is guessed to be closed by how many cells the records have. Texts of other encodings than UTF-8 stay as their
 * bytes are. `header`: the columns, once the first batch was read.
 */
export async function* sampleCsv(
  source: Source,
  dialect: Dialect,
  header: () => readonly string[],
): AsyncGenerator<Batch> {
  const tokenizer = new CsvTokenizer(dialect);
  tokenizer.width = header().length;
  for (let place = 0; place < PLACES; place++) {
    const start = Math.floor(((place + 0.5) / PLACES) * source.sizeBytes);
    for (const bytes of PLACE_BYTES) {
      const batch = recordsIn(await source.readAt(start, bytes), tokenizer, header());
      if (!batch) continue;
      yield batch;
      break;
    }
  }
}

/** The records of a piece of the file, from the first line end on; undefined where they are not to be believed. */
function recordsIn(piece: Buffer, tokenizer: CsvTokenizer, header: readonly string[]): Batch | undefined {
  const lineEnd = piece.findIndex(byte => byte === 10 || byte === 13);
  if (lineEnd < 0) return undefined;
  tokenizer.parse(piece, lineEnd + 1, piece.length, false);
  const batch = tokenizer.take(header);
  return isPlausible(batch) ? batch : undefined;
}

/** Short records have a null in the last column: where the table has it too, any other place would show the same. */
function isPlausible(batch: Batch): boolean {
  const { rows, width, starts } = batch;
  let whole = 0;
  for (let row = 0; row < rows; row++) if ((starts[(row + 1) * width - 1] as number) >= 0) whole++;
  return rows >= FEWEST_ROWS && whole >= WHOLE_SHARE * (rows + batch.rejects.length);
}
