import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { UntrustedFile } from '../files/untrusted-file.ts';
import { withLeft } from '../schedule/left.ts';
import { parquetOf } from '../schedule/testing/bench.ts';
import { keyOfLakeFile, lakeStore } from './lake.ts';
import type { CommitRequest } from './store.ts';

test('what is in the lake is ours alone', async t => {
  const { base, workDir, commit } = setUp(t);
  writeFileSync(join(workDir, 'out.parquet'), parquetOf('rows'), { mode: 0o666 });
  await commit();
  const { mode } = statSync(join(base, 'data/lake/sales/Donnees_1.csv.key.parquet'));
  assert.equal(mode & 0o777, 0o600);
  assert.equal(statSync(join(base, 'data/lake/sales')).mode & 0o777, 0o700);
});

test('a file of the lake has the name of its file, takes the place of one without it, and of no other key, whatever that file is called', async t => {
  const { base, workDir, commit } = setUp(t);
  const lake = join(base, 'data/lake/sales');
  mkdirSync(lake, { recursive: true });
  const mended = 'key.0f1e2d3c-4b5a-4678-9abc-def012345678.parquet';
  const others = ['key.csv.other.parquet', 'x.key.other.parquet', 'key2.parquet', 'other.key.csv'];
  for (const name of ['key.parquet', mended, `a.csv.${mended}`, ...others]) writeFileSync(join(lake, name), 'former');
  writeFileSync(join(workDir, 'out.parquet'), parquetOf('rows'));
  await commit();
  assert.deepEqual(new Set(readdirSync(lake)), new Set(['Donnees_1.csv.key.parquet', ...others]));
  assert.deepEqual(others.map(keyOfLakeFile), ['other', 'other', 'key2', undefined]);
});

const TRAPS: Record<string, (base: string, path: string) => void> = {
  'a link': (base, path) => symlinkSync(join(base, 'victim'), path),
  'another name of a file': (base, path) => linkSync(join(base, 'victim'), path),
  'a FIFO': (_, path) => void execFileSync('mkfifo', [path]),
  'a folder': (_, path) => mkdirSync(path),
  'a file with a hole of a terabyte': (_, path) => {
    writeFileSync(path, '');
    truncateSync(path, 2 ** 40);
  },
};

for (const [what, make] of Object.entries(TRAPS)) {
  test(`${what} never gets into the lake, and what is there stays`, async t => {
    const { base, workDir, commit } = setUp(t);
    mkdirSync(join(base, 'data/lake/sales'), { recursive: true });
    writeFileSync(join(base, 'data/lake/sales/key.parquet'), 'former');
    make(base, join(workDir, 'out.parquet'));
    await assert.rejects(commit(), UntrustedFile);
    assert.deepEqual(readdirSync(join(base, 'data/lake/sales')), ['key.parquet']);
    assert.equal(readFileSync(join(base, 'data/lake/sales/key.parquet'), 'utf8'), 'former');
    assert.equal(readFileSync(join(base, 'victim'), 'utf8'), 'secret');
  });
}

const tooLongFooter = parquetOf('rows');
tooLongFooter.writeUInt32LE(5, 8);
const GARBAGE = {
  nothing: Buffer.alloc(0),
  text: Buffer.from('PAR1 is how it begins, and no more'),
  'the end of one': parquetOf('rows').subarray(1),
  'the beginning of one': parquetOf('rows').subarray(0, -1),
  'two magics': Buffer.from('PAR1PAR1'),
  'a footer longer than itself': tooLongFooter,
};

for (const [what, content] of Object.entries(GARBAGE)) {
  test(`${what} is no Parquet file, and a breach of the contract; what is in the lake stays`, async t => {
    const { base, workDir, commit } = setUp(t);
    mkdirSync(join(base, 'data/lake/sales'), { recursive: true });
    writeFileSync(join(base, 'data/lake/sales/key.parquet'), 'former');
    writeFileSync(join(workDir, 'out.parquet'), content);
    await assert.rejects(commit(), /contract breach: out.parquet in WORK_DIR is not a whole Parquet file/);
    assert.equal(readFileSync(join(base, 'data/lake/sales/key.parquet'), 'utf8'), 'former');
  });
}

test('rows without a file are a breach of the contract', async t => {
  const { base, commit } = setUp(t);
  await assert.rejects(commit(), /contract breach: 1 rows loaded, but there is no out.parquet/);
  assert(existsSync(join(base, 'data/lake')));
});

function setUp(t: TestContext): { base: string; workDir: string; commit: () => Promise<void> } {
  const base = mkdtempSync(join(tmpdir(), 'lake-'));
  t.after(() => rmSync(base, { recursive: true }));
  const workDir = join(base, 'data/runs/lead/1');
  mkdirSync(workDir, { recursive: true });
  writeFileSync(join(base, 'victim'), 'secret');
  const request = {
    dataDir: join(base, 'data'),
    run: { dataset: 'sales', file: 'north/Donn\u00e9es 1.csv', fileKey: 'key', mendFile: null, action: 'add' },
    ledger: { replacesFormer: true, replaces: [] },
    rows: { read: 1, loaded: 1, rejected: 0, filtered: 0, deleted: 0 },
    mostBytes: 1e9,
    mustLeaveFile: true,
  } as unknown as Omit<CommitRequest, 'left'>;
  return { base, workDir, commit: () => withLeft(workDir, '', left => lakeStore.commit({ ...request, left })) };
}
