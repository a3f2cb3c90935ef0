import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { csvRecords } from '../extract/csv/definition.ts';
import type { MendedRow, Reject } from '../contract/protocol.ts';
import { EtlFailure } from '../contract/failure.ts';
import { guardFormula, unguardFormula } from './formula.ts';
import { readMended as eachMended } from './read-mended.ts';
import { recordCells, recordText } from './record-text.ts';
import type { RejectsTable } from './table.ts';
import { writeRejects } from './write-rejects.ts';

async function readMended(...file: Parameters<typeof eachMended>): Promise<MendedRow[]> {
  const rows: MendedRow[] = [];
  for await (const row of eachMended(...file)) rows.push(row);
  return rows;
}

const FRENCH = { delimiter: ';', quote: '"', escape: '', skipsBlanks: false, encoding: 'win1252' };

const COMMAS = { delimiter: ',', quote: '"', escape: '', skipsBlanks: false };

function tableOf(columns: string[], dialect: Partial<typeof FRENCH> = {}): RejectsTable {
  return { dialect: { ...FRENCH, ...dialect }, headers: [{ row: 1, columns }] };
}

async function download(rejects: Reject[], table: RejectsTable): Promise<Buffer> {
  async function* each(): AsyncGenerator<Reject> {
    yield* rejects;
  }
  const parts: Buffer[] = [];
  for await (const part of writeRejects(each(), table)) parts.push(part);
  return Buffer.concat(parts);
}

function reject(row: number, raw: string, reason = 'bad'): Reject {
  return { row, line: row + 1, reason, raw };
}

function recordOf(mended: MendedRow | undefined): unknown {
  return mended && 'record' in mended ? mended.record : undefined;
}

function refusal(pattern: RegExp): (error: unknown) => boolean {
  return error => error instanceof EtlFailure && error.exitCode === 65 && pattern.test(error.message);
}

describe('rejects as a table to be mended', () => {
  it('what is downloaded is read back, cell by cell, in every dialect: too many cells, open quotes and line breaks too', async () => {
    const cell = fc.string({
      unit: fc.constantFrom(
        'a',
        'é',
        '"',
        "'",
        ';',
        ',',
        '\t',
        '\n',
        '\r\n',
        ' ',
        '\\',
        '1',
        '_ROW',
        '=',
        '-',
        '+',
        '@',
      ),
      maxLength: 6,
    });
    const dialect = fc
      .record({
        delimiter: fc.constantFrom(';', ',', '\t', '|', '||'),
        quote: fc.constantFrom('"', "'", ''),
        escape: fc.constantFrom('', '\\'),
        skipsBlanks: fc.boolean(),
        encoding: fc.constantFrom('utf8', 'win1252', 'utf-16le', 'utf-16be'),
      })
      .filter(({ delimiter, quote }) => delimiter.length === 1 || quote !== '');
    const record = fc.array(cell, { minLength: 1, maxLength: 5 });
    const line = fc.string({
      unit: fc.constantFrom('a', 'é', '"', '""', "'", ';', ',', '|', ' ', '\\', '=', '-'),
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(dialect, fc.array(fc.oneof(record, line)), async (own, texts) => {
        const table = tableOf(['a', 'b', 'c'], own);
        // A line of blanks is no record, and so never a reject.
        const raws = texts
          .map(text => (typeof text === 'string' ? text : recordText(text, own)))
          .filter(raw => raw.trim() !== '');
        const rejects = raws.map((raw, index) => reject(index + 1, raw));
        const mended = await readMended(await download(rejects, table), 'file', table);
        assert.deepEqual(
          mended.map(({ row, raw = '' }) => [row, padded(recordCells(raw, own, 3).cells)]),
          rejects.map(({ row, raw }) => [row, padded(recordCells(raw, own, 3).cells)]),
        );
        for (const [index, { raw }] of rejects.entries()) {
          const { cells, isWhole } = recordCells(raw, own, 3);
          const expected = { a: cells[0] ?? '', b: cells[1] ?? '', c: cells[2] ?? '' };
          if (isWhole && padded(cells).length === 3) assert.deepEqual(recordOf(mended[index]), expected);
          if (padded(cells).length > 3) assert.match(JSON.stringify(mended[index]), /cells, but the header has 3/);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a record has there the cells that it has in the file, each in quotes, in its encoding', async () => {
    const csv = await download([reject(7, '"é";x;"1;2"', 'too; bad')], tableOf(['nom', 'b', 'c']));
    assert.equal(iconv.decode(csv, 'win1252'), '"_ROW";"_REASON";"nom";"b";"c"\r\n"7";"too; bad";"é";"x";"1;2"\r\n');
  });

  it('no cell is a formula to the program that opens it; numbers stay as they are, and it is read back as it was', async () => {
    const cells = ['=1+1', '@sum', '+1-2', "'=x", '-5', '+1,5', '-'];
    const table = tableOf(['=a', 'b', 'c', 'd', 'e', 'f', 'g'], { encoding: 'utf8' });
    const csv = await download([reject(1, cells.join(';'), '=bad')], table);
    const shown = `\uFEFF"_ROW";"_REASON";"'=a";"b";"c";"d";"e";"f";"g"\r\n"1";"'=bad";"'=1+1";"'@sum";"'+1-2";"''=x";"-5";"+1,5";"-"\r\n`;
    assert.equal(csv.toString(), shown);
    assert.deepEqual(Object.values(recordOf((await readMended(csv, 'file', table))[0]) as object), cells);
    const free = { dialect: null, headers: [] };
    const rows = await download([reject(1, '{"a":"=1+1"}')], free);
    assert.equal(rows.toString(), `\uFEFF"_ROW","_REASON","a"\r\n"1","bad","'=1+1"\r\n`);
    assert.deepEqual(recordOf((await readMended(rows, 'file', free))[0]), { a: '=1+1' });
  });

  it('nor to one that takes another delimiter for granted, strips what is in front, or reads wide forms; numbers among others stay, too', async () => {
    const table = tableOf(['a', 'b'], { delimiter: ',', encoding: 'utf8' });
    const guarded = [
      'x;=1+1',
      'x\n=1',
      '\r=1',
      '＝1',
      '＋a',
      '－a',
      '＠a',
      '\t=1',
      ' =1',
      '\u00A0=1',
      '\u200B=1',
      '"=1',
      '|cmd',
      '%a',
      '-1;2',
    ];
    const plain = ['a;b', '-5', '1;-5,5', '12 %', 'x - y', 'a=b', '+33 1 23', '-'];
    const rows = [...guarded, ...plain].map((cell, index) => reject(index + 1, recordText([cell, 'y'], COMMAS)));
    const csv = await download(rows, table);
    const records = csvRecords(csv.toString().slice(1), COMMAS, 4).slice(1);
    for (const [index, { cells }] of records.entries()) {
      const cell = [...guarded, ...plain][index];
      assert.equal(cells[2] !== cell, index < guarded.length, JSON.stringify(cell));
      // However it is cut into cells, none is one of the formulas.
      for (const piece of (cells[2] as string).split(/[,;|\t\r\n]/))
        assert.doesNotMatch(piece, /^[\s"\u200B]*[=@＝＋－＠%|]/);
    }
    const mended = await readMended(csv, 'file', table);
    assert.deepEqual(
      mended.map(row => (recordOf(row) as { a: string }).a),
      [...guarded, ...plain],
    );
  });

  it('a guard is taken off again whatever the text, and takes no time that grows faster than it', () => {
    const unit = fc.constantFrom(
      '=',
      '-',
      "'",
      '"',
      ';',
      ',',
      '|',
      '\t',
      '\r',
      '\n',
      ' ',
      '\u00A0',
      '\u200B',
      '1',
      '.',
      '%',
      'a',
      '＝',
      '－',
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), cell => {
        const guarded = guardFormula(cell);
        assert.equal(unguardFormula(guarded), cell);
        for (const piece of guarded.split(/[,;|\t\r\n]/)) assert.doesNotMatch(piece, /^[\s"\u200B]*[=＝]/);
      }),
      { numRuns: 3000 },
    );
    for (const piece of ['\t', ' ', "'", '- ', ';-1', '"=']) {
      const text = piece.repeat(500_000);
      assert.equal(unguardFormula(guardFormula(text)), text);
    }
  });

  it('a row of which only the beginning was kept stays a reject, unless the whole is put in its place', async () => {
    const cut = { ...reject(3, '1;2;3;long'), raw_cut: true } as const;
    const table = tableOf(['a', 'b'], { encoding: 'utf8' });
    const csv = (await download([cut, reject(4, '1;2')], table)).toString();
    const [still, other] = await readMended(Buffer.from(csv), 'file', table);
    assert.match(JSON.stringify(still), /"row":3,"raw":"1;2;3;long","raw_cut":true,"reason":"only the beginning/);
    assert.deepEqual(recordOf(other), { a: '1', b: '2' });
    const whole = csv.replace(/^"3 cut".*$/m, '"3";"";"1";"2"');
    assert.deepEqual((await readMended(Buffer.from(whole), 'file', table)).map(recordOf), [
      { a: '1', b: '2' },
      { a: '1', b: '2' },
    ]);
    const free = { dialect: null, headers: [] };
    const json = await download([{ ...reject(5, '{"a":"x'), raw_cut: true }], free);
    for (const lines of [json, Buffer.from(JSON.stringify({ ...cut, row: 5 }))])
      assert.match(
        JSON.stringify(await readMended(lines, 'file', free)),
        /^\[\{"row":5.*"raw_cut":true,"reason":"only/,
      );
    const record = { row: 5, record: { a: 1 }, raw_cut: true };
    assert.deepEqual((await readMended(Buffer.from(JSON.stringify(record)), 'file', free)).map(recordOf), [{ a: 1 }]);
  });

  it('rows of too many columns are a table no more: each is the text that it is', async () => {
    const free = { dialect: null, headers: [] };
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 20_001 }, (_, key) => [`k${key}`, key])));
    const csv = (await download([reject(1, '{"a":1}'), reject(2, wide)], free)).toString();
    assert.ok(csv.startsWith('\uFEFF"_ROW","_REASON","_RAW"\r\n"1","bad","{""a"":1}"\r\n"2"'), csv.slice(0, 100));
    const mended = await readMended(Buffer.from(csv), 'file', free);
    assert.deepEqual(
      mended.map(row => Object.keys(recordOf(row) as object).length),
      [1, 20_001],
    );
  });

  it('a quote that is never closed opens nothing: the lines behind it stay lines', async () => {
    const csv = await download([reject(1, '1;"open'), reject(2, '2;x')], tableOf(['a', 'b'], { encoding: 'utf8' }));
    assert.equal(csv.toString(), '\uFEFF"_ROW";"_REASON";"a";"b"\r\n"1";"bad";"1";"""open"\r\n"2";"bad";"2";"x"\r\n');
  });

  it('the leading columns have names that the file has not', async () => {
    const table = tableOf(['_row', '_REASON', '_REASON_'], { encoding: 'utf8' });
    const csv = await download([reject(3, '1;2;3')], table);
    assert.equal(csv.toString(), '\uFEFF"_ROW_";"_REASON__";"_row";"_REASON";"_REASON_"\r\n"3";"bad";"1";"2";"3"\r\n');
    const [mended] = await readMended(csv, 'file', table);
    assert.deepEqual(mended, { row: 3, raw: '1;2;3', record: { _row: '1', _REASON: '2', _REASON_: '3' } });
  });

  it('rows of tables with other columns are put under the columns of all', async () => {
    const table: RejectsTable = {
      dialect: { ...FRENCH, encoding: 'utf8' },
      headers: [
        { row: 1, columns: ['a', 'b'] },
        { row: 10, columns: ['b', 'c'] },
      ],
    };
    const csv = await download([reject(2, '1;2'), reject(11, '3;4;5')], table);
    assert.equal(
      csv.toString(),
      '\uFEFF"_ROW";"_REASON";"a";"b";"c"\r\n"2";"bad";"1";"2";\r\n"11";"bad";;"3";"4";"5"\r\n',
    );
    const mended = await readMended(Buffer.from(csv.toString().replace(';"5"', '')), 'file', table);
    assert.deepEqual(mended.map(recordOf), [
      { a: '1', b: '2' },
      { b: '3', c: '4' },
    ]);
  });

  it('JSON becomes columns, nested values JSON text, and what is no object a column of its own', async () => {
    const table: RejectsTable = { dialect: null, headers: [] };
    const csv = await download(
      [reject(1, '{"a":1,"b":{"c":[2]}}'), reject(2, '{"d":null,"a":"x,y"}'), reject(3, '[1')],
      table,
    );
    assert.equal(
      csv.toString(),
      '\uFEFF"_ROW","_REASON","_RAW","a","b","d"\r\n"1","bad",,"1","{""c"":[2]}",\r\n"2","bad",,"x,y",,\r\n"3","bad","[1",,,\r\n',
    );
    const mended = await readMended(Buffer.from(csv.toString().replace('[1', '{""a"":3}')), 'file', table);
    assert.deepEqual(mended.map(recordOf), [
      { a: '1', b: '{"c":[2]}', d: null },
      { a: 'x,y', b: null, d: null },
      { a: '3' },
    ]);
  });

  it('a feature of GeoJSON has the columns that the file has, and numbers keep their digits', async () => {
    const table: RejectsTable = { dialect: null, headers: [] };
    const feature =
      '{"type":"Feature","properties":{"id":12345678901234567890,"_id":{"$oid":"5f0c"}},"geometry":null,"bbox":[1.0, 2]}';
    const csv = await download([reject(1, feature)], table);
    const record = { id: '12345678901234567890', _id: '5f0c', geometry: null, bbox: '[1.0,2]' };
    assert.deepEqual((await readMended(csv, 'file', table)).map(recordOf), [record]);
    const lines = Buffer.from(JSON.stringify({ row: 1, raw: feature }));
    assert.deepEqual((await readMended(lines, 'file', table)).map(recordOf), [record]);
  });
});

describe('rejects of XML', () => {
  const table: RejectsTable = { dialect: null, headers: [] };

  it('become columns, as the file does; an element that is none stays as it is, and can be mended there', async () => {
    const csv = await download(
      [reject(1, '<i id="7"><a>x &amp; y</a><b/><c><d>1</d></c></i>'), reject(2, '<i><a>&undef;</a></i>')],
      table,
    );
    assert.equal(
      csv.toString(),
      '\uFEFF"_ROW","_REASON","_RAW","id","a","b","c"\r\n"1","bad",,"7","x & y",,"{""d"":""1""}"\r\n"2","bad","<i><a>&undef;</a></i>",,,,\r\n',
    );
    const mended = await readMended(Buffer.from(csv.toString().replace('&undef;', '&#233;')), 'file', table);
    assert.deepEqual(mended.map(recordOf), [{ id: '7', a: 'x & y', b: null, c: '{"d":"1"}' }, { a: 'é' }]);
  });

  it('that are still none are rejects again, with what is missing', async () => {
    for (const raw of ['<i><a>&undef;</a></i>', '<i><a>1</i>', '<i>', '<i/><i/>', '<!-- -->']) {
      const [mended] = await readMended(Buffer.from(JSON.stringify({ row: 3, raw })), 'file', table);
      assert.deepEqual(mended, { row: 3, raw, reason: 'neither a JSON object nor an XML element' });
    }
  });
});

describe('a mended file', () => {
  const table = tableOf(['id', 'nom', 'jour']);

  it('saved by a spreadsheet program, with its own delimiter, encoding and empty columns, is read', async () => {
    const expected = [{ row: 4, raw: '1;Zoé;"a;b"', record: { id: '1', nom: 'Zoé', jour: 'a;b' } }];
    for (const [text, encoding] of [
      ['_ROW,_REASON,id,nom,jour\r\n4,,1,Zoé,a;b\r\n', 'utf8'],
      ['\uFEFF_ROW;_REASON;id;nom;jour;;\r\n4;;1;Zoé;"a;b";;\r\n;;;;;;\r\n', 'utf8'],
      ['_ROW\t_REASON\tid\tnom\tjour\n4\t\t1\tZoé\t"a;b"\n', 'win1252'],
      ['\uFEFF_ROW\t_REASON\tid\tnom\tjour\r\n4\t\t1\tZoé\ta;b\r\n', 'utf-16le'],
      ['sep=,\r\n"_ROW","_REASON","id","nom","jour"\r\n"4","x","1","Zoé","a;b"', 'win1252'],
      ['nom;id;jour;_row;_reason\n"Zoé";1;"a;b"; 4 ;\n', 'win1252'],
      ['_ROW;id;nom;jour\n4;1;Zoé;"a;b"\n', 'win1252'],
    ] as const) {
      assert.deepEqual(await readMended(iconv.encode(text, encoding), 'file', table), expected, text);
    }
  });

  it('with a name that a program took for a date is read by the places of its columns', async () => {
    const text = '_ROW;_REASON;id;nom;01/02/2024\n4;;1;Zoé;x\n';
    assert.deepEqual((await readMended(Buffer.from(text), 'file', table)).map(recordOf), [
      { id: '1', nom: 'Zoé', jour: 'x' },
    ]);
  });

  it('a row that is still none stays a reject', async () => {
    const text = '_ROW;_REASON;id;nom;jour\n1;;1;x;y;z\n2;;2;"x;y\n';
    const [surplus, open] = (await readMended(Buffer.from(text), 'file', table)) as Array<
      MendedRow & { reason: string }
    >;
    assert.deepEqual(surplus, { row: 1, raw: '1;x;y;z', reason: '4 cells, but the header has 3 columns' });
    assert.deepEqual([open?.row, open?.reason], [2, 'a quote that opens on this line is never closed']);
  });

  it('may be NDJSON, of records or of rejects whose raw text was mended', async () => {
    const text =
      '{"row":1,"record":{"id":1,"nom":"x;y"}}\r\n\n{"row":2,"line":3,"reason":"bad","raw":"2;\\"a;b\\";c"}\n{"row":3,"raw":"1;2;3;4"}\n';
    assert.deepEqual(await readMended(Buffer.from(text), 'file', table), [
      { row: 1, record: { id: 1, nom: 'x;y' }, raw: '1;"x;y";' },
      { row: 2, raw: '2;"a;b";c', record: { id: '2', nom: 'a;b', jour: 'c' } },
      { row: 3, raw: '1;2;3;4', reason: '4 cells, but the header has 3 columns' },
    ]);
  });

  it('that can’t be told apart is refused with its line', async () => {
    for (const [text, reason] of [
      ['id;nom;jour\n1;2;3\n', /^file:1: there is no column _ROW; .*_ROW;_REASON;id;nom;jour$/],
      ['', /^file:1: there is no column _ROW/],
      ['_ROW;_REASON;id;nom\n1;;2;3\n', /^file:1: its columns are not those of the file: jour missing;/],
      ['_ROW;_REASON;id;nom;jour;note\n1;;2;3;4;5\n', /^file:1: .* note not of the file/],
      ['_ROW;_REASON;id;nom;jour\n1;;2;3;4\n\nx;;5;6;7\n', /^file:4: "x" is no row number/],
      ['_ROW;_REASON;id;nom;jour\n1;;2;3;4\n1;;5;6;7\n', /^file:3: row 1 is on line 2, too/],
      ['{"row":1,"record":{}}\n{"row":0,"record":{}}\n', /^file:2: not a mended row/],
    ] as const) {
      await assert.rejects(readMended(Buffer.from(text), 'file', table), refusal(reason), text);
    }
  });
});

/** Without empty cells at the end, but for those that a row has. */
function padded(cells: readonly string[]): string[] {
  const all = cells.slice(0, Math.max(3, cells.findLastIndex(Boolean) + 1));
  return [...all, ...Array.from({ length: Math.max(0, 3 - all.length) }, () => '')];
}
