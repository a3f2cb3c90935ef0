import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { Client } from '@elastic/elasticsearch';
import { systemClock } from '../clock.ts';
import { parseEnvironment } from '../config/environment.ts';
import { loadDatasets } from '../config/load.ts';
import type { Journal } from '../journal/journal.ts';
import { openSqliteJournal } from '../journal/sqlite/sqlite-journal.ts';
import { KibanaStandIn } from '../kibana/testing/kibana-stand-in.ts';
import type { CommandDeps } from './deps.ts';
import { createProgram } from './program.ts';

const node = process.env['ELASTICSEARCH_NODE'];
const INDEX = `kibana-push-test-${process.pid}`;
let folder: string;
let journal: Journal;
let client: Client;
let kibana: KibanaStandIn;
let [shown, told] = ['', ''];

before(() => {
  if (!node) throw new Error('ELASTICSEARCH_NODE is not set: npm test starts an Elasticsearch and sets it');
  client = new Client({ node });
});
after(async () => {
  await client.indices.delete({ index: INDEX, ignore_unavailable: true });
  await client.close();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kibana-push-'));
  await mkdir(join(folder, 'config'));
  await mkdir(join(folder, 'data'));
  journal = openSqliteJournal({ path: join(folder, 'journal.sqlite'), clock: systemClock });
  kibana = await KibanaStandIn.start();
  await configure('flights', `{ index: ${INDEX} }`);
  await client.index({ index: INDEX, document: { CARRIER: 'UA', DISTANCE: 100 }, refresh: true });
});
afterEach(async () => {
  await kibana.go();
  await journal.close();
  await rm(folder, { recursive: true });
  [shown, told] = ['', ''];
});

test('the dashboards of all datasets are pushed, and nothing is left to do the second time', async () => {
  assert.equal(await orchestrator('push', '--dry-run'), 0);
  assert.match(shown, /nothing was written; it would be \d+ created$/m);
  assert.equal(kibana.store.all('default').length, 0);
  assert.equal(await orchestrator('push'), 0);
  assert.match(shown, /^created {2}dashboard “/m);
  assert.match(shown, new RegExp(`^Kibana 9\\.5\\.0 at ${kibana.url}, space default: \\d+ created$`, 'm'));
  shown = '';
  assert.equal(await orchestrator('push'), 0);
  assert.match(shown, /^Kibana 9\.5\.0 at .*: \d+ same$/m);
});

test('what a person changed is kept, which is no failure, until --force', async () => {
  await orchestrator('push');
  const [dashboard] = kibana.store
    .all('default')
    .filter(({ type, attributes }) => type === 'dashboard' && attributes['title'] !== 'Orchestrator: operations');
  assert.ok(dashboard);
  kibana.store.update('default', dashboard, { title: 'Mine' });
  shown = '';
  assert.equal(await orchestrator('push', 'flights'), 0);
  assert.match(shown, /^kept {5}dashboard “.*”: a person changed it at /m);
  shown = '';
  assert.equal(await orchestrator('push', 'flights', '--force'), 0);
  assert.match(shown, /^updated {2}dashboard “/m);
});

test('a dataset that wants none, or is forgotten, has none any more; one that is not forgotten is told of', async () => {
  await configure('costs', `{ index: ${INDEX} }`);
  await orchestrator('push');
  const all = kibana.store.all('default').length;
  await journal.settle({ dataset: 'costs', file: 'a.csv', root: '/in', priority: 0, now: Date.now() });
  await rm(join(folder, 'config', 'costs.yaml'));
  await orchestrator('push');
  assert.match(told, /^costs is not configured any more; its dashboard stays until: orchestrator forget costs$/m);
  assert.equal(kibana.store.all('default').length, all);
  for (const { id } of (await journal.runs({ dataset: 'costs' })).items) await journal.cancel(id, Date.now());
  await journal.forget('costs');
  await configure('flights', `{ index: ${INDEX}, dashboard: false }`);
  assert.equal(await orchestrator('push'), 0);
  assert.match(shown, /^removed {2}dashboard “/m);
  assert.deepEqual(
    kibana.store
      .all('default')
      .filter(({ type }) => type === 'dashboard')
      .map(({ attributes }) => attributes['title'])
      .filter(title => title !== 'Orchestrator: operations'),
    [],
  );
});

test('a Kibana that is starting is waited for', async () => {
  kibana.faults.push((_, response) => {
    response.writeHead(503).end('Kibana server is not ready yet');
    return 'done';
  });
  assert.equal(await orchestrator('push'), 0);
  assert.match(told, /it is starting, or its Elasticsearch is away .*; it is tried again for 60 s/);
});

test('what is wrong is said, with what to do', async () => {
  assert.equal(await orchestrator('push', 'sales'), 1);
  assert.match(told, /there is no dataset sales/);
  await configure('empty', `{ index: ${INDEX}-none }`);
  assert.equal(await orchestrator('push', 'empty'), 1);
  assert.match(told, /^empty has no rows in Elasticsearch yet$/m);
  assert.equal(await orchestrator('push', { KIBANA_SPACE: 'nowhere' }), 1);
  assert.match(told, /has no space nowhere; make it, or set KIBANA_SPACE/);
  assert.equal(await orchestrator('push', { KIBANA_URL: '' }), 1);
  assert.match(told, /KIBANA_URL is not set; without a Kibana to push to there is: orchestrator kibana export/);
});

async function configure(name: string, load: string): Promise<void> {
  const watched = join(folder, name);
  await mkdir(watched, { recursive: true });
  await writeFile(join(folder, 'config', `${name}.yaml`), `WATCH_DIR: ${watched}\nLOAD: ${load}\n`);
}

function orchestrator(...given: Array<string | Record<string, string>>): Promise<number> {
  const words = given.filter(word => typeof word === 'string');
  const variables = Object.assign({}, ...given.filter(word => typeof word !== 'string')) as Record<string, string>;
  const env = { ELASTICSEARCH_NODE: node, KIBANA_URL: kibana.url, DATA_DIR: join(folder, 'data'), ...variables };
  return createProgram(dependencies(env)).run(['kibana', ...words]);
}

/** What `kibana push` asks for. */
function dependencies(env: Record<string, string | undefined>): CommandDeps {
  const settings = parseEnvironment(env, folder);
  return {
    version: '0.0.0',
    terminal: {
      write: text => void (shown += text),
      writeContent: content => void (shown += content.toString()),
      writeError: text => void (told += text),
      isInteractive: false,
      width: null,
      hasColour: false,
      stderr: new PassThrough(),
    },
    now: Date.now,
    interrupted: new AbortController().signal,
    heedInterrupt: () => undefined,
    async config() {
      const { datasets } = await loadDatasets(join(folder, 'config'), env, { root: folder });
      return { datasets, errors: [], warnings: [] };
    },
    withJournal: work => work(journal),
    elasticsearch: () => settings.elasticsearch,
    kibana: () => settings.kibana,
    publicUrl: () => settings.publicUrl,
    dataDir: () => settings.dataDir,
  } as Partial<CommandDeps> as CommandDeps;
}
