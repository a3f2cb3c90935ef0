import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMask } from './mask.ts';

const HIDDEN = '***';
/** What programs write of a secret. */
const WRITERS: Record<string, (secret: string) => string> = {
  'as it is': secret => secret,
  'in JSON': secret => JSON.stringify({ a: secret }).slice(6, -2),
  'in JSON within JSON': secret => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  'in a URL': encodeURIComponent,
  'in a URL, in small letters': secret => encodeURIComponent(secret).replace(/%../g, code => code.toLowerCase()),
  'in a form': secret => new URLSearchParams({ a: secret }).toString().slice(2),
  'in hex': secret => Buffer.from(secret).toString('hex'),
  'in XML': secret =>
    secret
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/"/g, '&quot;')
      .replace(/'/g, '&#39;'),
  'quoted for a shell': secret => secret.replaceAll("'", String.raw`'\''`),
};
const secrets = fc
  .string({ unit: 'grapheme', minLength: 8, maxLength: 40 })
  .filter(text => text.trim().length >= 8 && text.trim() === text && !text.includes('*'));

for (const [how, write] of Object.entries(WRITERS)) {
  test(`a secret is hidden whole ${how}`, () => {
    fc.assert(
      fc.property(secrets, secret => {
        assert.equal(createMask([secret]).text(`a ${write(secret)} b`), `a ${HIDDEN} b`);
      }),
    );
  });
}

test('a secret with the marks on which URLs and forms differ is hidden in both', () => {
  const secret = `a~b*c'd(e)f g!`;
  for (const how of ['in a URL', 'in a form'])
    assert.equal(createMask([secret]).text(`a ${WRITERS[how]?.(secret)} b`), `a ${HIDDEN} b`, how);
});

test('in base64 no more than a character at each end is left of a secret, whatever stands before and behind it', () => {
  const around = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(secrets, around, around, fc.boolean(), (secret, before, behind, isUrl) => {
      const text = Buffer.from(before + secret + behind).toString(isUrl ? 'base64url' : 'base64');
      const shown = createMask([secret]).text(text);
      const own = Buffer.byteLength(before) + Buffer.byteLength(behind);
      assert.ok(shown.includes(HIDDEN), shown);
      assert.ok(shown.replace(HIDDEN, '').length <= Math.ceil((own * 8) / 6) + 4, `${text} → ${shown}`);
    }),
  );
});

test('a shell’s own ways to write a secret hide it', () => {
  const secret = `p'a"s\\s $w\`o*rd&<é`;
  const mask = createMask([secret]);
  const bash = (script: string) => execFileSync('bash', ['-c', script, 'bash', secret], { encoding: 'utf8' });
  for (const script of [
    'printf %s "$1"',
    'printf %s "$1" | base64',
    'printf "user:%s" "$1" | base64',
    'printf %s "$1" | xxd -p -c 99',
  ]) {
    const shown = mask.text(bash(script));
    assert.match(shown, /\*\*\*/, script);
  }
});

test('a secret of several lines is hidden line by line, and where a shell makes one line of it', () => {
  const secret = 'first line of a key\nsecond line of a key\nthird line of a key';
  const mask = createMask([secret]);
  assert.equal(mask.text('x second line of a key y'), `x ${HIDDEN} y`);
  assert.equal(mask.text(`x ${secret.replaceAll('\n', ' ')} y`), `x ${HIDDEN} y`);
});

test('ordinary text is left as it is', () => {
  const mask = createMask(['hunter2', 'abc']);
  const text = 'loaded 12,345 rows of sales/january.csv (2026-11-30T10:00:00Z) in 616 ms: YWJ j aW 616162 %61';
  assert.equal(mask.text(text), text);
});
