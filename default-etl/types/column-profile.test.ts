import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ColumnProfile, type Coverage } from './column-profile.ts';
import type { ColumnType } from './column-type.ts';

function typeOf(cells: readonly string[], { name = 'A', coverage = 'all' as Coverage } = {}): ColumnType {
  const profile = new ColumnProfile();
  for (const cell of cells) {
    // Bytes around the cell must not matter.
    const bytes = Buffer.from(`1${cell}1`);
    if (cell !== '') profile.observe(bytes, 1, bytes.length - 1);
  }
  return profile.decide(name, coverage);
}

const CASES: Array<[string, string[], Partial<ColumnType>]> = [
  ['whole numbers', ['1', '-20', '0', '300000000000000'], { type: 'long' }],
  ['whole numbers with words for nothing', ['1', 'NA', '2', 'null', 'n/a', '-', 'NaN', ' '], { type: 'long' }],
  ['numbers of which one has a fraction', ['1', '2', '3.5'], { type: 'double' }],
  ['numbers of all shapes', ['.5', '5.', '-1e5', '1.5E-3', '0.0'], { type: 'double' }],
  ['a leading zero among numbers', ['75', '1', '01'], { type: 'keyword' }],
  ['departments', ['01', '75', '2A'], { type: 'keyword' }],
  ['whole numbers of more than 15 digits', ['1', '9007199254740993'], { type: 'keyword' }],
  ['numbers of 14 digits each', ['73282932000074', '35600000000048'], { type: 'keyword' }],
  ['telephone numbers', ['+33612345678', '0612345678'], { type: 'keyword' }],
  ['decimal commas', ['1,5', '-2,25', '3', '0,5', 'n.d.'], { type: 'keyword', isWrittenNumber: true }],
  [
    'commas behind thousands',
    ['1 234,5', '1\u00a0234\u202f567,89', '1.234,56'],
    { type: 'keyword', isWrittenNumber: true },
  ],
  ['numbers with blanks around', [' 1', '2 ', ' -3.5'], { type: 'keyword', isWrittenNumber: true }],
  ['numbers with thousands apart', ['1 000', '2\u202f000\u00a0000', '7'], { type: 'keyword', isWrittenNumber: true }],
  [
    'numbers beside what stands for secret ones',
    ['12', 's', 'NS', '…', '///', 'Non renseigné', '#DIV/0!'],
    { type: 'long' },
  ],
  ['departments with letters', ['75', '2A', '2B'], { type: 'keyword' }],
  [
    'days in eight digits',
    Array.from({ length: 20 }, (_, day) => String(20200101 + day)),
    { type: 'date', formats: ['yyyyMMdd'] },
  ],
  ['a few numbers of eight digits that could be days', ['20200101', '20200102'], { type: 'long' }],
  ['months', ['2020-02', '2021-12'], { type: 'date', formats: ['yyyy-MM'] }],
  ['months, the year behind', ['02/2020', '12/2021'], { type: 'date', formats: ['MM/yyyy'] }],
  ['school years', ['2020-21', '2011-12'], { type: 'keyword' }],
  [
    'times of PostgreSQL, which leaves out zeros at the end',
    ['2020-01-31 10:00:00.123+01', '2020-01-31 10:00:00.1+02', '2020-01-31 10:00:00+01'],
    { type: 'date', formats: ['yyyy-MM-dd HH:mm:ss[.SSS][.SS][.S]X'], time: 'zoned' },
  ],
  [
    'times of Python, which leaves out a fraction of zeros',
    ['2020-01-31 10:00:00.123456', '2020-01-31 10:00:00'],
    { type: 'date', formats: ['yyyy-MM-dd HH:mm:ss[.SSSSSS]'], time: 'local' },
  ],
  ['points as WKT has them', ['POINT (2.35 48.85)', 'POINT(-61 16.2)'], { type: 'geo_point' }],
  [
    'WKT beyond the globe, and of other kinds',
    ['POINT (2.35 98.85)', 'POINT EMPTY', 'PONT (1 2)'],
    { type: 'keyword' },
  ],
  ['a lone minus, point or exponent', ['-', '.', 'e5', '1e', '1e+'], { type: 'keyword' }],
  ['no value at all', ['', 'NA'], { type: 'keyword', confidence: 0 }],
  ['true and false', ['true', 'false', 'NA'], { type: 'boolean', isPlain: true }],
  ['True and False', ['True', 'False'], { type: 'boolean', isPlain: false }],
  ['yes and no in French', ['oui', 'non'], { type: 'keyword' }],
  ['days of ISO 8601', ['2020-01-31', '2021-12-01'], { type: 'date', formats: ['strict_date_optional_time'] }],
  [
    'times of ISO 8601',
    ['2020-01-31T10:00:00.123Z', '2020-01-31T10:00+01:00'],
    { type: 'date', formats: ['strict_date_optional_time'] },
  ],
  [
    'times with a blank',
    ['2020-01-31 10:00:00', '2020-01-31 10:00:59'],
    { type: 'date', formats: ['yyyy-MM-dd HH:mm:ss'] },
  ],
  [
    'two ways to write a date, the usual one first',
    ['2020/01/31', '31/01/2020', '30/01/2020'],
    { type: 'date', formats: ['dd/MM/yyyy', 'yyyy/MM/dd'] },
  ],
  [
    'dates of which one has a day above 12 in front',
    ['05/06/2020', '13/06/2020'],
    { type: 'date', formats: ['dd/MM/yyyy'], confidence: 1 },
  ],
  [
    'dates of which one has a day above 12 behind',
    ['05/06/2020', '06/13/2020'],
    { type: 'date', formats: ['MM/dd/yyyy'], confidence: 1 },
  ],
  [
    'dates that could be either: the French order, not surely',
    ['05/06/2020', '06/07/2020'],
    { type: 'date', formats: ['dd/MM/yyyy'], confidence: 0.7 },
  ],
  ['dates in both orders', ['13/06/2020', '06/13/2020'], { type: 'keyword' }],
  [
    'dates of one digit',
    ['1/2/2020 5:07', '13/12/2020 15:07'],
    { type: 'date', formats: ['d/M/yyyy H:mm', 'dd/MM/yyyy HH:mm'] },
  ],
  ['dates of zeros for nothing', ['0000-00-00', '2020-01-02'], { type: 'date' }],
  ['days that are none', ['2020-13-45', '45/45/2020'], { type: 'keyword' }],
  ['years of two digits', ['31/12/99', '01/02/20'], { type: 'keyword' }],
  ['positions', ['48.85, 2.35', '-21.1,55.5'], { type: 'geo_point' }],
  ['pairs beyond the globe', ['98.85,2.35'], { type: 'keyword' }],
  ['prose', [`${'word '.repeat(30)}.`, `${'mot '.repeat(40)}.`], { type: 'text' }],
  ['long names without blanks', ['x'.repeat(500), 'y'.repeat(400)], { type: 'keyword' }],
  ['nested JSON', [`{"a":"${'b c '.repeat(50)}"}`], { type: 'keyword' }],
];

for (const [what, cells, expected] of CASES) {
  test(`${what}: ${JSON.stringify(expected)}`, () => {
    const found = typeOf(cells);
    assert.deepEqual({ ...found, ...expected }, found);
  });
}

test('commas beside words, or that are no decimal ones, are not taken for numbers', () => {
  for (const cells of [
    ['01 23 45 67 89'],
    ['123 456 789 00011'],
    ['1 23'],
    [' 01'],
    ['1.2.3'],
    ['1,5', 'vers 2'],
    ['1,2,3'],
    ['1,'],
    ['1, 2'],
    ['-,5'],
    ['2,5 km'],
    ['48.85,2.35'],
  ])
    assert.equal(typeOf(cells).isWrittenNumber, undefined, cells.join(' · '));
});

test('a column whose name says code, postal or SIREN is no quantity', () => {
  for (const name of ['CODGEO', 'DÉP', 'code_région', 'CODE_POSTAL', 'Code commune', 'SIREN', 'TEL', 'ZIP'])
    assert.equal(typeOf(['75001', '92100'], { name }).type, 'keyword', name);
  for (const name of ['DECODED', 'TELLERS', 'PRICE'])
    assert.equal(typeOf(['75001', '92100'], { name }).type, 'long', name);
  assert.equal(typeOf(['123 456 789'], { name: 'SIREN' }).isWrittenNumber, undefined);
});

test('a column with values below 0 is a quantity, whatever its name says: DEP is a departure, too', () => {
  assert.equal(typeOf(['12', '-5', '3'], { name: 'DEP_DELAY' }).type, 'long');
  assert.equal(typeOf(['12', '5', '3'], { name: 'DEP_DELAY' }).type, 'keyword');
});

test('numbers of eight digits are days where the column’s name says so', () => {
  for (const name of ['DATE_NAISSANCE', 'AAAAMMJJ', 'day'])
    assert.deepEqual(typeOf(['20200101'], { name }).formats, ['yyyyMMdd'], name);
  assert.equal(typeOf(['20201301'], { name: 'DATE' }).type, 'long');
});

test('whole numbers are only taken for whole where enough of the file was seen: Elasticsearch cuts fractions', () => {
  const many = Array.from({ length: 1000 }, (_, value) => String(value));
  assert.equal(typeOf(many, { coverage: 'spread' }).type, 'long');
  assert.equal(typeOf(many.slice(1), { coverage: 'spread' }).type, 'double');
  assert.equal(typeOf(many, { coverage: 'beginning' }).type, 'double');
});

test('one odd value in a thousand is left to Elasticsearch to ignore, one in a hundred is not, a leading zero never', () => {
  const numbers = Array.from({ length: 1000 }, (_, value) => String(value));
  assert.equal(typeOf([...numbers, 'odd']).type, 'long');
  assert.equal(typeOf([...numbers.slice(0, 100), 'odd']).type, 'keyword');
  assert.equal(typeOf([...numbers, '007']).type, 'keyword');
});

test('a number that JavaScript writes is a number, and the text of no other kind is', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
      const { type } = typeOf([String(value)]);
      const isCode = Number.isInteger(value) && /^-?\d{9,}$/.test(String(value));
      assert.equal(type, isCode ? 'keyword' : /^-?\d+$/.test(String(value)) ? 'long' : 'double');
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), text => {
      const { type } = typeOf([text]);
      if (type === 'long' || type === 'double') assert.ok(Number.isFinite(Number(text)) && text.trim() === text, text);
    }),
  );
});

test('a date that JavaScript writes is one', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), date => {
      const iso = date.toISOString();
      for (const text of [iso, iso.slice(0, 10), iso.slice(0, 16), iso.replace('T', ' ').slice(0, 19)])
        assert.equal(typeOf([text]).type, 'date', text);
    }),
  );
});
