import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { emptyBatch } from '../../batch/batch.ts';
import { load, type Ran, TestIndex, temporaryFolder } from '../../testing/load.ts';
import { LeftOut } from './left-out.ts';

type Aggregated = { aggregations: { fields: { buckets: Array<{ key: string; doc_count: number }> } } };

/** Loads files one after the other into one index. */
function loader(context: TestContext) {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  let version = 5;
  return {
    index,
    async load(content: string, more: Record<string, string> = {}, options = {}): Promise<Ran & { toCheck: string[] }> {
      version++;
      const toCheck: string[] = [];
      const said = (line: string) => {
        if (line.startsWith('{"type":"to_check"'))
          toCheck.push(...(JSON.parse(line) as { sentences: string[] }).sentences);
      };
      const env = index.env(version, { FILE_KEY: `K${version}`, ...more }, options);
      const ran = await load({ folder, content, env, said });
      assert.equal(ran.code, 0, ran.error);
      return { ...ran, toCheck };
    },
    /** What Elasticsearch itself says that it left out, by field. */
    async ignored(): Promise<Record<string, number>> {
      const body = { size: 0, aggs: { fields: { terms: { field: '_ignored', size: 100 } } } };
      const { aggregations } = (await index.call('POST', `/${index.name}/_search`, body)) as Aggregated;
      return Object.fromEntries(aggregations.fields.buckets.map(({ key, doc_count: count }) => [key, count]));
    },
  };
}

const table = (header: string, row: (n: number) => string, count = 40) =>
  `${header}\n${Array.from({ length: count }, (_, n) => row(n)).join('\n')}\n`;
const day = (n: number) => String((n % 28) + 1).padStart(2, '0');

test('dates with and without a time, and as ISO 8601, all fit the field of a first file that has but one of them', async context => {
  const writings = [
    (n: number) => `2024-01-${day(n)}`,
    (n: number) => `2024-01-${day(n)} 10:00:00`,
    (n: number) => `2024-01-${day(n)} 9:30`,
    (n: number) => `2024-01-${day(n)}T10:00:00.123456Z`,
    (n: number) => `2024-01-${day(n)} 10:00:00.5+01:00`,
  ];
  const french = [
    (n: number) => `${day(n)}/01/2024`,
    (n: number) => `${day(n)}/01/2024 10:00`,
    (n: number) => `${Number(day(n))}/1/2024 9:05:30`,
  ];
  const firsts = [
    [writings[0]!, writings],
    [writings[1]!, writings],
    [french[0]!, [...french, ...writings]],
  ] as const;
  for (const [first, others] of firsts) {
    const { load: loadFile, ignored } = loader(context);
    for (const written of [first, ...others]) {
      const { toCheck, result } = await loadFile(table('d,e', n => `${written(n)},x`));
      assert.deepEqual([toCheck, result?.values_left_out], [[], undefined], `${first(0)}, then ${written(0)}`);
    }
    assert.deepEqual(await ignored(), {});
  }
});

test('what a field leaves out is told by column, count and first value, as Elasticsearch counts it, with the line that mends it', async context => {
  const { load: loadFile, ignored } = loader(context);
  await loadFile(table('d,m,f,p', n => `2024-01-${day(n)},${n}.5,true,"48.85, 2.35"`));
  const other = table(
    'd;m;f;p',
    n => `${day(n)}/02/2024;${n === 3 ? 'NA' : `${n},5`};${n < 2 ? 'oui' : 'true'};48.85, 2.35`,
  );
  const { toCheck, result } = await loadFile(other);
  assert.deepEqual(await ignored(), { D: 40, M: 40, F: 2 }, 'NA is left out, too, and says that there is no value');
  assert.equal(result?.values_left_out, 40 + 39 + 2);
  const [date, number, flag] = toCheck;
  assert.equal(toCheck.length, 3);
  assert.match(
    date ?? '',
    /^40 of 40 values of D were left out .*dates as ISO 8601 .*the first is "01\/02\/2024" in row 1\./,
  );
  assert.match(
    number ?? '',
    /^39 of 39 values of M were left out of the field, which takes numbers \(double\): the first is "0,5"/,
  );
  assert.match(
    flag ?? '',
    /^2 of 40 values of F were left out of the field, which takes true and false: the first is "oui"/,
  );
  const lines = toCheck.flatMap(sentence => /add to TRANSFORM: - (.*)$/.exec(sentence)?.slice(1) ?? []);
  assert.deepEqual(lines, ["parse_dates: { columns: [D], format: '%d/%m/%Y' }", 'decimal_comma: [M]']);
  // As the sentences say.
  const steps = [{ decimal_comma: ['M'] }, { parse_dates: { columns: ['D'], format: '%d/%m/%Y' } }];
  const mended = await loadFile(other, { TRANSFORM: JSON.stringify(['minimal', ...steps]) });
  assert.equal(mended.toCheck.length, 1, mended.toCheck.join('\n'));
  assert.match(mended.toCheck[0] ?? '', /^2 of 40 values of F/);
});

test('numbers, words and long texts that a field of somebody’s own leaves out are counted as Elasticsearch does', async context => {
  const { index, load: loadFile, ignored } = loader(context);
  const malformed = (type: string, more = {}) => ({ type, ignore_malformed: true, ...more });
  await index.call('PUT', `/${index.name}`, {
    mappings: {
      properties: {
        BYTE: malformed('byte'),
        INT: malformed('integer'),
        LONG: malformed('long'),
        DOUBLE: malformed('double'),
        DAY: malformed('date', { format: "yyyyMMdd||MM/yyyy||dd.MM.yyyy['T'HH:mm]||epoch_second" }),
        ISO: malformed('date'),
        KIND: { type: 'keyword', ignore_above: 3 },
        PLACE: malformed('geo_point'),
        STRICT: { type: 'keyword' },
      },
    },
  });
  const cells: Record<string, readonly string[]> = {
    BYTE: ['127', '-128', '128', '12.5', '300', '1e2', '1e3', '+5', 'x'],
    INT: ['2147483647', '2147483648', '12.9', '-2147483648', ' 5', '5 ', '1 000', '007', '0x1'],
    LONG: [
      '9223372036854775807',
      '9223372036854775808',
      '-9223372036854775808',
      '1e18',
      '1e19',
      '12345678901234567',
      '.5',
      '5.',
      '-',
    ],
    DOUBLE: ['1e308', '1e400', '1,5', 'NaN', ' 5 ', '1d', '-.5', 'Infinity', '12345678901234567890.5'],
    DAY: [
      '20240131',
      '01/2024',
      '31.01.2024',
      '31.01.2024T10:00',
      '31.01.2024 10:00',
      '1706659200',
      '2024-01-31',
      '13/2024',
      'x',
    ],
    ISO: [
      '2024',
      '2024-01',
      '2024-01-31T10',
      '2024-01-31T10:00:00,5Z',
      '1706659200000',
      '2024-1-31',
      '31/01/2024',
      '2024-01-31 10:00',
      '2024-13-01',
    ],
    KIND: ['abc', 'abcd', 'éèà', 'éèàç', 'x', '', 'ab', '😀😀', 'abc '],
    PLACE: ['48.85, 2.35', '91, 0', 'POINT (2.35 48.85)', 'u09', '48, 2', 'nowhere!', '48.85', '0, 181', '-90, 180'],
    STRICT: Array.from({ length: 9 }, () => 'any text'),
  };
  const names = Object.keys(cells);
  const rows = table(names.join(';'), n => names.map(name => `"${cells[name]?.[n]}"`).join(';'), 9);
  const { result, toCheck } = await loadFile(rows);
  const byField = await ignored();
  // Words for no value are left out, too: `-` and NaN.
  for (const name of ['LONG', 'DOUBLE']) byField[name] = (byField[name] ?? 0) - 1;
  assert.equal(
    result?.values_left_out,
    Object.values(byField).reduce((sum, count) => sum + count, 0),
    `${toCheck.join('\n')}\n${JSON.stringify(byField)}`,
  );
  for (const [name, count] of Object.entries(byField))
    assert.ok(
      toCheck.some(sentence => sentence.startsWith(`${count} of `) && sentence.includes(` values of ${name} were`)),
      `${name} ${count}: ${toCheck.join('\n')}`,
    );
});

test('numbers that are text in a new index for their commas are told once, with the line that mends it, unless text is meant', async context => {
  const rows = table('a;m', n => `x;1 23${n % 10},5`);
  const { load: loadFile } = loader(context);
  const first = await loadFile(rows);
  assert.match(
    first.toCheck.join(),
    /^the numbers of M have a comma .* add to TRANSFORM: - decimal_comma: \[M\], and load into a new index/,
  );
  assert.deepEqual((await loadFile(rows)).toCheck, []);
  const meant = await loader(context).load(rows, {}, { mappings: { M: { type: 'keyword' } } });
  assert.deepEqual(meant.toCheck, []);
});

test('fractions that a field of whole numbers cuts are told', async context => {
  const { load: loadFile } = loader(context);
  await loadFile(table('n,m', n => `${n},x`));
  const { toCheck } = await loadFile(table('n,m', n => `${n}.5,x`));
  assert.equal(toCheck.length, 1);
  assert.match(toCheck[0] ?? '', /^N in index .* is a field of whole numbers, and this file has fractions/);
});

test('what an index says for all its fields counts for those that do not say it themselves', async context => {
  const { index, load: loadFile, ignored } = loader(context);
  await index.call('PUT', `/${index.name}`, {
    settings: {
      'index.mapping.coerce': false,
      'index.mapping.ignore_malformed': true,
      'index.mapping.ignore_above': 3,
    },
    mappings: {
      properties: {
        N: { type: 'long' },
        M: { type: 'half_float', coerce: true },
        K: { type: 'keyword' },
        L: { type: 'keyword', ignore_above: 9 },
        P: { type: 'ip' },
      },
    },
  });
  const content = table('n;m;k;l;p', n => `${n};${n * 5000};${'k'.repeat(n)};${'l'.repeat(n)};10.0.0.${n * 100}`, 8);
  const { toCheck, result } = await loadFile(content);
  const byField = await ignored();
  assert.deepEqual(byField, { N: 8, K: 4, P: 5 });
  assert.equal(result?.values_left_out, 17);
  assert.match(toCheck[0] ?? '', /^8 of 8 values of N .* takes numbers \(long, and no text: coerce is false\): /);
  assert.match(toCheck[1] ?? '', /^5 of 8 values of P .* takes IP addresses: the first is "10.0.0.300" in row 4/);
  // As the sentence says.
  assert.match(toCheck[0] ?? '', /add to TRANSFORM: - types: \{ columns: \{ N: integer \} \}$/);
  const types = { types: { columns: { N: 'integer' } } };
  const mended = await loadFile(content, { TRANSFORM: JSON.stringify(['minimal', types]) });
  assert.equal(mended.result?.values_left_out, 9, mended.toCheck.join('\n'));
});

test('of a day that the calendar does not have no step is advised, since none mends it', async context => {
  const { load: loadFile, ignored } = loader(context);
  await loadFile(table('d,e', n => `${day(n)}/01/2024,x`));
  const { toCheck } = await loadFile(table('d,e', n => `${n === 7 ? '30/02' : `${day(n)}/03`}/2024,x`));
  assert.deepEqual(await ignored(), { D: 1 });
  assert.match(toCheck[0] ?? '', /^1 of 40 values of D .* "30\/02\/2024" in row 8\. .*; there is no such day, /);
});

test('where a field turns out to be another one while rows are on their way, the count is said to be the least', () => {
  const leftOut = new LeftOut();
  const header = ['N'];
  const bytes = Buffer.from('x');
  const [starts, ends] = [Int32Array.of(0), Int32Array.of(1)];
  const batch = { ...emptyBatch(header), bytes, rows: 1, starts, ends, numbers: Float64Array.of(1) };
  for (const type of ['long', 'double']) {
    leftOut.expect(() => ({ type, ignore_malformed: true }));
    leftOut.see(batch, header);
  }
  assert.equal(leftOut.total, 1);
  assert.match(leftOut.sentences()[0] ?? '', /^at least 1 of 1 values of N were left out .* numbers \(double\): /);
});
