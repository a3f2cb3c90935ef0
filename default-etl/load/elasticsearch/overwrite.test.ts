import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, TestIndex, temporaryFolder } from '../../testing/load.ts';
import { proxyTo } from '../../testing/proxy.ts';

const lines = (count: number) => `a\n${Array.from({ length: count }, (_, row) => row + 1).join('\n')}\n`;

test('rule 11: over many switches a reader that counts all the time sees the old number or the new one, in order', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const other = `${index.name}-all`;
  const env = (version: number) => index.env(version, {}, { overwrite: true, aliases: [other] });
  const versions = Array.from({ length: 6 }, (_, at) => at + 5);
  // As many rows as its version says, so that each answer tells which version was read.
  await load({ folder, content: lines(5), env: env(5) });
  const seen: number[] = [];
  const strange: string[] = [];
  let reads = true;
  const count = async (name: string) => {
    const answer = await index.call('GET', `/${name}/_count?filter_path=count,error,status`);
    const { count: found } = answer as { count?: number };
    if (found === undefined) strange.push(JSON.stringify(answer));
    else seen.push(found);
  };
  const reader = (async () => {
    while (reads) {
      await count(index.name);
      await count(other);
    }
  })();
  try {
    for (const version of versions.slice(1)) {
      const ran = await load({ folder, content: lines(version), env: env(version) });
      assert.equal(ran.code, 0, ran.error);
    }
  } finally {
    reads = false;
    await reader;
  }
  assert.deepEqual(strange, []);
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
  assert.deepEqual(
    seen.filter(found => !versions.includes(found)),
    [],
  );
  assert.ok(new Set(seen).size > 2, `the reader saw ${[...new Set(seen)].join(', ')}`);
});

test('rule 7: rows that a step filters are no rejects; those a step rejects count for max_rejects, and what was loaded is taken back', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const content = 'k,n\nkeep,1\nkeep,x\ndrop,3\nkeep,4\n';
  const TRANSFORM = JSON.stringify([
    'minimal',
    { types: { columns: { N: 'integer' }, on_error: 'reject' } },
    { filter: { column: 'K', equals: 'keep' } },
  ]);
  const env = (version: number, most: number | string) =>
    index.env(version, { TRANSFORM, FILE_ROWS: '4' }, { max_rejects: most });
  const ran = await load({ folder, content, env: env(5, 1) });
  assert.deepEqual(
    ran.result,
    { rows_read: 4, rows_loaded: 2, rows_rejected: 1, rows_filtered: 1, rows_deleted: 0 },
    ran.error,
  );
  assert.deepEqual(
    ran.rejects.map(({ row, line, raw }) => ({ row, line, raw })),
    [{ row: 2, line: 3, raw: 'keep,x' }],
  );
  // Numbers that a step made are numbers, in the document and in the mapping.
  assert.deepEqual(Object.values(await index.documents()), [
    { K: 'keep', N: 1 },
    { K: 'keep', N: 4 },
  ]);
  assert.match(JSON.stringify(await index.call('GET', `/${index.name}/_mapping`)), /"N":\{"type":"long"/);
  for (const [version, most] of [
    [6, 0],
    [7, '24%'],
  ] as const) {
    const refused = await load({ folder, content, env: env(version, most) });
    assert.equal(refused.code, 65);
    assert.match(refused.error, /1 of \d rows rejected, more than LOAD\.max_rejects/);
    assert.deepEqual(await index.documents(), {});
  }
  assert.equal((await load({ folder, content, env: env(8, '25%') })).code, 0);
});

test('rule 11: an attempt after the alias was moved that fails leaves the alias as it is', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const env = (options = {}) => index.env(5, {}, { overwrite: true, ...options });
  await load({ folder, content: lines(3), env: env() });
  const again = await load({ folder, content: 'a,b\n1,v\n2,v,w\n', env: env({ max_rejects: 0 }) });
  assert.equal(again.code, 65);
  assert.equal(Object.keys((await index.call('GET', `/${index.name}/_alias`)) as object).length, 1);
});

test('rule 11: an overwrite of an index with signs in its name leaves no template behind', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const name = `${index.name}-é+%`;
  const LOAD = JSON.stringify({ index: name, overwrite: true });
  const ran = await load({ folder: temporaryFolder(context), content: lines(1), env: index.env(5, { LOAD }) });
  assert.equal(ran.code, 0, ran.error);
  const templates = await index.call('GET', `/_index_template/orchestrator-${index.name}*?filter_path=**.name`);
  assert.deepEqual(templates, {});
});

test('rule 11: answers that are lost on the way change nothing', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const lost = new Set<string>();
  const ELASTICSEARCH_NODE = await proxyTo(context, index.node, ({ method, url = '' }) => {
    const what = `${method} ${url.replace(/\?.*/, '')}`;
    // Done, but the first answer to each is never heard.
    if (lost.has(what)) return true;
    lost.add(what);
    return false;
  });
  // The first overwrite replaces an index that has the alias's own name.
  await index.call('PUT', `/${index.name}/_doc/old`, { A: 'old' });
  for (const version of [5, 6]) {
    const env = index.env(version, { ELASTICSEARCH_NODE, FILE_KEY: `K${version}` }, { overwrite: true });
    const ran = await load({ folder: temporaryFolder(context), content: lines(version), env });
    assert.equal(ran.code, 0, ran.error);
    assert.equal(Object.keys(await index.documents()).length, version);
  }
  assert.deepEqual(Object.keys((await index.call('GET', `/${index.name}*`)) as object), [`${index.name}-6`]);
  assert.ok(lost.has('POST /_aliases') && lost.has(`PUT /${index.name}-6`) && lost.has(`POST /${index.name}-6/_bulk`));
});
