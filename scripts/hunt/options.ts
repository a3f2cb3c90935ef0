import { parseArgs } from 'node:util';
import { type Kind, KINDS } from './case.ts';

export interface HuntArguments {
  help: boolean;
  kinds: readonly Kind[];
  /** Files of each kind. */
  cases: number;
  seed: number;
}

export const HELP = `npm run hunt [-- --kind=${KINDS.join('|')}] [--cases=N] [--seed=N]

Makes tables up, writes each as a file of its kind, and reads it by the default ETL and by others: DuckDB, Python's own modules where there is a python3, csv-parse,
SheetJS, and what was written. Prints each way to differ that nothing explains, with its seed and the smallest file, and then how many files, comparisons and differences there
were. What explains a difference is in scripts/hunt/known.ts and in default-etl/MEASURED.md.

  --kind   one kind of file, or several; all unless told
  --cases  files of each kind, 500 unless told
  --seed   makes the same files again; any unless told

Exit code 1: there are differences that nothing explains.
`;

/** Throws for what it does not know. `now`: what the seed is made of where none is given. */
export function readOptions(words: string[], now: number): HuntArguments {
  const { values } = parseArgs({
    args: words,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      kind: { type: 'string', multiple: true, default: [...KINDS] },
      cases: { type: 'string', default: '500' },
      seed: { type: 'string', default: String(now % 1_000_000) },
    },
  });
  const kinds = values.kind.flatMap(kind => kind.split(',')).map(kindOf);
  return { help: values.help, kinds, cases: wholeOf('cases', values.cases, 1), seed: wholeOf('seed', values.seed, 0) };
}

function kindOf(name: string): Kind {
  const kind = KINDS.find(candidate => candidate === name);
  if (kind === undefined) throw new Error(`--kind ${name} is not known; there are ${KINDS.join(', ')}`);
  return kind;
}

function wholeOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`--${name} ${text} is not a whole number from ${least}`);
}
