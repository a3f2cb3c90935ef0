import assert from 'node:assert/strict';
import { xlsxOf, readWorkbook } from './workbook.ts';
import { readTable, type Table } from './csv-table.ts';
import type { Extract } from '../contract/settings.ts';

/** What both readers decide about a table. */
const SHARED = ['skip_rows', 'header', 'header_rows', 'skip_footer', 'totals', 'notes', 'tables', 'comments'] as const;

/**
 * Reads a table as delimited text, and as a sheet that has the same cells; what they give must be the same. Returns
 * what the text gives. No delimiter and no line end stands in quotes.
 */
export async function readBoth(folder: string, text: string, extract: Extract = {}): Promise<Table> {
  const table = await readTable(folder, text, extract);
  const sheet = await readWorkbook(sheetOf(text, table.decided['delimiter']?.value as string), extract);
  const decided = Object.fromEntries(
    [...sheet.decisions, ...sheet.findings].map(decision => [decision.name, decision]),
  );
  const rows = table.rows
    .map(cells => cells.map(cell => cell || null))
    .filter(cells => cells.some(cell => cell !== null));
  assert.deepEqual(
    { header: sheet.header, rows: sheet.rows, decided: valuesOf(decided) },
    { header: table.header, rows, decided: valuesOf(table.decided) },
    text,
  );
  return table;
}

/** A header that is one row's cells is not told of a sheet. */
function valuesOf(decided: Table['decided']): Record<string, unknown> {
  const entries = SHARED.map(name => [name, decided[name]?.value] as const);
  return Object.fromEntries(
    entries.filter(([name, value]) => value !== undefined && !(name === 'header' && value === true)),
  );
}

/** The bytes of a workbook with the cells of a text. */
function sheetOf(text: string, delimiter: string): Buffer {
  const rows = text.split(/\r\n|\r|\n/).map(line => {
    const cells = line === '' ? [] : line.split(delimiter).map(cell => cell.replace(/^"(.*)"$/, '$1'));
    return `<row>${cells.map(cell => `<c t="str"><v>${escaped(cell)}</v></c>`).join('')}</row>`;
  });
  return xlsxOf({ sheets: { Data: `<sheetData>${rows.join('')}</sheetData>` } });
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
