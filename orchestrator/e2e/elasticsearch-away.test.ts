import assert from 'node:assert/strict';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fixture } from '../../scripts/fixtures.ts';
import { type ElasticsearchServer, startElasticsearch } from '../../scripts/services/elasticsearch.ts';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';
import { openIndex } from './index.ts';

const ROWS = 336_776;
/** Longer than the 30 s for which the ETL itself tries, so that the run is given back and waits. */
const AWAY_MS = Number(process.env.ELASTICSEARCH_AWAY_MS ?? 35_000);
let folder: string;
let server: ElasticsearchServer;
let orchestrator: TestOrchestrator;

before(async () => {
  server = await startElasticsearch();
  folder = await makeFolder({
    flights: 'WATCH_DIR: {folder}/in\nRUNNER: docker\nRETRIES: 0\nLOAD: {index: e2e-away}\n',
  });
  await mkdir(join(folder, 'in'));
  orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: server.url });
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  await server?.remove();
  await removeFolder(folder);
});

test('Elasticsearch stopped during a run and started later: every row once, and no retry used up', async () => {
  await copyFile(await fixture('flights.csv'), join(folder, 'in', 'flights.csv'));
  await orchestrator.waitForRuns('', runs => ((runs[0] as { progress?: { rows: number } })?.progress?.rows ?? 0) > 0);
  await server.stop();
  await new Promise(resolve => setTimeout(resolve, AWAY_MS));
  const [waiting] = await orchestrator.runs();
  assert.ok(waiting?.state === 'queued' || waiting?.state === 'running', `${waiting?.state}: ${waiting?.error}`);
  await server.start();
  const runs = await orchestrator.waitForRuns('', all => all[0]?.endedAt != null, 240_000);
  assert.deepEqual(
    runs.map(run => [run.state, run.rowsRead, run.rowsLoaded, run.rowsRejected]),
    [['done', ROWS, ROWS, 0]],
  );
  assert.equal(await openIndex('e2e-away', server.url).count(), ROWS);
});
