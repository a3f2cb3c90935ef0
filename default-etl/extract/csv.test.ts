import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encode } from 'iconv-lite';
import { readBoth } from '../testing/both-readers.ts';
import { readTable as read, values } from '../testing/csv-table.ts';
import { temporaryFolder } from '../testing/load.ts';

test('a clean file is read as it is, whatever is in it', async context => {
  const folder = temporaryFolder(context);
  const name = fc.constantFrom('id', 'name', 'Prix HT', 'été', 'Date', 'n°', 'a.b', 'col_1', 'Q1 2020');
  const cell = fc.oneof(
    fc.constantFrom(
      '',
      '0',
      '12',
      '-3',
      '2020-01-02',
      '12:30',
      '1.5',
      '1,5',
      'NA',
      'Paris',
      'rue de la Paix',
      'it’s',
      "l'eau",
      'say "hi"',
      'a, b',
      'x;y',
      'a\nb',
      ' pad',
      '#1',
      "'q'",
    ),
    fc.string({ maxLength: 8 }),
  );
  const table = fc
    .integer({ min: 2, max: 6 })
    .chain(columns =>
      fc.tuple(
        fc.uniqueArray(name, { minLength: columns, maxLength: columns }),
        fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 20 }),
      ),
    );
  const written = fc.record({
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    lineEnd: fc.constantFrom('\n', '\r\n'),
    all: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(table, written, async ([header, rows], { delimiter, lineEnd, all }) => {
      const isSpecial = (text: string) => text.includes(delimiter) || /["\r\n]|^[' ]/.test(text);
      const quote = (text: string) => (all || isSpecial(text) ? `"${text.replaceAll('"', '""')}"` : text);
      const kept = rows.filter(row => row.some(text => text !== ''));
      const text = [header, ...kept].map(row => row.map(quote).join(delimiter) + lineEnd).join('');
      const found = await read(folder, text);
      assert.deepEqual([found.header, found.rows, found.rejects], [header, kept, []]);
    }),
    { numRuns: 400 },
  );
});

test('delimiters are found out, unusual and doubled ones too, and no text is cut by one it happens to hold', async context => {
  const folder = temporaryFolder(context);
  const found = async (text: string) => values(await read(folder, text), 'delimiter')[0];
  assert.equal(await found('a;b\n1,5;2\n2,5;3\n'), ';');
  assert.equal(await found('a\tb\n1,5\tx;y\n'), '\t');
  assert.equal(await found('a||b||c\n1||2||3\n4||||6\n'), '||');
  assert.equal(await found('a;;b\n1;;2\n'), ';;');
  assert.equal(await found('a;;b;;\n1;;2;;\n3;;4;;\n'), ';');
  assert.equal(await found('a~b\n1~2\n3~4\n'), '~');
  assert.equal(await found('a\x1fb\n1\x1f2\n3\x1f4\n'), '\x1f');
  assert.equal(await found('a:b:c\nx:2:3\ny:5:6\n'), ':');
  for (const text of [
    'id;coord\n7;48.85,2.35\n8;45.76,4.83\n9;43.3,5.4\n',
    'id;code;Latitude, longitude\n7;a;48.85,2.35\n8;b;45.76,4.83\n9;c;43.3,5.4\n',
    'Adresse, complément;Ville\n12, rue de la Paix;Le Mans\n7, impasse X;Aix en Provence\n',
    'Ventes, 2020\n\nJour;Prix\n01/02/2020;1,5\n02/02/2020;2,75\n03/02/2020;3,1\n',
    'Code;Part H|F\nA;a|b\nB;c|d\nC;e|f\n',
  ])
    assert.equal(await found(text), ';', text);
  const words = await read(folder, 'name\nJohn Smith\nAnna Maria Lopez\nBo Li\n12:30 at noon\n');
  assert.deepEqual(words.rows.flat(), ['John Smith', 'Anna Maria Lopez', 'Bo Li', '12:30 at noon']);
  const times = await read(folder, 'time\n2020-01-02 10:00:00\n2020-01-03 11:00:00\n2020-01-04 12:00:00\n');
  assert.deepEqual(times.header, ['time']);
});

test('one column stays one, whatever stands in its texts and amounts', async context => {
  const folder = temporaryFolder(context);
  const columns = [
    ['Commune', 'Paris', 'Lyon, la belle', 'Lille'],
    ['Phrase', 'Il fait beau, mais froid', 'Le ciel est bleu, et il pleut'],
    ['Montant', '1,5', '1 022,75', '3'],
    ['Adresse', '1; rue', '2 rue', '3 rue', '4 rue; Nord'],
  ];
  for (const [name, ...texts] of columns) {
    const plain = await read(folder, [name, ...texts].join('\n'));
    assert.deepEqual([plain.header, plain.rows.flat(), plain.rejects], [[name], texts, []]);
    const quoted = await read(folder, [name, ...texts].map(text => `"${text}"\n`).join(''));
    assert.deepEqual([quoted.header, quoted.rows.flat(), quoted.rejects], [[name], texts, []]);
  }
  const valid = await read(folder, 'Nom\n"Dupont, Jean"\n"Martin, Luc"\n');
  assert.deepEqual([valid.header, valid.rows.flat()], [['Nom'], ['Dupont, Jean', 'Martin, Luc']]);
});

test('a text or a log is one column of lines, however many commas stand in it', async context => {
  const folder = temporaryFolder(context);
  const lines = [
    'It was a dark night, and cold',
    'Nobody came, nobody called, nobody wrote',
    'So he sat down, at last, to read, and slept',
    'The end',
    '12:30 WARN pool: timeout=30, left=4, size=12, name=a',
    '12:31 INFO pool: done',
  ];
  const { header, rows, rejects } = await read(folder, `${lines.join('\n')}\n`);
  assert.deepEqual([...header, ...rows.flat()], lines);
  assert.deepEqual(rejects, []);
});

test('runs of blanks are one delimiter where they make a table of numbers', async context => {
  const table = await read(temporaryFolder(context), '  x     y    z\n 1.0  2.5   a\n10.0  3.5   b\n');
  assert.deepEqual(
    [table.header, table.rows],
    [
      ['x', 'y', 'z'],
      [
        ['1.0', '2.5', 'a'],
        ['10.0', '3.5', 'b'],
      ],
    ],
  );
  const amounts = await read(temporaryFolder(context), 'Ada 149 54,4 f\nBo 167 51,1 m\nLi 155 52 f\nEva 173 46,5 f\n');
  assert.deepEqual(amounts.rows[0], ['Ada', '149', '54,4', 'f']);
});

test('blanks behind every delimiter are no part of the cells where quotes stand behind them; elsewhere they stay', async context => {
  const folder = temporaryFolder(context);
  const table = await read(folder, 'a, b, c\n1, "x, y" , 3\n2, z, 4\n');
  assert.deepEqual(
    [table.header, table.rows],
    [
      ['a', 'b', 'c'],
      [
        ['1', 'x, y', '3'],
        ['2', 'z', '4'],
      ],
    ],
  );
  const padded = await read(folder, 'a,b\n1, x\n2,y\n');
  assert.deepEqual(padded.rows, [
    ['1', ' x'],
    ['2', 'y'],
  ]);
  const unquoted = await read(folder, 'a, b\n1, x\n2, y\n');
  assert.deepEqual(
    [unquoted.header, unquoted.rows[0]],
    [
      ['a', ' b'],
      ['1', ' x'],
    ],
  );
  assert.deepEqual((await read(folder, 'a, b\n1, x\n', { skip_blanks: true })).header, ['a', 'b']);
});

test('single quotes, backslashes and quotes that are text are found out', async context => {
  const folder = temporaryFolder(context);
  const single = await read(folder, "a,b\n'x,1',2\n'y',3\n");
  assert.deepEqual(
    [single.rows, ...values(single, 'quote')],
    [
      [
        ['x,1', '2'],
        ['y', '3'],
      ],
      "'",
    ],
  );
  const escaped = await read(folder, 'a,b\n"10\\" pipe",1\n"C:\\dir",2\n');
  assert.deepEqual(
    [escaped.rows, ...values(escaped, 'escape')],
    [
      [
        ['10" pipe', '1'],
        ['C:\\dir', '2'],
      ],
      '\\',
    ],
  );
  const path = await read(folder, 'a,b\n"C:\\dir\\",1\n"D:\\",2\n');
  assert.deepEqual(
    [path.rows, ...values(path, 'escape')],
    [
      [
        ['C:\\dir\\', '1'],
        ['D:\\', '2'],
      ],
      false,
    ],
  );
  const inches = await read(folder, 'a\tb\n"6\tx\ny\t1\n"8\tz\nw\t2\n');
  assert.deepEqual([inches.rows[0], ...values(inches, 'quote')], [['"6', 'x'], false]);
});

test('quotes that were not doubled are text where that gives the row its cells', async context => {
  const folder = temporaryFolder(context);
  const table = await read(folder, 'a,b,c\n1,"10" pipe, long",x\n2,"y,"z"\n3,"p"q,r\n4,"s,t",u\n');
  assert.deepEqual(table.rows, [
    ['1', '10" pipe, long', 'x'],
    ['2', '"y', 'z'],
    ['3', 'pq', 'r'],
    ['4', 's,t', 'u'],
  ]);
  const header = await read(folder, 'a,"b,"c"\n1,2,3\n4,5,6\n');
  assert.deepEqual(header.header, ['a', '"b', 'c']);
});

test('titles and notes above the table are left out, and said', async context => {
  const folder = temporaryFolder(context);
  const titled = await readBoth(folder, 'Ventes 2020;;;\n;;;\nVille;Mois;Total;Part\nParis;1;10;5\nLyon;2;20;7\n');
  assert.deepEqual([titled.header, titled.rows.length], [['Ville', 'Mois', 'Total', 'Part'], 2]);
  assert.deepEqual(values(titled, 'skip_rows'), [2]);
  const quoted = await read(folder, '"Title\nof two lines"\n\nA,B\n1,2\n3,4\n');
  assert.deepEqual([quoted.header, ...values(quoted, 'skip_rows')], [['A', 'B'], 3]);
  assert.deepEqual((await readBoth(folder, 'Title\nA,B\n1,2\n', { skip_rows: 0 })).header, ['Title', 'Unnamed: 1']);
  const notes = Array.from({ length: 30 }, (_, line) => `note ${line}\n`).join('');
  const long = await readBoth(folder, `${notes}A;B;C\n${'1;x;y\n'.repeat(9)}`);
  assert.deepEqual([long.header, long.rows.length, ...values(long, 'skip_rows')], [['A', 'B', 'C'], 9, 30]);
  const sparse = await readBoth(folder, 'a,b,c\n1,,\n2,,\n');
  assert.deepEqual([sparse.header, sparse.rows.length], [['a', 'b', 'c'], 2]);
});

test('thousands of lines above the table are left out where they are counted', async context => {
  const preamble = Array.from({ length: 20_000 }, (_, line) => `note ${line}, "and more\r\n`).join('');
  const table = await read(temporaryFolder(context), `${preamble}a;b\r\n1;2\r\n`, { skip_rows: 20_000 });
  assert.deepEqual([table.header, table.rows, ...values(table, 'delimiter')], [['a', 'b'], [['1', '2']], ';']);
});

test('a file without a header has its first record as a row; years and counted numbers are names', async context => {
  const folder = temporaryFolder(context);
  const bare = await readBoth(folder, '28/01/2018,00:15,Boots\n29/01/2018,00:30,Shoes\n30/01/2018,00:45,Hat\n');
  assert.deepEqual([bare.header, bare.rows.length, ...values(bare, 'header')], [['0', '1', '2'], 3, false]);
  const years = await readBoth(folder, '2019,2020\n1.5,2.5\n3.5,4.5\n');
  assert.deepEqual([years.header, ...values(years, 'header')], [['2019', '2020'], true]);
  assert.deepEqual((await readBoth(folder, '1;2,5;3\n4;5,5;6\n')).rows, [
    ['1', '2,5', '3'],
    ['4', '5,5', '6'],
  ]);
  const missing = await readBoth(folder, '1;;NA;2,5\n3;4;7;5,5\n6;7;8;8,5\n');
  assert.deepEqual([missing.rows.length, ...values(missing, 'header')], [3, false]);
  assert.deepEqual((await readBoth(folder, ';0.25;0.50\n1;2.5;3.5\n2;4.5;5.5\n')).header, [
    'Unnamed: 0',
    '0.25',
    '0.50',
  ]);
  assert.deepEqual((await readBoth(folder, 'Ville;%;€\nParis;2,5;1\nLyon;3,5;2\n')).header, ['Ville', '%', '€']);
  assert.deepEqual((await readBoth(folder, 'Paris;2,5;12:30\n')).rows, [['Paris', '2,5', '12:30']]);
  assert.deepEqual((await readBoth(folder, 'Paris,x\nLyon,y\n')).header, ['Paris', 'x']);
  assert.deepEqual((await readBoth(folder, '1.5,2.5\n3.5,4.5\n5.5,6.5\n', { header: true })).header, ['1.5', '2.5']);
});

test('a short record right above rows without names has the names of some columns, or is a row', async context => {
  const folder = temporaryFolder(context);
  const rows = 'Léa;31;43;51\nMax;33;47;5\nBob;3;42;53\n';
  const named = await readBoth(folder, `Titre\n\nNom;Âge\n${rows}`);
  assert.deepEqual([named.header, named.rows.length], [['Nom', 'Âge', 'Unnamed: 2', 'Unnamed: 3'], 3]);
  const short = await readBoth(folder, `Paul;17\n${rows}`);
  assert.deepEqual(
    [short.header, short.rows[0]],
    [
      ['0', '1', '2', '3'],
      ['Paul', '17', null, null],
    ],
  );
  assert.equal((await readBoth(folder, `Paul;17\n${rows}`, { header: false })).rows.length, 4);
  const title = await readBoth(folder, `Rapport 2020;Insee\nNom;Âge;Taille;Poids\n${rows}`);
  assert.deepEqual([title.header[1], ...values(title, 'skip_rows')], ['Âge', 1]);
});

test('columns beyond the header that most rows have get names of their own; a few rows with more cells are rejects', async context => {
  const folder = temporaryFolder(context);
  const wide = await read(folder, 'a,b\n1,2,x\n3,4,y\n');
  assert.deepEqual(
    [wide.header, wide.rows],
    [
      ['a', 'b', 'Unnamed: 2'],
      [
        ['1', '2', 'x'],
        ['3', '4', 'y'],
      ],
    ],
  );
  const odd = await read(folder, 'a,b\n1,2\n3,4,y\n5,6\n7,8,,\n9\n');
  assert.deepEqual([odd.header, odd.rejects], [['a', 'b'], [[2, 3, '3,4,y']]]);
  assert.deepEqual(odd.rows, [
    ['1', '2'],
    ['5', '6'],
    ['7', '8'],
    ['9', null],
  ]);
});

test('a second table is said to be there, and no row is lost', async context => {
  const table = await readBoth(temporaryFolder(context), 'a,b\nx,1\ny,2\na,b\nz,3\n');
  assert.deepEqual([table.rows.length, ...values(table, 'tables')], [4, 2]);
  assert.match(table.decided['tables']?.reason ?? '', /line 4/);
});

test('encodings are found out', async context => {
  const folder = temporaryFolder(context);
  const french = 'Département;Élu\nFinistère;Gaëlle Ménard\nHérault;Noël Prévôt\nRhône;Hélène Garçon\n';
  const texts: Array<[string, string]> = [
    ...['windows-1252', 'macroman', 'cp850', 'utf8', 'utf-16le', 'utf-16be'].map((name): [string, string] => [
      name,
      french,
    ]),
    ['iso-8859-15', `${french}Cœur;10 €\n`],
    ['windows-1250', 'Kraj;Město\nČeská republika;Plzeň a Žďár\nRakousko;Vídeň\nŘecko;Soluň\nŠvýcarsko;Ženeva\n'],
    ['windows-1251', 'Страна;Город\nРоссия;Нижний Новгород\nУкраина;Киев\nБеларусь;Минск\n'],
    ['koi8-r', 'Страна;Город\nРоссия;Нижний Новгород\nУкраина;Киев\nБеларусь;Минск\n'],
    ['shift_jis', '都市;人口\n東京の中央;1\n大阪市;2\nさっぽろ;3\n'],
    ['gb18030', '城市;人口\n北京市中心;1\n上海的人民;2\n广州大学;3\n'],
    ['big5', '城市;人口\n台北市中心;1\n高雄的人民;2\n臺中大學;3\n'],
    ['euc-kr', '도시;인구\n서울특별시;1\n부산광역시;2\n대한민국;3\n'],
    ['utf-16le', '城市;人口\n上海一;1\n一北京;2\n'],
    ['utf-16be', 'Имя;Число\nИван;1\nПётр;2\n'],
  ];
  const capitals = 'ÉCOLE;À\nCRÈCHE;MAÎTRISE À NÎMES\nÎLE-DE-FRANCE;ÇÀ ET LÀ\nCOLLÈGE;ÉTÉ, AOÛT\nAŸ;½ JOURNÉE\n';
  for (const name of ['windows-1252', 'macroman', 'cp850'])
    texts.push([name, name === 'windows-1252' ? capitals : capitals.replace(/AŸ.*\n/, '')]);
  texts.push(['iso-8859-15', 'Commune;Prix\nAŸ;10 €\nL’Haÿ;à cœur\n'.replace('’', "'")]);
  texts.push(
    ['cp858', 'Commune;Prix\nForêt;10 €\nCréée;à 5 €\n'],
    ['windows-1252', 'Société;Libellé\nSOCIéTé GéNéRALE;Crédit\nÉlu;Forêt\n'],
  );
  texts.push(['windows-1252', 'a;b\n¶;÷ 2\n£nn.nn;£10.52\n']);
  const english = 'Name;Remark\nAnn;It’s “new” — and\u00a0good\nBob;don’t know…\n';
  texts.push(['windows-1252', english], ['macroman', english]);
  texts.push(['windows-1252', 'gas;unit\nNO;µg/m³\nO;25 µV\n'], ['windows-1252', 'car\n\u00a0Opel\n\u00a0Fiat Uno\n']);
  texts.push(['windows-1252', 'Name;City\nJosé;Álava\nBjörn;Malmö\n']);
  texts.push(['windows-1252', 'Nom;País\nÀlex;Itàlia\nMònica;Bèlgica\nRamón;Àustria\nGràcia;Armènia\n']);
  texts.push([
    'windows-1250',
    'Az önkormányzat által készített terv\nA végleges szakértői jelentés a költségekről\nBudapest és környéke\n',
  ]);
  const hungarian = 'Név;Város\nErnő;Győr\nKulcsár Pál;Újfehértó\nŰri Zsófia;Szeged-Felső\n';
  const polish = 'Imię;Miasto\nMałgorzata;Łódź\nŚwiętosław;Kraków\nZażółć;Gdańsk\n';
  const turkish = 'İsim;Şehir\nIşıl;Eskişehir\nÇağrı;Muğla\nGöksu;İstanbul\n';
  for (const name of ['windows-1250', 'iso-8859-2', 'cp852']) texts.push([name, hungarian], [name, polish]);
  texts.push(
    ['windows-1254', turkish],
    ['windows-1257', 'Vardas;Miestas\nRūta;Kėdainiai\nČesė;Šiauliai\nJąnis;Įsrutis\n'],
  );
  texts.push([
    'windows-1250',
    'Jméno\nXXXXá XXXX\nXúè XXX\nèèX XXX\nXXXè øX\n'.replaceAll('è', 'č').replaceAll('ø', 'ř'),
  ]);
  texts.push(['gb18030', '类型;X坐标;Y坐标\n甲;1;2\n乙;3;4\n']);
  for (const [name, text] of texts) {
    const { header, rows } = await read(folder, encode(text, name));
    const cells = [[...header], ...rows].map(row => row.join(';'));
    assert.deepEqual(cells, text.trimEnd().split('\n'), name);
  }
  for (const name of ['utf8', 'utf-16le', 'utf-16be', 'utf-32le', 'utf-32be']) {
    assert.deepEqual((await read(folder, encode(`\uFEFF\uFEFF${french}`, name))).header, ['Département', 'Élu'], name);
  }
});

test('a file that ends within a character is the UTF-8 that it was until then, however large it is', async context => {
  const folder = temporaryFolder(context);
  for (const rows of [10, 200_000]) {
    const whole = Buffer.from(`id;saison\n${'12;été\n'.repeat(rows)}13;ét\u00e9`);
    const { rows: found, decided } = await read(folder, whole.subarray(0, -1));
    assert.equal(decided['encoding']?.value, 'utf8', `${rows} rows`);
    assert.deepEqual([found.length, found[0]], [rows, ['12', 'été']]);
  }
});

test('lines of UTF-8 and of another encoding side by side are each read as what they are', async context => {
  const folder = temporaryFolder(context);
  const lines = [
    'Nom;Ville',
    'Hélène;Orléans',
    'José;Besançon',
    'Zoë;Mézières',
    'Noël;Périgueux',
    'Léa;Nîmes',
    'Ève;Dôle',
  ];
  const halves = lines.map((line, index) => Buffer.from(`${line}\n`, index % 2 ? 'utf8' : 'latin1'));
  const { rows, decided } = await read(folder, Buffer.concat(halves));
  assert.deepEqual(
    rows.map(row => row.join(';')),
    lines.slice(1),
  );
  assert.match(decided['encoding']?.reason ?? '', /some lines are UTF-8, others windows-1252/);
});

test('a byte order mark is no proof of what follows it', async context => {
  const folder = temporaryFolder(context);
  const text = 'Nom;Ville\nHélène;Orléans\nJosé;Besançon\nZoë;Mézières\nNoël;Périgueux\n';
  const marked = await read(folder, Buffer.concat([Buffer.from('\uFEFF'), Buffer.from(text, 'latin1')]));
  assert.deepEqual(
    [marked.header, marked.rows[0]],
    [
      ['Nom', 'Ville'],
      ['Hélène', 'Orléans'],
    ],
  );
  const chinese = Buffer.concat([Buffer.from([0x84, 0x31, 0x95, 0x33]), encode('a,城市\n1,北京\n', 'gb18030')]);
  assert.deepEqual((await read(folder, chinese)).rows, [['1', '北京']]);
  for (const name of ['utf-32le', 'utf-32be', 'utf-16le', 'utf-16be']) {
    const unmarked = await read(folder, encode(`${text}😀;1\n`, name, { addBOM: false }));
    assert.deepEqual(
      unmarked.rows.slice(1, 2).concat(unmarked.rows.slice(-1)),
      [
        ['José', 'Besançon'],
        ['😀', '1'],
      ],
      name,
    );
    const digits = await read(folder, encode('1\t2\n3\t4\n5\t6\n', name, { addBOM: false }));
    assert.deepEqual(digits.rows.at(-1), ['5', '6'], name);
  }
});

test('text that was encoded twice is said to be, and stays as it is', async context => {
  const folder = temporaryFolder(context);
  const twice = (text: string) => Buffer.from(encode(text, 'utf8').toString('latin1'));
  const damaged = await read(folder, twice('Nom;Ville\nHélène;Orléans\n'));
  assert.deepEqual(damaged.rows, [['HÃ©lÃ¨ne', 'OrlÃ©ans']]);
  assert.match(damaged.decided['encoding']?.reason ?? '', /Ã© stands for a letter/);
  const plain = await read(folder, 'Nom;Cidade\nJoão;SÃO PAULO\nAnã;MACEIÓ\n');
  assert.match(plain.decided['encoding']?.reason ?? '', /every byte is valid$/);
});

test('files of almost nothing', async context => {
  const folder = temporaryFolder(context);
  await assert.rejects(read(folder, ''), /is empty/);
  await assert.rejects(read(folder, '\uFEFF'), /is empty/);
  await assert.rejects(read(folder, ' \n\t\n\r\n'), /is empty/);
  assert.deepEqual((await read(folder, 'a')).header, ['a']);
  const column = await read(folder, 'a\n1\n\n \n2');
  assert.deepEqual([column.header, column.rows], [['a'], [['1'], [' '], ['2']]]);
  const header = await read(folder, 'a;b');
  assert.deepEqual([header.header, header.rows], [['a', 'b'], []]);
  const mixed = await read(folder, 'a,b\r1,2\n3,4\r\n\r\n5,6');
  assert.deepEqual([mixed.rows.length, ...values(mixed, 'line_end')], [3, 'CRLF and LF and CR']);
  const names = await read(folder, 'a,,a, \n1,2,3,4\n');
  assert.deepEqual(names.header, ['a', 'Unnamed: 1', 'a.1', 'Unnamed: 3']);
});

test('what ends a file for DOS, or fills its last block, is no row', async context => {
  const folder = temporaryFolder(context);
  const rows = [['1', '2']];
  for (const end of ['\r\n\x1a', '\x1a', '\n\0\0\0', '\n\x1a\0\0', `\n${'\0'.repeat(3 << 20)}`])
    assert.deepEqual((await read(folder, `a,b\n1,2${end}`)).rows, rows, JSON.stringify(end.slice(0, 5)));
  assert.deepEqual((await read(folder, 'a,b\n1,\0\n\x1a,\0')).rows, [
    ['1', '\0'],
    ['\x1a', '\0'],
  ]);
  await assert.rejects(read(folder, '\0\0\0'), /is empty/);
});

test('five thousand columns, a cell of a megabyte, and NUL bytes come through', async context => {
  const folder = temporaryFolder(context);
  const names = Array.from({ length: 5000 }, (_, column) => `column number ${column}`);
  const wide = await read(folder, `${names.join(';')}\n${names.map((_, column) => column).join(';')}\n`);
  assert.deepEqual([wide.header.length, wide.rows[0]?.at(-1)], [5000, '4999']);
  const long = `${'x'.repeat(1 << 20)}\0`;
  assert.equal((await read(folder, `a,b\n1,"${long}"\n`)).rows[0]?.[1] === long, true);
});

test('a header with a name less than the rows have cells leaves the first column without one where it has names of rows, as R writes', async context => {
  const folder = temporaryFolder(context);
  for (const [text, names, first] of [
    ['c,d\na,1,3\nb,2,4\n', ['Unnamed: 0', 'c', 'd'], ['a', '1', '3']],
    ['c\td\r\na\t1\t3\r\nb\t2\t4\r\n', ['Unnamed: 0', 'c', 'd'], ['a', '1', '3']],
    ['"a" "b"\n"M X" 21 6\n', ['Unnamed: 0', 'a', 'b'], ['M X', '21', '6']],
    ['"a" "b"\n"M X" 21 6\n"N Y" 22.5 NA\n', ['Unnamed: 0', 'a', 'b'], ['M X', '21', '6']],
    ['"c" "d"\n"1" 1.5 "x y"\n"2" 2.5 "z"\n', ['Unnamed: 0', 'c', 'd'], ['1', '1.5', 'x y']],
    ['mpg cyl\nMazda 21 6\nDatsun 22 4\n', ['Unnamed: 0', 'mpg', 'cyl'], ['Mazda', '21', '6']],
    ['"x"\n"a",1\n"b",2\n"c",3\n', ['Unnamed: 0', 'x'], ['a', '1']],
    ['"x"\n"a" 1\n"b" 2\n', ['Unnamed: 0', 'x'], ['a', '1']],
    ['"x"\n"a b" "oui"\n"c d" "non"\n', ['Unnamed: 0', 'x'], ['a b', 'oui']],
    ['"x"\r\n"1" "Dupont, Jean"\r\n"2" "a; ""b"" c"\r\n', ['Unnamed: 0', 'x'], ['1', 'Dupont, Jean']],
    ['a,b\n1,2,x\n3,4,y\n', ['a', 'b', 'Unnamed: 2'], ['1', '2', 'x']],
    ['id,nom\n1,Paul,x\n2,Marie,y\n', ['id', 'nom', 'Unnamed: 2'], ['1', 'Paul', 'x']],
  ] as const) {
    const found = await read(folder, text);
    assert.deepEqual([found.header, found.rows[0], found.rejects], [names, first, []], text);
    assert.match(found.decided['header']?.reason ?? '', /^line 1 has one name less than the rows have cells/, text);
  }
  const source = await read(folder, 'Source : Insee\nx,22\nAin,603\nNord,75\n');
  assert.deepEqual([source.rows[0], ...values(source, 'skip_rows')], [['x', '22'], 1]);
  const unnamed = await read(folder, '"x" "y"\n"a b" 1\n"c d" 2\n');
  assert.deepEqual(
    [unnamed.header, unnamed.rows[0]],
    [
      ['x', 'y'],
      ['a b', '1'],
    ],
  );
  const titles = await read(folder, '"titre"\n"Le ""Monde"" diplo"\n"Le" "Point" ce soir\n');
  assert.equal(titles.header.length, 1);
  const words = await read(folder, 'Hello world\nfoo bar baz\nqux quux x\n');
  assert.deepEqual(words.header, ['Hello world']);
});

test('a header that another delimiter cuts than the rows is one, and said', async context => {
  const folder = temporaryFolder(context);
  for (const [text, rows, above] of [
    ['id,n,t\n1;2;3\n2;3;4\n', 2, undefined],
    ['id,n,t\nx;y;z\nu;v;w\np;q;r\n', 3, undefined],
    ['id;n;t\r\n1,2,3\r\n2,3,4\r\n', 2, undefined],
    ['Titre\n\nid|n|t\n1;2;3\n2;3;4\n', 2, 2],
    ['id n "t"\n1,2,"3"\n2,3,"4"\n', 2, undefined],
  ] as const) {
    const found = await read(folder, text);
    assert.deepEqual([found.header, found.rows.length, found.rejects], [['id', 'n', 't'], rows, []], text);
    assert.deepEqual(values(found, 'header', 'skip_rows'), [['id', 'n', 't'], above], text);
    assert.match(
      found.decided['header']?.reason ?? '',
      /^line [13] has a name for each column where another delimiter/,
    );
  }
  const told = await read(folder, 'id,n,t\n1;2;3\n2;3;4\n', { header: true, skip_rows: 0 });
  assert.deepEqual([told.header, told.rows.length], [['id', 'n', 't'], 2]);
  for (const title of ['Population, des, communes', 'a,b', 'a,a,b', 'Population des communes', '1,2,3']) {
    const found = await read(folder, `${title}\n10;20;37\n40;55;60\n71;85;97\n`);
    assert.deepEqual([found.header, found.rows.length, ...values(found, 'skip_rows')], [['0', '1', '2'], 3, 1], title);
  }
  const named = await read(folder, 'un,deux,trois\na;b;c\n1;2;3\n2;3;4\n');
  assert.deepEqual([named.header, ...values(named, 'skip_rows')], [['a', 'b', 'c'], 1]);
});

test('blanks are the delimiter where they cut cells in quotes in every line, though texts without quotes have blanks', async context => {
  const folder = temporaryFolder(context);
  const rows = [
    '1 Boots "rugged, light" "x"',
    '2 Men\'s Boots "warm" "y"',
    '3 Caps "blue" "z"',
    '4 Rods "two, three" "t"',
  ];
  const found = await read(folder, `id name "text" "url"\n${rows.join('\n')}\n`);
  assert.deepEqual([found.header, found.rows.length, found.rejects.length], [['id', 'name', 'text', 'url'], 3, 1]);
  const text = await read(
    folder,
    'He said "yes" loudly\nand then "no" again\nbut this line has none\nso it "is" a text\n',
  );
  assert.equal(text.header.length, 1);
});

test('one column whose texts hold a delimiter and a blank stays one', async context => {
  const folder = temporaryFolder(context);
  for (const delimiter of [',', ';', '|'])
    for (const lineEnd of ['\n', '\r\n', '\r']) {
      const names = ['Dupont, Jean', 'Durand, Paul', 'Martin, Luc'].map(name => name.replace(',', delimiter));
      const found = await read(folder, ['nom', ...names].join(lineEnd) + lineEnd);
      assert.deepEqual([found.header, found.rows.flat(), found.rejects], [['nom'], names, []]);
    }
  const addresses = ['12, rue de la Paix', '3, avenue Foch, Paris', '5, impasse X'];
  assert.deepEqual((await read(folder, `adresse\n${addresses.join('\n')}\n`)).rows.flat(), addresses);
  const titled = await read(folder, 'Titre\nA, B\n1, 2\n3, 4\n');
  assert.deepEqual([titled.header.length, titled.rows.length, ...values(titled, 'skip_rows')], [2, 2, 1]);
});
