import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeAttribute, decodeCdata, decodeText } from './references.ts';

function decoded(decode: typeof decodeText, written: string): string {
  const bytes = Buffer.from(written);
  return decode(bytes, 0, bytes.length);
}

test('references and line ends are what XML says', () => {
  assert.equal(decoded(decodeText, '&lt;&amp;&gt;&apos;&quot;&#233;&#x80;\r\n\r\t&#13;'), `<&>'"é\u0080\n\n\t\r`);
  assert.equal(decoded(decodeAttribute, 'a\r\nb\tc\n&#10;'), 'a b c \n');
  assert.equal(decoded(decodeCdata, '&lt;\r\n'), '&lt;\n');
});

test('a character that is written as two halves is one', () => {
  assert.equal(decoded(decodeText, 'x&#55357;&#56832;&#xD83D;&#xDE00;'), 'x😀😀');
});

test('what stands for no character is an error', () => {
  for (const written of ['&eacute;', '&#0;', '&#X41;', '&#x;', '&#1114112;', '&;', '&#xD83D;', '&#xDE00;&#xD83D;'])
    assert.throws(() => decoded(decodeText, written), /is no character: a DTD's entities are not expanded/, written);
  assert.throws(() => decoded(decodeText, 'a & b'), /a & stands alone; it is written &amp;/);
});
