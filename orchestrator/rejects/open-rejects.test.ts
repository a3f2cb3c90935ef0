import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { BOUNDS } from '../../default-etl/contract/contract.ts';
import type { Journal, Run } from '../journal/journal.ts';
import { findRejects } from './files.ts';
import { firstRejects, openRejects } from './open-rejects.ts';

const REJECT = { row: 1, line: 2, reason: 'bad', raw: 'x' };
const RUN = { id: 'run', attempt: 1, action: 'add' } as Run;
const JOURNAL = { origin: async (run: Run) => run, mends: async () => [] } as unknown as Journal;

const TRAPS: Record<string, (victim: string, path: string) => void> = {
  'a link': symlinkSync,
  'another name of a file': linkSync,
  'a FIFO': (_, path) => void execFileSync('mkfifo', [path]),
  'a folder': (_, path) => mkdirSync(path),
};
for (const [what, make] of Object.entries(TRAPS)) {
  test(`${what} in the place of rejects is as if there were none`, async t => {
    const { base, path } = setUp(t);
    writeFileSync(join(base, 'victim'), JSON.stringify(REJECT));
    make(join(base, 'victim'), path);
    assert.equal(await findRejects(base, RUN), null);
    assert.deepEqual(await firstRejects(base, RUN, 5), []);
  });
}

test('neither are those of a folder that others can write, as while an attempt goes on, nor files of others', async t => {
  const { base, folder, path } = setUp(t);
  writeFileSync(path, JSON.stringify(REJECT));
  assert.notEqual(await findRejects(base, RUN), null);
  chmodSync(folder, 0o777);
  assert.equal(await findRejects(base, RUN), null);
  chmodSync(folder, 0o700);
  if (process.getuid?.() !== 0) return;
  chownSync(path, 61_234, 61_234);
  assert.equal(await findRejects(base, RUN), null);
});

test('an attempt that was never made has none, and costs nothing to look for', async t => {
  const { base, path } = setUp(t);
  writeFileSync(path, JSON.stringify(REJECT));
  for (const attempt of [0, -1, 2, 1e20, Number.NaN]) assert.equal(await findRejects(base, RUN, attempt), null);
});

test('of a line beyond every bound the beginning of the record is told, and what follows it is read', async t => {
  const { base, path } = setUp(t);
  const long = { ...REJECT, reason: 'a "b"\n', raw: 'é\\'.repeat(BOUNDS.rejectLineBytes) };
  writeFileSync(path, [long, { ...REJECT, row: 2, line: null }].map(row => JSON.stringify(row)).join('\n'));
  const [first, second] = await firstRejects(base, RUN, 5);
  assert.deepEqual({ ...first, raw: '' }, { row: 1, line: 2, reason: 'a "b"\n', raw: '', raw_cut: true });
  assert(first && first.raw.length > 100_000 && long.raw.startsWith(first.raw));
  assert.deepEqual(second, { ...REJECT, row: 2, line: null });
});

for (const line of [
  '{"row":2,',
  'null',
  '{"row":1e300,"line":1,"reason":"","raw":""}',
  '{"row":1,"line":1,"reason":7,"raw":""}',
]) {
  test(`a line that is no rejected row (${line}) ends the list with an error`, async t => {
    const { base, path } = setUp(t);
    writeFileSync(path, `${JSON.stringify(REJECT)}\n${line}\n`);
    const { list } = await openRejects(JOURNAL, base, RUN);
    await assert.rejects(async () => {
      for await (const { row } of list()) assert.equal(row, 1);
    }, /can't be read to their end/);
  });
}

test('a terabyte without a line break is read up to its bound, in memory that does not grow', async t => {
  const { base, path } = setUp(t);
  writeFileSync(path, '');
  truncateSync(path, 2 ** 40);
  const before = process.memoryUsage.rss();
  assert.deepEqual(await firstRejects(base, RUN, 5).catch(() => []), []);
  assert(process.memoryUsage.rss() - before < 200e6);
});

function setUp(t: TestContext): { base: string; folder: string; path: string } {
  const base = mkdtempSync(join(tmpdir(), 'rejects-'));
  t.after(() => rmSync(base, { recursive: true }));
  const folder = join(base, 'runs', 'run', '1');
  mkdirSync(folder, { recursive: true });
  return { base, folder, path: join(folder, 'rejects.ndjson') };
}
