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

test('a feature may have very many properties', { timeout: 15_000 }, async context => {
  const properties = Object.fromEntries(Array.from({ length: 200_000 }, (_, key) => [`k${key}`, key]));
  const document = JSON.stringify({ type: 'FeatureCollection', features: [{ type: 'Feature', properties }] });
  const { error, rows } = await readContent(context, 'a.geojson', document);
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
