import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Folder } from '../files/folder.ts';
import { LINE_BOUNDS, type LineBounds, type PrintedLine, readPrintedLines } from './printed-lines.ts';

const SECRET = 'the-secret-of-many-letters';
const mask = (text: string) => text.replaceAll(SECRET, '***');

async function linesOf(context: TestContext, text: string, bounds?: Partial<LineBounds>): Promise<PrintedLine[]> {
  const folder = mkdtempSync(join(tmpdir(), 'printed-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, '1.log'), text);
  return Folder.use(folder, async opened => {
    await using file = await opened.openFile('1.log');
    return await readPrintedLines(file, { mask, bounds: { ...LINE_BOUNDS, ...bounds } });
  });
}

test('of a long log the beginning and the end are told, and that something is left out between them', async context => {
  const all = Array.from({ length: 5000 }, (_, n) => `line ${n} ${'x'.repeat(50)}`);
  const lines = await linesOf(context, `${all.join('\n')}\n`, { lines: 100_000 });
  const gap = lines.findIndex(({ text }) => text.includes('left out'));
  assert.ok(gap > 100 && gap < lines.length - 100);
  assert.deepEqual(
    lines.slice(0, gap).map(({ text }) => text),
    all.slice(0, gap),
  );
  const behind = lines.slice(gap + 1).map(({ text }) => text);
  assert.deepEqual(behind, all.slice(-behind.length));
  assert.equal(new Set(lines.map(({ number }) => number)).size, lines.length, 'ids are made of the numbers');
});

test('no more lines than wanted are told, half of them from the end', async context => {
  const lines = await linesOf(context, Array.from({ length: 50 }, (_, n) => `${n}`).join('\n'), { lines: 5 });
  assert.deepEqual(
    lines.map(({ text }) => text.replace(/^\(.*\)$/, '…')),
    ['0', '1', '…', '48', '49'],
  );
});

test('a line that is too long is cut, and no part of a secret is shown where a log is', async context => {
  const text = Array.from({ length: 4000 }, (_, n) => `${'y'.repeat(n % 97)} ${SECRET}`).join(' ');
  const lines = await linesOf(context, `${text}\n${'z'.repeat(200)} ${SECRET}\n`, {
    headBytes: 1000,
    tailBytes: 600,
    longestLine: 100,
  });
  assert.ok(lines.every(line => line.text.length <= 100));
  for (let length = 6; length < SECRET.length; length += 1) {
    const shown = lines.filter(
      line => line.text.includes(SECRET.slice(0, length)) || line.text.includes(SECRET.slice(-length)),
    );
    assert.deepEqual(shown, []);
  }
});
