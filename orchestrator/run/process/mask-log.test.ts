import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { LONGEST_LINE, maskLog } from './mask-log.ts';

const SECRET = 'hunter22';
const mask = (text: string) => text.replaceAll(SECRET, '***');

async function masked(t: TestContext, text: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'mask-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, '1.log');
  writeFileSync(path, text);
  const { ino } = statSync(path);
  await maskLog(path, mask);
  assert.deepEqual([statSync(path).ino, existsSync(`${path}.masked`)], [ino, false], 'the file stays the same');
  return readFileSync(path, 'utf8');
}

test('a secret is masked wherever it stands in a line that is looked at in parts', async t => {
  // A secret lies across every eighth byte of the log.
  const line = `......${SECRET.repeat(4_500_000)}`;
  assert.ok(line.length > 2 * LONGEST_LINE);
  assert.equal(await masked(t, `first\n${line}\nlast`), mask(`first\n${line}\nlast`));
});

test('a log without a secret stays as it is', async t => {
  const text = `first\n${'x'.repeat(LONGEST_LINE + 10)}\nlast`;
  assert.equal(await masked(t, text), text);
});
