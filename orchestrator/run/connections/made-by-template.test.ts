import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '@elastic/elasticsearch';
import { makeByTemplate } from './made-by-template.ts';

const node = process.env['ELASTICSEARCH_NODE'];

for (const [what, mappings, subobjects] of [
  ['by a template that says nothing of it names with points are names', { properties: { N: { type: 'long' } } }, false],
  ['by one that has objects they are paths', { properties: { O: { properties: { P: { type: 'long' } } } } }, undefined],
  ['by one that has nested fields they are paths', { properties: { O: { type: 'nested' } } }, undefined],
] as const)
  test(`an index that somebody has a template for is made by it: ${what}`, async t => {
    if (!node) throw new Error('ELASTICSEARCH_NODE is not set: npm test starts an Elasticsearch and sets it');
    const client = new Client({ node });
    const index = `made-by-template-test-${process.pid}-${what.length}`;
    t.after(async () => {
      await client.indices.delete({ index }, { ignore: [404] });
      await client.indices.deleteIndexTemplate({ name: index }, { ignore: [404] });
      await client.close();
    });
    await makeByTemplate(client, index);
    assert.equal(await client.indices.exists({ index }), false, 'nobody has one');
    await client.indices.putIndexTemplate({
      name: index,
      index_patterns: [index],
      priority: 1,
      template: { mappings },
    });
    await makeByTemplate(client, index);
    const found = await client.indices.getMapping({ index });
    const made = found[index]?.mappings as { subobjects?: boolean; properties: object };
    assert.deepEqual([made.subobjects, Object.keys(made.properties)], [subobjects, Object.keys(mappings.properties)]);
  });
