import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { csvCases } from './csv-cases.ts';
import { hunt } from './hunt.ts';
import { jsonCases } from './json-cases.ts';
import { KNOWN } from './known.ts';
import { truthReader } from './library-readers.ts';
import { readOptions } from './options.ts';
import type { TableReader } from './reader.ts';
import { reportOf } from './report.ts';

/** Loses the last row of four and more, and of fewer spoils the first cell. */
const careless: TableReader = {
  name: 'careless',
  kinds: ['csv'],
  read: async ({ truth }) => {
    const [first = [], ...others] = truth.rows;
    const rows = truth.rows.length > 3 ? truth.rows.slice(0, -1) : [['!', ...first.slice(1)], ...others];
    return { header: truth.header, rows };
  },
};

test('a planted difference is found, once for each way to differ, by the smallest file that shows it', async () => {
  const readers = [truthReader, careless];
  const found = await hunt({ kind: 'csv', cases: csvCases, count: 40, seed: 5, readers });
  assert.deepEqual(
    new Set(found.findings.map(({ reader, difference, file }) => `${reader} ${difference} ${file.truth.rows.length}`)),
    new Set(['careless cells 3', 'careless rows 4']),
  );
  assert.equal(found.findings.length, 2);
  const smallest = found.findings.find(({ difference }) => difference === 'rows')?.file;
  assert.ok((smallest?.bytes.length ?? Infinity) < 100, smallest?.bytes.toString());
  const report = reportOf(new Map([['csv', found]]));
  assert.match(report, /csv differs from careless: rows \(--kind=csv --seed=\d+, path /);
  assert.match(report, /csv: \d+ files, \d+ comparisons; differences explained: [^;]*; unexplained: 2/);
});

test('what is read as it was written is no difference, and the same seed makes the same files', async () => {
  for (let turn = 0; turn < 2; turn++) {
    const found = await hunt({ kind: 'json', cases: jsonCases, count: 30, seed: 3, readers: [truthReader] });
    assert.deepEqual([found.files, found.comparisons, found.findings], [30, 30, []]);
  }
});

test('each known difference is in MEASURED.md, by its name', () => {
  const measured = readFileSync(new URL('../../default-etl/MEASURED.md', import.meta.url), 'utf8');
  for (const { name } of KNOWN) assert.ok(measured.includes(`| ${name} |`), name);
});

test('options: kinds, cases and seed are checked', () => {
  assert.deepEqual(readOptions(['--kind=csv,xml', '--cases=7', '--seed=0'], 5), {
    help: false,
    kinds: ['csv', 'xml'],
    cases: 7,
    seed: 0,
  });
  assert.equal(readOptions([], 5).seed, 5);
  assert.throws(() => readOptions(['--kind=pdf'], 5), /--kind pdf is not known; there are csv, json/);
  assert.throws(() => readOptions(['--cases=0'], 5), /--cases 0 is not a whole number from 1/);
});
