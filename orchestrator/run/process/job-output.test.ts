import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { Message } from '../../../default-etl/contract/contract.ts';
import { LIMITS } from '../../limits.ts';
import { CUT_TEXT } from '../cut-log.ts';
import { JobOutput } from './job-output.ts';
import { LONGEST_LINE } from './mask-log.ts';

const SECRET = 'hunter22';

interface Bench {
  output: JobOutput;
  log(): string;
  full(): number;
}

function outputOf(t: TestContext, mostBytes = 1e9, before = ''): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'job-output-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const logFile = join(folder, 'log');
  writeFileSync(logFile, before);
  let full = 0;
  const mask = (text: string) => text.replaceAll(SECRET, '***');
  const output = new JobOutput({ logFile, mask, mostBytes, onFull: () => (full += 1) });
  return { output, log: () => readFileSync(logFile, 'latin1'), full: () => full };
}

const progress = (rows: number) => `{"type":"progress","rows":${rows}}\n`;
const rowsOf = (messages: readonly Message[]) =>
  messages.map(message => (message.type === 'progress' ? message.rows : message.type));

test('a secret is in the log at no moment, in whatever pieces it comes', t => {
  const text = `a ${SECRET}\n\u00ff ${SECRET}${SECRET}\n\n{"type":"error","message":"${SECRET}"}\nlast ${SECRET}`;
  const cuts = fc.array(fc.nat(text.length), { maxLength: 12 });
  fc.assert(
    fc.property(cuts, fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }), (places, streams) => {
      const { output, log } = outputOf(t, 1e9, 'before\n');
      const bytes = Buffer.from(text, 'latin1');
      const ends = [...places.toSorted((a, b) => a - b), bytes.length];
      ends.forEach((end, at) => {
        output.write('stdout', bytes.subarray(ends[at - 1] ?? 0, end));
        // Of the other stream, so that it can't be in the midst of a line.
        if (streams[at]) output.write('stderr', Buffer.from('e\n'));
        assert.doesNotMatch(log(), new RegExp(SECRET.slice(0, 4)));
      });
      output.end();
      const own = log().replaceAll(/^e\n/gm, '');
      assert.equal(own, text.replaceAll(SECRET, '***').replace(/^/, 'before\n'));
      // What it is told of is not in a file.
      assert.equal(output.said().errorText, SECRET);
    }),
    { numRuns: 200 },
  );
});

test('bytes that are no text go to the log as they are', t => {
  const { output, log } = outputOf(t);
  output.write('stdout', Buffer.from([0xff, 0xfe, 1, 0x7b, 10]));
  output.end();
  assert.deepEqual([...Buffer.from(log(), 'latin1')], [0xff, 0xfe, 1, 0x7b, 10]);
});

test('a line is in the log as soon as it is whole', t => {
  const { output, log } = outputOf(t);
  output.write('stdout', Buffer.from('one\ntw'));
  assert.equal(log(), 'one\n');
  output.write('stdout', Buffer.from('o\n'));
  assert.equal(log(), 'one\ntwo\n');
});

test('what is said before anybody listens is told when somebody does, of progress the newest; errors say no message', t => {
  const { output } = outputOf(t);
  const messages: Message[] = [];
  output.write('stdout', Buffer.from(progress(1) + progress(2) + `{"type":"superseded","version":3}\n`));
  output.write('stderr', Buffer.from(progress(8)));
  output.write('stdout', Buffer.from(progress(3)));
  output.listen(message => messages.push(message));
  assert.deepEqual(rowsOf(messages), [2, 'superseded', 3]);
  output.write('stdout', Buffer.from(progress(4) + progress(5)));
  output.write('stdout', Buffer.from(progress(6).trimEnd()));
  output.end();
  assert.deepEqual(rowsOf(messages), [2, 'superseded', 3, 4, 5, 6]);
});

test('what is too much is cut, which the log says, and is told once; as much as there is room for is not', t => {
  const just = outputOf(t, 10, 'before\n');
  just.output.write('stdout', Buffer.from('123456789\n'));
  just.output.end();
  assert.deepEqual([just.log(), just.full()], ['before\n123456789\n', 0]);
  const over = outputOf(t, 10, 'before\n');
  for (const line of ['1234\n', '67890\n', 'more\n']) over.output.write('stdout', Buffer.from(line));
  over.output.write('stderr', Buffer.from('more'));
  over.output.end();
  assert.deepEqual([over.log(), over.full()], [`before\n1234\n67890\n${CUT_TEXT}`, 1]);
  const atEnd = outputOf(t, 10);
  atEnd.output.write('stdout', Buffer.from('12345678901'));
  assert.equal(atEnd.full(), 0);
  atEnd.output.end();
  assert.deepEqual([atEnd.log(), atEnd.full()], [`1234567890\n${CUT_TEXT}`, 1]);
});

test('a line without end is written in parts, and takes no more memory than one part', t => {
  const { output, log, full } = outputOf(t, 3 * LONGEST_LINE);
  const chunk = Buffer.alloc(1 << 20, 'x');
  for (let bytes = 0; bytes < 2.5 * LONGEST_LINE; bytes += chunk.length) output.write('stdout', chunk);
  assert.equal(log().length, LIMITS.logHeadBytes);
  for (let bytes = 0; bytes < 2 * LONGEST_LINE; bytes += chunk.length) output.write('stdout', chunk);
  assert.equal(full(), 1);
  output.end();
  assert.ok(log().endsWith(`x\n${CUT_TEXT}`));
  assert.ok(log().length < LIMITS.logHeadBytes + LIMITS.logTailBytes + CUT_TEXT.length + 100);
});

test('no secret is in the log where a line is so long that it is written in parts', t => {
  const { output, log } = outputOf(t);
  const filler = 'x'.repeat(LONGEST_LINE - 4 - 8 * 1024);
  const text = `${filler}${SECRET}${'y'.repeat(8 * 1024 - 8)}${SECRET}${'z'.repeat(1000)}\n`;
  for (let at = 0; at < text.length; at += 1 << 20) output.write('stdout', Buffer.from(text.slice(at, at + (1 << 20))));
  output.end();
  const tail = `***${'y'.repeat(8 * 1024 - 8)}***${'z'.repeat(1000)}\n`;
  assert.ok(log().endsWith(tail));
  assert.ok(log().slice(0, -tail.length).endsWith('x'.repeat(100)));
});
