import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { encode } from 'iconv-lite';
import { readBoth } from '../../testing/both-readers.ts';
import { readTable, values } from '../../testing/csv-table.ts';
import { temporaryFolder } from '../../testing/load.ts';
import { readContent } from '../../testing/rows.ts';

test('notes below the table are no rows, and said with their lines; skip_footer has the last word', async context => {
  const folder = temporaryFolder(context);
  const table = 'Code;Ville;Habitants;Part\n01;Bourg;41000;1,5\n02;Laon;24000;2,5\n03;Moulins;19000;3,5\n';
  const kept = [
    ['01', 'Bourg', '41000', '1,5'],
    ['02', 'Laon', '24000', '2,5'],
    ['03', 'Moulins', '19000', '3,5'],
  ];
  const footers: Array<[string, number]> = [
    ['\nSource : Insee, recensement\n', 1],
    ['Source : Insee; population légale\n', 1],
    [';;;\nSource : Insee;;;\n(p) provisoire;;;\n', 3],
    ['\n\nChamp : France\nhors Mayotte et outre-mer\n', 2],
    ['* chiffre provisoire;;;\n', 1],
    ['\n(3 rows affected)\n', 1],
    ['-- fin de fichier --', 1],
    ['\n# fin du fichier\n', 1],
    ['"Données extraites le 3 mai"\n', 1],
    [';;;\n;;;\n', 2],
    ['\nMis à jour le 3 mai 2024 ; par le service ; statistique ; du ministère ; merci\n', 1],
  ];
  for (const [footer, count] of footers) {
    // A sheet has no row for a record of nothing.
    const { decided } = await (/^;+$/m.test(footer) ? readTable : readBoth)(folder, table + footer);
    assert.deepEqual([decided['comments'], decided['tables']], [undefined, undefined], footer);
    for (const name of ['utf8', 'windows-1252', 'utf-16le', 'utf-16be']) {
      const found = await readTable(folder, encode(table + footer, name, { addBOM: name.startsWith('utf-16') }));
      assert.deepEqual(
        [found.rows, found.rejects, ...values(found, 'skip_footer')],
        [kept, [], count],
        `${name} ${footer}`,
      );
    }
    const all = await readTable(folder, table + footer, { skip_footer: 0 });
    assert.equal(all.rows.length + all.rejects.length, kept.length + count, footer);
    assert.deepEqual((await readTable(folder, table + footer, { skip_footer: count })).rows, kept, footer);
  }
  const said = await readTable(folder, `${table}\nSource : Insee\n(p) provisoire\n`);
  assert.match(said.decided['skip_footer']?.reason ?? '', /^lines 6 to 7 .*"Source : Insee"/);
});

test('a source below rows that begin as notes do is no row, and what may be a note is said', async context => {
  const folder = temporaryFolder(context);
  const table = 'nom;x;n\n# a;;\na;b;\na;b;5\n';
  for (const end of ['\nSource : Insee, recensement\n', '\n-----\nfin\n']) {
    const found = await readBoth(folder, table + end);
    const notes = end.trim().split('\n').length;
    assert.deepEqual([found.rows.length, ...values(found, 'skip_footer')], [3, notes], end);
  }
  const alone = await readBoth(folder, `${table}Source : Insee\n`);
  assert.deepEqual([alone.rows.length, ...values(alone, 'notes')], [4, 1]);
  const marked = await readBoth(folder, `${table}Note : x;;\n`);
  assert.deepEqual([marked.rows.length, ...values(marked, 'skip_footer')], [4, undefined]);
});

test('a last row that may be one is kept', async context => {
  const folder = temporaryFolder(context);
  const kept = async (text: string, rows: number) => {
    const found = await readBoth(folder, text);
    assert.deepEqual([found.rows.length, ...values(found, 'skip_footer')], [rows, undefined], text);
  };
  await kept('a;b;c\n1;2;3\n4;5;6\nPar', 3);
  await kept('a;b;c\n1;2;3\n4;5;6\n7\n', 3);
  await kept('Région;2019;2020\nNord;1;2\nSud;3;4\nÎle de France;;\n', 3);
  await kept('Région;2019;2020\nNord;;\nLille;1;2\nSud de la Loire;;\nNantes;3;4\nDans le reste;;\n', 5);
  await kept('a;b\nx;1\ny;2\nSource : Insee;\n', 3);
  await kept('a;b;c\nun;2;3\n\nde ux;5;6\n\nLe dernier mot;;\n', 3);
  await kept('a;b;c\n1;2;3\n4;5;6\n\nx;y\n7;8\n9;10\n', 5);
  await kept('a;b;c\n(a) un;2;3\n(b) deux;5;6\n(c) trois;8;9;\n(d) quatre\n', 4);
  await kept('Commune;Nb;Part\nAix;1;2\nBriançon;3;4\nChamp-sur-Drac;;\n', 3);
  await kept('note\nSource : Insee\nNote : x\n', 2);
  await kept('a,b,c,d,e\n1,2,3,4,5\n6,7,8,9,1\n(0)!,,,,\n', 3);
  await kept('a,b,c,d,e\n1,2,3,4,5\n6,7,8,9,1\n*!,,,,\n', 3);
  await kept('a,b,c,d,e\n1,2,3,4,5\n6,7,8,9,1\n*0,,,,\n', 3);
});

test('texts that go on, and lists of tasks, addresses and years, end with rows, whatever these begin with', async context => {
  const folder = temporaryFolder(context);
  const years = Array.from({ length: 30 }, (_, year) => `${1990 + year};${year}5;${year}7\n`).join('');
  const tasks = 'Tâche;Qui;Quand\nAcheter du pain frais;Paul;lundi\nLaver la voiture rouge;Marie;mardi\n';
  const log = 'Date;Niveau;Message\n2024-01-01;info;début du travail\n2024-01-02;fatal;il manque un fichier\n';
  for (const [table, last] of [
    [`Année;Naissances;Décès\n${years}`, '*2020;305;307\n'],
    [`Année;Naissances;Décès\n${years}`, '\n(p) 2020;305;307\n'],
    [tasks, 'Note : appeler le garage;;\n'],
    [tasks, '\nNote : appeler le garage;;\n'],
    [tasks, '\nAppeler le garage demain;;\n'],
    ['Nom;Ville;Tél\nMarie Martin;Lyon;0102\nPaul Durand;Aix;0103\n', '\nJean Paul Dupont;;\n'],
    ['Nom;Adresse;CP\nDupont;12 rue de la Paix;75001\nDurand;3 av Foch;75016\n', '# 4 bis rue;;\n'],
    ['Activité;Lieu;Heure\nDanse;Gymnase;10:00\nChant;Salle;11:00\n', 'Lecture : Le Petit Prince;;\n'],
    ['Id;Nom;Avis\n1;x;Note : lu et vu\n2;y;Note : ni lu ni vu\n', ';;Note : la suite\n'],
    ['Date;Libellé;Montant\n2020-01-01;a;1\n2020-01-02;b;2\n2020-01-03;c;3\n', 'Une opération sans montant;;\n'],
    [log, '    at com.foo.Bar run main\n'],
    [log, 'Note : le chercher ailleurs\n'],
    [log, '\nLe fichier du mois dernier y était\n'],
    ['a;b;c\n1;2;3\n4;5;6\n', `\nListe des communes\n${'Aix\n'.repeat(20)}`],
  ] as const) {
    const before = await readTable(folder, table, { skip_footer: 0 });
    const all = await readTable(folder, table + last, { skip_footer: 0 });
    // In a sheet no text goes on in the next row.
    const found = await (table === log ? readTable : readBoth)(folder, table + last);
    assert.deepEqual([found.rows, found.rejects], [all.rows, all.rejects], last);
    assert.ok(found.rows.length > before.rows.length, last);
  }
  const said = await readTable(folder, `${tasks}Note : appeler le garage;;\n`);
  assert.match(said.decided['notes']?.reason ?? '', /"Note : appeler le garage".*EXTRACT\.skip_footer: 1 /);
});

test('in a ragged table only a mark behind a blank line tells', async context => {
  const folder = temporaryFolder(context);
  const rows = 'a;b;c\nx;1;2\ny;2;3;4\nz;5;6\nt;7\n';
  assert.deepEqual(values(await readTable(folder, `${rows}\nSource : Insee\n`), 'skip_footer'), [1]);
  assert.deepEqual(values(await readTable(folder, `${rows}Source : Insee\n`), 'skip_footer'), [undefined]);
  const message = await readTable(folder, 'Message;Niveau;Date\nlent;1;2020\nlong;2;2021\nNote : lu;vu;3;2022\n');
  assert.deepEqual([message.rows.length, message.rejects.length], [2, 1]);
});

test('a last row of totals is loaded, and said', async context => {
  const folder = temporaryFolder(context);
  const found = await readBoth(folder, 'Ville;Mois;Nb\nParis;1;2\nLyon;1;3\nTotal;;5\n\nSource : Insee\n');
  assert.equal(found.rows.length, 3);
  assert.match(found.decided['totals']?.reason ?? '', /EXTRACT\.skip_footer: 2/);
  const categories = await readBoth(folder, 'Sexe;Nb\nFemmes;2\nEnsemble;5\nFemmes;1\nEnsemble;4\n');
  assert.deepEqual(values(categories, 'totals'), [undefined]);
});

test('whatever stands below a table, what is left out is as many records as skip_footer says', async context => {
  const folder = temporaryFolder(context);
  const line = fc.constantFrom(
    'Source : Insee',
    '* note; ici',
    '',
    ';;',
    '1;2;3',
    'x',
    '(2 rows affected)',
    '"a\nb";;',
    ';Note : b;',
    '"x',
    'a"b',
  );
  const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 5 }), lineEnd, fc.boolean(), async (lines, end, isEnded) => {
      const text = ['a;b;c', '1;2;3', '4;5;6', '7;8;9', ...lines].join(end) + (isEnded ? end : '');
      const found = await readTable(folder, text);
      const count = (values(found, 'skip_footer')[0] as number | undefined) ?? 0;
      const plain = await readTable(folder, text, { skip_footer: count });
      assert.deepEqual([found.header, found.rows, found.rejects], [plain.header, plain.rows, plain.rejects]);
    }),
    { numRuns: 500 },
  );
});

test('notes within a quoted cell that begins before what is looked at are text', async context => {
  const inside = `${'1;2;3\n'.repeat(10_000)}\nSource : Insee\nNote : fin`;
  const found = await readTable(temporaryFolder(context), `a;b;c\n1;2;3\n"${inside}";5"\n`);
  assert.deepEqual(
    [found.rows, ...values(found, 'skip_footer')],
    [
      [
        ['1', '2', '3'],
        [inside, '5"', null],
      ],
      2,
    ],
  );
});

test('the line by which Excel is told the delimiter is none of the table, however it was saved anew', async context => {
  const folder = temporaryFolder(context);
  for (const line of ['sep=;', 'SEP=;', '"sep=;"', 'sep=;;;']) {
    const found = await readTable(folder, `${line}\r\na,x;b;c\r\n1,2;3;4\r\n`);
    assert.deepEqual([found.header, ...values(found, 'delimiter')], [['a,x', 'b', 'c'], ';'], line);
  }
});

test('notes below a long table are found, packed or not', async context => {
  const rows = Array.from({ length: 100_000 }, (_, row) => `${row};ville ${row};${row}\n`).join('');
  const text = `Code;Ville;Nb\n${rows}\nSource : Insee\nChamp : France\n`;
  for (const [name, content] of [
    ['in.csv', text],
    ['in.csv.gz', gzipSync(text)],
  ] as const) {
    const read = await readContent(context, name, content);
    assert.equal(read.rows.length, 100_000, name);
    const footer = read.decisions.find(decision => decision.name === 'skip_footer');
    assert.deepEqual([footer?.value, footer?.reason.slice(0, 16)], [2, 'the last 2 lines'], name);
  }
});

test('names of groups above names, and units below them, become one header', async context => {
  const folder = temporaryFolder(context);
  const body = 'Paris;1;2,5;3;4,5\nLyon;5;6,5;7;8,5\n';
  const names = ['Ville', '2019 nb', '2019 part', '2020 nb', '2020 part'];
  for (const [text, skipped] of [
    [';2019;;2020;\nVille;nb;part;nb;part\n', undefined],
    ['Ville;2019;;2020;\n;nb;part;nb;part\n', undefined],
    ['Titre;;;;\n;;;;\nVille;2019;;2020;\n;nb;part;nb;part\n', 2],
  ] as const) {
    const found = await readBoth(folder, text + body);
    assert.deepEqual([found.header, found.rows.length, ...values(found, 'skip_rows')], [names, 2, skipped], text);
    assert.deepEqual(values(found, 'header'), [names]);
  }
  const single = await readBoth(folder, `Ville;2019;;2020;\n;nb;part;nb;part\n${body}`, { header: true });
  assert.deepEqual([single.header[1], single.rows.length], ['2019', 3]);
  const units = await readBoth(folder, 'Ville;Surface;Prix\n;(km²);€\nParis;105,4;10\nLyon;47,9;5\n');
  assert.deepEqual([units.header, units.rows.length], [['Ville', 'Surface (km²)', 'Prix €'], 2]);
  const dashes = await readBoth(folder, 'id;nom\n--;---\n1;x\n2;y\n\n(2 rows affected)\n');
  assert.deepEqual([dashes.header, dashes.rows.length], [['id', 'nom'], 2]);
});

test('a first row of codes, classes or missing numbers is no part of the header', async context => {
  const folder = temporaryFolder(context);
  for (const text of [
    'A;B\nC;D\nE;F\n',
    'A;B\nC;D\n1;2\n3;4\n',
    'Classe;Revenu;Taux\nA;s;s\nB;12;13\nC;14;15\n',
    'Nom;Âge;Poids\n(inconnu);(nc);(nc)\nPaul;12;40\nLéa;13;41\n',
    'Âge;Taille;Poids\n;(nc);(nc)\n12;150;40\n13;151;41\n',
    'Ventes;Coûts;Marge\n(100);(200);(300)\n120;130;140\n150;160;170\n',
    'Nom;Âge;;Poids\nPaul;inconnu;x;inconnu\nMarie;12;y;40\nLéa;13;z;41\n',
    'Nom;Tél;;Âge\nPaul;aucun;x;mineur\nMarie;0102;y;12\nLéa;0103;z;13\n',
    'Produit;S;M\nT;m;l\nrobe;1;2\njupe;3;4\n',
    `Âge;Temps;Durée\n;min;min\n${'1;2;3\n'.repeat(40)}9;min;4\n`,
  ]) {
    const found = await readBoth(folder, text);
    const lines = text.trimEnd().split('\n');
    assert.deepEqual(
      [found.header, found.rows.length],
      [(lines[0] as string).split(';').map((name, column) => name || `Unnamed: ${column}`), lines.length - 1],
      text,
    );
  }
  const units = await readBoth(folder, 'Site;Depth;Temp\n(name);(m);(°C)\nA1;2.5;3.5\nB1;3.5;4.5\n');
  assert.deepEqual(units.header, ['Site (name)', 'Depth (m)', 'Temp (°C)']);
});

test('further lines of a header, comments and another table are said with their line, and what to do; no row is lost', async context => {
  const folder = temporaryFolder(context);
  const types = await readBoth(folder, 'Ville;Surface;Prix\ntexte;réel;entier\nParis;105,4;10\nLyon;47,9;5\n');
  assert.deepEqual([types.rows.length, ...values(types, 'header_rows')], [3, 2]);
  const series = '2020-03;1\n2020-02;2\n2020-01;3\n'.repeat(4);
  const insee = await readBoth(folder, `Libellé;Indice\nidBank;00175\nPériode;\n${series}`);
  assert.deepEqual([insee.rows.length, ...values(insee, 'header_rows')], [14, 3]);
  assert.match(types.decided['header_rows']?.reason ?? '', /^line 2 .*skip_rows: 2 /);
  const comments = await readTable(folder, 'sep=;\na;b;c\n1;2;3\n# pause\n4;5;6\n');
  assert.deepEqual([comments.rows.length, ...values(comments, 'comments')], [3, 1]);
  assert.match(comments.decided['comments']?.reason ?? '', /^line 4, "# pause"/);
  const tables = await readBoth(folder, 'a;b;c\n1;2;3\n4;5;6\n\nx;y\n7;8\n9;10\n');
  assert.deepEqual([tables.rows.length, ...values(tables, 'tables')], [5, 2]);
  assert.match(tables.decided['tables']?.reason ?? '', /^line 5 .*skip_footer: 3$/);
});
