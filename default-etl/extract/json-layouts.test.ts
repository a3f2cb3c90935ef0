import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decided, readContent, recordsOf } from '../testing/rows.ts';

const FRAME = [
  { id: '1', name: 'Anna', x: '1.5' },
  { id: '2', name: 'Zoé', x: null },
];
const NAMES = ['id', 'name', 'x'];
const VALUES = [
  [1, 'Anna', 1.5],
  [2, 'Zoé', null],
];
const byColumn = (keys: readonly string[]) =>
  Object.fromEntries(
    NAMES.map((name, column) => [name, Object.fromEntries(keys.map((key, row) => [key, VALUES[row]?.[column]]))]),
  );
const byRow = (keys: readonly string[]) =>
  Object.fromEntries(
    keys.map((key, row) => [key, Object.fromEntries(NAMES.map((name, column) => [name, VALUES[row]?.[column]]))]),
  );
const lists = Object.fromEntries(NAMES.map((name, column) => [name, VALUES.map(row => row[column])]));
const indexed = (...labels: string[]) => FRAME.map((row, index) => ({ index: labels[index], ...row }));

test('the layouts that pandas, R, databases and services write a table in are read as the table', async context => {
  for (const [document, rows] of [
    // pandas: columns, index, split, values, table; behind set_index, too.
    [byColumn(['0', '1']), FRAME],
    [byColumn(['1577836800000', '1577923200000']), indexed('1577836800000', '1577923200000')],
    [byColumn(['2020-01-01', '2020-01-02']), indexed('2020-01-01', '2020-01-02')],
    [byRow(['0', '1']), FRAME],
    [byRow(['7', '9']), indexed('7', '9')],
    [{ columns: NAMES, index: [0, 1], data: VALUES }, FRAME],
    [{ columns: NAMES, index: ['p', 'q'], data: VALUES }, indexed('p', 'q')],
    [{ columns: NAMES, index: [3, 5], data: VALUES }, indexed('3', '5')],
    [{ data: VALUES, columns: NAMES, index: [0, 1] }, FRAME],
    [{ schema: { fields: NAMES.map(name => ({ name })), pandas_version: '1.4.0' }, data: FRAME }, FRAME],
    [{ data: byColumn(['0', '1']) }, FRAME],
    [{ '0': { id: 1, name: 'Anna' } }, [{ id: '1', name: 'Anna' }]],
    [
      { v: { '2020': 1, '2021': 2, '2022': 3 } },
      ['2020', '2021', '2022'].map((index, row) => ({ index, v: String(row + 1) })),
    ],
    // Columns as lists: R, pandas' to_dict('list'), ClickHouse's JSONColumns.
    [lists, FRAME],
    [{ meta: NAMES.map(name => ({ name, type: 'String' })), data: lists, rows: 2 }, FRAME],
    // Names beside lists: services, Elasticsearch's SQL and ES|QL, ClickHouse's JSONCompact, Socrata.
    [{ columns: NAMES, data: VALUES }, FRAME],
    [{ rows: VALUES, columns: NAMES, truncated: false }, FRAME],
    [{ columns: NAMES.map(name => ({ name, type: 'text' })), rows: VALUES }, FRAME],
    [{ took: 3, columns: NAMES.map(name => ({ name, type: 'text' })), values: VALUES }, FRAME],
    [{ meta: NAMES.map(name => ({ name, type: 'x' })), data: VALUES, rows: 2, statistics: { elapsed: 1 } }, FRAME],
    [{ meta: { view: { id: 'a', columns: NAMES.map(name => ({ id: 1, name })) } }, data: VALUES }, FRAME],
    [{ success: true, result: { fields: NAMES.map(id => ({ id, type: 'text' })), records: VALUES } }, FRAME],
    // Lists with the names in the first one, or without.
    [[NAMES, ...VALUES], FRAME],
    [{ range: 'A1:C3', majorDimension: 'ROWS', values: [NAMES, ...VALUES] }, FRAME],
    [VALUES, FRAME.map(({ id, name, x }) => ({ 0: id, 1: name, 2: x }))],
    [FRAME, FRAME],
    [{ columns: NAMES, data: FRAME }, FRAME],
    [{ columns: NAMES.map(name => ({ name, title: name, width: 120 })), data: FRAME }, FRAME],
  ] as const) {
    for (const indent of [0, 2]) {
      const read = await readContent(context, 'a.json', JSON.stringify(document, null, indent));
      assert.deepEqual([read.error, read.rejects, recordsOf(read)], ['', [], rows], JSON.stringify(document));
    }
  }
});

test('columns and rows under names are told apart by what is of one kind', async context => {
  const countries = {
    FR: { name: 'France', people: 68 },
    DE: { name: 'Germany', people: 84 },
    IT: { name: 'Italy', people: 59 },
  };
  const rows = Object.entries(countries).map(([index, { name, people }]) => ({ index, name, people: String(people) }));
  const columns = {
    name: { FR: 'France', DE: 'Germany', IT: 'Italy' },
    people: { IT: 59, FR: 68, DE: 84 },
  };
  for (const document of [countries, columns]) {
    const read = await readContent(context, 'a.json', JSON.stringify(document));
    assert.deepEqual([read.error, recordsOf(read)], ['', rows]);
    const decision = read.decisions.find(({ name }) => name === 'record_path');
    assert.ok((decision?.confidence ?? 1) < 0.8, decision?.reason);
  }
});

test('one record stays one, though it has lists and objects in it', async context => {
  for (const document of [
    {
      name: 'x',
      matrix: [
        [1, 2],
        [3, 4],
      ],
    },
    {
      type: 'LineString',
      coordinates: [
        [1, 2],
        [3, 4],
      ],
    },
    {
      type: 'Polygon',
      coordinates: [
        [
          [1, 2],
          [3, 4],
          [1, 2],
        ],
      ],
    },
    { name: { first: 'A', last: 'B' }, address: { city: 'Paris', zip: 1 } },
    { min: { a: 1, b: 2 }, max: { a: 3, b: 4 } },
    { home: { street: 'x', zip: 1 }, work: { street: 'y', zip: 2 } },
    { id: 1, tags: ['a', 'b'], langs: ['x', 'y'] },
    { tags: ['a', 'b', 'c'] },
    { tags: ['a', 'b', 'c'], langs: ['x', 'y'] },
    { dependencies: { a: '1' }, devDependencies: { b: '2', c: '3' } },
    { a: {} },
    {
      id: 7,
      values: [
        [1, 2],
        [3, 4],
      ],
    },
  ]) {
    const read = await readContent(context, 'a.json', JSON.stringify(document));
    const expected = Object.fromEntries(
      Object.entries(document).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
    );
    assert.deepEqual([read.error, recordsOf(read)], ['', [expected]]);
  }
});

test('large tables in columns, with an index or with columns of another order are read whole, at any size of the beginning', async context => {
  const count = 40_000;
  const column = (make: (row: number) => unknown, key: (row: number) => string) =>
    Object.fromEntries(Array.from({ length: count }, (_, row) => [key(row), make(row)]));
  const counted = { a: column(row => row * 2, String), 'b "x"': column(row => `été "${row}"\n`, String) };
  const days = (row: number) => `d${count - row}`;
  for (const [document, last] of [
    [counted, { a: '79998', 'b "x"': 'été "39999"\n' }],
    [
      { a: Object.values(counted.a), 'b "x"': Object.values(counted['b "x"']) },
      { a: '79998', 'b "x"': 'été "39999"\n' },
    ],
    [
      {
        columns: ['a', 'b'],
        index: Array.from({ length: count }, (_, row) => row),
        data: Array.from({ length: count }, (_, row) => [row, 'x']),
      },
      { a: '39999', b: 'x' },
    ],
    [
      {
        columns: ['a', 'b'],
        index: Array.from({ length: count }, (_, row) => days(row)),
        data: Array.from({ length: count }, (_, row) => [row, 'x']),
      },
      { index: 'd1', a: '39999', b: 'x' },
    ],
    [
      { a: column(row => row * 2, days), 'b "x"': column(row => `${row}`, days) },
      { index: 'd1', a: '79998', 'b "x"': '39999' },
    ],
    [{ a: column(row => row * 2, days) }, { index: 'd1', a: '79998' }],
    [
      Object.fromEntries(Array.from({ length: count }, (_, row) => [String(row), { a: row, b: { c: [row] } }])),
      { a: '39999', b: '{"c":[39999]}' },
    ],
    [Array.from({ length: count }, (_, row) => [row, 'text of it']), { 0: '39999', 1: 'text of it' }],
  ] as const) {
    const read = await readContent(context, 'a.json', JSON.stringify(document));
    assert.deepEqual([read.error, read.rows.length, recordsOf(read).at(-1)], ['', count, last]);
    assert.equal(read.rows.at(-1)?.row, count);
  }
  const small = await readContent(context, 'a.json', JSON.stringify(counted), { limits: { row_size: '100k' } });
  assert.deepEqual([small.code, /has to be read whole.*row_size/.test(small.error)], [65, true], small.error);
});

test('an object of very many objects is looked at in no more than linear time', { timeout: 15_000 }, async context => {
  const unlike = Object.fromEntries(Array.from({ length: 15_000 }, (_, key) => [`c${key}`, { [`k${key}`]: 1 }]));
  const read = await readContent(context, 'a.json', JSON.stringify(unlike));
  assert.deepEqual([read.error, read.rows.length], ['', 1]);
});

test('columns that lack a row of others have null there; what is no table of columns after all is one record', async context => {
  const ragged = { a: { '0': 1, '1': 2 }, b: { '0': 'x', '1': 'y', '2': 'z' } };
  assert.deepEqual(recordsOf(await readContent(context, 'a.json', JSON.stringify(ragged))), [
    { a: '1', b: 'x' },
    { a: '2', b: 'y' },
    { a: null, b: 'z' },
  ]);
  const long = Array.from({ length: 60_000 }, (_, row) => row);
  const names = Object.fromEntries(long.map(row => [`n${row}`, row]));
  for (const record of [
    { values: long, label: 'x' },
    { a: names, b: { other: 1 } },
    { a: names, b: 1 },
  ]) {
    const read = await readContent(context, 'a.json', JSON.stringify(record));
    assert.deepEqual(
      [read.rows.length, read.decisions.find(({ name }) => name === 'record_path')?.confidence],
      [1, 0.5],
    );
  }
  for (const [content, place] of [
    ['{"a":{"0":1,"1":2},"b":{"0":3,"1":4}', /bracket is not closed|middle of a value/],
    ['{"a":{"0":1,"1":2},\n"b":{"0":3 "1":4}}', /not JSON.*line 2/],
  ] as const) {
    const cut = await readContent(context, 'a.json', content);
    assert.deepEqual([cut.code, place.test(cut.error)], [65, true], cut.error);
  }
});

test('lists: a short one is filled, one with more values is a reject, and so is what is no list', async context => {
  const content = '[["a","b"],[1],[1,2,3],[1,2,null,""],{"a":1},[4,[5, 6]]]';
  const read = await readContent(context, 'a.json', content);
  assert.deepEqual(recordsOf(read), [
    { a: '1', b: null },
    { a: '1', b: '2' },
    { a: '4', b: '[5,6]' },
  ]);
  assert.deepEqual(
    read.rejects.map(({ row, reason, raw }) => [row, reason, raw]),
    [
      [2, 'it has 3 values, and there are 2 columns', '[1,2,3]'],
      [4, 'the record is not a list of values', '{"a":1}'],
    ],
  );
  assert.deepEqual(decided(read, 'header'), true);
});

test('the header of lists: names over numbers, in doubt the first list, as EXTRACT.header says', async context => {
  const words = [
    ['ville', 'pays'],
    ['Paris', 'FR'],
    ['Rome', 'IT'],
  ];
  for (const [rows, header, names, count] of [
    [
      [
        ['a', 'b'],
        ['x', 1],
      ],
      undefined,
      ['a', 'b'],
      1,
    ],
    [
      [
        ['NAME', 'POP'],
        ['Ain', '600'],
      ],
      undefined,
      ['NAME', 'POP'],
      1,
    ],
    [
      [
        ['pays', '2019', '2020'],
        ['FR', 1, 2],
      ],
      undefined,
      ['pays', '2019', '2020'],
      1,
    ],
    [words, undefined, ['ville', 'pays'], 2],
    [words, false, ['0', '1'], 3],
    [words, ['c', 'd'], ['c', 'd'], 3],
    [
      [
        [1, 2],
        [3, 4],
      ],
      true,
      ['1', '2'],
      1,
    ],
    [
      [
        ['x', 1],
        ['y', 2],
      ],
      undefined,
      ['0', '1'],
      2,
    ],
    [
      [
        ['id', 'été'],
        [0, 'été'],
      ],
      undefined,
      ['id', 'été'],
      1,
    ],
    [
      [
        ['x', 'a'],
        ['y', 'a'],
      ],
      undefined,
      ['0', '1'],
      2,
    ],
    [
      [
        ['a', 'a'],
        ['1', '2'],
      ],
      undefined,
      ['0', '1'],
      2,
    ],
    [
      [
        ['x', '2020-01-01'],
        ['y', '2020-01-02'],
      ],
      undefined,
      ['0', '1'],
      2,
    ],
  ] as const) {
    const extract = header === undefined ? {} : { header: header as boolean };
    for (const [name, content] of [
      ['a.json', JSON.stringify(rows)],
      ['a.ndjson', rows.map(row => JSON.stringify(row)).join('\n')],
    ] as const) {
      const read = await readContent(context, name, content, extract);
      assert.deepEqual(
        [read.error, new Set(Object.keys(read.rows[0]?.record ?? {})), read.rows.length],
        ['', new Set<string>(names), count],
      );
    }
  }
});

test('a body of Elasticsearch’s bulk API: its documents are the rows, its actions are none, deletes and updates rejects', async context => {
  const lines = [
    '{"index":{"_index":"x","_id":"7"}}',
    '{"a":1,"index":{"x":1}}',
    '{"create":{}}',
    '{"a":2}',
    '{"delete":{"_id":"8"}}',
    '{"update":{"_id":"9"}}',
    '{"doc":{"a":3}}',
    '{"index":{"_index":"x"}}',
    '{"index":{"_index":"x","_id":4}}',
    '{"a":4}',
    '{"a":5 oops',
    '{"index":{"_id":"z"}}',
  ];
  const rows = [{ _id: '7', a: '1', index: '{"x":1}' }, { a: '2' }, { _id: '4', a: '4' }];
  for (const name of ['a.ndjson', 'a.json', 'a.jsonl']) {
    const read = await readContent(context, name, `${lines.join('\n')}\n`);
    assert.deepEqual([read.error, recordsOf(read)], ['', rows]);
    assert.deepEqual(
      read.rejects.map(({ line, reason }) => [line, reason.replace(/:.*/, '')]),
      [
        [5, 'it deletes a document'],
        [7, 'it changes a part of a document'],
        [8, 'its document is missing'],
        [11, 'not JSON'],
        [12, 'its document is missing'],
      ],
    );
    assert.equal(decided(read, 'bulk'), true);
  }
  const list = await readContent(context, 'a.json', `[${lines.slice(0, 4).join(',\n')}]`);
  assert.deepEqual([list.error, recordsOf(list)], ['', rows.slice(0, 2)]);
  const records = '{"index":{"name":"CAC 40"}}\n{"index":{"name":"DAX"}}\n';
  assert.deepEqual(recordsOf(await readContent(context, 'a.ndjson', records)).length, 2);
  const many = Array.from({ length: 50_000 }, (_, n) => `{"index":{"_id":"${n}"}}\n{"n":${n}}\n`).join('');
  const large = await readContent(context, 'a.ndjson', many);
  assert.deepEqual(
    [large.rows.length, large.rejects, recordsOf(large).at(-1)],
    [50_000, [], { _id: '49999', n: '49999' }],
  );
});

test('lines that have their record in one member each are told, and record_path reads it', async context => {
  const content = '{"result":{"a":1}}\n{"result":{"a":2}}\n';
  const read = await readContent(context, 'a.ndjson', content);
  assert.deepEqual(recordsOf(read), [{ result: '{"a":1}' }, { result: '{"a":2}' }]);
  const decision = read.decisions.find(({ name }) => name === 'record_path');
  assert.deepEqual([decision?.value, decision?.confidence], [[], 0.5]);
  assert.match(decision?.reason ?? '', /nothing but "result" in it, and record_path: \["result"\]/);
  const inner = await readContent(context, 'a.ndjson', content, { record_path: ['result'] });
  assert.deepEqual(recordsOf(inner), [{ a: '1' }, { a: '2' }]);
});

test('however deep values are nested, the beginning is looked at', async context => {
  const deep = '['.repeat(30_000) + ']'.repeat(30_000);
  for (const content of [
    `{"a":{"b":{"c":${deep}}}}`,
    `{"data":[[1,${deep}]]}`,
    `{"0":{"a":${deep}}}`,
    `[{"a":${deep}}]`,
  ]) {
    const read = await readContent(context, 'a.json', content);
    assert.deepEqual([read.error, read.rows.length], ['', 1]);
  }
  const open = await readContent(context, 'a.json', `{"a":${'{"a":'.repeat(30_000)}`);
  assert.deepEqual([open.code, /not JSON/.test(open.error)], [65, true], open.error);
});

test('record_path leads to lists of lists, too', async context => {
  const content = JSON.stringify({
    id: 7,
    extra: {
      grid: [
        ['a', 'b'],
        [1, 2],
      ],
    },
  });
  const read = await readContent(context, 'a.json', content, { record_path: ['extra', 'grid'] });
  assert.deepEqual([read.error, recordsOf(read)], ['', [{ a: '1', b: '2' }]]);
});

test('what may be a table, and is read as records, is told', async context => {
  const rows = Array.from({ length: 20 }, (_, a) => ({ a }));
  for (const [document, count, told] of [
    // phpMyAdmin; SQLcl of Oracle; a frame of numbers under names; Open-Meteo.
    [
      [
        { type: 'header', version: '5' },
        { type: 'table', name: 't', data: rows },
      ],
      2,
      /the list "data" in one of them/,
    ],
    [{ results: [{ columns: [{ name: 'A' }], items: rows }] }, 1, /the list "items" in one of them/],
    [{ a: { x: 1, y: 2 }, b: { x: 3, y: 4 } }, 1, /have the same keys, as columns or rows/],
    [
      { latitude: 1, units: { t: 'x' }, hourly: { time: ['a', 'b', 'c'], t: [1, 2, 3] } },
      1,
      /"hourly" in it looks like/,
    ],
  ] as const) {
    const read = await readContent(context, 'a.json', JSON.stringify(document));
    const decision = read.decisions.find(({ name }) => name === 'record_path');
    assert.deepEqual([read.error, read.rows.length, decision?.confidence], ['', count, 0.5]);
    assert.match(decision?.reason ?? '', told);
  }
  for (const document of [
    rows,
    [
      { order: 1, items: [{ a: 1 }] },
      { order: 2, items: [{ a: 1 }, { a: 2 }] },
    ],
    { name: 'x', dependencies: { a: '1', b: '2' }, scripts: { a: 'x' } },
  ])
    assert.equal(decided(await readContent(context, 'a.json', JSON.stringify(document)), 'record_path'), undefined);
});
