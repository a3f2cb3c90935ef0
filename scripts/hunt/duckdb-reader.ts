import { writeFileSync } from 'node:fs';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Case } from './case.ts';
import { nodeEncoding } from './library-readers.ts';
import type { TableReader } from './reader.ts';
import type { Reading } from './table.ts';

const OF_RECORDS = ['records', 'lines'];

/**
 * DuckDB, told the delimiter of a CSV, which it gets in UTF-8, and that every cell is text; of JSON the layouts that it
 * knows.
 */
export async function openDuckDb(): Promise<TableReader> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  return {
    name: 'DuckDB',
    kinds: ['csv', 'json'],
    read: async (file, path) => {
      const query = queryOf(file, path);
      return query === undefined
        ? undefined
        : await answerOf(connection, query, file.kind === 'json' ? valueText : cellText);
    },
    close: async () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function queryOf({ kind, bytes, form }: Case, path: string): string | undefined {
  if (kind === 'json')
    return OF_RECORDS.includes(form['layout'] ?? '')
      ? `SELECT * FROM read_json_auto(${quoted(path)}, maximum_depth = 1)`
      : undefined;
  const plain = `${path}.utf8`;
  const text = bytes.toString(nodeEncoding(form['encoding'])).replace(/^\ufeff/, '');
  writeFileSync(plain, text);
  return `SELECT * FROM read_csv(${quoted(plain)}, delim = ${quoted(form['delimiter'] ?? ',')}, quote = '"', escape = '"', header = true, all_varchar = true, auto_detect = false, columns = ${columnsOf(text, form['delimiter'] ?? ',')})`;
}

/** Without detection DuckDB wants to know the columns: as many as the first line has cells, which no generated name cuts. */
function columnsOf(text: string, delimiter: string): string {
  const names = (text.split(/\r?\n/)[0] as string).split(delimiter).map(name => name.replace(/^"|"$/g, ''));
  return `{${names.map(name => `${quoted(name)}: 'VARCHAR'`).join(', ')}}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

async function answerOf(
  connection: DuckDBConnection,
  query: string,
  textOf: (value: unknown) => string | null,
): Promise<Reading> {
  try {
    const reader = await connection.runAndReadAll(query);
    const rows = reader.getRowsJson().map(row => row.map(textOf));
    return { header: reader.columnNames(), rows };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function cellText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** What is no text comes as JSON, and so does a text in a column of several types. */
function valueText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (!/^("|null$)/.test(text)) return text;
  try {
    return JSON.parse(text) as string | null;
  } catch {
    return text;
  }
}
