import { FORMAT_WORDS } from '../extract/registry.ts';
import { TARGETS } from '../load/registry.ts';

const NAME_WIDTH = 24;

const variables = Object.values(TARGETS)
  .flatMap(target => Object.entries(target.variables))
  .map(([name, text]) => `  ${name.padEnd(NAME_WIDTH)}${text}\n`)
  .join('');

/** What `--help` prints. */
export const HELP = `Loads a table file into Elasticsearch, or into a Parquet file.

  node default-etl/bin.js FILE
  node default-etl/bin.js --preview [--rows=20] FILE                   how it would be read and its first rows, as JSON; loads nothing
  node default-etl/bin.js --rejects [--table=FILE] < rejects.ndjson    rejected rows as CSV, to be mended
  node default-etl/bin.js --mend [--table=FILE] MENDED                 that CSV once mended, as the NDJSON that ACTION mend loads

FILE is ${FORMAT_WORDS.slice(0, -1).join(', ')} or ${FORMAT_WORDS.at(-1)}, each also as .gz, .zst or in a .zip.
--table names rejects.json, which lies beside rejects.ndjson. Settings come from the environment:

${variables}  CONNECTIONS_FILE        or all of these but _CA in a file, as a JSON object of their names and texts
  ENVIRONMENT_FILE        or any of all these, as what is too large for a variable, in such a file
  DATASET                 names the index where LOAD.index does not; without it: pypel-default
  EXTRACT TRANSFORM LOAD  as in a dataset's YAML, as JSON: LOAD='{"index":"sales"}'
  CONFIG_FILES            folder of reference files and modules; ./config/<DATASET> by default
  WORK_DIR                folder for out.parquet and rejects.ndjson; ./etl-out/<name of FILE> by default

Exit code: 0 done, 65 this file can never succeed, 75 Elasticsearch is away or the file changed while it was read, 78 a setting is wrong.
default-etl/README.md says what becomes of each kind of file, config/README.md what EXTRACT, TRANSFORM and LOAD take.
`;
