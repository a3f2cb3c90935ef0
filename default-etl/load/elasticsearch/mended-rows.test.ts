import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { documentId } from '../../contract/protocol.ts';
import { load, type Ran, temporaryFolder, TestIndex } from '../../testing/load.ts';

/** Column A takes numbers. */
const BAD = 'a,b\nno,v\nnone,v\nneither,v\n';
const id = (row: number, key = 'KEY') => documentId(key, row);

test('rule 12: of a file that was rejected as a whole, the first mended rows take the place of the former version', async context => {
  const { index, ids, loadFile, mend } = setUp(context);
  await loadFile(5, 'a,b\n1,v\n2,v\n3,v\n4,v\n');
  const bad = await loadFile(6, BAD, { FILE_ROWS: '4' });
  assert.deepEqual([bad.code, bad.rejects.length], [65, 3]);
  assert.equal((await ids()).length, 4);

  const REPLACES = JSON.stringify([{ index: index.name, FILE_KEY: 'OLD', FILE_ROWS: 1 }]);
  await index.call('PUT', `/${index.name}/_doc/${id(1, 'OLD')}?version=1&version_type=external_gte&refresh=true`, {});
  const ran = await mend(7, [3, 2], { FILE_ROWS: '4', MEND_REPLACES: 'true', REPLACES });
  assert.deepEqual(ran.result, { rows_read: 2, rows_loaded: 2, rows_rejected: 0, rows_filtered: 0, rows_deleted: 3 });
  assert.deepEqual(await ids(), [id(2), id(3)]);

  await mend(8, [1], { FILE_ROWS: '4' });
  assert.deepEqual(await ids(), [id(1), id(2), id(3)]);
});

test('rule 7: of a file that was rejected as a whole a former version’s rows stay, whatever share max_rejects allows', async context => {
  const { ids, loadFile } = setUp(context, { max_rejects: '10%' });
  await loadFile(5, 'a,b\n1,v\n2,v\n');
  const bad = await loadFile(6, BAD, { FILE_ROWS: '2' });
  assert.deepEqual([bad.code, bad.rejects.length, await ids()], [65, 3, [id(1), id(2)]]);
  assert.match(bad.error, /none of the 3 rows could be loaded/);
});

test('rule 12: mended rows of which none can be loaded replace nothing', async context => {
  const { ids, loadFile, mend } = setUp(context);
  await loadFile(5, 'a,b\n1,v\n2,v\n');
  const ran = await mend(7, [1], { FILE_ROWS: '2', MEND_REPLACES: 'true' }, 'no number');
  assert.deepEqual(ran.result, { rows_read: 1, rows_loaded: 0, rows_rejected: 1, rows_filtered: 0, rows_deleted: 0 });
  assert.deepEqual(await ids(), [id(1), id(2)]);
});

test('rule 11: with overwrite the mended rows of a file that was rejected as a whole are in a new index, which is the alias’s', async context => {
  const { index, ids, loadFile, mend } = setUp(context, { overwrite: true });
  await loadFile(5, 'a,b\n1,v\n2,v\n');
  assert.equal((await loadFile(6, BAD)).code, 65);
  assert.deepEqual(await namesOf(index), [`${index.name}-5`]);
  await mend(7, [3], { MEND_REPLACES: 'true', MENDED_VERSION: '6' });
  assert.deepEqual([await namesOf(index), await ids()], [[`${index.name}-6`], [id(3)]]);
  await mend(8, [1], { MENDED_VERSION: '6' });
  assert.deepEqual([await namesOf(index), await ids()], [[`${index.name}-6`], [id(1), id(3)]]);
});

test('rule 11: mended rows are not added to an index that a newer file has built since', async context => {
  for (const MEND_REPLACES of ['true', 'false']) {
    const { index, ids, loadFile, mend } = setUp(context, { overwrite: true });
    await loadFile(6, 'a,b\n1,v\n');
    const ran = await mend(7, [3], { FILE_KEY: 'OTHER', MEND_REPLACES, MENDED_VERSION: '5' });
    assert.equal(ran.code, 65);
    assert.match(ran.error, /holds the rows of a newer file \(LOAD\.overwrite\); replay/);
    assert.deepEqual([await namesOf(index), await ids()], [[`${index.name}-6`], [id(1)]]);
  }
});

test('rule 11: mended rows are added to the index that a later file of the same folder has built', async context => {
  const { index, ids, loadFile, mend } = setUp(context, { overwrite: true });
  await loadFile(6, 'a,b\n1,v\n');
  const ran = await mend(7, [3], { FILE_KEY: 'OTHER', MENDED_VERSION: '5', MENDED_UNTIL: '6' });
  assert.equal(ran.code, 0, ran.error);
  assert.deepEqual([await namesOf(index), await ids()], [[`${index.name}-6`], [id(1), id(3, 'OTHER')]]);
});

function setUp(context: TestContext, options: Record<string, unknown> = {}) {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const settings = { mappings: { A: { type: 'long' } }, ...options };
  return {
    index,
    ids: async () => Object.keys(await index.documents()),
    loadFile: (version: number, content: string, more = {}): Promise<Ran> =>
      load({ folder, content, env: index.env(version, more, settings) }),
    mend: (version: number, rows: number[], more = {}, a = '1'): Promise<Ran> => {
      const content = rows.map(row => JSON.stringify({ row, record: { A: a, B: 'mended' } })).join('\n');
      const env = index.env(version, { ACTION: 'mend', ...more }, settings);
      return load({ folder, name: 'mend.ndjson', content, env });
    },
  };
}

async function namesOf(index: TestIndex): Promise<string[]> {
  return Object.keys((await index.call('GET', `/${index.name}*`)) as object);
}
