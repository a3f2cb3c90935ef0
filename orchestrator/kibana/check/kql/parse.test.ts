import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KqlError, parseKql } from './parse.ts';
import { kqlFields, kqlQuery } from './query.ts';

const queries: Array<[string, unknown]> = [
  ['', { match_all: {} }],
  ['  ', { match_all: {} }],
  ['REGION : north', { match: { REGION: 'north' } }],
  ['REGION:"north east"', { match_phrase: { REGION: 'north east' } }],
  ['REGION: *', { exists: { field: 'REGION' } }],
  ['AMOUNT >= 10.5', { range: { AMOUNT: { gte: '10.5' } } }],
  ['not REGION: north', { bool: { must_not: { match: { REGION: 'north' } } } }],
  ['REGION: nor*', { query_string: { fields: ['REGION'], query: 'nor*' } }],
  [String.raw`A\:B: "x\"y"`, { match_phrase: { 'A:B': 'x"y' } }],
  ['LONG NAME: true', { match: { 'LONG NAME': true } }],
  [
    'A: (1 or 2) AND B < 3',
    {
      bool: {
        filter: [
          { bool: { should: [{ match: { A: '1' } }, { match: { A: '2' } }], minimum_should_match: 1 } },
          { range: { B: { lt: '3' } } },
        ],
      },
    },
  ],
  // Without a space after it a word is no operator.
  ['A: 1 or', { match: { A: '1 or' } }],
  ['items: { name: x }', { nested: { path: 'items', query: { match: { name: 'x' } }, score_mode: 'none' } }],
];

for (const [text, wanted] of queries)
  test(`\`${text}\` is asked of Elasticsearch as Kibana does`, () => {
    assert.deepEqual(kqlQuery(parseKql(text)), wanted);
  });

for (const text of ['A:', 'A: (1 or', 'A: "x', ': 1', 'A: 1)', 'A > ', '(A: 1', 'A: {B: 1', 'A: <1'])
  test(`\`${text}\` is refused`, () => {
    assert.throws(() => parseKql(text), KqlError);
  });

test('the fields of a filter are told', () => {
  assert.deepEqual(kqlFields(parseKql('A: 1 or not (B > 2 and c.d: (x or y)) or free text')), ['A', 'B', 'c.d', 'c.d']);
});

test('any text is either understood or refused, in time', () => {
  const pieces = fc.constantFrom('a', ' ', ':', '"', '(', ')', ' or ', ' and ', 'not ', '*', '\\', '<', '{', '}', '1');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), parts => {
      try {
        kqlQuery(parseKql(parts.join('')));
      } catch (error) {
        assert.ok(error instanceof KqlError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
