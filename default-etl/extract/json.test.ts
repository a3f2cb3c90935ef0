import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decided, readContent, recordsOf } from '../testing/rows.ts';

test('the list of records in an object is found out, in doubt the object is one record', async context => {
  const pair = [{ a: 1 }, { a: 2 }];
  for (const [document, path] of [
    [{ total: 2, data: pair }, ['data']],
    [{ count: 0, results: [] }, ['results']],
    [
      { success: true, result: { fields: [{ id: 'a' }], records: pair.map(row => ({ ...row, b: 'x'.repeat(99) })) } },
      ['result', 'records'],
    ],
    [{ lines: Array.from({ length: 50 }, (_, a) => ({ a })) }, ['lines']],
    // Answers of services, of which the list is the smaller part.
    [
      { success: true, result: { limit: 9, fields: [{ id: 'a' }, { id: 'b' }], records: pair, total: 2 } },
      ['result', 'records'],
    ],
    [{ nhits: 2, parameters: { rows: 2 }, records: pair, facet_groups: [{ facets: [{ path: 'a' }] }] }, ['records']],
    [
      { took: 3, _shards: { total: 1, failed: 0 }, hits: { total: { value: 2 }, max_score: 1, hits: pair } },
      ['hits', 'hits'],
    ],
    [{ data: pair, links: { next: null }, meta: { page: 1, page_size: 20 } }, ['data']],
    [{ '@odata.context': 'a service', value: pair }, ['value']],
    [{ '@context': '/x', 'hydra:member': pair, 'hydra:view': { '@id': '/x?page=1' } }, ['hydra:member']],
    [{ name: 'Anna', city: 'Paris', kids: [{ name: 'Bo' }] }, []],
    [{ order: 7, customer: 'x', items: pair }, []],
    [{ a: 1 }, undefined],
    [pair, undefined],
  ] as const)
    assert.deepEqual(decided(await readContent(context, 'a.json', JSON.stringify(document)), 'record_path'), path);
  const lines = `${JSON.stringify({ data: pair })}\n${JSON.stringify({ data: pair })}`;
  assert.equal((await readContent(context, 'a.json', lines)).rows.length, 2);
  const large = JSON.stringify({
    data: Array.from({ length: 60_000 }, (_, a) => ({ a, text: 'some text' })),
    total: 60_000,
  });
  assert.equal((await readContent(context, 'a.json', large)).rows.length, 60_000);
});

test('a feature may have very many properties, where that is allowed', { timeout: 15_000 }, async context => {
  const properties = Object.fromEntries(Array.from({ length: 200_000 }, (_, key) => [`k${key}`, key]));
  const document = JSON.stringify({ type: 'FeatureCollection', features: [{ type: 'Feature', properties }] });
  const { error, rows } = await readContent(context, 'a.geojson', document, { limits: { columns: 1_000_000 } });
  assert.deepEqual([error, rows.length, Object.keys(rows[0] ?? {}).length > 0], ['', 1, true]);
});

test('the features of GeoJSON are their properties, and their geometry as JSON', async context => {
  const geometry = { type: 'Point', coordinates: [1.5, 2] };
  const features = [
    { type: 'Feature', id: 7, properties: { id: 'p', geometry: 'round' }, geometry },
    { type: 'Feature', properties: null, geometry: null, bbox: [1, 2] },
  ];
  const document = JSON.stringify({ type: 'FeatureCollection', features });
  assert.deepEqual(recordsOf(await readContent(context, 'a.geojson', document)), [
    { id: '7', 'id.1': 'p', geometry: 'round', 'geometry.1': JSON.stringify(geometry) },
    { 'geometry.1': null, bbox: '[1,2]' },
  ]);
  const asTheyStand = await readContent(context, 'a.geojson', document, { record_path: ['features'] });
  assert.deepEqual(Object.keys(recordsOf(asTheyStand)[0] as object), ['type', 'id', 'properties', 'geometry']);
});

test('NaN and Infinity are text; within nested values they make the record a reject', async context => {
  const found = await readContent(
    context,
    'a.json',
    '[{"a":NaN,"b":-Infinity,"c":Infinity},\n{"a":{"x":NaN}},{"a":["NaN"]}]',
  );
  assert.deepEqual(recordsOf(found), [{ a: 'NaN', b: '-Infinity', c: 'Infinity' }, { a: '["NaN"]' }]);
  assert.deepEqual(found.rejects, [
    { row: 2, line: 2, reason: 'NaN in a nested value is not JSON; write null', raw: '{"a":{"x":NaN}}' },
  ]);
});

test('what is no JSON fails with its line and column', async context => {
  for (const [content, message] of [
    ['[{"a":1},\n // c\n {"a":2}]', /a comment stands where a value is wanted, and JSON has none \(line 2, column 2\)/],
    ['[{"a":1, /* c */ "b":2}]', /a comment stands where a key in double quotes is wanted.* \(line 1, column 10\)/],
    ["[{'a':1}]", /stands where a key in double quotes is wanted \(line 1, column 3\)/],
    ['[{"é":1,\n"b":tru}]', /"tru" stands where a value is wanted|"tru}\]" stands where a value is wanted/],
    ['[{"a":1},\n{"a":{"x":1 "y":2}}]', /\(line 2, column 13\)/],
    ['[{"a":1},\n{"b":1]]', /"]" stands where the end of an object is wanted \(line 2, column 7\)/],
    ['[{"a":1},\n{"b":1', /ends in the middle of a value \(line 2, column 7\)/],
    ['', /is empty/],
  ] as const) {
    const found = await readContent(context, 'a.json', content);
    assert.equal(found.code, 65, content);
    assert.match(found.error, message);
  }
});

test('byte order marks, UTF-16, late and repeated keys, long strings and deep nesting are read', async context => {
  for (const content of [
    Buffer.from('\ufeff[{"a":"é"}]'),
    Buffer.from('\ufeff[{"a":"é"}]', 'utf16le'),
    Buffer.from('[{"a":"é"}]', 'utf16le').swap16(),
  ])
    assert.deepEqual(recordsOf(await readContent(context, 'a.json', content)), [{ a: 'é' }]);
  assert.deepEqual(recordsOf(await readContent(context, 'a.json', '[{"a":1,"a":2},{"b":3}]')), [
    { a: '2' },
    { b: '3' },
  ]);
  const long = 'x\\n'.repeat(5_000_000);
  const [first] = recordsOf(await readContent(context, 'a.json', `[{"a":"${long}"}]`));
  assert.equal(first?.['a']?.length, 10_000_000);
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  assert.deepEqual(recordsOf(await readContent(context, 'a.json', `[{"a":${deep}}]`)), [{ a: deep }]);
});

test('pages that follow each other are all read, however large; one that is cut off behind its list is damaged', async context => {
  const page = (from: number) => {
    const data = Array.from({ length: 20_000 }, (_, a) => ({ a: from + a, text: 'x'.repeat(60) }));
    return `${JSON.stringify({ total: 2, data, next: { of: [1] } })}\n`;
  };
  const read = await readContent(context, 'a.json', page(1) + page(20_001));
  assert.deepEqual([read.error, read.rows.length, read.rows.at(-1)?.row], ['', 40_000, 40_000]);
  assert.deepEqual(decided(read, 'record_path'), ['data']);
  assert.equal(read.rows.at(-1)?.record['a'], '40000');
  const cut = await readContent(context, 'a.json', page(1).slice(0, -10));
  assert.match(cut.error, /is not JSON: it ends in the middle of a value/);
  const spoilt = await readContent(context, 'a.json', `${page(1)};`);
  assert.match(spoilt.error, /";" stands where the end of the file is wanted \(line 2, column 1\)/);
});

test('what is called lines is read as it is: records with commas behind them, a list, records over several lines, lone carriage returns', async context => {
  for (const content of [
    '{"a":1},\n{"a":2} , \r\n{"a":3}',
    '[{"a":1},{"a":2}]\n[{"a":3}]\n',
    '[\n{"a":1},\n{"a":2},\n{"a":3}\n]\n',
    '{\n  "a": 1\n}\n{\n  "a": 2\n}{"a":3}',
    '{"a":1}\r{"a":2}\r{"a":3}\r',
    '{"a":1}{"a":2}{"a":3}\n',
    '\u001e{"a":1}\n\u001e{"a":2}\n\u001e{"a":3}\n',
  ]) {
    const read = await readContent(context, 'a.ndjson', content);
    assert.deepEqual([read.error, read.rejects, recordsOf(read)], ['', [], [{ a: '1' }, { a: '2' }, { a: '3' }]]);
  }
  const bad = await readContent(context, 'a.ndjson', '{"a":1} x\n{"a":2}\n["b"]\n{"a":3},,\n');
  assert.deepEqual(recordsOf(bad), [{ a: '2' }]);
  assert.deepEqual(
    bad.rejects.map(({ line }) => line),
    [1, 3, 4],
  );
});

test('features that follow each other, in lines or as a sequence of RFC 8142, are their properties, too', async context => {
  const feature = (a: number) => `{"type":"Feature","properties":{"a":${a}},"geometry":null}`;
  for (const [name, content] of [
    ['a.geojson', `\u001e${feature(1)}\n\u001e${feature(2)}\n`],
    ['a.ndjson', `${feature(1)}\n${feature(2)}\n`],
    ['a.json', `[${feature(1)},${feature(2)}]`],
  ] as const)
    assert.deepEqual(recordsOf(await readContent(context, name, content)), [
      { a: '1', geometry: null },
      { a: '2', geometry: null },
    ]);
});

test('a file of blanks is empty, and what fills a block behind the end is nothing', async context => {
  assert.match((await readContent(context, 'a.json', ' \n\n')).error, /is empty: it has no JSON value/);
  assert.deepEqual(recordsOf(await readContent(context, 'a.json', '[{"a":1}]\x1a\0\0')), [{ a: '1' }]);
});

test('MongoDB’s ids, dates and numbers are their text; what is none of them stays JSON', async context => {
  for (const [value, expected] of [
    [{ $oid: '5f0c' }, '5f0c'],
    [{ $date: '2020-01-01T00:00:00Z' }, '2020-01-01T00:00:00Z'],
    [{ $date: { $numberLong: '1577836800000' } }, '2020-01-01T00:00:00.000Z'],
    [{ $date: -1 }, '1969-12-31T23:59:59.999Z'],
    [{ $numberLong: '9007199254740993' }, '9007199254740993'],
    [{ $numberDecimal: '1.50' }, '1.50'],
    [{ $date: 'now', $oid: '1' }, '{"$date":"now","$oid":"1"}'],
    [{ $date: { $numberLong: 'never' } }, '{"$date":{"$numberLong":"never"}}'],
    [{ $ref: 'a' }, '{"$ref":"a"}'],
    [[{ $oid: '5f0c' }], '[{"$oid":"5f0c"}]'],
  ] as const)
    assert.deepEqual(recordsOf(await readContent(context, 'a.json', JSON.stringify([{ value }]))), [
      { value: expected },
    ]);
});

test('line ends and tabs within strings are taken as they are, beside escapes and in nested values, too', async context => {
  const content = '[{"a":"x\ty","b":"x\ty \\"z\\"","c":{"d e": ["1\n2", 3]}}]';
  assert.deepEqual(recordsOf(await readContent(context, 'a.json', content)), [
    { a: 'x\ty', b: 'x\ty "z"', c: '{"d e":["1\\n2",3]}' },
  ]);
});

test('a backslash in front of a line end is no escape: the record is not guessed at', async context => {
  const lines = await readContent(context, 'a.ndjson', '{"a":"x\\\ty"}\n{"a":["x\\\ty"]}\n{"a":"x\\\\\ty"}\n');
  assert.deepEqual(recordsOf(lines), [{ a: 'x\\\ty' }]);
  assert.deepEqual(
    lines.rejects.map(({ line }) => line),
    [1, 2],
  );
  assert.match((await readContent(context, 'a.json', '[\n{"a":"x\\\ny"}]')).error, /not JSON.*line 2/);
});
