import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, TestIndex, temporaryFolder } from '../../testing/load.ts';
import { refusalReason } from './refusal-reason.ts';

const MAPPINGS = {
  WHOLE: { type: 'integer' },
  DECIMAL: { type: 'double' },
  DAY: { type: 'date', format: 'yyyy-MM-dd||dd/MM/yyyy' },
  TIME: { type: 'date' },
  FLAG: { type: 'boolean' },
  WORD: { type: 'keyword' },
  PLACE: { type: 'geo_point' },
};
const LONG = 'x'.repeat(40_000);
const REFUSED: readonly (readonly [column: keyof typeof MAPPINGS, cell: string, says: string])[] = [
  ['WHOLE', "it's [1]", `column WHOLE: "it's [1]" is not a whole number`],
  ['WHOLE', '99999999999', 'column WHOLE: "99999999999" is too large for a field of type integer'],
  ['DECIMAL', '1,5', 'column DECIMAL: "1,5" has a comma for its decimals; the step decimal_comma makes a number of it'],
  ['DECIMAL', 'abc', 'column DECIMAL: "abc" is not a number, with a point for its decimals'],
  ['DECIMAL', '1e400', 'column DECIMAL: "1e400" is no number that a field of type double can hold'],
  ['DAY', '2024/01/01', 'column DAY: "2024/01/01" is not a date as the index expects it: yyyy-MM-dd or dd/MM/yyyy'],
  ['DAY', '2024-13-01', 'column DAY: "2024-13-01" is not a date'],
  [
    'TIME',
    'soon',
    'column TIME: "soon" is not a date as the index expects it: ISO 8601 (2024-12-31) or milliseconds since 1970',
  ],
  ['FLAG', 'oui', 'column FLAG: "oui" is not true or false'],
  ['PLACE', '95, 20', 'column PLACE: the value is not a position such as "48.85, 2.35"'],
  ['WORD', LONG, 'column WORD: the value is longer than the 32,766 bytes that a keyword takes'],
];

test('what Elasticsearch refuses is said plainly, column, value and what is expected, and what it said stands behind', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const columns = Object.keys(MAPPINGS);
  const rows = REFUSED.map(([column, cell]) => columns.map(name => (name === column ? `"${cell}"` : '')).join(';'));
  const content = [columns.join(';'), ...rows, '1;;;;;;'].join('\n');
  const ran = await load({ folder: temporaryFolder(context), content, env: index.env(5, {}, { mappings: MAPPINGS }) });
  assert.equal(ran.rejects.length, REFUSED.length);
  for (const [at, [, , says]] of REFUSED.entries()) {
    const { reason = '' } = ran.rejects[at] ?? {};
    assert.equal(reason.slice(0, says.length), says);
    assert.match(reason, / \(Elasticsearch: document_parsing_exception: /);
    assert.ok(reason.length < 1_000, 'a long cell makes no long reason');
  }
});

test('a column that a strict index does not have is named', () => {
  const reason = '[1:12] mapping set to strict, dynamic introduction of [NEW] within [_doc] is not allowed';
  const said = refusalReason({ type: 'strict_dynamic_mapping_exception', reason });
  assert.match(said, /^column NEW: the index takes no new columns .*LOAD\.mappings.* \(Elasticsearch: strict_dynamic/);
});

test('what is not known is said in the words of Elasticsearch', () => {
  assert.equal(refusalReason({ type: 'odd_exception', reason: 'it rains' }), 'odd_exception: it rains');
});
