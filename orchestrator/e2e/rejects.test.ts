import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { documentId, fileKey, type Reject } from '../../default-etl/contract/contract.ts';
import { type ApiRun, makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';
import { elasticsearchNode, openIndex } from './index.ts';

const ROWS = 10_000;
const INDEX = 'e2e-rejects';
/** Rows that are wrong in the file, by what is wrong with them. */
const BAD = {
  surplus: [1, 100, 101, 2500, 4001, 5000, 6000, 7000, 8000, 9000, 9998, 10_000],
  bytes: [7, 8, 999, 1234, 2222, 3333, 4444, 5555, 6666, 7777, 8888, 9999],
  date: [12, 13, 500, 1500, 2501, 3500, 4500, 5501, 6500, 7500, 8500, 9500],
  quote: [4000],
};
const BAD_ROWS = Object.values(BAD)
  .flat()
  .sort((a, b) => a - b);

let folder: string;
let orchestrator: TestOrchestrator;
let run: ApiRun;

before(async () => {
  await openIndex(INDEX).drop();
  folder = await makeFolder({
    sales: `WATCH_DIR: {folder}/in
RUNNER: process
LOAD:
  index: ${INDEX}
  mappings:
    DAY: {type: date, format: strict_date}
`,
  });
  await mkdir(join(folder, 'in'));
  orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: elasticsearchNode() });
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  await openIndex(INDEX).drop();
  await removeFolder(folder);
});

test('of 10,000 rows 37 are wrong: the others are loaded, and each of the 37 is a reject with its line and reason', async () => {
  await writeFile(join(folder, 'in', 'sales.csv'), dirtyFile());
  [run] = (await orchestrator.waitForRuns('dataset=sales', runs => runs[0]?.endedAt != null)) as [ApiRun];
  assert.deepEqual(
    [run.state, run.rowsRead, run.rowsLoaded, run.rowsRejected, run.error],
    ['done', ROWS, ROWS - 37, 37, null],
  );
  assert.equal(await openIndex(INDEX).count(), ROWS - 37);
  const rejects = (await download('ndjson'))
    .toString()
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Reject);
  const byRow = new Map(rejects.map(reject => [reject.row, reject]));
  assert.deepEqual(
    [...byRow.keys()].sort((a, b) => a - b),
    BAD_ROWS,
  );
  const reasonsOf = (rows: readonly number[]) =>
    new Set(rows.map(row => byRow.get(row)?.reason.replaceAll(/\d+/g, 'n')));
  for (const [rows, reason] of [
    [BAD.surplus, /n cells, but the header has n columns/],
    [BAD.bytes, /not valid UTF-n/],
    [BAD.date, /DAY.*date/],
    [BAD.quote, /quote/],
  ] as const) {
    for (const found of reasonsOf(rows)) assert.match(found ?? '', reason);
  }
  assert.ok(rejects.every(({ row, line }) => line === row + 1));
});

test('what was decided about the file is told with its run', async () => {
  const { decisions } = await orchestrator.get<{ decisions: Array<{ name: string; value: unknown }> }>(
    `/api/runs/${run.id}`,
  );
  const delimiter = decisions.find(({ name }) => name === 'delimiter');
  assert.equal(delimiter?.value, ';');
});

test('the download is a table of its own: one record a reject, in the dialect of the file', async () => {
  const rows: string[][] = parse(await download('csv'), { delimiter: ';', relax_column_count: true, bom: true });
  assert.deepEqual(rows[0], ['_ROW', '_REASON', 'id', 'day', 'name']);
  assert.equal(rows.length, 1 + 37);
  const surplus = rows.find(([row]) => row === '100');
  assert.deepEqual(surplus?.slice(2), ['100', '2024-01-01', 'Zoé', 'one', 'too many']);
  const quote = rows.find(([row]) => row === '4000');
  assert.deepEqual(quote?.slice(2), ['4000', '2024-01-01', '"Zoé']);
});

test('saved by another program and mended in part: those rows are loaded, the others can still be mended', async () => {
  const [left, ...given] = BAD_ROWS as [number, ...number[]];
  const lines = given.map(row => mendedLine(row, row === given[0] ? 'soon' : undefined));
  const saved = Buffer.from(['_ROW,_REASON,id,day,name', ...lines].join('\r\n'), 'latin1');
  const first = await mend(saved);
  assert.deepEqual([first.rowsRead, first.rowsLoaded, first.rowsRejected], [36, 35, 1]);
  assert.equal(await openIndex(INDEX).count(), ROWS - 2);
  const open: string[][] = parse(await download('csv'), { delimiter: ';', relax_column_count: true, bom: true });
  assert.deepEqual(
    open.slice(1).map(([row]) => Number(row)),
    [left, given[0]],
  );
});

test('mended to the end: every row is a document under the id of its row, equal to what was meant', async () => {
  const [left, again] = BAD_ROWS as [number, number];
  const csv = (await download('csv')).toString();
  const header = csv.split('\r\n')[0];
  const second = await mend(
    Buffer.from(`${header}\n${[left, again].map(row => mendedLine(row).replaceAll(',', ';')).join('\n')}\n`),
  );
  assert.deepEqual([second.rowsRead, second.rowsLoaded, second.rowsRejected], [2, 2, 0]);

  const key = fileKey('sales', 'sales.csv');
  const expected = new Map(
    Array.from({ length: ROWS }, (_, index) => [
      documentId(key, index + 1),
      { ID: String(index + 1), DAY: '2024-01-01', NAME: 'Zoé' },
    ]),
  );
  let documents = 0;
  for await (const { id, source } of openIndex(INDEX).documents()) {
    assert.deepEqual(source, expected.get(id), id);
    documents += 1;
  }
  assert.equal(documents, ROWS);
  const { rowsRejected, rowsMended } = await orchestrator.get<{ rowsRejected: number; rowsMended: number }>(
    `/api/runs/${run.id}`,
  );
  assert.deepEqual([rowsRejected, rowsMended], [37, 37]);
  const metrics = await (await orchestrator.fetch('/metrics')).text();
  for (const [name, value] of [
    ['loaded', ROWS],
    ['rejected', 37],
    ['mended', 37],
  ] as const) {
    assert.ok(metrics.includes(`orchestrator_rows_${name}_total{dataset="sales"} ${value}\n`), name);
  }
  const { items } = await orchestrator.get<{ items: unknown[] }>(`/api/runs/${run.id}/rejects?format=json`);
  assert.deepEqual(items, []);
});

test('a row that was never rejected, and one that is mended, is refused', async () => {
  for (const row of [2, 100]) {
    const response = await post(Buffer.from(`_ROW;_REASON;id;day;name\n${mendedLine(row).replaceAll(',', ';')}\n`));
    assert.equal(response.status, 409);
    assert.match(await response.text(), new RegExp(`row ${row} is not rejected, or mended already`));
  }
  assert.equal(await openIndex(INDEX).count(), ROWS);
});

function dirtyFile(): Buffer {
  const lines = Array.from({ length: ROWS }, (_, index) => Buffer.from(dirtyLine(index + 1), 'latin1'));
  return Buffer.concat([Buffer.from('id;day;name\r\n'), ...lines]);
}

/** As bytes in Latin-1: the good ones are UTF-8. */
function dirtyLine(row: number): string {
  const utf8 = Buffer.from('Zoé').toString('latin1');
  if (BAD.surplus.includes(row)) return `${row};2024-01-01;${utf8};one;too many\r\n`;
  if (BAD.bytes.includes(row)) return `${row};2024-01-01;Zo\xe9\r\n`;
  if (BAD.date.includes(row)) return `${row};01/01/2024;${utf8}\r\n`;
  if (BAD.quote.includes(row)) return `${row};2024-01-01;"${utf8}\r\n`;
  return `${row};2024-01-01;${utf8}\r\n`;
}

function mendedLine(row: number, day = '2024-01-01'): string {
  return `${row},seen to,${row},${day},Zoé`;
}

async function download(format: string): Promise<Buffer> {
  const response = await orchestrator.fetch(`/api/runs/${run.id}/rejects?format=${format}`);
  return Buffer.from(await response.arrayBuffer());
}

function post(body: Buffer): Promise<Response> {
  const headers = { 'content-type': 'text/csv' };
  return orchestrator.fetch(`/api/runs/${run.id}/mend`, { method: 'POST', body: new Uint8Array(body), headers });
}

/** Loads mended rows and waits for the end of their run. */
async function mend(body: Buffer): Promise<ApiRun> {
  const response = await post(body);
  assert.equal(response.status, 200, await response.clone().text());
  const { id } = (await response.json()) as ApiRun;
  const isEnded = (runs: ApiRun[]) => runs.find(each => each.id === id)?.endedAt != null;
  const runs = await orchestrator.waitForRuns('dataset=sales', isEnded);
  return runs.find(each => each.id === id) as ApiRun;
}
