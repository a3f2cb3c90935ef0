import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decided, readContent } from '../../testing/rows.ts';

/** What stands in a column of open data: of each, several other delimiters. */
const COLUMNS = [
  ['12, rue de la Paix', '3 bis, avenue Foch', '1, place du Marché'],
  ['Le Mans', 'Aix en Provence', "L'Haÿ-les-Roses"],
  ['1,5', '1 234,50', '0,1', '-3,2'],
  ['1', '22', '345'],
  ['01', '2A', '974'],
  ['01/02/2020', '31/12/1999'],
  ['2020-01-02 10:00:00', '2021-03-04T05:06:07Z'],
  ['9:00-12:00, 14:00-18:00', 'fermé'],
  ['48.85,2.35', '45.76, 4.83'],
  ['a|b', 'c|d'],
  ['x;y', 'z;t'],
  ['5 "bis"', 'l\'"été"'],
  ['a\nb', 'c\r\nd', 'e'],
  ['1 200,00 €', '5 €'],
  ['  x ', ' y', 'z  '],
  ['NA', 'null', 'Paris'],
  [''],
];
const NAMES = ['Nom', 'Prix HT', 'été', 'n°', '2019', '2020', 'Latitude, longitude', 'Taux (%)', 'Part H/F', 'Date'];

test('a table with names over columns is read cell by cell, whatever its delimiter and its columns', async context => {
  const column = fc.tuple(fc.constantFrom(...COLUMNS), fc.constantFrom(0, 0, 0.5));
  const columns = fc.array(column, { minLength: 2, maxLength: 6 });
  const places = fc.array(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 12, maxLength: 12 }), {
    minLength: 1,
    maxLength: 20,
  });
  const written = fc.record({
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    lineEnd: fc.constantFrom('\n', '\r\n'),
    names: fc.shuffledSubarray(NAMES, { minLength: 6, maxLength: 6 }),
    all: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(columns, places, written, async (kinds, lines, { delimiter, lineEnd, names, all }) => {
      const header = names.slice(0, kinds.length);
      const cellOf = (line: number[], index: number): string => {
        const [texts, empty] = kinds[index]!;
        return line[6 + index]! < empty ? '' : texts[Math.floor(line[index]! * texts.length)]!;
      };
      const rows = lines.map(line => header.map((_, index) => cellOf(line, index)));
      const kept = rows.filter(row => row.some(cell => cell.trim() !== ''));
      const isSpecial = (cell: string) => cell.includes(delimiter) || /["\r\n]/.test(cell);
      const quote = (cell: string) => (all || isSpecial(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
      const text = [header, ...kept].map(row => row.map(quote).join(delimiter) + lineEnd).join('');
      const read = await readContent(context, 'in.csv', text);
      assert.equal(decided(read, 'delimiter'), delimiter);
      const expected = kept.map(row => Object.fromEntries(header.map((name, index) => [name, row[index]])));
      assert.deepEqual([read.rows.map(({ record }) => record), read.rejects, read.error], [expected, [], '']);
    }),
    { numRuns: 300 },
  );
});
