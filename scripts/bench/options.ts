import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Names of the benchmarks; none for all. */
  names: string[];
  /** How often each load is measured. */
  turns: number;
  /** Rows of the flights that are loaded; undefined for all. */
  rows: number | undefined;
  /** flood and journal: how many files; undefined for what is usual there. */
  files: number | undefined;
  /** etl: where the time goes, instead of the comparison. */
  profile: boolean;
  /** etl: 2 GB of CSV and a workbook of a million rows, instead of the comparison. */
  big: boolean;
}

const TURNS = '5';
const QUICK = { turns: 1, rows: 20_000, files: 100 };

/** Throws for what it doesn't know. */
export function readOptions(words: string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      turns: { type: 'string', default: TURNS },
      rows: { type: 'string' },
      files: { type: 'string' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      big: { type: 'boolean', default: false },
    },
  });
  const { profile, big, quick } = values;
  const turns = wholeOf('turns', values.turns);
  const rows = values.rows === undefined ? undefined : wholeOf('rows', values.rows);
  const files = values.files === undefined ? undefined : wholeOf('files', values.files);
  return { names: positionals, profile, big, ...(quick ? QUICK : { turns, rows, files }) };
}

function wholeOf(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} ${text} is not a whole number from 1`);
}
