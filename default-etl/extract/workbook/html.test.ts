import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readWorkbook } from '../../testing/workbook.ts';
import { htmlTables } from './html-tables.ts';

function page(table: string, head = ''): string {
  return `<html><head>${head}<style>td { width: 1 } <table></style></head><body>${table}</body></html>`;
}

const TABLE = '<table><tr><th>nom</th><th>prix</th></tr><tr><td>été</td><td>1,5&nbsp;€</td></tr></table>';

test('letters are what the page says, or what its bytes are', async () => {
  const windows = Buffer.from(page(TABLE.replace('€', ''), '<meta charset="iso-8859-1">'), 'latin1');
  assert.deepEqual((await readWorkbook(windows)).rows, [['été', '1,5']]);
  const lied = Buffer.from(page(TABLE, '<meta http-equiv=Content-Type content="text/html; charset=windows-1252">'));
  assert.deepEqual((await readWorkbook(lied)).rows, [['été', '1,5 €']]);
});

test('entities by name and number are characters, and what is none stays', () => {
  const text = '&eacute;&#233;&#xE9;&euro;&#128;&oelig;&rsquo;&amp;eacute;&lt;b&gt;&unknown;&#xD800; & a';
  assert.deepEqual(htmlTables(`<table><td>${text}</table>`), [[['ééé€€œ’&eacute;<b>&unknown;\ufffd & a']]]);
});

test('blanks in a row are one, line breaks are line ends, comments and scripts are no text', () => {
  const cell = ' a <b>b</b>\n  c<br/>d<!-- <td>x</td> --><script>if (1 < 2) "</td>"</script> 1 < 2 &nbsp;';
  assert.deepEqual(htmlTables(`<TABLE><TR><TD CLASS=x>${cell}</TD><td>  </td></TR></TABLE>`), [[['a b c\nd 1 < 2']]]);
});

test('cells over several rows and columns have their text at the top left', () => {
  const rows = htmlTables(
    '<table><tr><th rowspan=2>code<th colspan="2">pop<th>z<tr><th>h<th>f<th>y<tr><td>01<td>1<td>2<td>3</table>',
  );
  assert.deepEqual(
    rows?.[0]?.map(cells => Array.from(cells, cell => cell ?? '')),
    [
      ['code', 'pop', '', 'z'],
      ['', 'h', 'f', 'y'],
      ['01', '1', '2', '3'],
    ],
  );
});

test('tables are sheets, one within another too; one that does not end is damage', async () => {
  const nested = `<table><tr><td>Title${TABLE}</td></tr></table><table></table>`;
  assert.equal(htmlTables(nested)?.length, 2);
  assert.deepEqual((await readWorkbook(Buffer.from(page(nested)), { sheet: 1 })).header, ['nom', 'prix']);
  const cut = Buffer.from(page(TABLE)).subarray(0, -30);
  await assert.rejects(readWorkbook(cut), /in\.xlsx is damaged: a table in it does not end.*export it again/);
  await assert.rejects(readWorkbook(Buffer.from(page('<p>none'))), /is a page of HTML without a table/);
});

test('what is written as HTML is read as it was, whatever it is', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', 'é', '&', '<', '>', '"', '1', '€', 'x y') });
  const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1 }), rows => {
      const html = rows.map(cells => `<tr>${cells.map(text => `<td>${escaped(text)}</td>`).join('\n')}</tr>`).join('');
      const read = htmlTables(`<table>${html}</table>`)?.[0]?.map(cells => [cells[0] ?? '', cells[1] ?? '']);
      assert.deepEqual(read, rows);
    }),
  );
});
