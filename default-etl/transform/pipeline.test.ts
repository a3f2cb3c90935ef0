import assert from 'node:assert/strict';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Batch, emptyBatch, type Reader, rowRecord } from '../batch/batch.ts';
import { openReader } from '../extract/open.ts';
import { EtlFailure } from '../contract/failure.ts';
import { previewFile } from '../run/preview.ts';
import { readJob } from '../contract/settings.ts';
import { SourceFile } from '../unpack/source.ts';
import { load, temporaryFolder } from '../testing/load.ts';
import { Spill } from '../unpack/spill.ts';
import { createPipeline } from './pipeline.ts';
import { STEPS } from './registry.ts';
import { STEP_SCHEMAS } from './step-options.ts';

interface Given {
  /** Of in.csv, unless `name` says otherwise. */
  content: string;
  name?: string;
  transform: unknown[];
  /** The dataset's own folder. */
  files?: Record<string, string>;
}

function prepare(context: TestContext, { content, name = 'in.csv', transform, files = {} }: Given) {
  const folder = temporaryFolder(context);
  const CONFIG_FILES = join(folder, 'config');
  mkdirSync(CONFIG_FILES);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(CONFIG_FILES, file), text);
  writeFileSync(join(folder, name), content);
  const env = { DATASET: 'test', TRANSFORM: JSON.stringify(transform), CONFIG_FILES, WORK_DIR: join(folder, 'work') };
  mkdirSync(env.WORK_DIR);
  return { folder, env, job: readJob(env, join(folder, name), 0) };
}

/** What becomes of the file: rows as objects, reasons of rejects, how many rows were filtered. */
async function run(context: TestContext, given: Given) {
  const { job, folder } = prepare(context, given);
  const signal = new AbortController().signal;
  const preview = await previewFile(job, { rows: 1000, folder, signal });
  const rows = preview.rows.map(({ cells }) =>
    Object.fromEntries(cells.map((cell, at) => [preview.columns[at], cell])),
  );
  const reasons = preview.rejects.map(({ row, line, reason, raw }) => [row, line, reason, raw]);
  return { rows, reasons, filtered: preview.filtered, columns: preview.columns };
}

/** The message and exit code with which it fails. */
async function failure(context: TestContext, given: Given): Promise<[number, string]> {
  try {
    await run(context, given);
  } catch (error) {
    if (error instanceof EtlFailure) return [error.exitCode, error.message];
    throw error;
  }
  throw new Error('it did not fail');
}

test('every step that can be written can be run, and the other way round', () => {
  assert.deepEqual(Object.keys(STEPS).sort(), Object.keys(STEP_SCHEMAS).sort());
});

test('a French file: names, blanks, decimal commas, dates and types, each row accounted for', async context => {
  const content =
    'N° dép;Montant HT;Date\n" 75 ";"1\u202f234,56";31/12/2020\n2A;n.d.;1/2/2021\n13;3;hier\n99;-4,5;02/02/2020\n';
  const transform = [
    'minimal',
    { rename: { map: { 'N° DÉP': 'DEP' }, regex: { '[^A-Z0-9]+': '_' } } },
    { strip: ['DEP'] },
    { null_values: ['n.d.'] },
    { decimal_comma: ['MONTANT_HT'] },
    { parse_dates: { columns: ['DATE'], format: '%d/%m/%Y' } },
    { filter: { not: { column: 'DEP', equals: '99' } } },
    { types: { columns: { MONTANT_HT: 'number' } } },
  ];
  const { rows, reasons, filtered } = await run(context, { content, transform });
  assert.deepEqual(rows, [
    { DEP: '75', MONTANT_HT: 1234.56, DATE: '2020-12-31' },
    { DEP: '2A', MONTANT_HT: null, DATE: '2021-02-01' },
  ]);
  assert.deepEqual(reasons, [[3, 4, 'DATE: "hier" is no date of the pattern %d/%m/%Y', '13;3;hier']]);
  assert.equal(filtered, 1);
  const { folder, env } = prepare(context, { content, transform });
  const { result } = await load({ folder, content, env: { ...env, LOAD: '{"target":"lake"}' } });
  assert.deepEqual(
    [result?.rows_read, result?.rows_loaded, result?.rows_rejected, result?.rows_filtered],
    [4, 2, 1, 1],
  );
});

test('types: digits are kept as they are written, in the form that JSON wants', async context => {
  const cells = ['007', '+5', '-0', '12345678901234567890', ' 3 ', '1.0', '', '1.5', 'x', '1e3', '-'];
  const { rows, reasons } = await run(context, {
    content: `i,n,b,t\n${cells.map(cell => `${cell},${cell},oui,${cell}`).join('\n')}\n`,
    transform: [
      'minimal',
      { types: { columns: { I: 'integer', N: 'number', B: 'boolean', T: 'text' }, on_error: 'null' } },
    ],
  });
  assert.deepEqual(
    rows.map(row => [row['I'], row['N'], row['B'], row['T']]),
    [
      [7, 7, true, '007'],
      [5, 5, true, '+5'],
      [0, -0, true, '-0'],
      ['12345678901234567890', '12345678901234567890', true, '12345678901234567890'],
      [3, 3, true, ' 3 '],
      [1, 1, true, '1.0'],
      [null, null, true, null],
      [null, 1.5, true, '1.5'],
      [null, null, true, 'x'],
      [null, 1000, true, '1e3'],
      [null, null, true, '-'],
    ],
  );
  assert.deepEqual(reasons, []);
});

test('a typed column that a later step writes is text again', async context => {
  const { rows } = await run(context, {
    content: 'a,b\n1,2\n',
    transform: ['minimal', { types: { columns: { A: 'integer', B: 'integer' } } }, { add: { A: '{A}!' } }],
  });
  assert.deepEqual(rows, [{ A: '1!', B: 2 }]);
});

test('a column that a step names and the file lacks is an error with a suggestion, for strip, drop and rename a warning', async context => {
  const content = 'montant,b\n1,2\n';
  assert.deepEqual(await failure(context, { content, transform: ['minimal', { decimal_comma: ['MONTAN'] }] }), [
    65,
    'TRANSFORM: step decimal_comma: there is no column MONTAN; did you mean MONTANT?',
  ]);
  for (const [header, meant] of [
    ['Pri\u200bx', 'PRI\\u200bX'],
    ['Рrix', '\\u0420RIX'],
  ] as const)
    assert.deepEqual(
      await failure(context, { content: `${header},b\n1,2\n`, transform: ['minimal', { decimal_comma: ['PRIX'] }] }),
      [65, `TRANSFORM: step decimal_comma: there is no column PRIX; did you mean ${meant}?`],
    );
  const steps = ['minimal', { strip: ['X'] }, { drop: ['Y'] }, { rename: { map: { Z: 'Q' } } }];
  const { job } = prepare(context, { content, transform: steps });
  const said: string[] = [];
  const newStep = await createPipeline(job, { columnsVary: false } as Reader, text => said.push(text));
  for (let pass = 0; pass < 2; pass++) newStep()(emptyBatch(['a', 'b']));
  assert.deepEqual(said, [
    'warning: TRANSFORM: step strip: there is no column X; the columns are A, B',
    'warning: TRANSFORM: step drop: there is no column Y; the columns are A, B',
    'warning: TRANSFORM: step rename: there is no column Z',
  ]);
});

test('columns that become one are named in a warning, which the preview shows, whatever step makes their names equal', async context => {
  const say = (step: string, names: string) =>
    `warning: TRANSFORM: step ${step}: the columns ${names} become one, A: of a row's values the last counts, the others are left out; ` +
    'to keep them all, give them other names by a step rename before it';
  for (const [transform, content, warning] of [
    [['minimal'], 'a,b,A \n1,2,3\n', say('minimal', '"a", "A "')],
    [[{ header: { case: 'upper' } }], 'A,a,b\n1,3,2\n', say('header', '"A", "a"')],
    [[{ rename: { map: { x: 'A' } } }, 'minimal'], 'x,b,A\n1,2,3\n', say('rename', '"x", "A"')],
    [[{ rename: { map: { a: 'first' } } }, 'minimal'], 'a,A\n1,2\n', undefined],
  ] as const) {
    const { job, folder } = prepare(context, { content, transform: [...transform] });
    const preview = await previewFile(job, { rows: 1, folder, signal: new AbortController().signal });
    assert.deepEqual(preview.warnings, warning === undefined ? [] : [warning]);
    assert.equal(preview.rows[0]?.cells[preview.columns.indexOf('A')], warning === undefined ? '2' : '3');
  }
});

test('JSON: a step passes over what a record does not have, and what comes up late', async context => {
  const { rows } = await run(context, {
    name: 'in.json',
    content: '[{"a":"1,5"},{"b":"x"},{"a":null,"c":" y "}]',
    transform: [{ decimal_comma: ['a'] }, { strip: 'all' }, { add: { d: '{a}' } }],
  });
  assert.deepEqual(rows, [
    { a: '1.5', b: null, c: null, d: '1.5' },
    { a: null, b: 'x', c: null, d: null },
    { a: null, b: null, c: 'y', d: null },
  ]);
});

test('merge: any format, blanks in the header, no value and no match; a key that is there twice names both lines', async context => {
  const transform = (how: string) => ['minimal', { merge: { file: 'ref.csv', on: 'CODE', how, columns: ['NOM'] } }];
  const content = 'code,nom\n1,a\n3,b\n,c\n';
  const files = { 'ref.csv': 'code; nom \n1;"un\nUn"\n2;deux\n;rien\n;rien\n' };
  const left = await run(context, { content, transform: transform('left'), files });
  assert.deepEqual(left.rows, [
    { CODE: '1', NOM_x: 'a', NOM_y: 'un\nUn' },
    { CODE: '3', NOM_x: 'b', NOM_y: null },
    { CODE: null, NOM_x: 'c', NOM_y: null },
  ]);
  const inner = await run(context, { content, transform: transform('inner'), files });
  assert.deepEqual([inner.rows.length, inner.filtered], [1, 2]);
  const twice = { 'ref.csv': 'code;nom\n1;"un\nUn"\n2;deux\n1;trois\n' };
  assert.deepEqual(await failure(context, { content, transform: transform('left'), files: twice }), [
    78,
    'TRANSFORM: step merge: the reference ref.csv: the key 1 is there twice, on line 2 and on line 5; a merge needs each key once',
  ]);
  const alike = { 'ref.csv': 'code;nom;NOM\n1;un;deux\n' };
  assert.deepEqual(await failure(context, { content, transform: transform('left'), files: alike }), [
    78,
    'TRANSFORM: step merge: the reference ref.csv: several of its columns are called NOM once upper-cased; set header: keep, and name the one that is meant',
  ]);
  const [code, message] = await failure(context, { content, transform: transform('left') });
  assert.equal(code, 78);
  assert.match(message, /the reference ref\.csv: .*can't be opened/);
});

test('a reference outside of the dataset’s own folder is not read', async context => {
  const transform = [{ merge: { file: '../in.csv', on: 'a' } }];
  const [code, message] = await failure(context, { content: 'a\n1\n', transform });
  assert.deepEqual([code, /is not in the dataset's own folder/.test(message)], [78, true]);
});

const MODULE = `
import type { RowStep } from '../default-etl/transform/row-step.ts';
export const step: RowStep = (row, { line, options }) => {
  if (row['A'] === 'bad') throw new Error('bad is not good');
  if (row['A'] === 'gone') return null;
  return { ...row, N: Number(row['N']) * 2, LINE: line, ...(options as object), ...(row['A'] === 'more' ? { LATE: true } : {}) };
};
`;

test('a module: rows are changed, filtered and refused; numbers are JSON numbers; columns may come up late', async context => {
  const { rows, reasons, filtered } = await run(context, {
    content: 'a,n\nx,1\nbad,2\ngone,3\nmore,4\n',
    transform: [
      'minimal',
      { module: { file: './step.ts', options: { K: 'v' } } },
      { filter: { column: 'N', at_least: 1 } },
    ],
    files: { 'step.ts': MODULE },
  });
  assert.deepEqual(rows, [
    { A: 'x', N: 2, LINE: 2, K: 'v', LATE: null },
    { A: 'more', N: 8, LINE: 5, K: 'v', LATE: true },
  ]);
  assert.deepEqual(reasons, [[2, 3, 'module ./step.ts: bad is not good', 'bad,2']]);
  assert.equal(filtered, 1);
});

test('a module gets typed values as they are, and long numbers come through unchanged', async context => {
  const { folder, env } = prepare(context, {
    content: '',
    transform: ['minimal', { types: { columns: { A: 'integer' } } }, { module: 'step.ts' }],
    files: { 'step.ts': "export const step = row => ({ ...row, B: typeof row['A'] });\n" },
  });
  const ran = await load({ folder, content: 'a\n12345678901234567890\n', env: { ...env, LOAD: '{"target":"lake"}' } });
  assert.equal(ran.result?.rows_loaded, 1, ran.error);
  const { job } = prepare(context, {
    content: '',
    transform: JSON.parse(env.TRANSFORM) as unknown[],
    files: { 'step.ts': "export const step = row => ({ ...row, B: typeof row['A'] });\n" },
  });
  const newStep = await createPipeline(job, { columnsVary: false } as Reader);
  const bytes = Buffer.from('12345678901234567890');
  const one = {
    starts: Int32Array.of(0),
    ends: Int32Array.of(20),
    numbers: Float64Array.of(1),
    lines: Int32Array.of(2),
  };
  const batch = newStep()({
    ...emptyBatch(['a']),
    bytes,
    ...one,
    rows: 1,
    rawStarts: Int32Array.of(0),
    rawEnds: Int32Array.of(20),
  });
  assert.equal(batch.bytes.toString('utf8', batch.starts[0], batch.ends[0]), '12345678901234567890');
  assert.deepEqual(batch.literals, [true, false]);
});

test('a module that can’t be imported, has no step, or is async is a fault of the settings', async context => {
  for (const [text, expected] of [
    ['const one = 1;\nexport const step = (', /module step\.ts:2 can't be imported: /],
    ['\n\n  throw new Error("no");', /module step\.ts:3:\d+ can't be imported: no/],
    [
      "import './none.ts'; export const step = row => row;",
      /module step\.ts can't be imported: .+ files in the dataset's own folder/,
    ],
    ['export const other = 1;', /exports no function named step/],
    ['export const step = async row => row;', /step is async/],
    ['export const step = row => { row; };', /module step\.ts: step returned nothing; .+ each of the first rows: mend/],
    ['export const step = row => row.NONE.trim();', /module step\.ts: Cannot read .+ mend the module/],
  ] as const) {
    const [code, message] = await failure(context, {
      content: 'a\n1\n',
      transform: [{ module: 'step.ts' }],
      files: { 'step.ts': text },
    });
    assert.equal(code, 78);
    assert.match(message, expected);
  }
});

test('what a module returns that is no row, or no value, is a reject with its reason', async context => {
  const { rows, reasons } = await run(context, {
    content: 'a\nfine\nnumber\nnothing\nNaN\nbigint\ndate\nself\nfunction\n',
    transform: [{ module: 'step.ts' }],
    files: { 'step.ts': RUBBISH },
  });
  assert.deepEqual(rows, [
    { a: 'fine', b: '{"c":[1,null]}', d: '12345678901234567890', e: '2020-01-01T00:00:00.000Z' },
  ]);
  assert.deepEqual(
    reasons.map(([row, , reason]) => [row, String(reason).replace(/;.*/s, '')]),
    [
      [2, 'module step.ts: step returned 42'],
      [3, 'module step.ts: step returned nothing'],
      [4, 'module step.ts: step returned NaN for b'],
      [5, 'module step.ts: step returned { c: 1n } for b'],
      [6, 'module step.ts: step returned Invalid Date for b'],
      [7, 'module step.ts: step returned <ref *1> { self: [Circular *1] } for b'],
      [8, 'module step.ts: step returned [Function (anonymous)] for b'],
    ],
  );
});

const RUBBISH = `const self = {};
self.self = self;
const MADE = {
  fine: { a: 'fine', b: { c: [1, NaN] }, d: 12345678901234567890n, e: new Date(Date.UTC(2020, 0)) },
  number: 42, nothing: undefined, NaN: { b: NaN }, bigint: { b: { c: 1n } }, date: { b: new Date(NaN) }, self: { b: self },
  function: { b: [() => 1][0] },
};
export const step = row => MADE[row.a];
`;

test('a module that was edited is the new one in the next run', async context => {
  const { job, folder } = prepare(context, { content: 'a\n1\n', transform: [{ module: 'step.ts' }] });
  const path = join(folder, 'config/step.ts');
  for (const [seconds, text] of [
    [1, 'one'],
    [2, 'two'],
  ] as const) {
    writeFileSync(path, `export const step = () => ({ a: '${text}' });\n`);
    utimesSync(path, seconds, seconds);
    const preview = await previewFile(job, { rows: 1, folder, signal: new AbortController().signal });
    assert.deepEqual(preview.rows[0]?.cells, [text]);
  }
});

test('what is wrong with TRANSFORM is said all at once, and nothing is loaded', async context => {
  const { folder, env } = prepare(context, { content: '', transform: [{ strp: 'all' }, { select: [] }] });
  const ran = await load({ folder, content: 'a\n1\n', env });
  assert.deepEqual(
    [ran.code, ran.error.split('\n')],
    [
      78,
      [
        'strp is not a step of TRANSFORM; did you mean strip?',
        'TRANSFORM.1.select must be a list of column names, at least one; it is []',
      ],
    ],
  );
});

test('a condition that compares nothing would keep every row: it is a mistake', async context => {
  for (const [condition, expected] of [
    [{ equals: 'x' }, 'TRANSFORM.0.filter.equals needs column beside it'],
    [{}, 'TRANSFORM.0.filter needs one of column, and, or, not'],
    [{ not: { column: 'A' } }, /^TRANSFORM\.0\.filter\.not\.column needs equals, .* or at_least beside it$/],
    [{ column: 'A', equls: 'x' }, 'TRANSFORM.0.filter.equls is not a key; did you mean equals?'],
  ] as const) {
    const [code, message] = await failure(context, { content: 'a\n1\n', transform: [{ filter: condition }] });
    assert.equal(code, 78);
    if (typeof expected === 'string') assert.equal(message, expected);
    else assert.match(message, expected);
  }
});

test('rows of many windows keep their cells as long as they are held, while later ones are read', async context => {
  const count = 200_000;
  const content = `a,b\n${Array.from({ length: count }, (_, row) => `" ${row} ","${row},5"`).join('\n')}\n`;
  const transform = [
    'minimal',
    { strip: 'all' },
    { decimal_comma: ['B'] },
    { add: { C: '{A}/{B}' } },
    { filter: { column: 'A', matches: '9$' } },
  ];
  const { job, folder } = prepare(context, { content, transform });
  const source = await SourceFile.open(job.file, job.expected, new AbortController().signal);
  const spill = new Spill(folder);
  const reader = await openReader({ source, fileName: job.fileName, extract: job.extract, spill });
  const step = (await createPipeline(job, reader))();
  const held: Batch[] = [];
  let row = 9;
  const check = (batch: Batch) => {
    for (let at = 0; at < batch.rows; at++, row += 10) {
      assert.deepEqual(rowRecord(batch, at), { A: String(row), B: `${row}.5`, C: `${row}/${row}.5` });
      assert.equal(batch.bytes.toString('utf8', batch.rawStarts[at], batch.rawEnds[at]), `" ${row} ","${row},5"`);
    }
    batch.shared?.release();
  };
  for await (const read of reader.batches()) {
    const batch = step(read);
    batch.shared?.hold();
    held.push({ ...batch, starts: batch.starts.slice(), ends: batch.ends.slice() });
    if (held.length > 3) check(held.shift() as Batch);
  }
  for (const batch of held) check(batch);
  assert.equal(row, count + 9);
  await spill.close();
  await source.close();
});
