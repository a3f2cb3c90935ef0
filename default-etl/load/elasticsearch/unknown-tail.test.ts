import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { load, TestIndex, temporaryFolder } from '../../testing/load.ts';

const table = (rows: number) => `a,b\n${Array.from({ length: rows }, (_, row) => `${row},x`).join('\n')}\n`;
const inTwoMinutes = () => new Date(Date.now() + 120_000).toISOString();

async function loaded(context: TestContext, rows: number) {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const env = index.env(5, { FILE_ROWS: '0', KNOWN_SINCE: new Date().toISOString() });
  assert.equal((await load({ folder, content: table(rows), env })).code, 0);
  const count = async () => ((await index.call('GET', `/${index.name}/_count`)) as { count: number }).count;
  return { index, folder, count };
}

test('rule 5: rows of an earlier version that nobody remembers, as after a lost DATA_DIR, are found and taken out', async context => {
  const { index, folder, count } = await loaded(context, 1_500);
  const said: string[] = [];
  // As if the index were older than the journal.
  const env = index.env(6, { FILE_ROWS: '0', KNOWN_SINCE: inTwoMinutes() });
  const ran = await load({ folder, content: table(20), env, said: line => said.push(line) });
  assert.deepEqual([ran.code, ran.result?.rows_deleted, await count()], [0, 1_480, 20], ran.error);
  assert.match(said.join(''), /^1480 rows of an earlier version of this file, of which nothing was remembered/m);
});

test('what may lie there unknown is looked for where a row was filtered, too', async context => {
  const { index, folder, count } = await loaded(context, 20);
  const TRANSFORM = JSON.stringify(['minimal', { filter: { column: 'A', equals: '3' } }]);
  const env = index.env(6, { FILE_ROWS: '0', KNOWN_SINCE: inTwoMinutes(), TRANSFORM });
  const ran = await load({ folder, content: table(20), env });
  assert.deepEqual([ran.code, await count()], [0, 1], ran.error);
});

test('in an index that was made since, and of a file that is remembered, nothing is looked for', async context => {
  const { index, folder } = await loaded(context, 300);
  const since = new Date().toISOString();
  const other = { FILE_KEY: 'OTHER', FILE_ROWS: '0', KNOWN_SINCE: since };
  for (const more of [other, { FILE_ROWS: '20', KNOWN_SINCE: inTwoMinutes() }]) {
    const before = await deletes(index);
    const ran = await load({ folder, content: table(20), env: index.env(6, more) });
    assert.deepEqual([ran.code, (await deletes(index)) - before], [0, 0], ran.error);
  }
});

async function deletes(index: TestIndex): Promise<number> {
  const { _all } = (await index.call('GET', `/${index.name}/_stats/indexing`)) as {
    _all: { primaries: { indexing: { delete_total: number } } };
  };
  return _all.primaries.indexing.delete_total;
}
