import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { BOUNDS } from './bounds.ts';
import { EtlFailure } from './failure.ts';
import { fittingJson, shortenedJson } from './fitting.ts';
import { parseMessage } from './protocol.ts';
import { Rejects } from '../run/rejects.ts';
import { createReporter } from './report.ts';
import { load, temporaryFolder } from '../testing/load.ts';

const LINE_END_BYTES = 1;

function refusal(pattern: RegExp): (error: unknown) => boolean {
  return error => error instanceof EtlFailure && error.exitCode === 65 && pattern.test(error.message);
}

function bytesAsJson(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

test('of a text as much is kept as JSON has room for, whatever its characters become there', () => {
  const unit = fc.constantFrom('a', 'é', '€', '😀', '"', '\\', '\n', '\0', '\x1b', '\x7f', '\ud800', '\udc00');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 30 }), fc.integer({ min: 3, max: 120 }), (text, most) => {
      const fitting = fittingJson(text, most);
      assert.ok(text.startsWith(fitting) && bytesAsJson(fitting) <= most);
      if (fitting !== text) assert.ok(bytesAsJson(text) > most);
      assert.ok(bytesAsJson(shortenedJson(text, most)) <= most);
    }),
  );
});

test('a row of control characters, six bytes each in JSON, is cut and says so; one of the usual length stays whole', async t => {
  const folder = temporaryFolder(t);
  const row = `3,4,${'\x01'.repeat(BOUNDS.rejectRawBytes)}`;
  const ran = await load({ folder, content: `a,b\n1,2\n${row}\n5,6,7\n` });
  assert.deepEqual([ran.code, ran.result?.rows_rejected, ran.result?.rows_loaded], [0, 2, 1]);
  const [cut, whole] = ran.rejects;
  assert.equal(cut?.raw_cut, true);
  assert.ok(row.startsWith(cut.raw) && bytesAsJson(cut.raw) > BOUNDS.rejectRawBytes - 6);
  assert.deepEqual([whole?.raw, whole?.raw_cut], ['5,6,7', undefined]);
  assert.ok(statSync(join(ran.workDir, 'rejects.ndjson')).size < BOUNDS.rejectLineBytes);
});

test('a widest row of a workbook is kept whole', () => {
  const wide = Array.from({ length: 16_384 }, (_, column) => `value ${column}`).join(';');
  assert.equal(fittingJson(wide, BOUNDS.rejectRawBytes), wide);
});

test('no line is longer than a line may be, though name, reason and text are as long as they get', t => {
  const folder = temporaryFolder(t);
  const rejects = new Rejects(folder, []);
  const long = '\0'.repeat(1 << 20);
  rejects.add({ row: 1, line: 1, reason: long, raw: long });
  rejects.close();
  assert.ok(statSync(join(folder, 'rejects.ndjson')).size <= BOUNDS.rejectLineBytes);
});

test('where the rejects would take more than their file may, the run can never succeed: none is left out without a word', t => {
  const folder = temporaryFolder(t);
  const mostBytes = 1 << 20;
  const rejects = new Rejects(folder, [], mostBytes);
  const reject = { line: 1, reason: 'bad', raw: 'x'.repeat(300_000) };
  for (let row = 1; row <= 3; row++) rejects.add({ row, ...reject });
  rejects.assertWritten();
  for (let row = 4; row <= 9; row++) rejects.add({ row, ...reject });
  assert.throws(
    () => rejects.assertWritten(),
    refusal(/, 9, take more than the 1 MB that rejects\.ndjson may have \(row 1: bad\)/),
  );
  rejects.close();
  const { size } = statSync(join(folder, 'rejects.ndjson'));
  assert.ok(size <= mostBytes && size > mostBytes / 2);
});

test('what is said on stdout keeps to a line, however long names, values and errors are, and stays a message', () => {
  const lines: string[] = [];
  const reporter = createReporter(line => lines.push(line), 'in/a.csv');
  const long = '\0'.repeat(1 << 21);
  const value = Object.fromEntries(
    Array.from({ length: 5000 }, (_, index) => [`${index}${long.slice(0, 1000)}`, long]),
  );
  const decisions = Array.from({ length: 3000 }, (_, index) => ({
    name: `d${index}`,
    value: index % 3 === 0 ? value : index % 3 === 1 ? long : [1, long],
    confidence: 1,
    reason: long,
  }));
  reporter.decided(decisions);
  reporter.error(long);
  reporter.log(long);
  for (const line of lines) assert.ok(Buffer.byteLength(line) <= BOUNDS.stdoutLineBytes + LINE_END_BYTES);
  const messages = lines.map(parseMessage).filter(message => message !== undefined);
  assert.deepEqual(
    messages.map(({ type }) => type),
    ['decided', 'error'],
  );
  const [decided] = messages;
  assert.ok(decided?.type === 'decided' && decided.decisions.length <= BOUNDS.decisions);
  const others = decided.decisions.at(-1);
  assert.deepEqual([others?.name, others?.value], ['others', 3001 - decided.decisions.length]);
  assert.match(decided.decisions[0]?.reason ?? '', /…; the value is shortened$/);
});

test('decisions that fit are said as they are', () => {
  const lines: string[] = [];
  const types = Object.fromEntries(Array.from({ length: 1000 }, (_, column) => [`column number ${column}`, 'keyword']));
  const decisions = [
    { name: 'types', value: types, confidence: 0.5, reason: 'seen' },
    { name: 'delimiter', value: ';', confidence: 1, reason: 'found' },
  ];
  createReporter(line => lines.push(line)).decided(decisions);
  assert.deepEqual(parseMessage(lines.at(-1) as string), { type: 'decided', decisions });
});

test('how rejects are read is kept only where it is no longer than it may be', async t => {
  const folder = temporaryFolder(t);
  const ran = await load({ folder, content: 'a,b\n1,2,3\n4,5\n' });
  const table = JSON.parse(readFileSync(join(ran.workDir, 'rejects.json'), 'utf8')) as { headers: unknown };
  assert.deepEqual(table.headers, [{ row: 1, columns: ['a', 'b'] }]);
});
