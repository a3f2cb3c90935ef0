import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type GridRow, usualFilled } from './grid.ts';
import { findTable, type TablePlace } from './table-place.ts';

const SHEET = { skipsNothing: false, hasHeader: undefined, isWhole: true, place: 'row' } as const;

/** Cells between `|`; an empty line is a row of nothing. */
function rowsOf(...lines: string[]): GridRow[] {
  return gridOf(lines.map(line => line.split('|').map(cell => cell.trim())));
}

/** As a sheet gives them: all as wide as the widest, without rows of nothing. */
function gridOf(rows: ReadonlyArray<readonly string[]>): GridRow[] {
  const width = Math.max(...rows.map(cells => cells.length));
  const found = rows
    .map((cells, row) => ({ row, cells: Array.from({ length: width }, (_, column) => cells[column] ?? '') }))
    .filter(({ cells }) => cells.some(cell => cell !== ''));
  return found.map(({ row, cells }, index) => ({
    cells,
    line: row + 1,
    linesBefore: row - (found[index - 1]?.row ?? -1) - 1,
  }));
}

/** Names, undefined where there are none, and the first row that is no name, from 0. */
function placeIn(
  rows: readonly GridRow[],
  place: TablePlace,
): [names: readonly string[] | undefined, firstRow: number] {
  const { above, headerRows } = place;
  if (headerRows === 0) return [undefined, rows[above]!.line - 1];
  const last = rows[above + headerRows - 1]!;
  return [place.names ?? last.cells, last.line];
}

/** Names and first row, as `expected` has them. */
function placeOf(...lines: string[]): [names: readonly string[] | undefined, firstRow: number] {
  const rows = rowsOf(...lines);
  return placeIn(rows, findTable(rows, SHEET));
}

test('the first row has the names where nothing speaks against it', () => {
  assert.deepEqual(placeOf('a|b|c', '1|2|3'), [['a', 'b', 'c'], 1]);
  assert.deepEqual(placeOf('a|b|c'), [['a', 'b', 'c'], 1]);
  assert.deepEqual(placeOf('name|town', 'Ann|Paris', 'Bo|', 'Cy|Lyon'), [['name', 'town'], 1]);
  assert.deepEqual(placeOf('', '', '|x|y', '|1|2', '|3|4'), [['', 'x', 'y'], 3]);
});

test('a last row that is the widest does not make titles of all rows above', () => {
  assert.deepEqual(placeOf('a', 'b|c', 'p|q|r|s|t'), [['a', '', '', '', ''], 1]);
  assert.deepEqual(placeOf('Title', 'a|b|c'), [['a', 'b', 'c'], 2]);
});

test('names that are years, or count on, are names', () => {
  assert.deepEqual(placeOf('pays|2019|2020|2021', 'F|1.5|2|3', 'D|4|5.5|6', 'I|1|2|3.5')[1], 1);
  assert.deepEqual(placeOf('pays|2020', 'F|12', 'D|13', 'I|14')[1], 1);
  assert.deepEqual(placeOf('|1|2|3', 'x|10|20|35', 'y|4|5|6')[1], 1);
});

test('a row of numbers like those below is none of names', () => {
  assert.deepEqual(placeOf('Ain|652|3', 'Aisne|531|7', 'Allier|336|4'), [undefined, 0]);
});

test('titles, notes and groups above the names are left out', () => {
  const table = ['code|name|n', '01|x|1', '02|y|2', '03|z|3', '04|w|4'];
  assert.deepEqual(placeOf('Title', '', ...table), [['code', 'name', 'n'], 3]);
  assert.deepEqual(placeOf('Title||in thousands', ...table), [['code', 'name', 'n'], 2]);
  assert.deepEqual(placeOf('Lots', 'to|say|', ...table), [['code', 'name', 'n'], 3]);
});

test('groups over names that alone are not told apart stand before them; names of two rows are taken from either', () => {
  assert.deepEqual(placeOf('Pays|Hommes||Femmes|', '|nb|%|nb|%', 'F|10|2.5|30|4', 'D|5|6|70|8'), [
    ['Pays', 'Hommes nb', 'Hommes %', 'Femmes nb', 'Femmes %'],
    2,
  ]);
  assert.deepEqual(placeOf('Country|Area|Phase 1||Phase 2|', '||#|%|#|%', 'F|x|10|2.5|30|4', 'D|y|5|6|70|8')[0], [
    'Country',
    'Area',
    'Phase 1 #',
    'Phase 1 %',
    'Phase 2 #',
    'Phase 2 %',
  ]);
});

test('groups stand before names that alone are not told apart in a table of words, too', () => {
  assert.deepEqual(placeOf('A||B|', 'x|y|x|y', 'to|be|or|not', 'to|be|that|is'), [['A x', 'A y', 'B x', 'B y'], 2]);
});

test('units below the names are part of them', () => {
  assert.deepEqual(placeOf('pays|superficie|part', '|km²|%', 'F|551|2.5', 'D|357|6'), [
    ['pays', 'superficie km²', 'part %'],
    2,
  ]);
});

test('a first row with words for what is missing is a row', () => {
  assert.deepEqual(placeOf('x|y|z', 'NA|NA|', '1|2|a', '3|4|b', '5|6|c')[1], 1);
  assert.deepEqual(placeOf('x|y|z', 'n.d.|n.d.|a', '1|2|a', '3|4|b', '5|6|c', '7|8|d')[1], 1);
});

test('numbers far below say nothing about where the names are', () => {
  const words = Array.from({ length: 12 }, (_, row) => `word ${row}|n.d.|x`);
  const numbers = Array.from({ length: 60 }, (_, row) => `word|${row * 7}|x`);
  assert.deepEqual(placeOf('name||note', ...words, ...numbers)[1], 1);
});

test('of rows with numbers above the table it is said that they may be one', () => {
  const rows = rowsOf(
    'Total|12.5',
    'Day|2020-01-02',
    'Sum|7',
    '',
    'a|b|c|d|e',
    'x|1|2.5|3|4',
    'y|10|2|30|4',
    'z|1|2|9|4',
  );
  const [decision] = findTable(rows, SHEET).decisions;
  assert.deepEqual([decision?.name, decision?.value, decision?.confidence], ['skip_rows', 4, 0.4]);
  assert.match(decision?.reason ?? '', /3 rows of it have numbers and may be a table of their own/);
});

test('names that come twice in a row of their own take nothing of the row below', () => {
  const rows = ['a|b|b|b|e', '2|w|x|y|z', '3|w|x|y|z', '4|w|x|y|z', '7|w|x|y|z'];
  assert.deepEqual(placeOf(...rows), [['a', 'b', 'b', 'b', 'e'], 1]);
  assert.deepEqual(placeOf(rows[0] as string, 'n.d.|w|x|y|z', ...rows.slice(1)), [['a', 'b', 'b', 'b', 'e'], 1]);
});

test('a row with a number is no row of names, though it has more cells than they', () => {
  const rows = ['a|b|b||e', '2|b|c|d|e', '3|2|3|4|5', '4|3|7|4|6', '5|1|3|8|5', '6|1|3|8|5'];
  assert.deepEqual(placeOf(...rows), [['a', 'b', 'b', '', 'e'], 1]);
});

test('a page of explanations has one cell in a row', () => {
  assert.equal(usualFilled(rowsOf('Lisez-moi', '', 'Source : Insee', 'Champ : France')), 1);
  assert.equal(usualFilled(rowsOf('a|b', '1|2', '3|4')), 2);
});

test('whatever stands in a sheet, no row below the names is left out, and what is left out is said', () => {
  const text = fc.constantFrom('', '', 'a', 'b', 'Source', '12', '3.5', '2020', '2020-01-02', 'NA', '%', ' ');
  fc.assert(
    fc.property(fc.array(fc.array(text, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 20 }), grid => {
      const rows = gridOf(grid.map(cells => cells.map(cell => cell.trim())));
      if (rows.length === 0) return;
      const place = findTable(rows, SHEET);
      const { decisions } = place;
      const [names, firstRow] = placeIn(rows, place);
      const named = rows.filter(({ line }) => line <= firstRow);
      const said = (name: string) => decisions.some(decision => decision.name === name);
      if (names === undefined) assert.ok(said('header') && (named.length === 0 || said('skip_rows')));
      else if (named.length > 1) assert.ok(said('skip_rows') || said('header'));
      else assert.equal(named.length, 1);
    }),
    { numRuns: 2000 },
  );
});
