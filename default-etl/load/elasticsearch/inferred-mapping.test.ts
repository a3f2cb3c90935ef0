import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, TestIndex, temporaryFolder } from '../../testing/load.ts';

type Fields = Record<string, Record<string, unknown>>;

const id = (row: number) => `KEY-${String(row).padStart(10, '0')}`;

async function fieldsOf(index: TestIndex, name = index.name): Promise<Fields> {
  const found = (await index.call('GET', `/${name}/_mapping`)) as Record<string, { mappings: { properties: Fields } }>;
  return Object.values(found)[0]?.mappings.properties ?? {};
}

/** Types by column, aliases left out. */
async function typesOf(index: TestIndex): Promise<Record<string, unknown>> {
  const fields = Object.entries(await fieldsOf(index)).filter(([, { type }]) => type !== 'alias');
  return Object.fromEntries(fields.map(([name, { type }]) => [name, type]));
}

async function idsWhere(index: TestIndex, query: unknown): Promise<string[]> {
  const found = (await index.call('POST', `/${index.name}/_search`, { query })) as {
    hits: { hits: Array<{ _id: string }> };
  };
  return found.hits.hits.map(hit => hit._id).toSorted();
}

const TABLE = [
  'n;x;day;at;flag;dep;place;note',
  `1;1.5;31/12/2020;2020-12-31T10:00:00Z;true;01;48.85, 2.35;${'some words '.repeat(12)}`,
  `NA;null;01/02/2021;2021-02-01T10:00:00Z;false;2A;-21.1,55.5;${'other words '.repeat(12)}`,
  `3;-2;;;;75;;`,
].join('\n');

test('columns are searched as what they are, and the documents stay the text of the file', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const ran = await load({ folder: temporaryFolder(context), content: TABLE, env: index.env(5) });
  assert.deepEqual([ran.code, ran.result?.rows_loaded], [0, 3], ran.error);
  assert.deepEqual(await typesOf(index), {
    N: 'long',
    X: 'double',
    DAY: 'date',
    AT: 'date',
    FLAG: 'boolean',
    DEP: 'keyword',
    PLACE: 'geo_point',
    NOTE: 'text',
  });
  assert.equal((await index.documents())[id(2)]?.['N'], 'NA');
  assert.deepEqual(await idsWhere(index, { range: { N: { gte: 2 } } }), [id(3)]);
  assert.deepEqual(await idsWhere(index, { range: { DAY: { gte: '01/01/2021' } } }), [id(2)]);
  assert.deepEqual(await idsWhere(index, { term: { FLAG: true } }), [id(1)]);
  assert.deepEqual(await idsWhere(index, { geo_distance: { distance: '1km', PLACE: '48.85,2.35' } }), [id(1)]);
  assert.deepEqual(await idsWhere(index, { match: { NOTE: 'other' } }), [id(2)]);
});

test('what was made for a sub-field keyword goes on working, unless a column has its name', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  await load({ folder: temporaryFolder(context), content: 'a,b,b.keyword\nx,1,z\n', env: index.env(5) });
  assert.deepEqual(await idsWhere(index, { term: { 'A.keyword': 'x' } }), [id(1)]);
  assert.equal((await fieldsOf(index))['B.KEYWORD']?.['type'], 'keyword');
});

test('rule 7: a value that is not of the type that was found rejects no row, in no column', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  await load({ folder, content: TABLE, env: index.env(5) });
  const content =
    'n;x;day;at;flag;dep;place;note\nno;no;no;no;no;no;no;no\n99999999999999999999;1e999;32/13/2020;x;TRUE;x;999,999;x\n';
  const ran = await load({ folder, content, env: index.env(6, { FILE_ROWS: '3' }) });
  assert.deepEqual([ran.code, ran.result?.rows_loaded], [0, 2], ran.rejects[0]?.reason);
});

test('a declared mapping wins, and rejects what it does not take', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const env = index.env(5, {}, { mappings: { N: { type: 'integer' }, DEP: { type: 'text' } } });
  const ran = await load({ folder: temporaryFolder(context), content: TABLE, env });
  assert.deepEqual(
    ran.rejects.map(reject => reject.row),
    [2],
  );
  const { N, DEP, X } = await typesOf(index);
  assert.deepEqual([N, DEP, X], ['integer', 'text', 'double']);
});

test('LOAD.types: text leaves all to Elasticsearch', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  await load({
    folder: temporaryFolder(context),
    content: 'a,b\n1,2020-01-02\n',
    env: index.env(5, {}, { types: 'text' }),
  });
  assert.deepEqual(await typesOf(index), { A: 'text', B: 'text' });
});

test('a later file leaves the fields as they are, and adds those of new columns', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  await load({ folder, content: 'a,b\n1,x\n', env: index.env(5) });
  const content = 'a,b,c,d\nword,2,3.5,2020-01-02\n';
  const ran = await load({ folder, content, env: index.env(6, { FILE_KEY: 'LATER' }) });
  assert.deepEqual([ran.code, ran.result?.rows_loaded], [0, 1], ran.error);
  assert.deepEqual(await typesOf(index), { A: 'long', B: 'keyword', C: 'double', D: 'date' });
  assert.deepEqual(await idsWhere(index, { term: { 'D.keyword': '2020-01-02' } }), ['LATER-0000000001']);
});

test('an index of somebody’s own, whose mapping says nothing, gets the types of new columns', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  await index.call('PUT', `/${index.name}`, { mappings: { properties: { A: { type: 'text' } } } });
  const content = 'a,b,c\nword,01,31/12/2020\n';
  const ran = await load({ folder: temporaryFolder(context), content, env: index.env(5) });
  assert.deepEqual([ran.code, ran.result?.rows_loaded], [0, 1], ran.error);
  assert.deepEqual(await typesOf(index), { A: 'text', B: 'keyword', C: 'date' });
});

test('JSON keys and nested values that come up late are keywords', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const early = Array.from({ length: 600 }, (_, n) => `{"n":${n},"text":"${'x'.repeat(8_000)}"}`);
  const content = `${early.join('\n')}\n{"n":1,"late":{"a":[1,2]}}\n`;
  const ran = await load({ folder: temporaryFolder(context), name: 'in.ndjson', content, env: index.env(5) });
  assert.equal(ran.result?.rows_loaded, 601, ran.error);
  // Only the beginning was seen: that all numbers are whole is not sure.
  assert.deepEqual(await typesOf(index), { N: 'double', TEXT: 'keyword', LATE: 'keyword' });
});

test('of a large CSV the types are those of the whole file, not of its beginning', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const rows = Array.from({ length: 40_000 }, (_, n) => `${n},${n < 20_000 ? n : n + 0.5},"line\n${n},""${n}"`);
  const content = `whole,later,"quoted"\n${rows.join('\n')}\n`;
  const ran = await load({ folder: temporaryFolder(context), content, env: index.env(5) });
  assert.equal(ran.result?.rows_loaded, 40_000, ran.error);
  assert.deepEqual(await typesOf(index), { WHOLE: 'long', LATER: 'double', QUOTED: 'keyword' });
});

test('of a large CSV with 2,000 columns, too', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const row = (cell: (column: number) => string) => Array.from({ length: 2000 }, (_, column) => cell(column)).join(',');
  const rows = Array.from({ length: 200 }, (_, n) =>
    row(column => (column === 1 && n > 100 ? 'word' : `${n + column}`)),
  );
  const content = `${row(column => `c${column}`)}\n${rows.join('\n')}\n`.replaceAll(/\b(\d+),/g, '$1.0625,');
  const ran = await load({ folder: temporaryFolder(context), content, env: index.env(5) });
  assert.equal(ran.result?.rows_loaded, 200, ran.error);
  const { C0, C1 } = await typesOf(index);
  assert.deepEqual([C0, C1], ['double', 'keyword']);
});

test('a keyword of 40 KB is loaded whole', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const long = 'é'.repeat(20_000);
  const ran = await load({ folder: temporaryFolder(context), content: `a,b\n${long},1\nshort,2\n`, env: index.env(5) });
  assert.equal(ran.result?.rows_loaded, 2, ran.error);
  assert.equal((await index.documents())[id(1)]?.['A'], long);
});

test('more columns than an index takes: one sentence that says what to do, and no index', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const row = (cell: string) => Array.from({ length: 25_000 }, (_, column) => `${cell}${column}`).join(',');
  const folder = temporaryFolder(context);
  const ran = await load({
    folder,
    content: `${row('c')}\n${row('v')}\n`,
    env: index.env(5, { EXTRACT: JSON.stringify({ limits: { columns: 30_000 } }) }),
  });
  assert.equal(ran.code, 78);
  assert.match(ran.error, /25000 fields.*takes 20000.*EXTRACT\.columns/);
  assert.deepEqual(await index.call('GET', `/${index.name}*`), {});
  await index.call('PUT', `/${index.name}`, { settings: { 'index.mapping.total_fields.limit': 3 } });
  const narrow = await load({ folder, content: 'a,b,c,d\n1,2,3,4\n', env: index.env(6) });
  assert.equal(narrow.code, 78);
  assert.match(narrow.error, /4 fields.*takes 3 /);
});

test('an index of somebody’s own keeps what its mapping says of new columns; what it refuses is a reject with its reason', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const own = { match_mapping_type: 'string', mapping: { type: 'text' } };
  await index.call('PUT', `/${index.name}`, {
    mappings: { dynamic_templates: [{ own }], properties: { A: { properties: { B: { type: 'keyword' } } } } },
  });
  const content = 'a,c\n1,x\n,y\n';
  const ran = await load({ folder: temporaryFolder(context), content, env: index.env(5) });
  assert.deepEqual(
    ran.rejects.map(({ row, line, raw }) => ({ row, line, raw })),
    [{ row: 1, line: 2, raw: '1,x' }],
  );
  assert.match(ran.rejects[0]?.reason ?? '', /object mapping for \[A\]/);
  assert.equal((await fieldsOf(index))['C']?.['type'], 'text');
});

test('LOAD.aliases name the index, one that was there too, and move with an overwrite', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const other = `${index.name}-other`;
  const count = async () => ((await index.call('GET', `/${other}/_count`)) as { count?: number }).count;
  await load({ folder, content: 'a\n1\n', env: index.env(5) });
  await load({ folder, content: 'a\n1\n2\n', env: index.env(6, { FILE_ROWS: '1' }, { aliases: [other] }) });
  assert.equal(await count(), 2);
  const overwrite = { aliases: [other], overwrite: true };
  await load({ folder, content: 'a\n1\n2\n3\n', env: index.env(7, {}, overwrite) });
  assert.equal(await count(), 3);
  await load({ folder, content: 'a\n1\n', env: index.env(8, {}, overwrite) });
  assert.equal(await count(), 1);
});

test('a prose column and a column of its sub-field’s name stand side by side', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const env = index.env(5, { TRANSFORM: '[]' });
  const content = `A,A.keyword\n"${'some words '.repeat(12)}",x\n`;
  const ran = await load({ folder: temporaryFolder(context), content, env });
  assert.deepEqual([ran.code, ran.result?.rows_loaded], [0, 1], ran.error);
  assert.deepEqual(await typesOf(index), { A: 'text', 'A.keyword': 'keyword' });
});

test('each way to write a date that is found is read by Elasticsearch, the zone and the fraction too', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const cells: Record<string, string[]> = {
    pg: ['2020-02-15 10:30:00.125+01', '2020-02-15 10:30:00.12+01', '2020-02-15 10:30:00+01'],
    python: ['2020-02-15 09:30:00.123456', '2020-02-15 09:30:00', '2020-02-15 09:30:00.000001'],
    month: ['2020-02', '2020-02', '2020-02'],
    month_behind: ['02/2020', '02/2020', '02/2020'],
    'date in digits': ['20200215', '20200215', '20200215'],
    point: ['POINT (2.35 48.85)', 'POINT(2.35 48.85)', 'POINT (2 48)'],
  };
  const rows = [0, 1, 2].map(row => Object.values(cells).map(values => values[row]));
  const content = [Object.keys(cells), ...rows].map(row => row.join(',')).join('\n');
  const ran = await load({ folder: temporaryFolder(context), content, env: index.env(5) });
  assert.equal(ran.result?.rows_loaded, 3, ran.error);
  const { POINT, ...dates } = await typesOf(index);
  assert.deepEqual([POINT, new Set(Object.values(dates))], ['geo_point', new Set(['date'])]);
  assert.deepEqual(await idsWhere(index, { exists: { field: '_ignored' } }), []);
  for (const field of ['PG', 'PYTHON', 'MONTH', 'MONTH_BEHIND', 'DATE IN DIGITS']) {
    const within = { gte: '2020-02-01T00:00:00Z', lt: '2020-02-15T09:31:00Z', format: 'strict_date_optional_time' };
    assert.equal((await idsWhere(index, { range: { [field]: within } })).length, 3, field);
  }
});

test('a column A.keyword that comes up once A has an alias of that name keeps its values, under the name of a repeated column', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const env = (key: string) => index.env(5, { FILE_KEY: key, TRANSFORM: '[]' });
  await load({ folder, content: 'A,B\nx,1\n', env: env('KEY') });
  const content = 'A,A.keyword,A.keyword.1\ny,late,z\n';
  const next = await load({ folder, name: 'b.csv', content, env: env('B') });
  assert.deepEqual([next.code, next.result?.rows_loaded], [0, 1], next.error);
  // A key of JSON that is first met far behind what was looked at.
  const early = `{"C":"${'x'.repeat(8000)}"}\n`.repeat(600);
  const late = await load({ folder, name: 'c.ndjson', content: `${early}{"C.keyword":"late"}\n`, env: env('C') });
  assert.deepEqual([late.code, late.result?.rows_loaded], [0, 601], late.error);
  const found = (await index.call('GET', `/${index.name}/_search?q=_id:(B-0000000001 OR C-0000000601)&sort=_doc`)) as {
    hits: { hits: Array<{ _source: unknown }> };
  };
  assert.deepEqual(
    found.hits.hits.map(({ _source }) => _source),
    [{ A: 'y', 'A.keyword.2': 'late', 'A.keyword.1': 'z' }, { 'C.keyword.1': 'late' }],
  );
  assert.deepEqual(await idsWhere(index, { term: { 'A.keyword.2': 'late' } }), ['B-0000000001']);
  assert.deepEqual(await idsWhere(index, { term: { 'A.keyword': 'y' } }), ['B-0000000001']);
});

test('a column with a point in its name is known again: a later file’s other new columns get their types', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  await load({ folder, content: 'p.q\nx\n', env: index.env(5) });
  const ran = await load({ folder, name: 'b.csv', content: 'p.q,n\n5,7\n', env: index.env(5, { FILE_KEY: 'B' }) });
  assert.deepEqual([ran.code, ran.result?.rows_loaded], [0, 1], ran.error);
  assert.deepEqual(await typesOf(index), { 'P.Q': 'keyword', N: 'long' });
});

test('a number that a step makes in a column that comes up late may be as large as a double', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const early = `${JSON.stringify({ a: 'x'.repeat(8000) })}\n`.repeat(600);
  const TRANSFORM = JSON.stringify(['minimal', { types: { columns: { LATE: 'number' } } }]);
  const content = `${early}{"a":"y","late":1e300}\n`;
  const ran = await load({
    folder: temporaryFolder(context),
    name: 'in.ndjson',
    content,
    env: index.env(5, { TRANSFORM }),
  });
  assert.deepEqual([ran.code, ran.result?.rows_rejected, ran.rejects[0]?.reason], [0, 0, undefined], ran.error);
});
