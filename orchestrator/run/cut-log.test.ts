import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { CUT_TEXT, cutLog, cutMiddle } from './cut-log.ts';

const KEPT = { headBytes: 10_000, tailBytes: 8_000 };
const SECRET = 'hunter22';
const mask = (text: string) => text.replaceAll(SECRET, '***');

function logOf(t: TestContext, text: string): { path: string; read(): string } {
  const folder = mkdtempSync(join(tmpdir(), 'cut-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, '1.log');
  writeFileSync(path, text);
  return { path, read: () => readFileSync(path, 'utf8') };
}

test('of a long log head and tail are kept, in whole lines, from where the attempt began; twice changes nothing', async t => {
  const before = 'pulling the image\n';
  const lines = Array.from({ length: 5_000 }, (_, n) => `line ${n}`);
  const { path, read } = logOf(t, `${before}${lines.join('\n')}\n`);
  await cutMiddle(path, before.length, { mask, kept: KEPT });
  const text = read();
  const [head, tail] = text.split(/\n\(.*left out here\)\n/) as [string, string];
  assert.ok(head.startsWith(`${before}line 0\nline 1\n`));
  assert.ok(tail.endsWith('line 4998\nline 4999\n'));
  assert.ok(text.length < before.length + KEPT.headBytes + KEPT.tailBytes + 60);
  for (const line of [...head.trim().split('\n').slice(1), ...tail.trim().split('\n')])
    assert.ok(lines.includes(line), line);
  await cutMiddle(path, before.length, { mask, kept: KEPT });
  assert.equal(read(), text);
});

test('a log that fits is left alone', async t => {
  const { path, read } = logOf(t, 'x'.repeat(15_000));
  await cutMiddle(path, 0, { mask, kept: KEPT });
  assert.equal(read().length, 15_000);
});

test('of a line in which both cuts are, no part of a secret is kept, and twice changes nothing', async t => {
  for (let at = 1; at < SECRET.length; at += 1) {
    const head = `${'x'.repeat(KEPT.headBytes - at)}${SECRET}`;
    const tail = `${SECRET}${'z'.repeat(KEPT.tailBytes - at)}`;
    const { path, read } = logOf(t, `${head}${'y'.repeat(200_000)}${tail}`);
    await cutMiddle(path, 0, { mask, kept: KEPT });
    const text = read();
    const rest = text.replace(/^x+\n\(.* left out here\)\n/, '').replace(SECRET, '');
    assert.equal(rest, 'z'.repeat(KEPT.tailBytes - at));
    await cutMiddle(path, 0, { mask, kept: KEPT });
    assert.equal(read(), text);
  }
});

test('what comes before a line that is very long is kept whole, and so is its end', async t => {
  const { path, read } = logOf(t, `first\n${'x'.repeat(300_000)}\n`);
  await cutMiddle(path, 0, { mask, kept: { ...KEPT, tailBytes: 100_000 } });
  assert.match(read(), /^first\n\n\(.*left out here\)\nx{99999}\n$/);
});

test('a log that is too large is cut at a line break, or where no secret is cut', async t => {
  const lines = logOf(t, `one\n${'two '.repeat(10)}${SECRET}\nmore`);
  await cutLog(lines.path, 47, { mask });
  assert.equal(lines.read(), `one\n\n${CUT_TEXT}`);
  const long = logOf(t, `${'x'.repeat(70_000)}${SECRET}${'y'.repeat(70_000)}`);
  await cutLog(long.path, 70_004, { mask });
  assert.equal(long.read(), `${'x'.repeat(70_000)}\n${CUT_TEXT}`);
});
