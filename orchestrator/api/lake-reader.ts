// A program: writes `{columns, rows, total}` of Parquet files in the working folder to stdout; stdin says which of
// them, how many rows, and in how much memory. The folder is the working one so that file names, which are keys of our
// own making, are all that a query contains.
import { text } from 'node:stream/consumers';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** Of a longer cell only the beginning is shown. */
const MOST_CHARACTERS = 10_000;

const { limit, memory, files } = JSON.parse(await text(process.stdin)) as {
  limit: number;
  memory: string;
  files: string[];
};
const names = files.filter(name => /^[A-Za-z0-9_-][A-Za-z0-9_.-]*\.parquet$/.test(name));

process.stdout.write(JSON.stringify(names.length === 0 ? { columns: [], rows: [], total: 0 } : await query()));

async function query(): Promise<{ columns: string[]; rows: unknown[]; total: number }> {
  const settings = { memory_limit: memory, threads: '1', temp_directory: '', autoinstall_known_extensions: 'false' };
  const instance = await DuckDBInstance.create(':memory:', settings);
  const connection = await instance.connect();
  const list = `[${names.map(name => `'./${name}'`).join(', ')}]`;
  await close(connection, list);
  const found = await connection.runAndReadAll(
    `SELECT * FROM read_parquet(${list}, union_by_name = true) LIMIT ${Math.trunc(limit)}`,
  );
  const counted = await connection.runAndReadAll(`SELECT count(*) AS total FROM read_parquet(${list})`);
  const total = Number(counted.getRowObjects()[0]?.total ?? 0);
  return { columns: found.columnNames(), rows: found.getRowObjectsJson().map(shorten), total };
}

/** Whatever a file makes of a query, it reaches these files alone, and changes no setting. */
async function close(connection: DuckDBConnection, paths: string): Promise<void> {
  await connection.run(`SET allowed_paths = ${paths}`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
}

function shorten(row: Record<string, unknown>): Record<string, unknown> {
  const isLong = (value: unknown) => typeof value === 'string' && value.length > MOST_CHARACTERS;
  const cells = Object.entries(row).map(([name, value]) => [
    name,
    isLong(value) ? `${(value as string).slice(0, MOST_CHARACTERS)}…` : value,
  ]);
  return Object.fromEntries(cells) as Record<string, unknown>;
}
