import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { MAX_LINE_BYTES } from '../lines.ts';
import { openLogFile } from './log-file.ts';

const SECRET = 'hunter22';
const CHUNK = 16 * 1024;
const mask = (text: string) => text.replaceAll(SECRET, '***');
/** A secret lies across every eighth byte of `first\n` and this. */
const LINE = `......${SECRET.repeat(350_000)}`;

function pathOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'log-file-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, '1.log');
}

async function copy(path: string, text: string, pieces: number): Promise<void> {
  const log = await openLogFile(path, 0, mask);
  for (let at = 0; at < text.length; at += pieces) {
    await log.write([{ stream: 'stdout', payload: Buffer.from(text.slice(at, at + pieces)) }]);
    assert.doesNotMatch(readFileSync(path, 'latin1'), /hunter/);
  }
  await log.end();
}

test('a secret is masked wherever it stands in a line that is written in parts', async t => {
  assert.ok(LINE.length > 2 * MAX_LINE_BYTES);
  const path = pathOf(t);
  await copy(path, `first\n${LINE}\nlast\n`, CHUNK);
  assert.equal(readFileSync(path, 'utf8'), mask(`first\n${LINE}\nlast\n`));
});

test('such a line that is followed again, and comes in other pieces, is the same', async t => {
  const path = pathOf(t);
  const begun = await openLogFile(path, 0, mask);
  for (let at = 0; at < 2 * MAX_LINE_BYTES; at += CHUNK)
    await begun.write([{ stream: 'stdout', payload: Buffer.from(LINE.slice(at, at + CHUNK)) }]);
  await begun.close();
  assert.ok(readFileSync(path).length > MAX_LINE_BYTES / 4, 'its first part is there');
  await copy(path, `${LINE}\n`, 9_000);
  assert.equal(readFileSync(path, 'utf8'), mask(`${LINE}\n`));
});

test('what had no line break is left out where there was more, and may end within a secret; else it is kept', async t => {
  for (const [cut, end] of [
    ['(cut)\n', '(cut)\n'],
    [undefined, 'and hunt\n'],
  ] as const) {
    const path = pathOf(t);
    const log = await openLogFile(path, 0, mask);
    await log.write([{ stream: 'stdout', payload: Buffer.from('first\nand hunt') }]);
    await log.end(cut);
    assert.equal(readFileSync(path, 'utf8'), `first\n${end}`);
  }
});
