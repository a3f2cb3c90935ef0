// `npm run hunt [-- --kind=csv|json|workbook|xml] [--cases=N] [--seed=N]`: looks for tables that the default ETL and
// other readers read differently. --help says more.
import type fc from 'fast-check';
import type { Case, Kind } from './case.ts';
import { csvCases } from './csv-cases.ts';
import { openDuckDb } from './duckdb-reader.ts';
import { hunt, type HuntResult } from './hunt.ts';
import { jsonCases } from './json-cases.ts';
import { csvParseReader, sheetJsReader, truthReader } from './library-readers.ts';
import { HELP, readOptions } from './options.ts';
import { openPython } from './python-reader.ts';
import { reportOf } from './report.ts';
import { workbookCases } from './workbook-cases.ts';
import { xmlCases } from './xml-cases.ts';

const CASES: Record<Kind, fc.Arbitrary<Case>> = {
  csv: csvCases,
  json: jsonCases,
  workbook: workbookCases,
  xml: xmlCases,
};

async function main(words: string[]): Promise<void> {
  const { help, kinds, cases, seed } = readOptions(words, Date.now());
  if (help) return void process.stdout.write(HELP);
  const python = openPython();
  if (!python) process.stderr.write('there is no python3: its readers are left out\n');
  const readers = [truthReader, await openDuckDb(), csvParseReader, sheetJsReader, ...(python ? [python] : [])];
  const results = new Map<Kind, HuntResult>();
  try {
    for (const kind of kinds) results.set(kind, await hunt({ kind, cases: CASES[kind], count: cases, seed, readers }));
  } finally {
    for (const reader of readers) await reader.close?.();
  }
  process.stdout.write(`seed ${seed}\n${reportOf(results)}`);
  if ([...results.values()].some(({ findings }) => findings.length > 0)) process.exitCode = 1;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`npm run hunt: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
