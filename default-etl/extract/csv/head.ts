import { CsvTokenizer, type Dialect } from './tokenizer.ts';

const MOST_RECORDS = 200;

/** The first bytes of the text, as UTF-8. */
export interface TextHead {
  bytes: Buffer;
  /** Whether that is all of it. */
  isWhole: boolean;
}

export interface HeadRecord {
  cells: string[];
  /** From 1. */
  line: number;
}

/**
 * The first records of the text as the dialect cuts them: complete ones, 200 at most; the beginning of the first one where not even that is complete. `width`: the columns, where they
 * are known.
 */
export function headRecords(head: TextHead, dialect: Dialect, width = 0): HeadRecord[] {
  const records = recordsOf(head, dialect, width);
  return records.length > 0 || head.isWhole ? records : recordsOf({ ...head, isWhole: true }, dialect, width);
}

function recordsOf({ bytes, isWhole }: TextHead, dialect: Dialect, width: number): HeadRecord[] {
  const tokenizer = new CsvTokenizer(dialect);
  tokenizer.expectedWidth = width;
  const records: HeadRecord[] = [];
  for (let position = 0; position < bytes.length && records.length < MOST_RECORDS; ) {
    const next = tokenizer.parse(bytes, position, bytes.length, isWhole);
    if (tokenizer.firstWidth > 0) {
      records.push({ cells: tokenizer.takeCells(tokenizer.firstWidth), line: tokenizer.firstLine });
    }
    if (next === position) break;
    position = next;
  }
  return records;
}
