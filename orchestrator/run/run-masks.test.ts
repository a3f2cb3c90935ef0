import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dataset } from '../config/dataset.ts';
import { withoutSecrets } from '../schedule/secrets.ts';
import { RunMasks } from './run-masks.ts';

const dataset = (name: string, ...secrets: string[]) => ({ name, secrets }) as unknown as Dataset;

test('a run that prints guesses sees in its log which are its own secrets, and of nobody else’s that they are some', () => {
  const masks = new RunMasks();
  masks.learn([dataset('mine', 'my-own-secret'), dataset('theirs', 'their-secret')]);
  const guesses = `my-own-secret their-secret ${Buffer.from('their-secret').toString('base64')}`;
  assert.equal(masks.text(guesses, 'mine'), guesses.replace('my-own-secret', '***'));
  assert.equal(masks.text(guesses, 'of-neither'), guesses);
});

test('what a dataset was given before it changed, or was removed, stays hidden in its log', () => {
  const masks = new RunMasks();
  masks.learn([dataset('mine', 'former-secret')]);
  masks.learn([dataset('mine', 'newer-secret')]);
  masks.learn([]);
  assert.equal(masks.text('former-secret newer-secret', 'mine'), '*** ***');
});

test('how a run ended is told without its secrets and its connection’s, and with what it guessed', () => {
  const connections = { mask: (text: string) => text.replaceAll('run-key', '***') };
  const told = withoutSecrets('my-own-secret run-key a-guess', dataset('mine', 'my-own-secret'), connections);
  assert.equal(told, '*** *** a-guess');
});
