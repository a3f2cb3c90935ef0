import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { load, TestIndex, temporaryFolder } from '../../testing/load.ts';

const THEIRS = {
  settings: { number_of_shards: 2, 'index.gc_deletes': '2d' },
  mappings: { date_detection: true, properties: { N: { type: 'keyword' } } },
  aliases: { 'default-etl-test-theirs': {} },
};
const content = 'n,m,d.x\n1,2,2024-01-01\n';

interface Made {
  settings: Record<string, string>;
  mappings: { subobjects?: boolean; date_detection?: boolean; properties: Record<string, { type: string }> };
  aliases: object;
}

async function templated(context: TestContext, kind: '_index_template' | '_template', body: object) {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const path = `/${kind}/own-${index.name}`;
  const made = (await index.call('PUT', path, { index_patterns: [`${index.name}*`], ...body })) as { error?: object };
  assert.equal(made.error, undefined);
  context.after(() => index.call('DELETE', path));
  const look = async (name = index.name) => {
    const found = (await index.call('GET', `/${name}?flat_settings=true`)) as Record<string, Made>;
    return Object.values(found)[0] as Made;
  };
  return { index, folder: temporaryFolder(context), look };
}

function assertComposed({ settings, mappings, aliases }: Made): void {
  assert.deepEqual(
    [settings['index.number_of_shards'], settings['index.gc_deletes'], settings['index.mapping.total_fields.limit']],
    ['2', '2d', '20000'],
  );
  assert.deepEqual(Object.keys(aliases), ['default-etl-test-theirs']);
  assert.deepEqual([mappings.subobjects, mappings.date_detection], [false, true]);
  const types = ['N', 'M', 'D.X', 'M.keyword'].map(column => mappings.properties[column]?.type);
  assert.deepEqual(types, ['keyword', 'long', 'date', 'alias']);
}

for (const priority of [undefined, 1, 299, 300, 500]) {
  test(`an index template of the user’s own, of priority ${priority ?? 'none'}, is composed with: only what it does not say is added`, async context => {
    const template = { ...(priority === undefined ? {} : { priority }), template: THEIRS };
    const { index, folder, look } = await templated(context, '_index_template', template);
    const ran = await load({ folder, content, env: index.env(5) });
    assert.equal(ran.code, 0, ran.error);
    assertComposed(await look());
    const own = await index.call('GET', `/_index_template/orchestrator-${index.name}*?filter_path=**.name`);
    assert.deepEqual(own, {}, 'none of ours goes before it, or stands beside it');
  });
}

test('a template of the old kind is composed with, too', async context => {
  const { index, folder, look } = await templated(context, '_template', THEIRS);
  const ran = await load({ folder, content, env: index.env(5) });
  assert.equal(ran.code, 0, ran.error);
  assertComposed(await look());
});

test('an index that is built anew (overwrite) is composed with a template, too', async context => {
  const { index, folder, look } = await templated(context, '_index_template', { priority: 5, template: THEIRS });
  const ran = await load({ folder, content, env: index.env(5, {}, { overwrite: true }) });
  assert.equal(ran.code, 0, ran.error);
  const { aliases, ...made } = await look(`${index.name}-5`);
  assert.deepEqual(Object.keys(aliases).toSorted(), [index.name, 'default-etl-test-theirs'].toSorted());
  assertComposed({ ...made, aliases: THEIRS.aliases });
});

test('LOAD.mappings goes before a template; a template that decides about new columns, or has objects, is left alone in that', async context => {
  const mappings = { dynamic: false, properties: { O: { properties: { P: { type: 'long' } } } } };
  const { index, folder, look } = await templated(context, '_index_template', { priority: 5, template: { mappings } });
  const env = index.env(5, {}, { mappings: { M: { type: 'keyword' } } });
  const ran = await load({ folder, content, env });
  assert.equal(ran.code, 0, ran.error);
  const { mappings: made, settings } = await look();
  assert.deepEqual([made.subobjects, Object.keys(made.properties)], [undefined, ['M', 'O']]);
  assert.equal(settings['index.gc_deletes'], '1d');
});

test('a template that an earlier version of this program left goes before none of the user’s own', async context => {
  const { index, folder, look } = await templated(context, '_index_template', { template: THEIRS });
  await index.call('PUT', `/_index_template/orchestrator-${index.name}`, {
    index_patterns: [index.name],
    priority: 300,
    template: { mappings: { properties: { OLD: { type: 'long' } } } },
  });
  const ran = await load({ folder, content, env: index.env(5) });
  assert.equal(ran.code, 0, ran.error);
  assertComposed(await look());
});

test('where nobody has a template, one of the lowest priority makes an index that someone deletes as it must be', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const ran = await load({ folder: temporaryFolder(context), content, env: index.env(5) });
  assert.equal(ran.code, 0, ran.error);
  await index.call('DELETE', `/${index.name}`);
  await index.call('PUT', `/${index.name}/_doc/1`, { N: '1' });
  const found = (await index.call('GET', `/${index.name}?flat_settings=true`)) as Record<string, Made>;
  const { settings, mappings } = found[index.name] as Made;
  assert.deepEqual([mappings.subobjects, settings['index.gc_deletes']], [false, '1d']);
  // Any of the user's own goes before it.
  const path = `/_index_template/own-${index.name}`;
  const put = (await index.call('PUT', path, { index_patterns: [`${index.name}*`], priority: 1 })) as object;
  context.after(() => index.call('DELETE', path));
  assert.deepEqual(put, { acknowledged: true });
});
