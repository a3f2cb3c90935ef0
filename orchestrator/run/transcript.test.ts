import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOUNDS, type Message } from '../../default-etl/contract.ts';
import { LIMITS } from '../bounds.ts';
import { createTranscript } from './transcript.ts';

const RESULT = { type: 'result', rows_read: 1, rows_loaded: 1, rows_rejected: 0, rows_filtered: 0, rows_deleted: 0 };

test('what can not be is left out of a message: it may be anything', () => {
  const { messages, said } = hear([
    { ...RESULT, file: { a: 1 }, code: {} },
    { ...RESULT, file: 'a.csv', code: 1e308 },
    { ...RESULT, file: 'b.csv', code: 75 },
    { type: 'progress', rows: 1, bytes: 'many', total_bytes: -1 },
    { type: 'progress', rows: 2, bytes: 5, total_bytes: 7 },
  ]);
  assert.deepEqual(
    said.results.map(({ file, code }) => [file, code]),
    [
      [undefined, undefined],
      ['a.csv', undefined],
      ['b.csv', 75],
    ],
  );
  assert.deepEqual(messages.slice(3), [
    { type: 'progress', rows: 1 },
    { type: 'progress', rows: 2, bytes: 5, total_bytes: 7 },
  ]);
});

test('numbers that are none, or no counts, make a line log text', () => {
  for (const rows of [-1, 1.5, 1e308, '7', null]) {
    const { messages, said } = hear([{ ...RESULT, rows_read: rows }]);
    assert.deepEqual([messages, said.results], [[], []]);
  }
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

test('whose rows are left is told by index and key, or not at all', () => {
  const own = { index: 'sales', FILE_KEY: 'k' };
  const { said } = hear([
    { ...RESULT, file: 'a', rows_left: [own] },
    { ...RESULT, file: 'b', rows_left: [own, null] },
    { ...RESULT, file: 'c', rows_left: [{ index: 1, FILE_KEY: 'k' }] },
    { ...RESULT, file: 'd', rows_left: Array.from({ length: BOUNDS.rowsLeft + 1 }, () => own) },
    { ...RESULT, file: 'e', rows_left: 'sales' },
  ]);
  assert.deepEqual(
    said.results.map(({ rows_left: left }) => left),
    [[own], undefined, undefined, undefined, undefined],
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
    const { output, said } = createTranscript(() => assert.fail('no message was expected'));
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
  const { output, said } = createTranscript(() => undefined);
  const name = 'x'.repeat(500_000);
  for (let file = 0; file < 500; file += 1) output(Buffer.from(JSON.stringify({ ...RESULT, file: `${file}${name}` })));
  assert(said().results.length <= LIMITS.saidBytes / name.length);
});

function hear(lines: object[]): { messages: Message[]; said: ReturnType<ReturnType<typeof createTranscript>['said']> } {
  const messages: Message[] = [];
  const { output, said } = createTranscript(message => messages.push(message));
  for (const line of lines) output(Buffer.from(JSON.stringify(line)));
  return { messages, said: said() };
}
