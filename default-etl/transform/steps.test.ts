import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ABSENT, type Batch, NULL, type Reader, rowRecord } from '../batch/batch.ts';
import { BatchBuilder } from '../batch/batch-builder.ts';
import { type Job, readJob } from '../contract/settings.ts';
import { temporaryFolder } from '../testing/load.ts';
import { DEFINITIONS, type PlainRow, type PlainStep } from './definition.ts';
import { createPipeline } from './pipeline.ts';

/** A step as it stands in TRANSFORM, and what it means. */
interface Sample {
  step: string | Record<string, unknown>;
  define: () => PlainStep;
}

const COLUMNS = ['a', ' A', 'B', 'é '];
const REFERENCE: Record<string, PlainRow> = {
  '1': { R: 'one', S: 'x' },
  '12': { R: null, S: 'y' },
  é: { R: 'É', S: null },
};

/** Each by the definition's own words; `a`, `B` and `C` may be missing. */
const SAMPLES: Sample[] = [
  { step: 'minimal', define: () => DEFINITIONS.minimal() },
  { step: { header: { case: 'upper' } }, define: () => DEFINITIONS.header('upper') },
  { step: { header: { trim: true, case: 'lower' } }, define: () => DEFINITIONS.header('lower') },
  { step: { rename: { map: { a: 'B', 'é ': 'C' } } }, define: () => DEFINITIONS.rename({ a: 'B', 'é ': 'C' }) },
  { step: { strip: ['a', 'B'] }, define: () => DEFINITIONS.strip(['a', 'B']) },
  {
    step: { replace: { columns: ['a', 'B'], text: { '1': 'é', é: '', ',': null } } },
    define: () => DEFINITIONS.replace(['a', 'B'], { '1': 'é', é: '', ',': null }),
  },
  {
    step: { null_values: { columns: ['a', 'B'], values: ['', 'é', '1'] } },
    define: () => DEFINITIONS.null_values(['a', 'B'], ['', 'é', '1']),
  },
  ...(['keep', 'null', 'reject'] as const).map(onError => ({
    step: { decimal_comma: { columns: ['a', 'B'], on_error: onError } },
    define: () => DEFINITIONS.decimal_comma(['a', 'B'], onError),
  })),
  ...(['null', 'reject'] as const).map(onError => ({
    step: { types: { columns: { a: 'integer' }, on_error: onError } },
    define: () => DEFINITIONS.integer(['a'], onError),
  })),
  { step: { drop: ['a', 'C'] }, define: () => DEFINITIONS.drop(['a', 'C']) },
  { step: { select: ['é ', 'B', 'C', 'a'] }, define: () => DEFINITIONS.select(['é ', 'B', 'C', 'a']) },
  {
    step: { add: { C: '<{a}|{B}{{>' } },
    define: () =>
      DEFINITIONS.add('C', [{ text: '<' }, { column: 'a' }, { text: '|' }, { column: 'B' }, { text: '{>' }]),
  },
  { step: { add: { a: 'x{a}' } }, define: () => DEFINITIONS.add('a', [{ text: 'x' }, { column: 'a' }]) },
  ...[
    { column: 'a', empty: false },
    {
      or: [
        { column: 'a', equals: '1' },
        { column: 'B', in: ['é', ''] },
        { column: 'C', empty: true },
      ],
    },
    { not: { column: 'a', matches: '^[1é]' } },
    { and: [{ column: 'a', at_least: 1 }, { not: { column: 'B', less_than: '1' } }] },
  ].map(condition => ({ step: { filter: condition }, define: () => DEFINITIONS.filter(condition) })),
  { step: 'deduplicate', define: () => DEFINITIONS.deduplicate('all') },
  { step: { deduplicate: ['a', 'B'] }, define: () => DEFINITIONS.deduplicate(['a', 'B']) },
  ...(['inner', 'left'] as const).map(how => ({
    step: {
      merge: { file: 'reference.csv', on: 'a', reference_on: 'KEY', columns: ['R', 'S'], suffixes: ['', '_y'], how },
    },
    define: () => DEFINITIONS.merge('a', how, REFERENCE, ['R', 'S']),
  })),
];

const text = fc
  .array(
    fc.constantFrom(
      '1',
      '2',
      '0',
      '234',
      ',',
      '.',
      ' ',
      '\u00a0',
      '\u202f',
      "'",
      '-',
      '\u2212',
      '+',
      'é',
      'x',
      'e5',
      '\t',
    ),
    { maxLength: 7 },
  )
  .map(parts => parts.join(''));
const value = fc.oneof(text, fc.constantFrom('', '1', '12', 'é', ' 1 234,50'), fc.constant(null));
const row = fc.record(Object.fromEntries(COLUMNS.map(name => [name, value])), {
  requiredKeys: [],
}) as fc.Arbitrary<PlainRow>;
const batches = fc.array(fc.array(row, { maxLength: 6 }), { minLength: 1, maxLength: 4 });

/** As readers make them: a batch has the columns that its rows and those before it have. */
function batchesOf(rows: PlainRow[][]): Batch[] {
  const names = new Set<string>();
  let number = 1;
  return rows.map(some => {
    const builder = new BatchBuilder(Buffer.from('raw text'), 8);
    for (const one of some) for (const name of COLUMNS) if (name in one) names.add(name);
    const ordered = COLUMNS.filter(name => names.has(name));
    for (const name of ordered) builder.addColumn(name);
    for (const one of some) {
      builder.beginRow(number++, number, ABSENT);
      builder.setRaw(0, 3);
      for (const [column, name] of ordered.entries()) {
        const cell = one[name];
        if (cell === null) builder.slice(column, NULL, NULL);
        else if (cell !== undefined) builder.text(column, cell);
      }
    }
    return builder.take();
  });
}

interface Outcome {
  rows: Map<number, PlainRow>;
  filtered: number[];
  rejected: number[];
}

async function transform(job: Job, rows: PlainRow[][]): Promise<Outcome> {
  const newStep = await createPipeline(job, { columnsVary: true } as Reader);
  const step = newStep();
  const outcome: Outcome = { rows: new Map(), filtered: [], rejected: [] };
  for (const read of batchesOf(rows)) {
    const batch = step(read);
    for (let at = 0; at < batch.rows; at++) outcome.rows.set(batch.numbers[at] as number, rowRecord(batch, at));
    outcome.filtered.push(...(batch.filtered ?? []));
    outcome.rejected.push(...batch.rejects.map(reject => reject.row));
    for (const reject of batch.rejects) assert.equal(reject.raw, 'raw');
  }
  return outcome;
}

function define(samples: Sample[], rows: PlainRow[][]): Outcome {
  const steps = samples.map(sample => sample.define());
  const outcome: Outcome = { rows: new Map(), filtered: [], rejected: [] };
  const names = new Set<string>();
  let number = 0;
  for (const some of rows) {
    for (const one of some) for (const name of Object.keys(one)) names.add(name);
    for (const one of some) {
      number++;
      let current: PlainRow | null = Object.fromEntries(
        COLUMNS.filter(name => names.has(name)).map(name => [name, one[name]]),
      );
      try {
        for (const step of steps) current = current && step(current);
        if (current) outcome.rows.set(number, current);
        else outcome.filtered.push(number);
      } catch {
        outcome.rejected.push(number);
      }
    }
  }
  return outcome;
}

/** In an order that tells nothing; absent values are no keys. */
function comparable({ rows, filtered, rejected }: Outcome): unknown {
  const plain = [...rows].map(([number, one]) => {
    const there = Object.entries(one).filter(([, cell]) => cell !== undefined);
    return [number, Object.fromEntries(there.sort(([x], [y]) => (x < y ? -1 : 1)))];
  });
  return { rows: plain, filtered: filtered.toSorted((x, y) => x - y), rejected: rejected.toSorted((x, y) => x - y) };
}

function jobOf(folder: string, steps: unknown): Job {
  const env = { TRANSFORM: JSON.stringify(steps), CONFIG_FILES: folder, WORK_DIR: join(folder, 'work') };
  return readJob(env, join(folder, 'in.csv'), 0);
}

test('any steps, on any batches, do what their definitions say of each row', async context => {
  const folder = temporaryFolder(context);
  mkdirSync(join(folder, 'work'));
  writeFileSync(join(folder, 'reference.csv'), 'key,r,s\n1,one,x\n12,,y\né,É,\n');
  const isMerge = ({ step }: Sample) => typeof step === 'object' && 'merge' in step;
  const samples = fc
    .array(fc.constantFrom(...SAMPLES), { minLength: 1, maxLength: 4 })
    .filter(chosen => chosen.filter(isMerge).length < 3);
  await fc.assert(
    fc.asyncProperty(samples, batches, async (chosen, rows) => {
      const job = jobOf(
        folder,
        chosen.map(sample => sample.step),
      );
      assert.deepEqual(comparable(await transform(job, rows)), comparable(define(chosen, rows)));
    }),
    { numRuns: 2000 },
  );
});

test('equal rows are one, whatever the order of their columns: one that comes up late may stand elsewhere', async context => {
  const folder = temporaryFolder(context);
  mkdirSync(join(folder, 'work'));
  const rows = [
    [{ B: '1' }],
    [
      { a: 'x', B: '2' },
      { a: '', B: '1' },
    ],
  ];
  for (const columns of ['all', ['a', 'B']] as const) {
    const steps = [{ add: { a: 'y' } }, columns === 'all' ? 'deduplicate' : { deduplicate: columns }];
    const { filtered } = await transform(jobOf(folder, steps), rows);
    assert.deepEqual(filtered, [3]);
  }
});
