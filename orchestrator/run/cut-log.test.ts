import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cutMiddle } from './cut-log.ts';

const KEPT = { headBytes: 10_000, tailBytes: 8_000 };

test('of a long log head and tail are kept, in whole lines, from where the attempt began; twice changes nothing', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'cut-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, '1.log');
  const before = 'pulling the image\n';
  const lines = Array.from({ length: 5_000 }, (_, n) => `line ${n}`);
  writeFileSync(path, `${before}${lines.join('\n')}\n`);
  await cutMiddle(path, before.length, KEPT);
  const text = readFileSync(path, 'utf8');
  const [head, tail] = text.split(/\n\(.*left out here\)\n/) as [string, string];
  assert.ok(head.startsWith(`${before}line 0\nline 1\n`));
  assert.ok(tail.endsWith('line 4998\nline 4999\n'));
  assert.ok(text.length < before.length + KEPT.headBytes + KEPT.tailBytes + 60);
  for (const line of [...head.trim().split('\n').slice(1), ...tail.trim().split('\n')])
    assert.ok(lines.includes(line), line);
  await cutMiddle(path, before.length, KEPT);
  assert.equal(readFileSync(path, 'utf8'), text);
});

test('a log that fits is left alone', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'cut-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, '1.log');
  writeFileSync(path, 'x'.repeat(15_000));
  await cutMiddle(path, 0, KEPT);
  assert.equal(readFileSync(path, 'utf8').length, 15_000);
});
