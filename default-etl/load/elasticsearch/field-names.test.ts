import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, TestIndex, temporaryFolder } from '../../testing/load.ts';

const OWN = [
  '_id',
  '_source',
  '_index',
  '_routing',
  '_field_names',
  '_ignored',
  '_seq_no',
  '_version',
  '_primary_term',
];
const MORE = ['_doc_count', '_tier', '_nested_path', '_ignored_source', '_data_stream_timestamp'];

test('columns with a name of Elasticsearch’s own are loaded under another one, which is told', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const names = [...OWN, ...MORE, '_id_1', '_mine'];
  const said: string[] = [];
  const ran = await load({
    folder: temporaryFolder(context),
    content: `${names.join(',')}\n${names.map((_, column) => column + 1).join(',')}\n`,
    env: index.env(5, { TRANSFORM: '[]' }),
    said: line => said.push(line),
  });
  assert.deepEqual([ran.code, ran.rejects], [0, []], ran.error);
  const [document = {}] = Object.values(await index.documents());
  const expected = names.map((name, column) => {
    const isOwn = column < names.length - 2;
    return [name === '_id' ? '_id_2' : isOwn ? `${name}_1` : name, String(column + 1)];
  });
  assert.deepEqual(document, Object.fromEntries(expected));
  assert.match(said.join(''), /^warning: _id is a name of Elasticsearch's own.*is called _id_2; the step rename/m);
  const found = (await index.call('GET', `/${index.name}/_mapping`)) as Record<
    string,
    { mappings: { properties: Record<string, { type: string }> } }
  >;
  assert.equal(found[index.name]?.mappings.properties['_id_2']?.type, 'long');
});

test('a column _id can give the documents their ids', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const env = index.env(5, { TRANSFORM: '[]' }, { id: ['_id'] });
  const ran = await load({ folder: temporaryFolder(context), content: '_id,a\nx,1\ny,2\n', env });
  assert.equal(ran.code, 0, ran.error);
  assert.deepEqual(await index.documents(), { x: { _id_1: 'x', a: '1' }, y: { _id_1: 'y', a: '2' } });
});
