import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLogger } from '../log.ts';
import { createRandom } from '../testing/random.ts';
import { createMask } from './mask.ts';

const HIDDEN = '***';
const random = createRandom(1);
const letters = (count: number) =>
  Buffer.from(Array.from({ length: count }, () => random() * 256))
    .toString('base64url')
    .slice(0, count);

test('a secret of any length is hidden whole, in each form, and so are its pieces', () => {
  for (const length of [49, 64, 101, 1000, 20_000, 128 * 1024]) {
    const secret = `${letters(length - 4)}"<&é`;
    const mask = createMask([secret]);
    for (const text of [secret, JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('hex')])
      assert.equal(mask.text(`a ${text} b`), `a ${HIDDEN} b`, String(length));
    if (length < 101) continue;
    assert.equal(mask.text(`a ${secret.slice(5, 35)} b`), `a ${HIDDEN} b`, String(length));
    const wrapped = Buffer.from(secret).toString('base64').replace(/.{76}/g, '$&\n');
    assert.ok(
      mask
        .text(wrapped)
        .split('\n')
        .slice(0, -1)
        .every(line => line === HIDDEN),
      String(length),
    );
  }
});

test('what is cut off of a long secret at both ends leaves no more than its last few characters', () => {
  const secret = letters(3000);
  const mask = createMask([secret]);
  const range = fc.tuple(fc.nat(2900), fc.integer({ min: 23, max: 100 }));
  fc.assert(
    fc.property(range, ([from, length]) => {
      assert.equal(mask.text(`: ${secret.slice(from, from + length)} :`), `: ${HIDDEN} :`);
    }),
  );
});

test('of many secrets any is hidden, as a search for each would hide it', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 3, maxLength: 7 });
  fc.assert(
    fc.property(
      fc.array(text, { minLength: 1, maxLength: 8 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 60 }),
      (secrets, line) => {
        const hidden = Array.from(line, () => false);
        for (const secret of secrets)
          for (let at = line.indexOf(secret); at >= 0; at = line.indexOf(secret, at + 1))
            hidden.fill(true, at, at + secret.length);
        const shown = Array.from(line)
          .filter((_, at) => !hidden[at])
          .join('');
        assert.equal(createMask(secrets).text(line).replaceAll(HIDDEN, ''), shown);
      },
    ),
  );
});

test('the time that a text takes grows neither with the length nor with the number of secrets, whatever they are', () => {
  const lines = Array.from({ length: 18_000 }, () => letters(6)).join('\n');
  const many = Array.from({ length: 2000 }, (_, index) => `aaaaaaaaaa${index}`);
  for (const secrets of [[`${'a'.repeat(3000)}b`, 'a'.repeat(3000)], [lines], many]) {
    const mask = createMask(secrets);
    mask.text('it is made ready');
    const begun = performance.now();
    mask.text('a'.repeat(200_000));
    assert.ok(performance.now() - begun < 400, `${performance.now() - begun} ms`);
  }
});

test('a secret as long as it may be, and lines without end, are logged past, and in no error', async () => {
  let text = '';
  const stream = new PassThrough().on('data', (chunk: Buffer) => void (text += String(chunk)));
  const log = createLogger({
    level: 'info',
    terminal: true,
    colour: false,
    stream,
    elasticsearch: null,
  });
  const secret = letters(20_000);
  const begun = performance.now();
  log.addSecrets([secret, Array.from({ length: 140_000 }, () => letters(6)).join('\n')]);
  log.error('it failed', { error: new Error(`with ${secret}`) });
  await log.close();
  assert.ok(performance.now() - begun < 8000, `${performance.now() - begun} ms`);
  assert.match(text, /it failed/);
  assert.ok(!text.includes(secret.slice(100, 130)), text.slice(0, 300));
});

test('what can’t be masked is not shown, and nothing is thrown', () => {
  const mask = createMask(['hunter2', undefined as unknown as string]);
  assert.doesNotMatch(mask.text('it is hunter2'), /hunter2/);
});

test('secrets without end are not kept: the newest of them are hidden', () => {
  const mask = createMask(['of-the-start']);
  for (let round = 0; round < 12; round += 1)
    mask.add(Array.from({ length: 1000 }, (_, index) => `secret-${round}-${index}x`));
  assert.equal(mask.text('of-the-start secret-11-999x secret-9-0x'), `${HIDDEN} ${HIDDEN} ${HIDDEN}`);
});
