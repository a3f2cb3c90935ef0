import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { KibanaStandIn } from '../kibana/testing/kibana-stand-in.ts';
import { waitFor } from '../testing/wait-for.ts';
import { makeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';
import { openIndex } from './index.ts';

const INDEX = `e2e-kibana-${process.pid}`;
const SALES = `WATCH_DIR: '{folder}/sales'\nRUNNER: process\nLOAD: { target: elasticsearch, index: ${INDEX} }\n`;

let folder: string;
let kibana: KibanaStandIn;
let orchestrator: TestOrchestrator | null = null;

before(async () => {
  folder = await makeFolder({ sales: SALES });
  kibana = await KibanaStandIn.start();
  // For commands, too.
  await writeFile(join(folder, '.env'), `KIBANA_URL=${kibana.url}\n`);
});
afterEach(async () => {
  await orchestrator?.kill('SIGTERM');
  orchestrator = null;
});
after(async () => {
  await kibana.go();
  await openIndex(INDEX).drop();
  await rm(folder, { recursive: true });
});

const start = (): Promise<TestOrchestrator> =>
  startOrchestrator(folder, { METRICS_ELASTICSEARCH: 'off', LOG_ELASTICSEARCH: 'off' });

test('a file that is dropped has its dashboard within seconds, and page and API link to it', async context => {
  orchestrator = await start();
  const begun = performance.now();
  const run = await orchestrator.load('sales', 'a.csv', 'city,amount\nLyon,5\nLille,7\n');
  const loaded = performance.now();
  await waitFor('the dashboard is there', () => kibana.store.all('default').some(({ type }) => type === 'dashboard'));
  const pushed = performance.now();
  context.diagnostic(
    `from the file to its rows ${Math.round(loaded - begun)} ms, to its dashboard ${Math.round(pushed - begun)} ms`,
  );
  assert.ok(pushed - loaded < 10_000);
  const { get } = orchestrator;
  interface Datasets {
    items: Array<{ name: string; dashboardUrl: string | null }>;
  }
  const dashboardUrl = async () =>
    (await get<Datasets>('/api/datasets')).items.find(({ name }) => name === 'sales')?.dashboardUrl;
  await waitFor(
    'the link is there',
    async () => (await dashboardUrl())?.startsWith(`${kibana.url}/app/dashboards#/view/`) === true,
  );
  const { rowsUrl } = await get<{ rowsUrl: string | null }>(`/api/runs/${run.id}`);
  assert.ok(rowsUrl?.startsWith(`${kibana.url}/app/discover#/?_g=`), String(rowsUrl));
  const { stdout } = await orchestrator.command('runs', 'a.csv');
  assert.ok(stdout.includes(`rows in Kibana: ${rowsUrl}`), stdout);
  const health = await get<{ parts: Record<string, { status: string }> }>('/api/health');
  assert.equal(health.parts['kibana']?.status, 'ok');
});

test('while Kibana is away runs go on, it is told, and a stop does not wait for it', async () => {
  await kibana.go();
  orchestrator = await start();
  const run = await orchestrator.load('sales', 'b.csv', 'city,amount,colour\nLyon,5,red\n');
  assert.equal(run.state, 'done');
  const { get } = orchestrator;
  const trouble = async () =>
    (await get<{ parts: Record<string, { message: string | null }> }>('/api/health')).parts['kibana']?.message;
  await waitFor('it is told', async () => /^Kibana at .* does not answer/.test((await trouble()) ?? ''));
  const { stdout } = await orchestrator.command('status');
  assert.match(stdout, /kibana: Kibana at .* does not answer/);
  const begun = performance.now();
  await orchestrator.kill('SIGTERM');
  assert.ok(performance.now() - begun < 5_000);
  await kibana.come();
});

test('the next start pushes what waited', async () => {
  orchestrator = await start();
  const columns = () =>
    kibana.store.all('default').flatMap(({ attributes }) => (attributes['columns'] as string[] | undefined) ?? []);
  await waitFor('the column is there', () => columns().includes('COLOUR'));
});
