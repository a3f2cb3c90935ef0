import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureChild } from './child.ts';
import { readOptions } from './options.ts';
import { profileRows } from './profile.ts';

test('options: five turns over all rows unless told; --quick is one turn over few', () => {
  const usual = { names: ['etl'], turns: 5, rows: undefined, files: undefined, profile: false, big: false };
  assert.deepEqual(readOptions(['etl']), usual);
  assert.deepEqual(readOptions(['etl', '--quick']), { ...usual, turns: 1, rows: 20_000, files: 100 });
  assert.deepEqual(readOptions(['etl', '--turns', '2', '--rows', '50000']), { ...usual, turns: 2, rows: 50_000 });
});

test('options: what is none is an error', () => {
  assert.throws(() => readOptions(['--turns', 'many']), /--turns many is not a whole number from 1/);
  assert.throws(() => readOptions(['--fast']), /--fast/);
});

test('a child is counted with its CPU and its memory at the highest', async () => {
  const program = 'const a = Buffer.alloc(2e8, 1); const end = Date.now() + 300; while (Date.now() < end); a.at(0)';
  const { cpuSeconds, peakMb } = await measureChild(process.execPath, ['-e', program]);
  assert.ok(cpuSeconds > 0.1 && cpuSeconds < 20, `${cpuSeconds} s`);
  assert.ok(peakMb !== null && peakMb > 200 && peakMb < 400, `${peakMb} MB`);
});

test('a child that fails is an error that shows the end of its output', async () => {
  await assert.rejects(measureChild('sh', ['-c', 'echo no such index >&2; exit 3']), /ended with 3: no such index/);
});

test('a profile is summed up by area, the file nearest to the top of the stack, and by function', () => {
  const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 9 });
  const nodes = [
    { id: 1, callFrame: frame('(root)'), children: [2, 4, 5, 7] },
    { id: 2, callFrame: frame('parse', 'file:///p/default-etl/extract/csv.ts'), children: [3] },
    { id: 3, callFrame: frame('copy') },
    { id: 4, callFrame: frame('(idle)') },
    { id: 5, callFrame: frame('run', 'node:internal/modules/run_main'), children: [6] },
    { id: 6, callFrame: frame('', 'file:///p/default-etl/extract/csv.ts') },
    { id: 7, callFrame: frame('(garbage collector)') },
  ];
  const rows = profileRows({ nodes, samples: [2, 3, 4, 6, 7], timeDeltas: [3000, 2000, 9000, 4000, 1000] });
  assert.deepEqual(
    rows.map(({ what, ms, 'share of busy %': share }) => [what, ms, share]),
    [
      ['idle: waiting for Elasticsearch or the disk', 9, null],
      ['tokenize: bytes to cells', 5, 50],
      ['start and end: modules, the process', 4, 40],
      ['collecting garbage', 1, 10],
      ['start and end · (module) default-etl/extract/csv.ts:10', 4, 40],
      ['tokenize · parse default-etl/extract/csv.ts:10', 3, 30],
      ['tokenize · copy', 2, 20],
      ['collecting garbage · (garbage collector)', 1, 10],
    ],
  );
});
