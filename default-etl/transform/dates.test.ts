import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { strftime } from '../contract/strftime.ts';
import { dateConversion } from './dates.ts';

/** What the value becomes; undefined where it does not fit. */
function convert(value: string, formats: string[], output?: string): string | undefined {
  const { convert: write, boundOf } = dateConversion(formats, output, 'reject');
  const bytes = Buffer.alloc(Buffer.byteLength(value) + boundOf(value.length));
  const at = bytes.write(value);
  const end = write(bytes, 0, at, at);
  return end < 0 ? undefined : bytes.toString('utf8', at, end);
}

const PATTERNS = [
  '%Y-%m-%d %H:%M:%S',
  '%d/%m/%Y %H:%M:%S',
  '%y%m%d%H%M%S',
  '%d %B %Y à %Hh%M %S',
  '%a %d %b %Y, %I:%M:%S %p',
  '%j/%Y %T',
  '%F %T',
  '%m.%e.%Y-%H%M%S',
];

test('a date that strftime wrote is read by the same pattern, and written as strftime writes it', () => {
  const time = fc.integer({ min: Date.UTC(1969, 0, 1) / 1000, max: Date.UTC(2068, 11, 31) / 1000 });
  fc.assert(
    fc.property(
      time,
      fc.constantFrom(...PATTERNS),
      fc.constantFrom(...PATTERNS, '%A %d %B %Y'),
      (seconds, input, output) => {
        const written = strftime(input, seconds * 1000);
        assert.equal(convert(` ${written} `, [input], output), strftime(output, seconds * 1000), written);
      },
    ),
    { numRuns: 2000 },
  );
});

test('French dates: months by name, with and without accents; two digits of a year; one digit of a day', () => {
  for (const [value, format, expected] of [
    ['3 février 2020', '%d %B %Y', '2020-02-03'],
    ['03 FEVRIER 2020', '%d %B %Y', '2020-02-03'],
    ['1 août 99', '%d %B %y', '1999-08-01'],
    ['15 janv. 2021', '%d %b %Y', '2021-01-15'],
    ['mardi 14 juil. 2020', '%A %d %b %Y', '2020-07-14'],
    ['1/2/68', '%d/%m/%y', '2068-02-01'],
    ['1/2/69', '%d/%m/%y', '1969-02-01'],
    ['29/02/2020', '%d/%m/%Y', '2020-02-29'],
  ] as const)
    assert.equal(convert(value, [format]), expected, value);
});

test('a value that is no such date does not fit, and days that do not exist are none', () => {
  for (const [value, format] of [
    ['29/02/2021', '%d/%m/%Y'],
    ['31/04/2021', '%d/%m/%Y'],
    ['00/01/2021', '%d/%m/%Y'],
    ['01/13/2021', '%d/%m/%Y'],
    ['01/02/2021 ', '%d/%m/%y'],
    ['01/02/20211', '%d/%m/%Y'],
    ['1-2-2021', '%d/%m/%Y'],
    ['24:00', '%H:%M'],
    ['13:00 PM', '%I:%M %p'],
    ['3 brumaire 2020', '%d %B %Y'],
    ['2020-1-2', 'iso'],
    ['2020-01-02X', 'iso'],
    ['2020-01-02T10', 'iso'],
    ['', 'iso'],
  ] as const)
    assert.equal(convert(value, [format]), undefined, value);
});

test('without a format ISO 8601 and what is usual in France are read; a time is kept unless the output says otherwise', () => {
  const formats = ['iso', '%d/%m/%Y', '%d/%m/%Y %H:%M'];
  assert.equal(convert('2020-01-02', formats), '2020-01-02');
  assert.equal(convert('02/01/2020', formats), '2020-01-02');
  assert.equal(convert('02/01/2020 7:05', formats), '2020-01-02T07:05:00');
  assert.equal(convert('2020-01-02 00:00:00', formats), '2020-01-02T00:00:00');
  assert.equal(convert('2020-01-02T03:04:05.678901Z', formats, '%Y-%m-%d'), '2020-01-02');
  assert.equal(convert('2020-01-02T03:04:05,5+01:30', ['iso'], '%H:%M:%S.%f %z'), '03:04:05.500000 +0130');
});
