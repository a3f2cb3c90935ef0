import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { kqlField, kqlValue, markdownText, urlPart } from './escape.ts';

/** Reads a QuotedString as Kibana's grammar does (grammar.peggy); throws where it ends early. */
function readQuoted(text: string): string {
  assert.match(text, /^"(?:\\[trn]|\\u[\da-fA-F]{4}|\\[\\"]|[^"])*"$/);
  return text
    .slice(1, -1)
    .replace(/\\(?:([trn])|u([\da-fA-F]{4})|([\\"]))/g, (_, space?: string, hex?: string, sign?: string) => {
      if (space !== undefined) return { t: '\t', r: '\r', n: '\n' }[space] ?? '';
      return hex === undefined ? (sign ?? '') : String.fromCharCode(Number.parseInt(hex, 16));
    });
}

test('a value in KQL is this value, whatever it holds', () => {
  assert.equal(kqlValue('JFK'), '"JFK"');
  assert.equal(kqlValue('a "b" \\ *'), String.raw`"a \"b\" \\ *"`);
  assert.equal(kqlValue('two\nlines'), String.raw`"two\nlines"`);
  assert.equal(kqlValue(-1.5), '-1.5');
  assert.equal(kqlValue(true), 'true');
  const text = fc.string({ unit: fc.constantFrom('\\', '"', 'n', 'u0041', '\n', '\t', '*', 'é', '😀', ' ', ')') });
  fc.assert(fc.property(text, value => assert.equal(readQuoted(kqlValue(value)), value)));
});

test('a field in KQL is quoted unless its name can mean nothing else', () => {
  for (const name of ['run.id', '@timestamp', 'TIME_HOUR', 'a-b', 'order']) assert.equal(kqlField(name), name);
  for (const name of ['a b', 'a*', 'a:b', 'or', 'NOT', 'true', 'null', 'é', '1', '', 'a"b', 'a{b}', '-a']) {
    assert.equal(readQuoted(kqlField(name)), name);
  }
});

test('text in Markdown stays on its line and makes no link, heading, table, image or tag', () => {
  assert.equal(markdownText('  Sales\n# of\t2024 '), String.raw`Sales \# of 2024`);
  assert.equal(markdownText('[x](javascript:1)'), String.raw`\[x\]\(javascript\:1\)`);
  assert.equal(markdownText('<img src=x>&lt;'), String.raw`\<img src\=x\>\&lt;`);
  assert.equal(markdownText('a|b `c` _d_ **e** ~f~ 1. g'), String.raw`a\|b \`c\` \_d\_ \*\*e\*\* \~f\~ 1\. g`);
  assert.equal(markdownText('Communes 😀 été'), 'Communes 😀 été');
});

test('a part of a URL can’t be taken for {{value}}, nor end the link that it stands in', () => {
  assert.equal(urlPart("{{rawValue}}/?#&'()*"), '%7B%7BrawValue%7D%7D%2F%3F%23%26%27%28%29%2A');
  assert.equal(urlPart('été\ud800'), '%C3%A9t%C3%A9%EF%BF%BD');
});
