import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, TestIndex, temporaryFolder } from '../../testing/load.ts';

const content = `a,b\n${Array.from({ length: 50 }, (_, row) => `${row},x`).join('\n')}\n`;

/** What takes no row, whatever is in it. */
const INDICES: Record<string, readonly [body: object, says: RegExp]> = {
  'wants a routing': [
    { mappings: { _routing: { required: true } } },
    /refuses every row: .*documents with a routing \(_routing: \{required: true\}\).*routing_missing_exception/,
  ],
  'takes no new columns': [
    { mappings: { dynamic: 'strict', properties: { A: { type: 'keyword' } } } },
    /refuses every row alike, which is no fault of the file: column B: .*dynamic: strict/,
  ],
  'has an alias of the column’s name': [
    { mappings: { properties: { B: { type: 'alias', path: 'C' }, C: { type: 'keyword' } } } },
    /column B: the index has it as an alias of another field/,
  ],
  'has an object of the column’s name': [
    { mappings: { properties: { B: { properties: { C: { type: 'keyword' } } } } } },
    /column B: the index has an object of that name/,
  ],
  'wants a timestamp': [{ settings: { 'index.mode': 'logsdb' } }, /timestamp field \[@timestamp\] is missing/],
};

for (const [what, [body, says]] of Object.entries(INDICES)) {
  test(`an index that ${what} is no fault of the file: 78, however few rejects are allowed`, async context => {
    const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
    await index.call('PUT', `/${index.name}`, body);
    for (const options of [{}, { max_rejects: 1 }]) {
      const ran = await load({ folder: temporaryFolder(context), content, env: index.env(5, {}, options) });
      assert.equal(ran.code, 78, ran.error);
      assert.match(ran.error, says);
    }
  });
}

test('values that no row has right are the file’s: 65, and the rows can be mended', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  await index.call('PUT', `/${index.name}`, { mappings: { properties: { B: { type: 'date' } } } });
  const ran = await load({ folder: temporaryFolder(context), content, env: index.env(5) });
  assert.deepEqual([ran.code, ran.rejects.length], [65, 50], ran.error);
});

test('where the index takes some rows, those that it does not are rejects', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  await index.call('PUT', `/${index.name}`, {
    mappings: { dynamic: 'strict', properties: { A: { type: 'keyword' } } },
  });
  const rows = '{"a":1,"b":2}\n{"a":3}\n';
  const ran = await load({ folder: temporaryFolder(context), name: 'in.ndjson', content: rows, env: index.env(5) });
  assert.deepEqual([ran.code, ran.rejects.map(({ row }) => row)], [0, [1]], ran.error);
});
