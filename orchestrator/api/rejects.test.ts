import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { systemClock } from '../clock.ts';
import type { Journal, Rows, Run } from '../journal/journal.ts';
import { openSqliteJournal } from '../journal/sqlite/sqlite-journal.ts';
import { mendRejects } from '../operations/mend.ts';
import type { Api } from './options.ts';
import { startApi } from './server.ts';
import { API_OPTIONS } from './testing/api-options.ts';

let dataDir: string;
let journal: Journal;
let api: Api;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'api-rejects-'));
  journal = openSqliteJournal({ path: join(dataDir, 'journal.sqlite'), clock: systemClock });
  api = await startApi({
    ...API_OPTIONS,
    journal,
    dataDir,
    actions: {
      ...API_OPTIONS.actions,
      mend: (run, content, signal) => mendRejects({ journal, dataDir, run, content, now: Date.now(), signal }),
    },
  });
});

afterEach(async () => {
  await api.stop();
  await journal.close();
  await rm(dataDir, { recursive: true });
});

test('rejects come in pages, each with its row, line, reason and record', async () => {
  const run = await rejecting('in.csv', 5);
  const first = await get(`/api/runs/${run.id}/rejects?format=json&limit=3`);
  const second = await get(`/api/runs/${run.id}/rejects?format=json&limit=3&cursor=${first.nextCursor}`);
  assert.deepEqual([first.total, first.items.length, second.items.length, second.nextCursor], [5, 3, 2, null]);
  assert.deepEqual(first.items[0], { row: 1, line: 2, reason: 'bad', raw: '1;x' });
});

test('rejects are downloaded as CSV under the name of their file, in its dialect', async () => {
  const run = await rejecting('été/Données 2024.csv.gz', 1);
  const response = await fetch(`${api.url}/api/runs/${run.id}/rejects?format=csv`);
  assert.equal(response.headers.get('content-type'), 'text/csv');
  const disposition = decodeURIComponent(response.headers.get('content-disposition') ?? '');
  assert.match(disposition, /filename\*=UTF-8''rejects-Données_2024\.csv$/);
  assert.equal(
    Buffer.from(await response.arrayBuffer()).toString('latin1'),
    '"_ROW";"_REASON";"a";"b"\r\n"1";"bad";"1";"x"\r\n',
  );
});

test('a download of rejects that can’t be read to their end breaks off, lest it be taken for all of them', async () => {
  const run = await rejecting('in.csv', 1);
  await appendFile(join(dataDir, 'runs', run.id, '1', 'rejects.ndjson'), '{"row":2,');
  await assert.rejects(async () => (await fetch(`${api.url}/api/runs/${run.id}/rejects?format=csv`)).arrayBuffer());
});

test('a run without rejects has no CSV', async () => {
  const run = await loaded('in.csv', { read: 1, loaded: 1, rejected: 0, filtered: 0, deleted: 0 });
  const response = await fetch(`${api.url}/api/runs/${run.id}/rejects?format=csv`);
  assert.equal(response.status, 404);
});

test('rule 12: mended rows become a run, whatever the body is said to be; those still open are listed until they are mended', async () => {
  const run = await rejecting('in.csv', 3);
  const mend = await post(run, '_ROW,_REASON,a,b\r\n2,,2,y\r\n1,,1,"x,y"\r\n', 'application/json');
  assert.deepEqual([mend.status, mend.body.action, mend.body.replayOf], [200, 'mend', run.id]);
  assert.equal(
    await readFile((await journal.run(mend.body.id))?.mendFile ?? '', 'utf8'),
    '{"row":2,"raw":"2;y","record":{"a":"2","b":"y"}}\n{"row":1,"raw":"1;x,y","record":{"a":"1","b":"x,y"}}\n',
  );
  // Of the two, row 1 is rejected once more.
  const mended = await end({ read: 2, loaded: 1, rejected: 1, filtered: 0, deleted: 0 });
  await writeRejects(mended, [{ row: 1, line: null, reason: 'still bad', raw: '1;x,y' }]);

  const { items } = await get(`/api/runs/${run.id}/rejects?format=json`);
  assert.deepEqual(
    items.map(({ row, reason }: { row: number; reason: string }) => [row, reason]),
    [
      [3, 'bad'],
      [1, 'still bad'],
    ],
  );
  assert.deepEqual(await get(`/api/runs/${mended.id}/rejects?format=json`), { items, total: 2, nextCursor: null });
  const { rowsRejected, rowsMended } = await get(`/api/runs/${run.id}`);
  assert.deepEqual([rowsRejected, rowsMended], [3, 1]);
  const [sales] = await journal.summaries();
  assert.deepEqual([sales?.rowsLoaded, sales?.rowsRejected, sales?.rowsMended], [2, 3, 1]);

  const again = await post(run, '_ROW;_REASON;a;b\n2;;2;z\n');
  assert.equal(again.status, 409);
  assert.match(again.body.error, /row 2 is not rejected, or mended already/);
  assert.equal((await post(mended, '{"row":1,"raw":"1;ok"}')).body.replayOf, run.id);
});

test('mended rows are refused where there are none, no body, another page that sends them, or a newer version', async () => {
  const run = await rejecting('in.csv', 1);
  const empty = await fetch(`${api.url}/api/runs/${run.id}/mend`, { method: 'POST' });
  assert.equal(empty.status, 400);
  const foreign = await post(run, '_ROW;_REASON;a;b\n1;;1;1\n', 'text/csv', { 'sec-fetch-site': 'cross-site' });
  assert.equal(foreign.status, 403);
  assert.equal((await post(run, 'a;b\n')).status, 409);

  const none = await loaded('none.csv', { read: 1, loaded: 1, rejected: 0, filtered: 0, deleted: 0 });
  assert.match((await post(none, '_ROW;_REASON;a;b\n1;;1;1\n')).body.error, /has no rejected rows to mend/);
  await loaded('in.csv', { read: 1, loaded: 1, rejected: 0, filtered: 0, deleted: 0 });
  assert.match((await post(run, '_ROW;_REASON;a;b\n1;;1;1\n')).body.error, /of the same file is newer/);
});

async function rejecting(file: string, count: number): Promise<Run> {
  const run = await loaded(file, { read: count + 1, loaded: 1, rejected: count, filtered: 0, deleted: 0 });
  const rows = Array.from({ length: count }, (_, index) => index + 1);
  const rejects = rows.map(row => ({ row, line: row + 1, reason: 'bad', raw: `${row};x` }));
  await writeRejects(run, rejects);
  return run;
}

async function writeRejects(run: Run, rejects: object[]): Promise<void> {
  const work = join(dataDir, 'runs', run.id, '1');
  await mkdir(work, { recursive: true });
  await writeFile(join(work, 'rejects.ndjson'), rejects.map(reject => `${JSON.stringify(reject)}\n`).join(''));
  const dialect = { delimiter: ';', quote: '"', escape: '', skipsBlanks: false, encoding: 'win1252' };
  const table = { dialect, headers: [{ row: 1, columns: ['a', 'b'] }] };
  await writeFile(join(work, 'rejects.json'), JSON.stringify(table));
}

let sizeBytes = 0;

async function loaded(file: string, rows: Rows): Promise<Run> {
  const fileVersion = { sizeBytes: ++sizeBytes, token: '1.1' };
  const request = { dataset: 'sales', file, root: '/in', priority: 0, now: Date.now() };
  await journal.submit({ ...request, fileVersion, contentHash: String(sizeBytes) });
  return end(rows);
}

/** Runs the one that is queued, to this end. */
async function end(rows: Rows): Promise<Run> {
  const slot = { dataset: 'sales', free: 1, strict: false, order: 'arrival' as const, perFolder: false };
  const claimed = await journal.claim({ holder: 't', leaseMs: 60_000, now: Date.now(), slots: [slot], limit: 1 });
  const run = claimed[0]?.[0] as Run;
  return journal.finish(run, { to: 'done', rows, error: null }, Date.now());
}

// oxlint-disable-next-line typescript/no-explicit-any -- whatever shape a test expects
async function get(path: string): Promise<any> {
  return (await fetch(api.url + path)).json();
}

async function post(run: Run, body: string, type = 'text/csv', headers: Record<string, string> = {}) {
  const url = `${api.url}/api/runs/${run.id}/mend`;
  const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': type, ...headers } });
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever shape a test expects
  return { status: response.status, body: (await response.json()) as any };
}
