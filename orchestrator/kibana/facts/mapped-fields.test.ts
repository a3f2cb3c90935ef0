import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mappedFields } from './mapped-fields.ts';

test('fields are told by what is done with them, below objects, too', () => {
  const { fields, leftOut } = mappedFields([
    {
      A: { type: 'keyword' },
      'A.keyword': { type: 'alias' },
      O: { properties: { N: { type: 'scaled_float' }, T: { type: 'text', fields: { keyword: { type: 'keyword' } } } } },
      T: { type: 'text' },
      D: { type: 'date', format: 'dd/MM/yyyy||strict_date' },
      K: { type: 'keyword', doc_values: false },
      L: { type: 'nested', properties: { X: { type: 'long' } } },
      R: { type: 'integer_range' },
    },
  ]);
  assert.deepEqual(
    fields.map(({ name, kind, grouped }) => [name, kind, grouped]),
    [
      ['A', 'keyword', 'A'],
      ['O.N', 'number', 'O.N'],
      ['O.T', 'text', 'O.T.keyword'],
      ['T', 'text', null],
      ['D', 'date', 'D'],
      ['K', 'keyword', null],
    ],
  );
  assert.deepEqual(fields.find(({ name }) => name === 'D')?.formats, ['dd/MM/yyyy', 'strict_date']);
  assert.deepEqual(
    leftOut.map(({ name }) => name),
    ['L', 'R'],
  );
});

test('a field of two types is left out, and told', () => {
  const { fields, leftOut } = mappedFields([{ A: { type: 'long' }, B: { type: 'long' } }, { A: { type: 'keyword' } }]);
  assert.deepEqual(
    fields.map(({ name }) => name),
    ['B'],
  );
  assert.match(leftOut[0]?.reason ?? '', /keyword in one index and long in another/);
});
