import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sourceColumns } from './source-texts.ts';

test('columns come in the order in which a document has them, those that are numbers, too', () => {
  const answer =
    '{"hits":{"hits":[{"_source":{"2024":"1","b":null,"2019":2.50,"a":"x"}},{"_source":{"c":[1,{"_source":{"d":1}}]}}]}}';
  assert.deepEqual(
    sourceColumns(answer).map(columns => [...columns]),
    [
      [
        ['2024', '1'],
        ['b', null],
        ['2019', '2.50'],
        ['a', 'x'],
      ],
      [['c', '[1,{"_source":{"d":1}}]']],
    ],
  );
});

test('whatever names and values are, the columns are those of the document', () => {
  const value = fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.integer(), fc.boolean(), fc.constant(null));
  const entries = fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary', maxLength: 12 }), value), {
    selector: ([name]) => name,
    maxLength: 8,
  });
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 4 }), documents => {
      const sources = documents.map(
        document => `{${document.map(([name, cell]) => `${JSON.stringify(name)}:${JSON.stringify(cell)}`).join(',')}}`,
      );
      const answer = `{"hits":{"hits":[${sources.map(source => `{"_source":${source}}`).join(',')}]}}`;
      const found = sourceColumns(answer).map(columns => [...columns]);
      assert.deepEqual(
        found,
        documents.map(document => document.map(([name, cell]) => [name, cell === null ? null : String(cell)])),
      );
    }),
  );
});

test('of an answer that is cut off the whole documents are told', () => {
  const answer = '{"hits":{"hits":[{"_source":{"a":"1"}},{"_source":{"a":"2","b":"x"}}]}}';
  for (let end = 0; end < answer.length; end++) {
    const found = sourceColumns(answer.slice(0, end));
    assert.ok(
      found.every((columns, position) => columns.get('a') === String(position + 1)),
      `cut at ${end}`,
    );
  }
});
