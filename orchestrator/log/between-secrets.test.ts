import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../testing/random.ts';
import { cutBetweenSecrets, placeBetweenSecrets } from './between-secrets.ts';
import { createMask } from './mask.ts';

const once = (masked: string) => masked.replaceAll(/\*+/g, '*');

test('wherever a text is cut, masking the parts shows no more than masking the whole', () => {
  const words = ['hunter22', 'ter22hun', 'pâsse€', 'h', 'un', 'ter', ' ', '\n', 'é', '😀', 'https://me:pw@host/'];
  const mask = createMask(['hunter22', 'pâsse€', 'ter22h']);
  const text = fc.array(fc.constantFrom(...words), { maxLength: 60 }).map(parts => parts.join(''));
  fc.assert(
    fc.property(text, fc.nat(1000), (whole, at) => {
      const wished = Math.min(at, whole.length);
      const place = placeBetweenSecrets(whole, wished, mask.text);
      assert.ok(place <= wished);
      assert.equal(once(mask.text(whole.slice(0, place)) + mask.text(whole.slice(place))), once(mask.text(whole)));
      const bytes = Buffer.from(whole);
      const cut = cutBetweenSecrets(bytes, Math.min(at, bytes.length), mask.text);
      const parts = [bytes.subarray(0, cut).toString(), bytes.subarray(cut).toString()] as const;
      assert.equal(parts.join(''), whole, 'no character is cut');
      assert.equal(once(parts.map(mask.text).join('')), once(mask.text(whole)));
    }),
  );
});

test('where nothing is secret a text is cut where it was wished', () => {
  assert.equal(placeBetweenSecrets('x'.repeat(100_000), 50_000, createMask(['hunter22']).text), 50_000);
});

test('a secret that is longer than what is looked at shows no more than where it is whole', () => {
  const random = createRandom(1);
  const secret = Buffer.from(Array.from({ length: 60_000 }, () => random() * 256)).toString('base64');
  const mask = createMask([secret]);
  const place = placeBetweenSecrets(`a ${secret} b`, 30_000, mask.text);
  const parts = [`a ${secret} b`.slice(0, place), `a ${secret} b`.slice(place)];
  assert.deepEqual(parts.map(mask.text), ['a ***', '*** b']);
});

test('a text that is nothing but secrets is cut without much work', () => {
  for (const [secret, text] of [
    ['aaa', 'a'.repeat(40_000)],
    ['abcabc', 'abc'.repeat(15_000)],
    ['hunter22', 'hunter22'.repeat(5_000)],
  ] as const) {
    let masked = 0;
    const mask = createMask([secret]);
    const place = placeBetweenSecrets(text, 20_001, part => {
      masked += part.length;
      return mask.text(part);
    });
    assert.deepEqual([text.slice(0, place), text.slice(place)].map(mask.text).map(once), ['*', '*'], secret);
    assert.ok(masked < 20 * text.length, `${masked}`);
  }
  const overlapping = ['ab12345cd', 'cd67890ab'];
  let calls = 0;
  const mask = createMask(overlapping);
  placeBetweenSecrets('ab12345cd67890'.repeat(5000), 30_000, part => {
    calls += 1;
    return mask.text(part);
  });
  assert.ok(calls < 200, `${calls}`);
});
