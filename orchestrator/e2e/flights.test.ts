import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { documentId, fileKey } from '../../default-etl/contract/contract.ts';
import { fixture } from '../../scripts/fixtures.ts';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';
import { elasticsearchNode, openIndex } from './index.ts';

const ROWS = 336_776;
const index = openIndex('e2e-flights');
let folder: string;
let orchestrator: TestOrchestrator;
let flights: string;

before(async () => {
  flights = await fixture('flights.csv');
  await index.drop().catch(() => {});
  folder = await makeFolder({
    flights: 'WATCH_DIR: {folder}/in\nRUNNER: docker\nLOAD:\n  index: e2e-flights\nCONCURRENCY: 1\n',
  });
  await mkdir(join(folder, 'in'));
  orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: elasticsearchNode() });
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  await openIndex('e2e-flights').drop();
  await removeFolder(folder);
});

test('a real file through a real container: every row is a document, equal to the row as text', async () => {
  await copyFile(flights, join(folder, 'in', 'flights.csv'));
  const [run] = await orchestrator.waitForRuns('dataset=flights', runs => runs[0]?.endedAt != null, 180_000);
  assert.deepEqual(
    [run?.state, run?.attempt, run?.rowsRead, run?.rowsLoaded, run?.rowsRejected, run?.error],
    ['done', 1, ROWS, ROWS, 0, null],
  );

  const rows = await expectedRows();
  const key = fileKey('flights', 'flights.csv');
  const flightsIndex = openIndex('e2e-flights');
  let seen = 0;
  for await (const { id, source } of flightsIndex.documents()) {
    const row = Number(id.slice(-10));
    assert.equal(id, documentId(key, row));
    assert.deepEqual(source, rows[row - 1], `document ${id}`);
    seen++;
  }
  assert.equal(seen, ROWS);
});

test('a second copy under the same name changes nothing in the count', async () => {
  await copyFile(flights, join(folder, 'in', '.copy'));
  await rename(join(folder, 'in', '.copy'), join(folder, 'in', 'flights.csv'));
  const runs = await orchestrator.waitForRuns(
    'dataset=flights',
    all => all.length === 2 && all[0]?.endedAt != null,
    180_000,
  );
  assert.equal(runs[0]?.state, 'skipped');
  assert.equal(await openIndex('e2e-flights').count(), ROWS);
});

test('rule 5: a version shorter by 1,000 rows leaves 1,000 documents less', async () => {
  const lines = (await readFile(flights, 'utf8')).trimEnd().split('\n');
  await writeFile(join(folder, 'in', 'flights.csv'), `${lines.slice(0, -1000).join('\n')}\n`);
  const runs = await orchestrator.waitForRuns('dataset=flights&state=done', all => all.length === 2, 180_000);
  assert.equal(runs[0]?.rowsLoaded, ROWS - 1000);
  assert.equal(await openIndex('e2e-flights').count(), ROWS - 1000);
});

/** The rows by an independent reader, with the names and nulls that the minimal transformer gives. */
async function expectedRows(): Promise<Array<Record<string, string | null>>> {
  const records: string[][] = parse(await readFile(flights));
  const header = (records[0] ?? []).map(name => name.trim().toUpperCase());
  return records
    .slice(1)
    .map(cells =>
      Object.fromEntries(header.map((name, column) => [name, cells[column] === '' ? null : (cells[column] ?? null)])),
    );
}
