import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOUNDS, type Message } from '../../default-etl/contract/contract.ts';
import { LIMITS } from '../limits.ts';
import { createTranscript } from './transcript.ts';

const RESULT = { type: 'result', rows_read: 1, rows_loaded: 1, rows_rejected: 0, rows_filtered: 0, rows_deleted: 0 };
const SECRET = 'hunter22';
const mask = (text: string) => text.replaceAll(SECRET, '***');

test('what can not be is left out of a message: it may be anything', () => {
  const { messages, said } = hear([
    { ...RESULT, file: 'b.csv', code: 75 },
    { type: 'progress', rows: 1, bytes: 'many', total_bytes: -1 },
    { type: 'progress', rows: 2, bytes: 5, total_bytes: 7 },
  ]);
  assert.deepEqual(
    said.results.map(({ file, code }) => [file, code]),
    [['b.csv', 75]],
  );
  assert.deepEqual(messages.slice(1), [
    { type: 'progress', rows: 1 },
    { type: 'progress', rows: 2, bytes: 5, total_bytes: 7 },
  ]);
});

test('a result with numbers that are none, no counts or no code is none, and what is wrong with it is told', () => {
  for (const rows of [-1, 1.5, 1e308, '7', null]) {
    const { messages, said } = hear([{ ...RESULT, rows_read: rows }]);
    assert.deepEqual([messages, said.results], [[], []]);
    assert.equal(said.malformed, `rows_read is ${JSON.stringify(rows)}, no count of rows`);
  }
  const { rows_deleted: _, ...short } = RESULT;
  assert.equal(hear([short]).said.malformed, 'rows_deleted is missing, no count of rows');
  assert.equal(hear([{ ...RESULT, code: '75' }]).said.malformed, 'code is "75", no exit code');
  assert.equal(hear([{ ...RESULT, file: { a: 1 } }]).said.malformed, 'file is {"a":1}, no path');
});

test('a result that is no JSON on one line is none: with NaN, cut, or over several lines', () => {
  const text = JSON.stringify(RESULT);
  const cases = [text.replace('1', 'NaN'), text.slice(0, -20), JSON.stringify(RESULT, null, 2), `${text} done`];
  for (const printed of cases) {
    const { said } = print(printed);
    assert.deepEqual(said.results, [], printed);
    assert.match(said.malformed ?? '', /^it is no JSON object on one line: /, printed);
  }
  assert.equal(print(`  ${text}`).said.results.length, 1);
});

test('a result that comes after one that was none counts; log text about results is log text', () => {
  const text = JSON.stringify(RESULT);
  assert.equal(print(`${text.slice(0, -5)}\n${text}`).said.malformed, undefined);
  for (const other of [
    'INFO {"type":"result"} follows',
    '{"row":{"type":"result"}}',
    '"result"',
    '{"type":"results"',
  ]) {
    assert.equal(print(other).said.malformed, undefined, other);
  }
});

test('without an error line the last words of stderr are the error, however much stdout says afterwards', () => {
  const { output, errors, said } = createTranscript(() => undefined, mask);
  output(Buffer.from('reading'));
  assert.equal(said().errorText, 'reading');
  for (const line of ['Traceback…', 'KeyError: MONTANT', '  ']) errors(Buffer.from(line));
  for (const line of ['bye', '']) output(Buffer.from(line));
  assert.equal(said().errorText, 'KeyError: MONTANT');
  output(Buffer.from('{"type":"error","message":"no such column"}'));
  assert.equal(said().errorText, 'no such column');
});

test('an error is cut, and decisions beyond their bounds are none', () => {
  const decision = { name: 'encoding', value: 'utf8', confidence: 1, reason: '' };
  const many = Array.from({ length: BOUNDS.decisions + 1 }, () => decision);
  const { messages, said } = hear([
    { type: 'error', message: 'é'.repeat(BOUNDS.errorBytes) },
    { type: 'decided', decisions: many },
    { type: 'decided', decisions: [{ ...decision, value: 'x'.repeat(BOUNDS.decisionsBytes) }] },
    { type: 'decided', decisions: [decision] },
  ]);
  assert.equal(said.errorText, `${'é'.repeat(BOUNDS.errorBytes / 2)}…`);
  assert.deepEqual(
    messages.map(({ type }) => type),
    ['error', 'decided'],
  );
});

test('what is too long is cut where no secret is: it is masked only later', () => {
  const around = (most: number) => `${'x'.repeat(most - 4)}${SECRET}${'y'.repeat(most)}`;
  const { errors, said } = createTranscript(() => undefined, mask);
  errors(Buffer.from(around(4096)));
  assert.equal(said().errorText, 'x'.repeat(4092));
  const printed = hear([
    { type: 'error', message: around(BOUNDS.errorBytes) },
    { type: 'to_check', sentences: [around(BOUNDS.toCheckBytes)] },
    { ...RESULT, rows_read: around(200) },
  ]);
  assert.equal(printed.said.errorText, `${'x'.repeat(BOUNDS.errorBytes - 4)}…`);
  assert.deepEqual(printed.messages.at(-1), {
    type: 'to_check',
    sentences: [`${'x'.repeat(BOUNDS.toCheckBytes - 4)}…`],
  });
  assert.equal(printed.said.malformed, `rows_read is "${'x'.repeat(196)}…, no count of rows`);
});

test('whose rows are left is told by index and key, or not at all', () => {
  const own = { index: 'sales', FILE_KEY: 'k' };
  const { said } = hear([
    { ...RESULT, file: 'a', rows_left: [own] },
    { ...RESULT, file: 'b', rows_left: [own, null] },
    { ...RESULT, file: 'c', rows_left: [{ index: 1, FILE_KEY: 'k' }] },
    { ...RESULT, file: 'd', rows_left: Array.from({ length: BOUNDS.rowsLeft + 1 }, () => own) },
    { ...RESULT, file: 'e', rows_left: 'sales', values_left_out: -1 },
    { ...RESULT, file: 'f', values_left_out: 5 },
  ]);
  assert.deepEqual(
    said.results.map(({ rows_left: left }) => left),
    [[own], undefined, undefined, undefined, undefined, undefined],
  );
  assert.deepEqual(
    said.results.slice(4).map(({ values_left_out: values }) => values),
    [undefined, 5],
  );
});

test('of what is to be checked no more is kept than there is room for', () => {
  const { messages } = hear([
    { type: 'to_check', sentences: ['one', 2] },
    { type: 'to_check', sentences: 'one' },
    { type: 'to_check', sentences: Array.from({ length: 5000 }, (_, n) => `${n}`) },
    { type: 'to_check', sentences: ['one', 'é'.repeat(BOUNDS.toCheckBytes), 'three'] },
  ]);
  const [many, long] = messages.map(message => (message.type === 'to_check' ? message.sentences : []));
  assert.deepEqual([messages.length, many?.length, long?.length], [2, BOUNDS.toCheck, 2]);
  assert.match(long?.[1] ?? '', /^é{4000,4096}…$/);
});

test('decisions that are nested deeply are none, however deeply', () => {
  for (const levels of [20, 5_000, 200_000]) {
    const { output, said } = createTranscript(() => assert.fail('no message was expected'), mask);
    const line = `{"type":"decided","decisions":[{"name":"a","confidence":1,"reason":"","value":${'['.repeat(levels)}${']'.repeat(levels)}}]}`;
    output(Buffer.from(line));
    assert.equal(said().errorText, line.slice(0, 4096));
  }
});

test('names like those of every object’s own are names of files', () => {
  const { said } = hear([{ type: 'error', message: 'bad', file: '__proto__' }]);
  assert.deepEqual(said.saidOf?.get('__proto__')?.errorText, 'bad');
  assert.equal(said.saidOf?.get('constructor'), undefined);
});

test('of files without number that there are not, no more than a bound is kept', () => {
  const { output, said } = createTranscript(() => undefined, mask);
  const name = 'x'.repeat(500_000);
  for (let file = 0; file < 500; file += 1) output(Buffer.from(JSON.stringify({ ...RESULT, file: `${file}${name}` })));
  assert(said().results.length <= LIMITS.saidBytes / name.length);
});

function print(text: string): { said: ReturnType<ReturnType<typeof createTranscript>['said']> } {
  const { output, said } = createTranscript(() => undefined, mask);
  for (const line of text.split('\n')) output(Buffer.from(line));
  return { said: said() };
}

function hear(lines: object[]): { messages: Message[]; said: ReturnType<ReturnType<typeof createTranscript>['said']> } {
  const messages: Message[] = [];
  const { output, said } = createTranscript(message => messages.push(message), mask);
  for (const line of lines) output(Buffer.from(JSON.stringify(line)));
  return { messages, said: said() };
}
