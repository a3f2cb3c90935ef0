import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectEngine } from './engine.ts';
import { engineError } from './engine-errors.ts';
import { systemClock } from '../../clock.ts';

const kindAnd = (error: unknown) => {
  const { kind, message } = engineError(error, 'unix:///e.sock', 'it failed');
  return [kind, message];
};

test('an engine that does not answer is waited for', async () => {
  for (const host of ['unix:///nowhere/e.sock', 'http://127.0.0.1:1']) {
    const error = await connectEngine(host, systemClock)
      .docker.version()
      .catch((thrown: unknown) => thrown);
    assert.equal(kindAnd(error)[0], 'wait');
  }
  assert.equal(kindAnd(new DOMException('too late', 'TimeoutError'))[0], 'wait');
  assert.equal(kindAnd(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }))[0], 'wait');
});

test('a mistake of our own is not taken for the engine’s, and not waited for', () => {
  assert.deepEqual(kindAnd(new RangeError('Maximum call stack size exceeded')), [
    'bug',
    'it failed: Maximum call stack size exceeded',
  ]);
  const argument = Object.assign(new TypeError('no string'), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.equal(kindAnd(argument)[0], 'bug');
  assert.equal(kindAnd(new Error('no code'))[0], 'bug');
});
