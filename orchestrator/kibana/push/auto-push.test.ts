import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { Client } from '@elastic/elasticsearch';
import { systemClock } from '../../clock.ts';
import type { Dataset } from '../../config/dataset.ts';
import { datasetOf } from '../../config/testing/dataset.ts';
import type { LoadSettings } from '../../config/load-schema.ts';
import type { Journal, Run } from '../../journal/journal.ts';
import { openSqliteJournal } from '../../journal/sqlite/sqlite-journal.ts';
import type { Logger } from '../../log.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { KibanaStandIn } from '../testing/kibana-stand-in.ts';
import type { StoredObject } from '../testing/saved-object-store.ts';
import { AutoPush } from './auto-push.ts';

const node = process.env['ELASTICSEARCH_NODE'] ?? '';
const INDEX = `auto-push-test-${process.pid}`;
const DELAYS = {
  quietMs: 5,
  betweenLooksMs: 20,
  runsMs: 60_000,
  forgottenMs: 20,
  away: { firstMs: 10, factor: 1, maxMs: 10 },
  refused: { firstMs: 10, factor: 1, maxMs: 10 },
};

let folder: string;
let client: Client;
let journal: Journal;
let kibana: KibanaStandIn;
let datasets: Map<string, Dataset>;
let lines: string[];
let autoPush: AutoPush | null = null;

before(async () => {
  if (node === '') throw new Error('ELASTICSEARCH_NODE is not set: npm test starts an Elasticsearch and sets it');
  client = new Client({ node });
});
after(() => client.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auto-push-'));
  journal = openSqliteJournal({ path: join(folder, 'journal.sqlite'), clock: systemClock });
  kibana = await KibanaStandIn.start();
  datasets = new Map();
  lines = [];
  configure('sales');
});
afterEach(async () => {
  await autoPush?.stop();
  autoPush = null;
  await kibana.go();
  await journal.close();
  await client.indices.delete({ index: `${INDEX}*`, ignore_unavailable: true, allow_no_indices: true });
  await rm(folder, { recursive: true });
});

test('the first load of a dataset is soon in Kibana, and so is a column that was added', async () => {
  const pusher = await start();
  await load({ CITY: 'Lyon', AMOUNT: 5 });
  pusher.loaded('sales');
  await waitFor('the dashboard is there', () => titles('dashboard').length === 1);
  assert.equal(columns().includes('COLOUR'), false);
  await load({ CITY: 'Lyon', AMOUNT: 5, COLOUR: 'red' });
  pusher.loaded('sales');
  await waitFor('the column is there', () => columns().includes('COLOUR'));
  assert.ok(
    lines.some(line => /^info in Kibana .*dashboard “.*” were created$/.test(line)),
    lines.join('\n'),
  );
  assert.match(pusher.dashboardUrl('sales') ?? '', /\/app\/dashboards#\/view\/[0-9a-f-]{36}$/);
  assert.match(pusher.rowsUrl(runOf('sales')) ?? '', /\/app\/discover#\//);
  assert.equal(pusher.dashboardUrl('costs'), null);
});

test('links are there after another start, too, while Kibana is away', async () => {
  await load({ CITY: 'Lyon' });
  const first = await start();
  await waitFor('the dashboard is known', () => first.dashboardUrl('sales') !== null);
  await first.stop();
  await kibana.go();
  const second = await start();
  assert.equal(second.dashboardUrl('sales'), first.dashboardUrl('sales'));
  await second.stop();
  await kibana.come();
});

test('a Kibana that is away, then starting, is waited for; it is told once, and a stop does not wait', async () => {
  await load({ CITY: 'Lyon' });
  await kibana.go();
  const pusher = await start();
  await waitFor('it is told', () => !pusher.status().isUp);
  assert.match(pusher.status().message ?? '', /^Kibana at .* does not answer: .*; dashboards wait for it$/);
  kibana.isStarting = true;
  await kibana.come();
  await waitFor('it is told', () => pusher.status().message?.includes('it is starting') === true);
  assert.equal(lines.filter(line => line.startsWith('warn')).length, 2);
  kibana.isStarting = false;
  await waitFor('the dashboard is there', () => titles('dashboard').length === 1);
  await waitFor('it is well', () => pusher.status().isUp);
  assert.ok(lines.includes('info Kibana takes dashboards again'));
  kibana.faults.push(() => 'done'); // and never answers
  pusher.configured(['sales']);
  await waitFor('it is asked', () => kibana.faults.length === 0);
  const begun = performance.now();
  await pusher.stop();
  assert.ok(performance.now() - begun < 2_000);
});

test('wrong credentials are told, and nothing else fails', async () => {
  await load({ CITY: 'Lyon' });
  await kibana.go();
  kibana = await KibanaStandIn.start({ users: { 'me:right': null } });
  const pusher = await start();
  await waitFor('it is told', () => !pusher.status().isUp);
  assert.match(pusher.status().message ?? '', /does not know who asks/);
});

test('a dataset that can’t be looked at holds back no other, and is looked at again', async () => {
  await load({ CITY: 'Lyon' });
  configure('broken');
  const { runs } = journal;
  let isBroken = true;
  journal.runs = query => {
    if (isBroken && query?.dataset === 'broken') throw new Error('it broke');
    return runs.call(journal, query);
  };
  await start();
  await waitFor('the other dashboard is there', () => titles('dashboard').length === 1);
  assert.ok(
    lines.includes("warn dataset broken can't be looked at: it broke; its dashboard waits for it"),
    lines.join('\n'),
  );
  isBroken = false;
  await waitFor('so is this one', () => titles('dashboard').length === 2);
});

test('LOAD.dashboard: false takes the dashboard away, and another title changes it', async () => {
  await load({ CITY: 'Lyon' });
  const pusher = await start();
  await waitFor('the dashboard is there', () => titles('dashboard').length === 1);
  configure('sales', { dashboard: { title: 'Ventes' } });
  pusher.configured(['sales']);
  await waitFor('the title is another', () => titles('dashboard')[0] === 'Ventes');
  configure('sales', { dashboard: false });
  pusher.configured(['sales']);
  await waitFor('all of it is gone', () => kibana.store.all('default').length === 0);
  await waitFor('there is no link', () => pusher.dashboardUrl('sales') === null);
});

test('of a dataset that is removed the dashboard stays until it is forgotten; a renamed one has a new one', async () => {
  await journal.settle({ dataset: 'sales', file: 'a.csv', root: '/in', priority: 0, now: Date.now() });
  await load({ CITY: 'Lyon' });
  const pusher = await start();
  await waitFor('the dashboard is there', () => titles('dashboard').length === 1);
  datasets.delete('sales');
  configure('orders');
  pusher.configured(['orders']);
  await waitFor('there are two', () => titles('dashboard').length === 2);
  await waitFor('it is told', () => lines.some(line => line.includes('until orchestrator forget sales')));
  for (const { id } of (await journal.runs({ dataset: 'sales' })).items) await journal.cancel(id, Date.now());
  await journal.forget('sales');
  await waitFor('one is left', () => titles('dashboard').length === 1);
});

test('what a person changed is told once and kept', async () => {
  await load({ CITY: 'Lyon' });
  const pusher = await start();
  await waitFor('the dashboard is there', () => titles('dashboard').length === 1);
  const [{ type, id }] = objects('dashboard') as [StoredObject];
  kibana.store.update('default', { type, id }, { description: 'mine' });
  for (const colour of ['red', 'green']) {
    await load({ CITY: 'Lyon', [colour]: 1 });
    pusher.loaded('sales');
    await waitFor('the column is there', () => columns().includes(colour));
  }
  assert.equal(objects('dashboard')[0]?.attributes['description'], 'mine');
  assert.equal(lines.filter(line => /stays as it is: a person changed it/.test(line)).length, 1);
});

function configure(name: string, settings: Partial<LoadSettings> = {}): void {
  datasets.set(name, datasetOf(name, '/in', { LOAD: { target: 'elasticsearch', index: INDEX, ...settings } }));
}

async function start(): Promise<AutoPush> {
  autoPush = await AutoPush.start({
    settings: kibana.settings(),
    elasticsearch: { nodes: [node], apiKey: null, username: null, password: null, ca: null },
    dataDir: folder,
    journal,
    datasets: () => datasets,
    tellsRuns: false,
    pageUrl: null,
    clock: systemClock,
    logger: logger(),
    delays: DELAYS,
  });
  return autoPush;
}

async function load(document: object): Promise<void> {
  await client.index({ index: INDEX, document, refresh: true });
}

function objects(type: string): StoredObject[] {
  return kibana.store.all('default').filter(object => object.type === type);
}

function titles(type: string): string[] {
  return objects(type).map(({ attributes }) => String(attributes['title']));
}

/** Of the table of rows. */
function columns(): string[] {
  return objects('search').flatMap(({ attributes }) => attributes['columns'] as string[]);
}

function runOf(dataset: string): Run {
  const rows = { read: 1, loaded: 1, rejected: 0, filtered: 0, deleted: 0 };
  return { id: 'x', dataset, file: 'a.csv', state: 'done', action: 'add', fileKey: 'KEY', rows } as unknown as Run;
}

function logger(): Logger {
  const note = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error'), child: () => logger() };
}
