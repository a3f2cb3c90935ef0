// A program: writes `{columns, rows, total}` of the Parquet files in the working folder to stdout; stdin says which of them, and how many rows.
// The folder is the working one so that file names, which are keys of our own making, are all that a query contains.
import { text } from 'node:stream/consumers';
import { DuckDBInstance } from '@duckdb/node-api';

const { limit, files } = JSON.parse(await text(process.stdin)) as { limit: number; files: string[] };
const names = files.filter(name => /^[A-Za-z0-9_-][A-Za-z0-9_.-]*\.parquet$/.test(name));

process.stdout.write(JSON.stringify(names.length === 0 ? { columns: [], rows: [], total: 0 } : await query()));

async function query(): Promise<{ columns: string[]; rows: unknown[]; total: number }> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '256MB', threads: '1' });
  const connection = await instance.connect();
  const list = `[${names.map(name => `'./${name}'`).join(', ')}]`;
  const found = await connection.runAndReadAll(
    `SELECT * FROM read_parquet(${list}, union_by_name = true) LIMIT ${Math.trunc(limit)}`,
  );
  const counted = await connection.runAndReadAll(`SELECT count(*) AS total FROM read_parquet(${list})`);
  const total = Number(counted.getRowObjects()[0]?.total ?? 0);
  return { columns: found.columnNames(), rows: found.getRowObjectsJson(), total };
}
