import fc from 'fast-check';
import { AROUND, gridOf, meantTable } from './around.ts';
import type { Case } from './case.ts';
import { grids } from './grid.ts';
import type { Table } from './table.ts';

const LATIN = 'windows-1252';
const BEYOND_LATIN = /[\u0100-\uffff]/;

const FORMS = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t', '|'),
  lineEnd: fc.constantFrom('\n', '\r\n'),
  quotes: fc.constantFrom('where needed', 'everywhere', 'around text'),
  ending: fc.constantFrom('line end', 'none'),
  encoding: fc.constantFrom('utf8', 'utf8 with mark', 'utf16le with mark', LATIN),
  around: AROUND,
});
type Form = typeof FORMS extends fc.Arbitrary<infer Value> ? Value : never;

/** Delimited text as RFC 4180 has it, in the dialects that programs write. */
export const csvCases: fc.Arbitrary<Case> = fc
  .tuple(grids({ hasPieces: true, minRows: 3 }), FORMS)
  .map(([table, form]) => {
    const text = csvText(table, form);
    const encoding = form.encoding === LATIN && BEYOND_LATIN.test(text) ? 'utf8' : form.encoding;
    return {
      kind: 'csv',
      name: 'case.csv',
      bytes: encoded(text, encoding),
      truth: meantTable(table, form.around),
      isPlain: form.around === 'nothing',
      form: { ...form, encoding },
    };
  });

function csvText(table: Table, form: Form): string {
  const lines = gridOf(table, form.around).map(cells =>
    cells.map(cell => cellText(cell ?? '', form)).join(form.delimiter),
  );
  return lines.join(form.lineEnd) + (form.ending === 'none' ? '' : form.lineEnd);
}

function cellText(cell: string, { delimiter, quotes }: Form): string {
  const isNeeded = cell.includes(delimiter) || /["\r\n]/.test(cell);
  const isText = cell !== '' && Number.isNaN(Number(cell));
  const isQuoted = isNeeded || quotes === 'everywhere' || (quotes === 'around text' && isText);
  return isQuoted ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function encoded(text: string, encoding: string): Buffer {
  if (encoding === LATIN) return Buffer.from(text, 'latin1');
  if (encoding === 'utf8') return Buffer.from(text);
  return Buffer.from(`\ufeff${text}`, encoding.startsWith('utf16') ? 'utf16le' : 'utf8');
}
