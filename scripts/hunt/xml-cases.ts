import fc from 'fast-check';
import type { Case } from './case.ts';
import { grids } from './grid.ts';
import type { Table } from './table.ts';

const FORMS = fc.record({
  cells: fc.constantFrom('elements', 'attributes'),
  text: fc.constantFrom('escaped', 'cdata'),
  declared: fc.constantFrom('UTF-8', 'ISO-8859-1', 'windows-1252', ''),
});
type Form = typeof FORMS extends fc.Arbitrary<infer Value> ? Value : never;

/**
 * Records as elements of one name, in UTF-8 whatever is declared; what is empty is an empty element or attribute. Line
 * ends and tabs in attributes stand for blanks (XML 1.0, 3.3.3).
 */
export const xmlCases: fc.Arbitrary<Case> = fc
  .tuple(grids({ hasPieces: true, minRows: 2 }), FORMS)
  .map(([table, form]) => {
    const named = { header: table.header.map(elementName), rows: table.rows };
    const asRead = (cell: string | null) =>
      form.cells === 'attributes' ? (cell?.replaceAll(/[\n\t]/g, ' ') ?? null) : cell;
    const truth = { header: named.header, rows: table.rows.map(row => row.map(asRead)) };
    return { kind: 'xml', name: 'case.xml', bytes: Buffer.from(written(named, form)), truth, isPlain: true, form };
  });

/** What XML takes for a name. */
function elementName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}_.]/gu, '_');
}

function written({ header, rows }: Table, { cells, text, declared }: Form): string {
  const prolog = declared === '' ? '' : `<?xml version="1.0" encoding="${declared}"?>\n`;
  const records = rows.map(row => {
    if (cells === 'attributes')
      return `<row ${header.map((name, column) => `${name}="${escaped(row[column] ?? '')}"`).join(' ')}/>`;
    const write = text === 'cdata' ? cdata : escaped;
    return `<row>${header.map((name, column) => `<${name}>${write(row[column] ?? '')}</${name}>`).join('')}</row>`;
  });
  return `${prolog}<rows>\n${records.join('\n')}\n</rows>\n`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function cdata(text: string): string {
  return text === '' ? '' : `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}
