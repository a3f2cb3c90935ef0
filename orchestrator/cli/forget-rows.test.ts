import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Client } from '@elastic/elasticsearch';
import { documentId } from '../../default-etl/contract/contract.ts';
import { systemClock } from '../clock.ts';
import { OrchestratorError } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import { openSqliteJournal } from '../journal/sqlite/sqlite-journal.ts';
import type { CommandDeps } from './deps.ts';
import { removeRows } from './forget-rows.ts';

const node = process.env['ELASTICSEARCH_NODE'];
const NAME = `forget-rows-test-${process.pid}`;
/** An Elasticsearch without the module for data streams makes one, and keeps it. */
const STREAM = 'forget-rows-test-stream';
const [FIRST, SECOND] = [`${NAME}-000001`, `${NAME}-000002`];
/** It is looked at, and its rows go, before what is behind NAME. */
const OTHER = `a-${NAME}`;
const NO_BLOCKS = {
  'index.blocks.write': null,
  'index.blocks.read_only': null,
  'index.blocks.read_only_allow_delete': null,
};
let folder: string;
let journal: Journal;
let client: Client;

beforeEach(async () => {
  if (!node) throw new Error('ELASTICSEARCH_NODE is not set: npm test starts an Elasticsearch and sets it');
  client = new Client({ node });
  folder = await mkdtemp(join(tmpdir(), 'forget-rows-'));
  journal = openSqliteJournal({ path: join(folder, 'journal.sqlite'), clock: systemClock });
});

afterEach(async () => {
  await client.indices.putSettings({ index: FIRST, settings: NO_BLOCKS }, { ignore: [404] });
  for (const index of [FIRST, SECOND, OTHER, NAME]) await client.indices.delete({ index, ignore_unavailable: true });
  await client.close();
  await journal.close();
  await rm(folder, { recursive: true });
});

test('behind an alias that was rolled over rows go from each index, and are missing only where none had them', async () => {
  await makeAlias({ is_write_index: true });
  await load('a.csv', { sent: 3 });
  await rollOver();
  await load('b.csv', { sent: 5, loaded: 2 });
  assert.deepEqual(await forgetRows(), [
    `5 rows are taken out of the 2 indices behind ${NAME} (3 more might have been there, but were not)`,
  ]);
  assert.deepEqual([await count(), await journal.heldKeys('gone')], [0, []]);
});

test('rows that an alias has routed are found in each index', async () => {
  await makeAlias({ is_write_index: true, routing: 'one' });
  await load('a.csv', { sent: 40 });
  await rollOver();
  await load('b.csv', { sent: 1 });
  assert.deepEqual(await forgetRows(), [`41 rows are taken out of the 2 indices behind ${NAME}`]);
  assert.equal(await count(), 0);
});

for (const [what, how, block] of [
  ['closed', '_close', () => client.indices.close({ index: FIRST })],
  ['blocked for writing', 'write', () => setBlock('write')],
  ['blocked for writing', 'read_only', () => setBlock('read_only')],
  [
    'blocked for writing, because its disk is too full',
    'read_only_allow_delete',
    () => setBlock('read_only_allow_delete'),
  ],
] as const)
  test(`where an older index is ${what} nothing is deleted, in any index, nor said to be gone (${how})`, async () => {
    await load('0.csv', { sent: 1, name: OTHER });
    await makeAlias({ is_write_index: true });
    await load('a.csv', { sent: 3 });
    await mkdir(join(folder, 'lake', 'gone'), { recursive: true });
    await client.indices.refresh({ index: FIRST });
    await block();
    const held = await journal.heldKeys('gone');
    const refusal = new RegExp(`^rows can’t be taken out of ${FIRST} behind ${NAME}, which is ${what}: .*nothing was`);
    await assert.rejects(forgetRows(), error => error instanceof OrchestratorError && refusal.test(error.message));
    assert.deepEqual([await journal.heldKeys('gone'), await count(OTHER)], [held, 1]);
    await client.indices.putSettings({ index: FIRST, settings: NO_BLOCKS });
    await client.indices.open({ index: FIRST });
    assert.deepEqual(await forgetRows(), [
      `1 row is taken out of the index ${OTHER}`,
      `3 rows are taken out of the index ${NAME}`,
      'its files of the lake are removed',
    ]);
  });

test('rows that something newer wrote stay, and are told', async () => {
  await load('a.csv', { sent: 2 });
  const newer = { version: 2 ** 52, version_type: 'external' as const };
  await client.index({ index: NAME, id: documentId('key-a.csv', 1), document: { A: 'y' }, ...newer });
  assert.deepEqual(await forgetRows(), [
    `1 row is taken out of the index ${NAME}, 1 stays, since something newer wrote it`,
  ]);
  assert.equal(await count(), 1);
});

test('an index that is not there any more is not made anew', async () => {
  await load('a.csv', { sent: 2 });
  await client.indices.delete({ index: NAME });
  assert.deepEqual(await forgetRows(), [
    `0 rows are taken out of the index ${NAME} (2 more might have been there, but were not)`,
  ]);
  assert.equal(await client.indices.exists({ index: NAME }), false);
});

test('rows that were carried over from the lake of another dataset are none of an index', async () => {
  await load('a.csv', { sent: 2, loaded: 0, name: 'lake:old' });
  assert.deepEqual([await forgetRows(), await journal.heldKeys('gone')], [[], []]);
});

test('rows go from each index of a data stream', async () => {
  const template = { index_patterns: [STREAM], data_stream: {}, priority: 500 };
  await client.indices.putIndexTemplate({ name: STREAM, ...template });
  const file = `${process.pid}.csv`;
  const append = (row: number) =>
    client.create({ index: STREAM, id: documentId(`key-${file}`, row), document: { '@timestamp': '2026-01-01' } });
  await append(1);
  const { old_index: former } = await client.indices.rollover({ alias: STREAM });
  try {
    await append(2);
    await load(file, { sent: 2, loaded: 0, name: STREAM });
    assert.match((await forgetRows()).join('\n'), /^2 rows are taken out of the \d+ indices behind forget-rows-test-s/);
  } finally {
    await client.indices.delete({ index: former });
    await client.indices.deleteDataStream({ name: STREAM }, { ignore: [400, 405] });
  }
});

test('what Elasticsearch refuses is told, and nothing is said to be gone', async t => {
  await load('a.csv', { sent: 2 });
  const server = createServer((_, response) => {
    response.writeHead(403, { 'x-elastic-product': 'Elasticsearch', 'content-type': 'application/json' });
    const why = { type: 'security_exception', reason: 'not for this user' };
    response.end(JSON.stringify({ error: { ...why, root_cause: [why] }, status: 403 }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const refusal = /^rows can’t be taken out of the index .*not for this user; mend that, and forget the dataset again$/;
  await assert.rejects(
    forgetRows(`http://127.0.0.1:${port}`),
    error => error instanceof OrchestratorError && error.kind === 'never' && refusal.test(error.message),
  );
  assert.equal((await journal.heldKeys('gone')).length, 1);
});

function forgetRows(at = node ?? ''): Promise<string[]> {
  const settings = { nodes: [at], apiKey: null, username: null, password: null, ca: null };
  const deps = { elasticsearch: () => settings, dataDir: () => folder, now: () => Date.now() };
  return removeRows(deps as unknown as CommandDeps, journal, 'gone');
}

interface Loaded {
  /** The highest number that may have been sent. */
  sent: number;
  /** As many as were sent unless told. */
  loaded?: number;
  name?: string;
}

/** A file of the dataset `gone`, with its rows in an index as the default ETL would have left them. */
async function load(file: string, { sent, loaded = sent, name = NAME }: Loaded): Promise<void> {
  const request = { dataset: 'gone', file, root: '/in', priority: 0, now: Date.now() };
  const fileVersion = { sizeBytes: 1, token: '1.1' };
  await journal.submit({ ...request, fileVersion, contentHash: file });
  const slot = { dataset: 'gone', free: 1, strict: false, order: 'arrival' as const, perFolder: false };
  const [[run] = []] = await journal.claim({ holder: 't', leaseMs: 60_000, now: Date.now(), slots: [slot], limit: 1 });
  assert(run);
  const fileKey = `key-${file}`;
  await journal.ledger(run, { fileKey, append: false, rebuilds: false, ids: '', indexFor: () => name });
  await journal.reserve(run, sent);
  const operations = Array.from({ length: loaded }, (_, row) => [
    { index: { _id: documentId(fileKey, row + 1), version: run.version ?? 0, version_type: 'external_gte' as const } },
    { A: 'x' },
  ]).flat();
  if (loaded > 0) await client.bulk({ index: name, operations, refresh: true });
  const rows = { read: sent, loaded, rejected: sent - loaded, filtered: 0, deleted: 0 };
  await journal.finish(run, { to: 'done', rows, error: null }, Date.now());
}

async function makeAlias(alias: { is_write_index: boolean; routing?: string }): Promise<void> {
  await client.indices.create({ index: FIRST, aliases: { [NAME]: alias }, settings: { number_of_shards: 5 } });
}

/** As `_rollover` does, whose new index would be made with one shard. */
async function rollOver(): Promise<void> {
  const { [FIRST]: first } = await client.indices.getAlias({ index: FIRST, name: NAME });
  const routing = first?.aliases[NAME]?.index_routing;
  const more = routing === undefined ? {} : { routing };
  await client.indices.create({ index: SECOND, settings: { number_of_shards: 5 } });
  const add = (index: string, isWritten: boolean) => ({
    add: { index, alias: NAME, is_write_index: isWritten, ...more },
  });
  await client.indices.updateAliases({ actions: [add(FIRST, false), add(SECOND, true)] });
}

function setBlock(block: string) {
  return client.indices.putSettings({ index: FIRST, settings: { [`index.blocks.${block}`]: true } });
}

async function count(index = NAME): Promise<number> {
  await client.indices.refresh({ index });
  return (await client.count({ index })).count;
}
