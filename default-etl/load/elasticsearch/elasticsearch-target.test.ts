import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { waitFor } from '../../../orchestrator/testing/wait-for.ts';
import { load, TestIndex, temporaryFolder } from '../../testing/load.ts';
import { proxyTo } from '../../testing/proxy.ts';

const id = (row: number) => `KEY-${String(row).padStart(10, '0')}`;
const lines = (count: number, text = 'v') =>
  `a,b\n${Array.from({ length: count }, (_, row) => `${row + 1},${text}`).join('\n')}\n`;

test('rule 3: a row is one document with its columns and nothing else, under an id of file key and row', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const content = ' Nom é ,a,a,\n" 75 ","x ""y""\n\\",NA,01\n,,null,\n';
  const ran = await load({ folder: temporaryFolder(context), content, env: index.env(5) });
  assert.equal(ran.code, 0, ran.error);
  assert.deepEqual(await index.documents(), {
    [id(1)]: { 'NOM É': ' 75 ', A: 'x "y"\n\\', 'A.1': 'NA', 'UNNAMED: 3': '01' },
    [id(2)]: { 'NOM É': null, A: null, 'A.1': 'null', 'UNNAMED: 3': null },
  });
});

test('rule 4: an attempt that is repeated writes the same rows under the same version', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  await load({ folder, content: lines(3), env: index.env(5) });
  const first = await index.documents();
  const ran = await load({ folder, env: index.env(5, { ATTEMPT: '2', FILE_ROWS: '3' }) });
  assert.deepEqual([ran.code, ran.result?.rows_loaded, ran.result?.rows_deleted], [0, 3, 0]);
  assert.deepEqual(await index.documents(), first);
});

test('REFRESH: later leaves the index as searches see it to whoever started the run', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const count = async () => ((await index.call('GET', `/${index.name}/_count`)) as { count: number }).count;
  await index.call('PUT', `/${index.name}`, { settings: { 'index.refresh_interval': '-1' } });
  const ran = await load({ folder, content: lines(3), env: index.env(5, { REFRESH: 'later' }) });
  assert.deepEqual([ran.code, ran.result?.rows_loaded, await count()], [0, 3, 0]);
  await load({ folder, env: index.env(6, { FILE_ROWS: '3' }) });
  assert.equal(await count(), 3);
});

test('rule 4: an older version stops at a newer one, says which, and changes nothing', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  await load({ folder, content: lines(3, 'new'), env: index.env(9) });
  const before = await index.documents();
  const ran = await load({ folder, content: lines(2, 'old'), env: index.env(8, { FILE_ROWS: '3' }) });
  assert.equal(ran.code, 75);
  assert.equal(ran.superseded, 9);
  assert.deepEqual(await index.documents(), before);
});

test('rule 4: an older deletion stops at a newer version, and takes none of its rows', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  await load({ folder, content: lines(3), env: index.env(9) });
  const ran = await load({ folder, env: index.env(8, { ACTION: 'delete', FILE_ROWS: '3' }) });
  assert.deepEqual([ran.code, ran.superseded], [75, 9]);
  assert.equal(Object.keys(await index.documents()).length, 3);
});

test('rule 4: a new index remembers deleted versions for a day from its first row on, whatever template makes it', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const template = `/_index_template/own-${index.name}`;
  const body = { index_patterns: [`${index.name}*`], priority: 900, template: { mappings: { subobjects: false } } };
  await index.call('PUT', template, body);
  context.after(() => index.call('DELETE', template));
  await load({ folder: temporaryFolder(context), content: lines(1), env: index.env(5) });
  assert.match(JSON.stringify(await index.call('GET', `/${index.name}/_settings`)), /"gc_deletes":"1d"/);
});

test('rule 4: an index that somebody deletes while rows are on their way is made anew with the same memory', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  await load({ folder: temporaryFolder(context), content: lines(1), env: index.env(5) });
  await index.call('DELETE', `/${index.name}`);
  await index.call('PUT', `/${index.name}/_doc/late`, { A: '1', 'A.1': '2' });
  assert.match(JSON.stringify(await index.call('GET', `/${index.name}/_settings`)), /"gc_deletes":"1d"/);
});

test('rule 4: deleted versions are remembered for a day, on an index that was there before, too', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  await index.call('PUT', `/${index.name}`);
  await load({ folder, content: lines(3), env: index.env(5) });
  const settings = JSON.stringify(await index.call('GET', `/${index.name}/_settings`));
  assert.match(settings, /"gc_deletes":"1d"/);
  await load({ folder, content: lines(1), env: index.env(7, { FILE_ROWS: '3' }) });
  const late = await load({ folder, content: lines(3), env: index.env(6) });
  assert.equal(late.superseded, 7);
  assert.deepEqual(Object.keys(await index.documents()), [id(1)]);
});

test('rule 5: rows that a shorter version does not have, and those it rejects, are gone afterwards', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  await load({ folder, content: lines(6), env: index.env(5) });
  const content = 'a,b\n1,v\n2,v,too,long\n3,v\n';
  const ran = await load({ folder, content, env: index.env(6, { FILE_ROWS: '6' }) });
  assert.deepEqual(ran.result, { rows_read: 3, rows_loaded: 2, rows_rejected: 1, rows_filtered: 0, rows_deleted: 4 });
  assert.deepEqual(Object.keys(await index.documents()), [id(1), id(3)]);
});

test('rule 5: a number of at least the rows sent is on disk', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const ran = await load({ folder: temporaryFolder(context), content: lines(30), env: index.env(5) });
  assert.ok(Number(readFileSync(join(ran.workDir, 'reserve'), 'utf8')) >= 30);
});

test('rule 5: where the number can’t be written, no row is sent', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const workDir = join(folder, 'work');
  mkdirSync(join(workDir, 'reserve'), { recursive: true });
  // Made on the way, it could come after the test.
  await index.call('PUT', `/${index.name}`);
  await assert.rejects(load({ folder, content: lines(30), env: index.env(5, { WORK_DIR: workDir }) }), /EISDIR/);
  assert.deepEqual(await index.documents(), {});
});

test('rule 5: a row that was loaded before and that Elasticsearch refuses now is gone afterwards', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const env = (version: number, more = {}) => index.env(version, more, { mappings: { A: { type: 'integer' } } });
  await load({ folder, content: 'a\n1\n2\n3\n', env: env(5) });
  const ran = await load({ folder, content: 'a\n1\nno\n3\n', env: env(6, { FILE_ROWS: '3' }) });
  assert.deepEqual([ran.result?.rows_rejected, ran.result?.rows_deleted], [1, 1]);
  assert.deepEqual(Object.keys(await index.documents()), [id(1), id(3)]);
});

test('rule 3: rows of replaced keys go once the new ones are loaded, and ACTION delete takes every row', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  await load({ folder, content: lines(3), env: index.env(5, { FILE_KEY: 'OLD' }) });
  const REPLACES = JSON.stringify([{ index: index.name, FILE_KEY: 'OLD', FILE_ROWS: 3 }]);
  const ran = await load({ folder, content: lines(2), env: index.env(6, { REPLACES }) });
  assert.equal(ran.result?.rows_deleted, 3);
  assert.deepEqual(Object.keys(await index.documents()), [id(1), id(2)]);
  const deleted = await load({ folder, env: index.env(7, { ACTION: 'delete', FILE_ROWS: '2' }) });
  assert.equal(deleted.result?.rows_deleted, 2);
  assert.deepEqual(await index.documents(), {});
});

test('ACTION delete of a file whose index is gone makes no index', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const env = index.env(5, { ACTION: 'delete', FILE_ROWS: '2' });
  assert.equal((await load({ folder: temporaryFolder(context), env })).result?.rows_deleted, 0);
  assert.deepEqual(await index.call('GET', `/${index.name}*`), {});
});

test('rule 6: a file that is another version than was meant is not loaded', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  for (const [variable, what] of [
    ['FILE_SIZE', 'sizeBytes'],
    ['FILE_MTIME_NS', 'mtimeNs'],
    ['FILE_INODE', 'inode'],
  ] as const) {
    const ran = await load({ folder, content: lines(3), env: index.env(5, { [variable]: '1' }) });
    assert.equal(ran.code, 75);
    assert.match(ran.error, new RegExp(`changed before it was read: ${what} 1 became`));
  }
  assert.deepEqual(await index.documents(), {});
});

test('rule 6: rows of a file that changed while it was read are taken out again', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const workDir = join(folder, 'work');
  let isRunning = true;
  const running = load({ folder, content: lines(100), env: index.env(5, { WORK_DIR: workDir }) }).finally(() => {
    isRunning = false;
  });
  // Reserved rows are about to be sent; the file is compared once they are answered.
  while (isRunning && !existsSync(join(workDir, 'reserve'))) await new Promise(resolve => setImmediate(resolve));
  appendFileSync(join(folder, 'in.csv'), 'more');
  const ran = await running;
  assert.equal(ran.code, 75);
  assert.match(ran.error, /changed while it was read.*taken out/);
  assert.deepEqual(await index.documents(), {});
});

test('rule 7: what Elasticsearch refuses is a reject with line, reason and the text of the row; the rest is loaded', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const env = index.env(5, {}, { mappings: { A: { type: 'integer' } } });
  const ran = await load({ folder: temporaryFolder(context), content: 'a,b\n1,x\nno,"y,z"\n3,z\n', env });
  assert.deepEqual(ran.result, { rows_read: 3, rows_loaded: 2, rows_rejected: 1, rows_filtered: 0, rows_deleted: 0 });
  const [reject] = ran.rejects;
  assert.deepEqual({ ...reject, reason: '' }, { row: 2, line: 3, reason: '', raw: 'no,"y,z"' });
  assert.match(reject?.reason ?? '', /^column A: "no" is not a whole number \(Elasticsearch: /);
  assert.deepEqual(Object.keys(await index.documents()), [id(1), id(3)]);
});

test('rule 7: a file of which no row can be loaded can never succeed', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const env = index.env(5, {}, { mappings: { A: { type: 'integer' } } });
  const ran = await load({ folder: temporaryFolder(context), content: 'a\nx\ny\n', env });
  assert.equal(ran.code, 65);
  assert.equal(ran.rejects.length, 2);
});

test('rule 7: more rejects than max_rejects take the version back and say that the former one is gone too', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  await load({ folder, content: lines(2), env: index.env(5) });
  const env = index.env(6, { FILE_ROWS: '2' }, { max_rejects: '10%' });
  const ran = await load({ folder, content: 'a,b\n1,v\n2,v,w,x\n', env });
  assert.equal(ran.code, 65);
  assert.match(ran.error, /former version's rows are gone too/);
  assert.deepEqual(await index.documents(), {});
});

test('rule 4: with LOAD.id the later row, then the later file wins; a null key is a reject', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const env = (version: number) => index.env(version, {}, { id: ['K'] });
  const first = await load({ folder, content: 'k,v\n1,a\n1,b\n,c\n', env: env(6) });
  assert.deepEqual(first.result, { rows_read: 3, rows_loaded: 2, rows_rejected: 1, rows_filtered: 0, rows_deleted: 0 });
  assert.deepEqual(await index.documents(), { 1: { K: '1', V: 'b' } });
  const older = await load({ folder, content: 'k,v\n1,old\n2,old\n', env: env(5) });
  assert.equal(older.result?.rows_loaded, 2);
  assert.deepEqual(await index.documents(), { 1: { K: '1', V: 'b' }, 2: { K: '2', V: 'old' } });
});

test('rule 4: with LOAD.id nothing is taken back, and the error says so', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const env = index.env(6, {}, { id: ['K'], max_rejects: '10%' });
  const ran = await load({ folder: temporaryFolder(context), content: 'k,v\n1,a\n,b\n', env });
  assert.equal(ran.code, 65);
  assert.match(ran.error, /what was loaded stays/);
  await index.call('POST', `/${index.name}/_refresh`);
  assert.deepEqual(await index.documents(), { 1: { K: '1', V: 'a' } });
});

test('rule 11: overwrite leaves the rows of the last file only, and never those of an older one', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const env = (version: number) => index.env(version, { FILE_KEY: `K${version}` }, { overwrite: true });
  await load({ folder, content: lines(3), env: env(5) });
  const ran = await load({ folder, content: lines(2), env: env(7) });
  assert.equal(ran.code, 0, ran.error);
  assert.deepEqual(Object.keys(await index.documents()), ['K7-0000000001', 'K7-0000000002']);
  assert.equal((await load({ folder, content: lines(4), env: env(6) })).superseded, 7);
  assert.deepEqual(Object.keys((await index.call('GET', `/${index.name}*`)) as object), [`${index.name}-7`]);
});

test('rule 11: an overwrite that fails leaves the index as it was, and nothing beside it', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const env = (version: number) => index.env(version, {}, { overwrite: true, max_rejects: 0 });
  await load({ folder, content: lines(3), env: env(5) });
  const ran = await load({ folder, content: 'a,b\n1,v\n2,v,w\n', env: env(6) });
  assert.equal(ran.code, 65);
  assert.match(ran.error, /stays as it was/);
  assert.equal(Object.keys(await index.documents()).length, 3);
  assert.deepEqual(Object.keys((await index.call('GET', `/${index.name}*`)) as object), [`${index.name}-5`]);
});

test('rule 11: the date suffix is that of the first sight, in UTC', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const more = { SEEN_AT: '2021-12-31T23:30:00-01:00' };
  const env = index.env(5, more, { date_suffix: '_%m_%Y' });
  assert.equal((await load({ folder: temporaryFolder(context), content: lines(1), env })).code, 0);
  assert.deepEqual(Object.keys((await index.call('GET', `/${index.name}*`)) as object), [`${index.name}_01_2022`]);
});

test('rule 12: a mend writes only the rows it names', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  await load({ folder, content: 'a,b\n1,v\n2,v,w\n3,v\n', env: index.env(5) });
  const content = '{"row":2,"record":{"A":"2","B":null}}\n';
  const ran = await load({
    folder,
    name: 'mend.ndjson',
    content,
    env: index.env(6, { ACTION: 'mend', FILE_ROWS: '3' }),
  });
  assert.deepEqual(ran.result, { rows_read: 1, rows_loaded: 1, rows_rejected: 0, rows_filtered: 0, rows_deleted: 0 });
  const documents = await index.documents();
  assert.deepEqual(Object.keys(documents), [id(1), id(2), id(3)]);
  assert.deepEqual(documents[id(2)], { A: '2', B: null });
});

test('with compress the rows go packed, and are the same', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const encodings: Array<string | undefined> = [];
  const ELASTICSEARCH_NODE = await proxyTo(context, index.node, ({ url, headers }) => {
    if (url?.includes('_bulk')) encodings.push(headers['content-encoding']);
    return true;
  });
  const env = index.env(5, { ELASTICSEARCH_NODE }, { compress: true });
  const ran = await load({ folder: temporaryFolder(context), content: lines(50), env });
  assert.deepEqual([ran.code, encodings], [0, ['gzip']], ran.error);
  assert.equal(Object.keys(await index.documents()).length, 50);
});

test('source_columns adds where a row comes from', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const env = index.env(5, { FILE_PATH: 'x/in.csv', RUN_ID: 'r' }, { source_columns: true });
  await load({ folder: temporaryFolder(context), content: 'a\n1\n', env });
  assert.deepEqual(Object.values(await index.documents()), [
    { A: '1', SOURCE_FILE: 'x/in.csv', SOURCE_RUN: 'r', SOURCE_ROW: '1' },
  ]);
});

test('an index that refuses every row is no fault of the file: 75 with what to do, and no reject', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  await index.call('PUT', `/${index.name}`, { settings: { 'index.blocks.write': true } });
  const blocked = await load({ folder, content: lines(3), env: index.env(5) });
  assert.deepEqual([blocked.code, blocked.rejects], [75, []]);
  assert.match(blocked.error, /blocked by.*lift its block/);
  await index.call('PUT', `/${index.name}/_settings`, { 'index.blocks.write': false });
  await index.call('POST', `/${index.name}/_close`);
  const closed = await load({ folder, content: lines(3), env: index.env(6) });
  assert.deepEqual([closed.code, closed.rejects], [75, []], closed.error);
});

test('an index deleted while rows are on their way: 75, and the next attempt brings them all', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const running = load({ folder, content: lines(60_000, 'x'.repeat(200)), env: index.env(5) });
  const path = `/${index.name}/_stats/indexing?filter_path=_all.total.indexing.index_total`;
  await waitFor('rows are there', async () => /index_total":[1-9]/.test(JSON.stringify(await index.call('GET', path))));
  await index.call('DELETE', `/${index.name}`);
  const ran = await running;
  assert.equal(ran.code, 75, ran.error);
  assert.match(ran.error, /was deleted while rows were on their way/);
  const again = await load({ folder, env: index.env(6) });
  assert.equal(again.code, 0, again.error);
  assert.deepEqual(await index.call('GET', `/${index.name}/_count?filter_path=count`), { count: 60_000 });
});

test('an alias: of one index it is loaded into, of several without a write index it is a fault of the settings', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const env = index.env(5);
  const alias = (number: number, more = {}) => ({
    add: { index: `${index.name}-${number}`, alias: index.name, ...more },
  });
  await index.call('PUT', `/${index.name}-1`);
  await index.call('POST', '/_aliases', { actions: [alias(1)] });
  assert.equal((await load({ folder, content: lines(2), env })).code, 0);
  assert.deepEqual(Object.keys(await index.documents()), [id(1), id(2)]);
  const refuses = async (actions: object[]) => {
    await index.call('POST', '/_aliases', { actions });
    const ran = await load({ folder, content: lines(2), env });
    assert.equal(ran.code, 78);
    assert.match(ran.error, /none of which is its write index/);
  };
  await refuses([alias(1, { is_write_index: false })]);
  await index.call('PUT', `/${index.name}-2`);
  await refuses([alias(2)]);
});

test('two loads that make the index at once both end well', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const runs = ['a', 'b', 'c'].map(name =>
    load({ folder, name: `${name}.csv`, content: lines(5), env: index.env(5, { FILE_KEY: name }) }),
  );
  assert.deepEqual(
    (await Promise.all(runs)).map(ran => ran.code),
    [0, 0, 0],
  );
  assert.equal(Object.keys(await index.documents()).length, 15);
});

test('5,000 columns are loaded', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const row = (text: string) => Array.from({ length: 5000 }, (_, column) => text + column).join(',');
  const content = `${row('c')}\n${row('v')}\n`;
  const ran = await load({ folder: temporaryFolder(context), content, env: index.env(5) });
  assert.equal(ran.code, 0, ran.error + ran.rejects[0]?.reason);
  assert.equal((await index.documents())[id(1)]?.C4999, 'v4999');
});

test('names of columns that Elasticsearch might take for paths are kept, or the rows say why not', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const content = 'a.b,.c,d.,e..f,.,_id,_source,*,"g\nh"\n1,2,3,4,5,6,7,8,9\n';
  const ran = await load({ folder: temporaryFolder(context), content, env: index.env(5) });
  assert.equal(ran.code, 0, ran.error + ran.rejects[0]?.reason);
});

test('rule 11: a reader that counts all the time sees the old number or the new one', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const env = (version: number) => index.env(version, { FILE_KEY: `K${version}` }, { overwrite: true });
  await load({ folder, content: lines(300), env: env(5) });
  const seen = new Set<string>();
  let reads = true;
  const reader = (async () => {
    while (reads)
      seen.add(JSON.stringify(await index.call('GET', `/${index.name}/_count?filter_path=count,error,status`)));
  })();
  try {
    for (let version = 6; version < 10; version++) await load({ folder, content: lines(200), env: env(version) });
  } finally {
    reads = false;
    await reader;
  }
  assert.deepEqual([...seen].toSorted(), ['{"count":200}', '{"count":300}']);
});

test('rule 11: overwrite removes what it built itself and nothing that only looks like it', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const env = (version: number) => index.env(version, { FILE_KEY: `K${version}` }, { overwrite: true });
  await index.call('PUT', `/${index.name}-2`);
  await index.call('PUT', `/${index.name}-3`);
  await index.call('POST', '/_aliases', { actions: [{ add: { index: `${index.name}-3`, alias: index.name } }] });
  for (const version of [5, 7]) assert.equal((await load({ folder, content: lines(2), env: env(version) })).code, 0);
  const left = Object.keys((await index.call('GET', `/${index.name}*`)) as object).toSorted();
  assert.deepEqual(left, [`${index.name}-2`, `${index.name}-3`, `${index.name}-7`]);
  assert.deepEqual(Object.keys(await index.documents()), ['K7-0000000001', 'K7-0000000002']);
});

test('rule 7: rejects have the text of their row, however long ago it was read', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const env = index.env(5, {}, { mappings: { A: { type: 'integer' } } });
  const row = (number: number) => `${number % 997 === 0 ? 'bad' : number},"${number} ""${'x'.repeat(80)}"""`;
  const content = `a,b\n${Array.from({ length: 60_000 }, (_, position) => row(position + 1)).join('\n')}\n`;
  const ran = await load({ folder: temporaryFolder(context), content, env });
  const bad = Array.from({ length: 60 }, (_, position) => (position + 1) * 997);
  assert.equal(ran.result?.rows_loaded, 60_000 - bad.length);
  assert.deepEqual(
    ran.rejects.toSorted((a, b) => a.row - b.row).map(reject => [reject.row, reject.line, reject.raw]),
    bad.map(number => [number, number + 1, row(number)]),
  );
});

test('an alias that was rolled over: rows of a former version go from the older index, and ACTION delete finds them all', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const names = ['000001', '000002', '000003'].map(number => `${index.name}-${number}`);
  const writeTo = async (name: string, former: string[]) => {
    await index.call('PUT', `/${name}`);
    const add = (one: string, isWritten: boolean) => ({
      add: { index: one, alias: index.name, is_write_index: isWritten },
    });
    await index.call('POST', '/_aliases', { actions: [...former.map(one => add(one, false)), add(name, true)] });
  };
  const count = async () => ((await index.call('GET', `/${index.name}/_count`)) as { count: number }).count;
  await writeTo(names[0] as string, []);
  await load({ folder, content: lines(3), env: index.env(5) });
  await writeTo(names[1] as string, [names[0] as string]);
  const ran = await load({
    folder,
    content: lines(2),
    env: index.env(6, { FILE_ROWS: '3' }, { aliases: [`${index.name}-x`] }),
  });
  assert.deepEqual([ran.code, ran.result?.rows_deleted, await count()], [0, 3, 2], ran.error);
  await writeTo(names[2] as string, names.slice(0, 2));
  const deleted = await load({ folder, env: index.env(7, { ACTION: 'delete', FILE_ROWS: '3' }) });
  assert.deepEqual([deleted.code, deleted.result?.rows_deleted, await count()], [0, 2, 0], deleted.error);
});

test('an alias that routes what is written to it: rows of a former version, and all of a deleted file, are found there', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const alias = { [index.name]: { routing: 'one', is_write_index: true } };
  await index.call('PUT', `/${index.name}-000001`, { settings: { number_of_shards: 5 }, aliases: alias });
  const count = async () => ((await index.call('GET', `/${index.name}/_count`)) as { count: number }).count;
  await load({ folder, content: lines(40), env: index.env(5) });
  const change = await load({ folder, content: lines(30), env: index.env(6, { FILE_ROWS: '40' }) });
  assert.deepEqual([change.code, change.result?.rows_deleted, await count()], [0, 10, 30], change.error);
  const add = { index: `${index.name}-000001`, alias: index.name, routing: 'one', is_write_index: false };
  await index.call('PUT', `/${index.name}-000002`, { settings: { number_of_shards: 5 } });
  const addNext = { ...add, index: `${index.name}-000002`, is_write_index: true };
  await index.call('POST', '/_aliases', { actions: [{ add }, { add: addNext }] });
  const rolled = await load({ folder, content: lines(20), env: index.env(7, { FILE_ROWS: '30' }) });
  assert.deepEqual([rolled.code, rolled.result?.rows_deleted, await count()], [0, 30, 20], rolled.error);
  const deleted = await load({ folder, env: index.env(8, { ACTION: 'delete', FILE_ROWS: '30' }) });
  assert.deepEqual([deleted.code, deleted.result?.rows_deleted, await count()], [0, 20, 0], deleted.error);
});

test('an index whose pipeline is not there refuses every row: no row is rejected, and the file is tried again', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  await index.call('PUT', `/${index.name}`, { settings: { 'index.default_pipeline': 'no-such-pipeline' } });
  const ran = await load({ folder: temporaryFolder(context), content: lines(3), env: index.env(5) });
  assert.deepEqual([ran.code, ran.rejects], [75, []]);
  assert.match(ran.error, /pipeline with id \[no-such-pipeline\] does not exist; .*make the pipeline/);
});

test('a block says that it is one, before the first row too, and LOAD.index that is a pattern is a fault of the settings', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  await index.call('PUT', `/${index.name}`, { settings: { 'index.blocks.read_only': true } });
  const blocked = await load({ folder, content: lines(3), env: index.env(5) });
  await index.call('PUT', `/${index.name}/_settings`, { 'index.blocks.read_only': false });
  assert.deepEqual([blocked.code, blocked.rejects], [75, []]);
  assert.match(blocked.error, /index read-only \(api\).*lift its block/);
  const pattern = await load({ folder, env: index.env(5, { LOAD: JSON.stringify({ index: `${index.name}-x*` }) }) });
  assert.deepEqual([pattern.code, pattern.rejects], [78, []]);
  assert.match(pattern.error, /give one without \*/);
});

test('a column of the file that has the name of a source column is not lost: 65 says what to do, whatever the target', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  for (const target of ['elasticsearch', 'lake']) {
    const env = index.env(5, {}, { source_columns: true, target });
    const ran = await load({ folder, content: 'a,source_file\n1,x\n', env });
    assert.equal(ran.code, 65);
    assert.match(ran.error, /a column SOURCE_FILE, which LOAD\.source_columns would add; rename/);
  }
});

test('rule 5: rows that are filtered are only deleted where a former version may have loaded them', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const TRANSFORM = JSON.stringify(['minimal', { filter: { column: 'A', equals: '1' } }]);
  const env = (version: number, rows: string) => index.env(version, { TRANSFORM, FILE_ROWS: rows });
  const deletes = async () => {
    const path = `/${index.name}/_stats/indexing?filter_path=_all.primaries.indexing.delete_total`;
    return /\d+/.exec(JSON.stringify(await index.call('GET', path)))?.[0];
  };
  const first = await load({ folder, content: lines(50), env: env(5, '0') });
  assert.deepEqual([first.result?.rows_filtered, await deletes()], [49, '0'], first.error);
  const next = await load({ folder, env: env(6, '20') });
  assert.deepEqual([next.result?.rows_filtered, await deletes()], [49, '19'], next.error);
});
