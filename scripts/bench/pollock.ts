// `node scripts/bench/pollock.ts FOLDER [--parameters] [--files] [--write FOLDER]`: how well the default ETL reads the
// polluted files of Pollock (VLDB 2023), of which FOLDER is a copy (HPI-Information-Systems/Pollock on GitHub;
// polluted_files, survey_sample, pollock_weights.json). Without --parameters it finds out everything by itself. --files
// prints each file that is not perfect; --write leaves what was loaded as CSV, for the benchmark's own scorer.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { type Batch, cellText, NULL } from '../../default-etl/batch/batch.ts';
import { openReader } from '../../default-etl/extract/open.ts';
import { EtlFailure } from '../../default-etl/contract/failure.ts';
import type { Extract } from '../../default-etl/contract/settings.ts';
import { SourceFile } from '../../default-etl/unpack/source.ts';
import { Spill } from '../../default-etl/unpack/spill.ts';
import { type Rows, tableOf } from './measure.ts';
import { FAILED, MEASURES, type Score, scoreRows, total } from './pollock-score.ts';

interface Parameters {
  encoding?: string;
  delimiter: string;
  quotechar: string;
  escapechar: string;
  /** Numbers, some as text. */
  header_lines: number | string;
  preamble_lines: number | string;
  column_names?: string[];
}

interface Scored {
  file: string;
  score: Score;
}

const NOTHING_EXPECTED = { sizeBytes: null, mtimeNs: null, inode: null };

async function main(folder: string, options: Options): Promise<void> {
  const polluted = await scoreFolder(join(folder, 'polluted_files'), options);
  const weights = JSON.parse(readFileSync(join(folder, 'pollock_weights.json'), 'utf8')) as Record<string, number>;
  const survey = await scoreFolder(join(folder, 'survey_sample'), options);
  const rows: Rows = [
    ...byPollution(polluted),
    row('polluted_files, simple', polluted),
    row('polluted_files, weighted', polluted, weights),
    row('survey_sample', survey),
  ];
  if (options.files) {
    const imperfect = [...polluted, ...survey].filter(({ score }) => total(score) < 10 - 1e-9);
    process.stdout.write(`${imperfect.map(({ file, score }) => `${total(score).toFixed(4)} ${file}`).join('\n')}\n\n`);
  }
  process.stdout.write(`${tableOf(rows)}\n${JSON.stringify(rows)}\n`);
}

/** Only files called .csv count, as in the benchmark; what its copy lacks (some are kept elsewhere) is left out. */
async function scoreFolder(folder: string, options: Options): Promise<Scored[]> {
  const names = readdirSync(join(folder, 'csv')).filter(name => name.endsWith('csv'));
  const scored: Scored[] = [];
  for (const file of names.filter(name => existsSync(join(folder, 'clean', name)))) {
    const rows = await load(join(folder, 'csv', file), options.parameters ? extractOf(folder, file) : {});
    if (options.write) writeRows(join(options.write, folder.split('/').at(-1) as string), file, rows);
    scored.push({ file, score: rows ? scoreRows(truthOf(join(folder, 'clean', file)), rows) : FAILED });
  }
  return scored;
}

/** The parameters that the benchmark gives to all that is measured, as EXTRACT. */
function extractOf(folder: string, file: string): Extract {
  const text = readFileSync(join(folder, 'parameters', `${file}_parameters.json`), 'utf8');
  const given = JSON.parse(text) as Parameters;
  const names = given.column_names ?? [];
  const headerLines = Number(given.header_lines);
  return {
    ...(given.encoding && given.encoding !== 'ascii' ? { encoding: given.encoding } : {}),
    ...(given.delimiter ? { delimiter: given.delimiter } : {}),
    ...(given.quotechar ? { quote: given.quotechar } : {}),
    ...(given.escapechar ? { escape: given.escapechar } : {}),
    header: headerLines === 0 ? false : headerLines === 1 || names.length === 0 ? true : names,
    skip_rows: linesOf(
      join(folder, 'csv', file),
      Number(given.preamble_lines) + (headerLines > 1 ? headerLines : 0),
      given.quotechar,
    ),
  };
}

/** How many lines the first records take: the benchmark counts records, EXTRACT.skip_rows lines. */
function linesOf(path: string, records: number, quote: string): number {
  const lines = readFileSync(path, 'latin1').split(/\r\n|\r|\n/);
  let left = records;
  let isQuoted = false;
  return lines.findIndex(line => {
    if (left === 0) return true;
    if (quote !== '' && line.split(quote).length % 2 === 0) isQuoted = !isQuoted;
    if (!isQuoted) left--;
    return false;
  });
}

/**
 * Header and rows as they are in the file, before any step; undefined where it can't be loaded. Cells that a record
 * does not have are left out.
 */
async function load(path: string, extract: Extract): Promise<string[][] | undefined> {
  const source = await SourceFile.open(path, NOTHING_EXPECTED, new AbortController().signal);
  try {
    const reader = await openReader({ source, fileName: path, extract, spill: new Spill(tmpdir()) });
    const rows: string[][] = [];
    let header: readonly string[] | undefined;
    for await (const batch of reader.batches()) {
      header = batch.header;
      for (let index = 0; index < batch.rows; index++) rows.push(cellsOf(batch, index));
    }
    header ??= reader.emptyHeader?.().header ?? [];
    const hasHeader = reader.decisions.find(({ name }) => name === 'header')?.value ?? extract.header;
    return hasHeader === false ? rows : [asInFile(header), ...rows];
  } catch (error) {
    if (error instanceof EtlFailure) return undefined;
    throw error;
  } finally {
    await source.close();
  }
}

/** Names as they stand in the file: the table's own get numbers where they are empty or repeated. */
function asInFile(names: readonly string[]): string[] {
  return names.map((name, position) => {
    const [, repeated] = /^(.*)\.\d+$/s.exec(name) ?? [];
    if (repeated !== undefined && names.slice(0, position).includes(repeated)) return repeated;
    return name === `Unnamed: ${position}` ? '' : name;
  });
}

function cellsOf(batch: Batch, index: number): string[] {
  const cells: string[] = [];
  for (let column = 0; column < batch.header.length; column++) {
    if (batch.starts[index * batch.width + column] === NULL) break;
    // As Python's text files have it.
    cells.push((cellText(batch, index, column) ?? '').replace(/\r\n?/g, '\n'));
  }
  return cells;
}

function truthOf(path: string): string[][] {
  const rows = parse(readFileSync(path), { bom: true, relax_column_count: true, raw: true }) as unknown as Array<{
    raw: string;
    record: string[];
  }>;
  return rows.map(({ raw, record }) => (raw.trim() === '' ? [] : record));
}

function writeRows(folder: string, file: string, rows: string[][] | undefined): void {
  mkdirSync(folder, { recursive: true });
  const lines = rows?.map(cells => cells.map(cell => `"${cell.replaceAll('"', '""')}"`).join(','));
  writeFileSync(
    join(folder, `${file}_converted.csv`),
    lines ? lines.map(line => `${line}\n`).join('') : 'Application Error\n',
  );
}

function byPollution(scored: readonly Scored[]): Rows {
  const groups = Map.groupBy(scored, ({ file }) =>
    file.startsWith('row_') ? file.replace(/_?\d.*/, '') : file.replace('.csv', ''),
  );
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, files]) => row(name, files));
}

/** Means over the files; weighted where there are weights. */
function row(what: string, scored: readonly Scored[], weights?: Record<string, number>): Rows[number] {
  const known = scored.map(({ file }) => (weights ? (weights[file] ?? 0) : 1));
  const whole = known.reduce((sum, weight) => sum + weight, 0);
  const means = MEASURES.map(
    (_, measure) =>
      scored.reduce((sum, { score }, at) => sum + (score[measure] as number) * (known[at] as number), 0) / whole,
  );
  const columns = MEASURES.flatMap((name, measure) =>
    /success|f1/.test(name) ? [[name, means[measure]!.toFixed(4)]] : [],
  );
  return { what, files: scored.length, score: total(means).toFixed(4), ...Object.fromEntries(columns) } as Rows[number];
}

interface Options {
  parameters: boolean;
  files: boolean;
  write?: string | undefined;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    parameters: { type: 'boolean', default: false },
    files: { type: 'boolean', default: false },
    write: { type: 'string' },
  },
});
const [folder] = positionals;
if (folder === undefined) {
  process.stderr.write('usage: node scripts/bench/pollock.ts FOLDER [--parameters] [--files] [--write FOLDER]\n');
  process.exitCode = 64;
} else {
  await main(folder, values);
}
