import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readBoth } from '../../testing/both-readers.ts';
import { readTable, values } from '../../testing/csv-table.ts';
import { temporaryFolder } from '../../testing/load.ts';
import { readWorkbook, xlsxOf } from '../../testing/workbook.ts';
import { isGiven } from './repeated-header.ts';

/** Text, names, how many rows, and further decisions by name. */
type Case = [text: string, names: string[], rows: number, decided?: Record<string, unknown>];

async function holds(folder: string, cases: readonly Case[]): Promise<void> {
  for (const [text, names, rows, decided = {}] of cases) {
    const found = await readBoth(folder, text);
    assert.deepEqual([found.header, found.rows.length, found.rejects], [names, rows, []], text);
    assert.deepEqual(values(found, ...Object.keys(decided)), Object.values(decided), text);
  }
}

test('a header with gaps is one, whatever the first row below it has', async context => {
  await holds(temporaryFolder(context), [
    [';n\nParis;2014\nLyon;1200\nNice;900\n', ['Unnamed: 0', 'n'], 3],
    [';a;b\nM1;clos;clos\nM2;10;20\nM3;30;25\n', ['Unnamed: 0', 'a', 'b'], 3],
    [';;n\nParis;x;2014\nLyon;y;1200\nNice;z;900\n', ['Unnamed: 0', 'Unnamed: 1', 'n'], 3],
    [';;a;b\nx;y;2014;2015\nz;t;5;6\nu;v;7;8\n', ['Unnamed: 0', 'Unnamed: 1', 'a', 'b'], 3],
    [
      'Ville;;;n;m\nParis;x;y;clos;fermé\nLyon;y;z;12;13\nNice;z;t;5;6\n',
      ['Ville', 'Unnamed: 1', 'Unnamed: 2', 'n', 'm'],
      3,
      { header_rows: 2 },
    ],
    ['Ville;;n\nParis;2014;5\nLyon;2015;6\n', ['Ville', 'Unnamed: 1', 'n'], 2],
    [';2019;2020\nF;1,5;2\nD;3;4\n', ['Unnamed: 0', '2019', '2020'], 2],
    // Numbers are names beside an empty corner, and rows elsewhere.
    [';6;23\nPTS;27;26\nAST;7;8\nREB;3;4\n', ['Unnamed: 0', '6', '23'], 3, { header: true }],
    ['x;6;23\nPTS;27;26\nAST;7;8\nREB;3;4\n', ['0', '1', '2'], 4, { header: false }],
    [';6;6\nPTS;27;26\nAST;7;8\nREB;3;4\n', ['0', '1', '2'], 4, { header: false }],
  ]);
});

test('that the first row has the names is said of a sheet, too, where all is text', async () => {
  const cell = (text: string) => `<c t="str"><v>${text}</v></c>`;
  const sheet = (...rows: string[][]) =>
    xlsxOf({
      sheets: { A: `<sheetData>${rows.map(row => `<row>${row.map(cell).join('')}</row>`).join('')}</sheetData>` },
    });
  const header = async (bytes: Buffer) =>
    (await readWorkbook(bytes)).decisions.find(({ name }) => name === 'header')?.confidence;
  assert.equal(await header(sheet(['Paris', 'Paris'], ['Paris', ''], ['Paris', ''])), 0.6);
  assert.equal(await header(sheet(['nom', 'ville'], ['Paul', 'Lyon'])), 0.6);
  assert.equal(await header(sheet(['nom', 'n'], ['Paul', '1'], ['Luc', '2'])), undefined);
});

test('titles as wide as the table are none of it where a blank line sets them apart, or they have gaps over names', async context => {
  const table = 'Code;Lib;Date;Mt\nc0;l;2024-01-01;1\nc1;m;2024-01-02;2\n';
  const names = ['Code', 'Lib', 'Date', 'Mt'];
  await holds(temporaryFolder(context), [
    [`Export;x;par;y\n\n${table}`, names, 2, { skip_rows: 2 }],
    [`Export;x;par;y\n\n\n${table}\nSource : Insee\n`, names, 2, { skip_rows: 3, skip_footer: 1 }],
    [`Export du mois;;;\nle;;;3 mai\n\n${table}`, names, 2, { skip_rows: 3 }],
    ['Titre;;en milliers\ncode;nom;pop\n01;Ain;652\n02;Aisne;531\n', ['code', 'nom', 'pop'], 2, { skip_rows: 1 }],
    [
      'Population des communes;;2019\ncode;nom;pop\n01;Ain;652\n02;Aisne;531\n',
      ['code', 'nom', 'pop'],
      2,
      { skip_rows: 1 },
    ],
    [`Lots of people;;;\nat;the;top;\nor;;;\n${table}`, names, 2, { skip_rows: 3 }],
    [`[A];[B];[C];[D]\n${table}`, names, 2, { skip_rows: 1 }],
    [
      'All;;;Purpose;;\n\n;;NSA;;NSA;NSA\n2012;Jan;1;;2;5\n;Feb;3;;4;6\n',
      ['Unnamed: 0', 'Unnamed: 1', 'NSA', 'Unnamed: 3', 'NSA.1', 'NSA.2'],
      2,
      { skip_rows: 2 },
    ],
    // Nothing tells that the first row is a title: the second is said.
    [`Export;x;par;y\n${table}`, ['Export', 'x', 'par', 'y'], 3, { header_rows: 2 }],
    [`Export;x;par;y\nle;1;mars;2024\n\n${table}`, ['Export', 'x', 'par', 'y'], 4, { tables: 2 }],
    ['Nom;Ville;Rue\n\nPaul;Paris;x\nLéa;Lyon;y\n', ['Nom', 'Ville', 'Rue'], 2, { skip_rows: undefined }],
  ]);
});

test('a row of units is part of the names, one unit alone too, and what the first column says of them is not', async context => {
  const rows = 'Paris;2100;1,5\nLyon;500;2,5\n';
  await holds(temporaryFolder(context), [
    ['Ville;Temp;Conso\n;°C;kWh\nParis;12;3\nLyon;14;4\n', ['Ville', 'Temp °C', 'Conso kWh'], 2],
    [`Ville;Pop;Part\n;milliers;\n${rows}`, ['Ville', 'Pop milliers', 'Part'], 2],
    [`Ville;Pop;Part\nunité :;en milliers;en %\n${rows}`, ['Ville', 'Pop en milliers', 'Part en %'], 2],
    [`Ville;Pop;Part\nUnité;hab/km²;(€)\n${rows}`, ['Ville', 'Pop hab/km²', 'Part (€)'], 2],
    [`Ville;Pop;Part\n(1);(2);(3)\n${rows}`, ['Ville (1)', 'Pop (2)', 'Part (3)'], 2],
    ['Date;T;H\njj/mm/aaaa;°C;%\n2024-01-01;50;3\n2024-01-02;51;4\n', ['Date jj/mm/aaaa', 'T °C', 'H %'], 2],
    [`Ville;Pop;Part\nen milliers;;\n${rows}`, ['Ville', 'Pop', 'Part'], 3, { header_rows: 2 }],
    [`Ville;Pop;Part\n;m;\n${rows}`, ['Ville', 'Pop', 'Part'], 3, { header_rows: 2 }],
    [`Ville;Pop;Part\nInconnue;s;s\n${rows}`, ['Ville', 'Pop', 'Part'], 3],
    [`Ville;Pop;Part\n;nd;\n${rows}`, ['Ville', 'Pop', 'Part'], 3],
  ]);
});

test('names of three rows, or of two of which each has some, are joined', async context => {
  const rows = 'F;1;2;3;4\nD;5;6;7;8\n';
  const groups = ['Pays', 'Hommes 2019 nb', 'Hommes 2020 nb', 'Femmes 2019 nb', 'Femmes 2020 nb'];
  await holds(temporaryFolder(context), [
    [`;Hommes;;Femmes;\n;2019;2020;2019;2020\nPays;nb;nb;nb;nb\n${rows}`, groups, 2],
    [`Titre;;;;\n;Hommes;;Femmes;\n;2019;2020;2019;2020\nPays;nb;nb;nb;nb\n${rows}`, groups, 2, { skip_rows: 1 }],
    [`;A;;B;\nPays;2019;2020;2019;2020\n${rows}`, ['Pays', 'A 2019', 'A 2020', 'B 2019', 'B 2020'], 2],
    [
      'Total;;Âge;;Sexe;\n;;18 - 24;25 et plus;Femmes;Hommes\n7;x;1;2;3;4\n8;y;5;6;7;8\n',
      ['Total', 'Unnamed: 1', 'Âge 18 - 24', 'Âge 25 et plus', 'Sexe Femmes', 'Sexe Hommes'],
      2,
    ],
    [
      ';Chiffres;;;Détail;\nNom;nb;part;;nb;part\nx;1;2;;3;4\ny;5;6;;7;8\n',
      ['Nom', 'Chiffres nb', 'Chiffres part', 'Unnamed: 3', 'Détail nb', 'Détail part'],
      2,
    ],
    ['Code;Nom;;\n;;2019;2020\na;b;1;2\nc;d;3;4\n', ['Code', 'Nom', '2019', '2020'], 2],
  ]);
});

test('a second table and a repeated header are said, and their rows stay', async context => {
  const table = 'a;b;c\n1;2;3\n4;5;6\n';
  await holds(temporaryFolder(context), [
    [`${table}${table}`, ['a', 'b', 'c'], 5, { tables: 2 }],
    [`${table}\f${table}`.replace('\f', ' '), ['a', 'b', 'c'], 5, { tables: 2 }],
    [`${table}\nx;y\n7;8\n9;10\n`, ['a', 'b', 'c'], 5, { tables: 2 }],
    [`${table}\nx;y;z\n7;8;9\n9;10;9\n`, ['a', 'b', 'c'], 5, { tables: 2 }],
    [`${table}\n7;8;9\n`, ['a', 'b', 'c'], 3, { tables: undefined }],
    [
      ';%;;2020\n;;trois mots ici;3,5\n\n;;km²;trois mots ici\n;;x;2020\n',
      ['Unnamed: 0', '%', 'Unnamed: 2', '2020'],
      3,
      { tables: 2 },
    ],
  ]);
});

test('whatever stands in a table, a text and a sheet of it are read alike', async context => {
  const folder = temporaryFolder(context);
  const cell = fc.constantFrom(
    '',
    '',
    'a',
    'Nom',
    'Source : x',
    '12',
    '3,5',
    '2020',
    '2020-01-02',
    'NA',
    '%',
    'km²',
    'trois mots ici',
  );
  const width = 4;
  const line = fc.oneof(
    { weight: 6, arbitrary: fc.array(cell, { minLength: width, maxLength: width }) },
    { weight: 1, arbitrary: fc.constant([]) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 2, maxLength: 12 }), async lines => {
      const rows = lines.filter(cells => cells.length === 0 || cells.some(text => text !== ''));
      // The last column has something where the table is: a sheet is no wider than its cells.
      if (!rows.slice(-2).some(cells => (cells[width - 1] ?? '') !== '')) return;
      const text = `${rows.map(cells => cells.join(';')).join('\n')}\n`;
      // What fills it may turn out to be a note, which is no part of the table.
      const { header, rows: read } = await readTable(folder, text, { delimiter: ';' });
      const last = header.length - 1;
      if (!isGiven(header[last] ?? '', last) && read.every(cells => (cells[last] ?? '') === '')) return;
      await readBoth(folder, text, { delimiter: ';' });
    }),
    { numRuns: 300 },
  );
});

test('a header that comes again in upper case, or with blanks, is told', async context => {
  const folder = temporaryFolder(context);
  const rows = Array.from({ length: 300 }, (_, index) => `${index};x\n`).join('');
  for (const again of ['ID;NOM', 'Id;Nom', ' id ;nom'])
    for (const text of [`id;nom\n1;a\n${again}\n2;b\n`, `id;nom\n${rows}${again}\n2;b\n`]) {
      const { decided } = await readBoth(folder, text);
      assert.equal(decided['repeated_headers']?.value, 1, again);
    }
});

test('what may be a note below a long sheet stays a row, and is said', async () => {
  const cells = (...texts: string[]) => `<row>${texts.map(text => `<c t="str"><v>${text}</v></c>`).join('')}</row>`;
  const rows = Array.from({ length: 1500 }, (_, index) => cells(String(index), 'x', '1')).join('');
  for (const [last, name] of [
    [cells('Source : Insee'), 'notes'],
    [cells('Total', '', '7'), 'totals'],
    [cells('7', 'x', '1'), undefined],
  ] as const) {
    const sheets = { A: `<sheetData>${cells('a', 'b', 'c')}${rows}${last}</sheetData>` };
    const read = await readWorkbook(xlsxOf({ sheets }));
    assert.deepEqual([read.rows.length, read.findings[0]?.name], [1501, name]);
  }
});
