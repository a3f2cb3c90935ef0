import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { load, TestIndex, temporaryFolder } from '../../testing/load.ts';

const DAY_MS = 24 * 60 * 60_000;
const AN_HOUR_AGO = new Date(Date.now() - DAY_MS / 24).toISOString();
const IN_A_WEEK = new Date(Date.now() + 7 * DAY_MS).toISOString();

/** An alias that was rolled over once, with two rows of KEY in the older index. */
async function rolledOver(context: TestContext) {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const [older, newer] = [`${index.name}-000001`, `${index.name}-000002`];
  await index.call('PUT', `/${older}`, { aliases: { [index.name]: { is_write_index: true } } });
  const first = await load({ folder, content: 'a,b\n1,x\n2,y\n', env: index.env(5) });
  assert.equal(first.code, 0, first.error);
  await index.call('POST', `/${index.name}/_rollover`);
  return { index, folder, older, newer };
}

async function count({ call }: Pick<TestIndex, 'call'>, name: string): Promise<number> {
  return ((await call('GET', `/${name}/_count`)) as { count: number }).count;
}

/** How an older index can be that nobody writes to any more, and how it is taken back. */
const STATES = {
  closed: [
    ['POST', '_close'],
    ['POST', '_open'],
  ],
  'blocked for writing': [
    ['PUT', '_settings', { 'index.blocks.write': true }],
    ['PUT', '_settings', { 'index.blocks.write': null }],
  ],
  'read-only': [
    ['PUT', '_settings', { 'index.blocks.read_only': true }],
    ['PUT', '_settings', { 'index.blocks.read_only': null }],
  ],
} as const;

for (const [state, [begin, end]] of Object.entries(STATES)) {
  test(`an alias whose older index is ${state}: a new file needs nothing of it, not even at its second attempt`, async context => {
    const { index, folder, older, newer } = await rolledOver(context);
    const call = index.call.bind(index);
    await call(begin[0], `/${older}/${begin[1]}`, begin[2]);
    context.after(() => call(end[0], `/${older}/${end[1]}`, end[2]));
    const said: string[] = [];
    const more = { FILE_KEY: 'NEW', SEEN_AT: IN_A_WEEK };
    // As if the index had been rolled over a week ago.
    context.mock.timers.enable({ apis: ['Date'], now: Date.parse(IN_A_WEEK) });
    const first = await load({ folder, content: 'a,c\n1,x\n', env: index.env(6, more) });
    const env = index.env(7, { ...more, ATTEMPT: '2', FILE_ROWS: '1000' });
    const second = await load({ folder, env, said: line => said.push(line) });
    for (const ran of [first, second])
      assert.deepEqual(
        [ran.code, ran.result],
        [0, { rows_read: 1, rows_loaded: 1, rows_rejected: 0, rows_filtered: 0, rows_deleted: 0 }],
        ran.error,
      );
    assert.equal(await count({ call }, newer), 1);
    assert.ok(!said.join('').includes('to_check'));
  });

  test(`an alias whose older index is ${state}: what a changed or deleted file has there stays, is told, and goes with a later version`, async context => {
    const { index, folder, older, newer } = await rolledOver(context);
    const call = index.call.bind(index);
    await call(begin[0], `/${older}/${begin[1]}`, begin[2]);
    const said: string[] = [];
    const more = { FILE_ROWS: '2', SEEN_AT: AN_HOUR_AGO };
    const changed = await load({
      folder,
      content: 'a,b\n1,z\n',
      env: index.env(6, { ...more, ACTION: 'change' }),
      said: line => said.push(line),
    });
    assert.deepEqual([changed.code, changed.result?.rows_left], [0, [{ index: index.name, FILE_KEY: 'KEY' }]]);
    const sentence = new RegExp(
      `"to_check".*may still be in index ${older}.*it is ${state === 'closed' ? 'closed' : 'blocked'}`,
    );
    assert.match(said.join(''), sentence);
    assert.equal(await count({ call }, newer), 1);
    const gone = await load({ folder, env: index.env(7, { ...more, ACTION: 'delete' }) });
    assert.deepEqual([gone.code, gone.result?.rows_deleted, gone.result?.rows_left?.length], [0, 1, 1], gone.error);
    await call(end[0], `/${older}/${end[1]}`, end[2]);
    const again = await load({ folder, env: index.env(8, { ...more, ACTION: 'delete' }) });
    assert.deepEqual([again.code, again.result?.rows_deleted, again.result?.rows_left], [0, 2, undefined], again.error);
    assert.equal(await count({ call }, index.name), 0);
  });
}

test('what a file still goes to is waited for when it is blocked, as an index that was never rolled over is', async context => {
  const { index, folder, newer } = await rolledOver(context);
  await index.call('PUT', `/${newer}/_settings`, { 'index.blocks.write': true });
  const changed = await load({ folder, content: 'a,b\n1,z\n', env: index.env(6, { FILE_ROWS: '2' }) });
  const gone = await load({ folder, env: index.env(7, { FILE_ROWS: '2', ACTION: 'delete' }) });
  assert.deepEqual([changed.code, gone.code], [75, 75]);
});

test('rows under a former name whose index is closed stay and are told; the new ones are loaded', async context => {
  const { index, folder, older } = await rolledOver(context);
  const former = `${index.name}-former`;
  await index.call('POST', `/_aliases`, { actions: [{ add: { index: older, alias: former } }] });
  await index.call('POST', `/${older}/_close`);
  const replaces = JSON.stringify([{ index: former, FILE_KEY: 'OLD', FILE_ROWS: 3 }]);
  const ran = await load({ folder, content: 'a\n1\n', env: index.env(6, { FILE_KEY: 'NEW', REPLACES: replaces }) });
  assert.deepEqual([ran.code, ran.result?.rows_left], [0, [{ index: former, FILE_KEY: 'OLD' }]], ran.error);
});

test('new columns are made in the index that gets the rows alone, whatever older ones have under their names', async context => {
  const { index, folder, older, newer } = await rolledOver(context);
  await index.call('PUT', `/${older}/_mapping`, { properties: { N: { type: 'keyword' } } });
  const env = index.env(6, { FILE_KEY: 'NEW' }, { mappings: { N: { type: 'long' } } });
  const ran = await load({ folder, content: 'n,m\n1,2\n', env });
  assert.equal(ran.code, 0, ran.error);
  const found = (await index.call('GET', `/${index.name}/_mapping`)) as Record<
    string,
    { mappings: { properties: Record<string, { type: string }> } }
  >;
  const typesOf = (name: string) => ['N', 'M'].map(column => found[name]?.mappings.properties[column]?.type);
  assert.deepEqual(
    [typesOf(older), typesOf(newer)],
    [
      ['keyword', undefined],
      ['long', 'long'],
    ],
  );
});
