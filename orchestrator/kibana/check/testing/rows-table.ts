import type { DuckDBConnection } from '@duckdb/node-api';
import type { MappedField } from '../server/mapping.ts';
import { identifier, text } from './kql-sql.ts';

/** How the cells of a CSV are written; DuckDB reads it by this alone. */
export interface CsvForm {
  path: string;
  delimiter: string;
  decimal: '.' | ',';
  /** strptime's; ISO 8601 unless set. */
  dateFormat?: string;
}

/** Reads a CSV into a table whose columns are named and typed as the fields of an index; other columns stay text. */
export async function loadRows(
  connection: DuckDBConnection,
  table: string,
  form: CsvForm,
  fields: ReadonlyMap<string, MappedField>,
): Promise<void> {
  const source = `read_csv(${text(form.path)}, delim = ${text(form.delimiter)}, header = true, all_varchar = true)`;
  const described = await connection.runAndReadAll(`describe select * from ${source}`);
  const columns = described.getRowObjects().map(row => String(row['column_name']));
  const selected = columns.map(column => {
    const name = column.trim().toUpperCase();
    return `${cell(identifier(column), fields.get(name)?.types[0] ?? 'keyword', form)} as ${identifier(name)}`;
  });
  await connection.run(`create or replace table ${table} as select ${selected.join(', ')} from ${source}`);
}

function cell(column: string, type: string, { decimal, dateFormat }: CsvForm): string {
  const number = decimal === ',' ? `replace(${column}, ',', '.')` : column;
  switch (type) {
    case 'long':
    case 'integer':
    case 'short':
    case 'byte':
      return `try_cast(${number} as bigint)`;
    case 'double':
    case 'float':
    case 'half_float':
      return `try_cast(${number} as double)`;
    case 'date':
    case 'date_nanos':
      return dateFormat === undefined
        ? `try_cast(${column} as timestamptz)::timestamp`
        : `try_strptime(${column}, ${text(dateFormat)})`;
    case 'boolean':
      return `lower(${column})`;
    default:
      return column;
  }
}
