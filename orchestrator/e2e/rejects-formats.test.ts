import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as XLSX from '@e965/xlsx';
import { documentId, fileKey, type Reject } from '../../default-etl/contract/contract.ts';
import { type ApiRun, makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';
import { elasticsearchNode, openIndex } from './index.ts';

const INDEX = 'e2e-rejects-formats';
let folder: string;
let orchestrator: TestOrchestrator;

before(async () => {
  await openIndex(INDEX).drop();
  folder = await makeFolder({
    book: `WATCH_DIR: {folder}/book
RUNNER: process
TRANSFORM:
  - minimal
  - rename: {map: {DAY: JOUR}}
LOAD:
  index: ${INDEX}
  mappings:
    JOUR: {type: date, format: strict_date}
`,
    parts: `WATCH_DIR: {folder}/parts
RUNNER: process
RUN_PER: folder
EXISTING: process
LOAD: {target: lake}
`,
  });
  await mkdir(join(folder, 'book'));
  await mkdir(join(folder, 'parts'));
  await writeFile(join(folder, 'parts', 'a.csv'), 'x;y\n1;2\n3;4;5\n');
  await writeFile(join(folder, 'parts', 'b.csv'), 'x,z\n1,2,3\n"4",5\n');
  orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: elasticsearchNode() });
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  await openIndex(INDEX).drop();
  await removeFolder(folder);
});

test('a row of a workbook is rejected as it was read, and mended it passes TRANSFORM once', async () => {
  const sheet = XLSX.utils.aoa_to_sheet([
    [' day ', 'name', 'n'],
    ['2024-01-01', 'Zoé', 1],
    ['soon', 'a;b', 2.5],
    ['2024-01-03', null, 3],
  ]);
  const book = XLSX.utils.book_new();
  XLSX.utils.book_append_sheet(book, sheet, 'first');
  await writeFile(join(folder, 'book', 'in.xlsx'), XLSX.write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer);
  const [run] = (await orchestrator.waitForRuns('dataset=book', ([newest]) => newest?.endedAt != null)) as [ApiRun];
  assert.deepEqual([run.rowsLoaded, run.rowsRejected], [2, 1]);
  const [reject] = await rejectsOf(run);
  assert.deepEqual([reject?.row, reject?.raw], [2, '{" day ":"soon","name":"a;b","n":"2.5"}']);

  const csv = await (await orchestrator.fetch(`/api/runs/${run.id}/rejects?format=csv`)).text();
  assert.match(csv, /^"_ROW","_REASON"," day ","name","n"\r\n"2",".*","soon","a;b","2\.5"\r\n$/);
  await mend(run, csv.replaceAll('soon', '2024-01-02'));
  const documents = new Map<string, unknown>();
  for await (const { id, source } of openIndex(INDEX).documents()) documents.set(id, source);
  const id = documentId(fileKey('book', 'in.xlsx'), 2);
  assert.deepEqual(documents.get(id), { JOUR: '2024-01-02', NAME: 'a;b', N: '2.5' });
  assert.equal(documents.size, 3);
});

test('of a run over a folder each file has its own decisions and rejects, each in its own dialect', async () => {
  const runs = await orchestrator.waitForRuns(
    'dataset=parts',
    all => all.length === 2 && all.every(run => run.endedAt),
  );
  for (const [file, delimiter, raw, mended, csv] of [
    ['a.csv', ';', '3;4;5', '3;;3;4', '_ROW;_REASON;x;y'],
    ['b.csv', ',', '1,2,3', '1,,1,2', '_ROW,_REASON,x,z'],
  ] as const) {
    const run = runs.find(each => each.file === file) as ApiRun;
    const { decisions } = await orchestrator.get<{ decisions: Array<{ name: string; value: unknown }> }>(
      `/api/runs/${run.id}`,
    );
    assert.equal(decisions.find(({ name }) => name === 'delimiter')?.value, delimiter);
    const [reject] = await rejectsOf(run);
    assert.equal(reject?.raw, raw);
    const { rowsLoaded } = await mend(run, `${csv}\n${reject?.row}${mended.slice(1)}\n`);
    assert.equal(rowsLoaded, 1);
    assert.deepEqual(await rejectsOf(run, 'json'), []);
  }
  const { rows } = await orchestrator.get<{ rows: Array<Record<string, string | null>> }>('/api/lake/parts');
  assert.deepEqual(rows.map(({ X, Y, Z }) => `${X} ${Y ?? Z}`).toSorted(), ['1 2', '1 2', '3 4', '4 5']);
});

test('replaying a mend in the lake puts its rows where they are, not beside', async () => {
  const former = await readdir(join(folder, 'data', 'lake', 'parts'));
  const runs = await orchestrator.runs('dataset=parts');
  await orchestrator.post(`/api/runs/${runs[0]?.id}/replay`);
  await orchestrator.waitForRuns('dataset=parts', all => all.length === runs.length + 1 && all[0]?.endedAt != null);
  assert.deepEqual(await readdir(join(folder, 'data', 'lake', 'parts')), former);
});

async function rejectsOf(run: ApiRun, format = 'ndjson'): Promise<Reject[]> {
  const response = await orchestrator.fetch(`/api/runs/${run.id}/rejects?format=${format}`);
  if (format === 'json') return ((await response.json()) as { items: Reject[] }).items;
  const lines = (await response.text()).trim().split('\n');
  return lines.map(line => JSON.parse(line) as Reject);
}

async function mend(run: ApiRun, body: string): Promise<ApiRun> {
  const headers = { 'content-type': 'text/csv' };
  const response = await orchestrator.fetch(`/api/runs/${run.id}/mend`, { method: 'POST', body, headers });
  assert.equal(response.status, 200, await response.clone().text());
  const { id } = (await response.json()) as ApiRun;
  const own = (runs: ApiRun[]) => runs.find(each => each.id === id);
  const runs = await orchestrator.waitForRuns(`dataset=${run.dataset}`, all => own(all)?.endedAt != null);
  assert.deepEqual([own(runs)?.state, own(runs)?.error], ['done', null]);
  return own(runs) as ApiRun;
}
