import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { load, type RunOptions, temporaryFolder } from '../../testing/load.ts';

type Row = Record<string, string | null>;

/** Loads a file into the lake and asks DuckDB: `FROM lake` is the Parquet file, if there is one. */
async function loaded(
  context: TestContext,
  options: Omit<RunOptions, 'folder'>,
  settings: Record<string, unknown> = {},
) {
  const env = { LOAD: JSON.stringify({ target: 'lake', ...settings }), ...options.env };
  const ran = await load({ ...options, folder: temporaryFolder(context), env });
  const path = join(ran.workDir, 'out.parquet');
  return { ...ran, path, ask: (sql: string) => query(path, sql) };
}

async function query(path: string, sql: string): Promise<Row[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const found = await connection.runAndReadAll(sql.replace('FROM lake', `FROM read_parquet('${path}')`));
    return found.getRowObjectsJson() as Row[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

test('the lake has each cell as its text, and numbers, dates and booleans beside it as what they are', async context => {
  const content = [
    'n;x;day;at;zoned;flag;code;day_date',
    '1;1.5;31/12/2020;2020-12-31 10:00:00;2020-12-31T10:00:00+01:00;true;01;a',
    ';;;;;;;',
    'NA;-2;01/02/2021;2021-02-01 10:00:01;2021-02-01T10:00:00Z;False;2A;b',
  ].join('\n');
  const { ask, code, error } = await loaded(context, { content });
  assert.equal(code, 0, error);
  const types = await ask('SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM lake)');
  assert.deepEqual(Object.fromEntries(types.map(row => [row['column_name'], row['column_type']])), {
    N: 'VARCHAR',
    X: 'VARCHAR',
    DAY: 'VARCHAR',
    AT: 'VARCHAR',
    ZONED: 'VARCHAR',
    FLAG: 'VARCHAR',
    CODE: 'VARCHAR',
    // The file's own column of that name: DAY has no typed one.
    DAY_DATE: 'VARCHAR',
    N_NUMBER: 'BIGINT',
    X_NUMBER: 'DOUBLE',
    AT_DATE: 'TIMESTAMP',
    ZONED_DATE: 'TIMESTAMP WITH TIME ZONE',
    FLAG_BOOLEAN: 'BOOLEAN',
  });
  const rows = await ask(
    'SELECT N, N_NUMBER::VARCHAR AS n, X_NUMBER::VARCHAR AS x, AT_DATE::VARCHAR AS at, epoch_ms(ZONED_DATE)::VARCHAR AS zoned, FLAG_BOOLEAN::VARCHAR AS flag FROM lake',
  );
  assert.deepEqual(
    rows.map(row => Object.values(row)),
    [
      ['1', '1', '1.5', '2020-12-31 10:00:00', '1609405200000', 'true'],
      [null, null, null, null, null, null],
      ['NA', null, '-2.0', '2021-02-01 10:00:01', '1612173600000', 'false'],
    ],
  );
});

test('months and days in eight digits are dates, a month its first day', async context => {
  const { ask } = await loaded(context, { content: 'month,date_in_digits\n2020-02,20200215\n2021-12,20200230\n' });
  const rows = await ask('SELECT MONTH_DATE::VARCHAR AS month, DATE_IN_DIGITS_DATE::VARCHAR AS day FROM lake');
  assert.deepEqual(rows, [
    { month: '2020-02-01', day: '2020-02-15' },
    { month: '2021-12-01', day: null },
  ]);
});

test('days are dates, in the order that the column shows', async context => {
  const { ask } = await loaded(context, { content: 'a,b\n31/12/2020,12/31/2020\n01/02/2021,02/01/2021\n' });
  const rows = await ask('SELECT A_DATE::VARCHAR AS a, B_DATE::VARCHAR AS b FROM lake');
  assert.deepEqual(rows, [
    { a: '2020-12-31', b: '2020-12-31' },
    { a: '2021-02-01', b: '2021-02-01' },
  ]);
});

test('several row groups, with columns of few values, of many and of none: DuckDB reads every cell as it was', async context => {
  const count = 300_000;
  const rows = Array.from(
    { length: count },
    (_, n) => `${n},${n % 7},${n % 3 === 0 ? '' : `é${n % 1000}`},,k${n % 100 === 0 ? n : 1}`,
  );
  const { ask, code, error } = await loaded(context, { content: `id,few,part,nil,mixed\n${rows.join('\n')}\n` });
  assert.equal(code, 0, error);
  const [row] = await ask(
    `SELECT count(*)::VARCHAR AS count, sum(ID_NUMBER)::VARCHAR AS sum, count(DISTINCT ID)::VARCHAR AS ids,
     count(*) FILTER (ID::BIGINT % 7 = FEW_NUMBER AND ID_NUMBER = ID::BIGINT
       AND PART IS NOT DISTINCT FROM (CASE WHEN ID_NUMBER % 3 = 0 THEN NULL ELSE 'é' || ID_NUMBER % 1000 END)
       AND NIL IS NULL AND MIXED = 'k' || (CASE WHEN ID_NUMBER % 100 = 0 THEN ID_NUMBER ELSE 1 END))::VARCHAR AS alike FROM lake`,
  );
  assert.deepEqual(row, {
    count: String(count),
    sum: String((count * (count - 1)) / 2),
    ids: String(count),
    alike: String(count),
  });
});

test('any table of text comes back from the lake as it was', async context => {
  const folder = temporaryFolder(context);
  const cell = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom('1', '2.5', '01', '2020-01-02', 'true', 'NA'),
    fc.constant(null),
  );
  const table = fc.array(fc.record({ A: cell, B: cell, C: cell }, { noNullPrototype: true }), {
    minLength: 1,
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(table, async rows => {
      const content = rows.map(row => JSON.stringify(row)).join('\n');
      const ran = await load({
        folder,
        name: 'in.ndjson',
        content,
        env: { LOAD: '{"target":"lake"}', TRANSFORM: '[]' },
      });
      assert.equal(ran.code, 0, ran.error);
      assert.deepEqual(await query(join(ran.workDir, 'out.parquet'), 'SELECT A, B, C FROM lake'), rows);
    }),
    { numRuns: 25 },
  );
});

test('JSON keys that come up late are columns of the lake, null before', async context => {
  const content = '{"a":1}\n{"b":{"c":[1,2]}}\n';
  const { ask } = await loaded(context, { name: 'in.ndjson', content });
  assert.deepEqual(await ask('SELECT A, B FROM lake'), [
    { A: '1', B: null },
    { A: null, B: '{"c":[1,2]}' },
  ]);
});

test('source_columns are in the lake, too', async context => {
  const { ask } = await loaded(context, { content: 'a\nx\ny\n', env: { RUN_ID: 'run-1' } }, { source_columns: true });
  assert.deepEqual(await ask('SELECT SOURCE_FILE, SOURCE_RUN, SOURCE_ROW FROM lake'), [
    { SOURCE_FILE: 'in.csv', SOURCE_RUN: 'run-1', SOURCE_ROW: '1' },
    { SOURCE_FILE: 'in.csv', SOURCE_RUN: 'run-1', SOURCE_ROW: '2' },
  ]);
});

test('with LOAD.types: text the lake has text alone', async context => {
  const { ask } = await loaded(context, { content: 'a,b\n1,2020-01-02\n' }, { types: 'text' });
  assert.deepEqual(await ask('SELECT * FROM lake'), [{ A: '1', B: '2020-01-02' }]);
});

test('a header without rows is a file of columns, a file that is taken back is none', async context => {
  const header = await loaded(context, { content: 'a,b\n' });
  assert.deepEqual(await header.ask('SELECT count(A)::VARCHAR AS n FROM lake'), [{ n: '0' }]);
  const refused = await loaded(context, { content: 'a,b\n1,2\n1,2,3\n' }, { max_rejects: 0 });
  assert.deepEqual([refused.code, existsSync(refused.path)], [65, false]);
});

test('files of one dataset whose columns differ in type are read together, each cell as its text', async context => {
  const files = [
    'a,d\n1,2020-01-31\n',
    'a,d\n1.5,2020-01-31 10:00:00\n',
    'a\nx\n',
    'd,a,a_number\n2020-01-31T10:00:00Z,7,own\n',
    'a,a_boolean\ntrue,1\n',
    'a\n00\n',
  ];
  const paths = [];
  for (const content of files) {
    const { path, code, error } = await loaded(context, { content });
    assert.equal(code, 0, error);
    paths.push(path);
  }
  const list = `[${paths.map(path => `'${path}'`).join(',')}]`;
  const rows = await query('', `SELECT * FROM read_parquet(${list}, union_by_name = true)`);
  assert.deepEqual(
    rows.map(({ A }) => A),
    ['1', '1.5', 'x', '7', 'true', '00'],
  );
  assert.deepEqual(
    rows.map(({ D }) => D),
    ['2020-01-31', '2020-01-31 10:00:00', null, '2020-01-31T10:00:00Z', null, null],
  );
  assert.deepEqual(
    rows.map(row => row['A_NUMBER']),
    ['1', '1.5', null, 'own', null, null],
  );
});
