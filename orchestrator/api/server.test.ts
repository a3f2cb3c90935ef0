import assert from 'node:assert/strict';
import { chmod, link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { systemClock } from '../clock.ts';
import type { Journal, Run } from '../journal/journal.ts';
import { openSqliteJournal } from '../journal/sqlite/sqlite-journal.ts';
import type { Api, ServiceStatus } from './options.ts';
import { mendRejects } from '../operations/mend.ts';
import { startApi } from './server.ts';
import { API_OPTIONS } from './testing/api-options.ts';

let dataDir: string;
let journal: Journal;
let api: Api;
let service: ServiceStatus;

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'api-'));
  journal = openSqliteJournal({ path: join(dataDir, 'journal.sqlite'), clock: systemClock });
  api = await startApi({
    ...API_OPTIONS,
    journal,
    status: () => service,
    dataDir,
    mask: text => text.replaceAll('s3cret', '***'),
    actions: {
      cancel: id => journal.cancel(id, Date.now()),
      replay: id => journal.replay(id, Date.now()),
      mend: (run, content, signal) => mendRejects({ journal, dataDir, run, content, now: Date.now(), signal }),
      pause: (name, paused) => journal.pause(name, paused),
      acknowledge: id => journal.acknowledge(id, Date.now()),
      acknowledgeAll: name => journal.acknowledgeAll(name, Date.now()),
    },
  });
  service = healthy();
});

after(async () => {
  await api.stop();
  await journal.close();
  await rm(dataDir, { recursive: true });
});

test('runs are listed newest first, page by page, with times in ISO 8601', async () => {
  const made = [await submit('a.csv'), await submit('b.csv'), await submit('c.csv')];
  const first = await get('/api/runs?limit=2');
  const second = await get(`/api/runs?limit=2&cursor=${first.body.nextCursor}`);
  assert.deepEqual(
    [...first.body.items, ...second.body.items].map((run: { id: string }) => run.id),
    made.map(run => run.id).toReversed(),
  );
  assert.equal(second.body.nextCursor, null);
  assert.equal(new Date(first.body.items[0].seenAt).toISOString(), first.body.items[0].seenAt);
  assert.deepEqual(Object.keys(first.body.items[0]).slice(0, 13), [
    'id',
    'dataset',
    'file',
    'state',
    'attempt',
    'rowsRead',
    'rowsLoaded',
    'rowsRejected',
    'seenAt',
    'queuedAt',
    'startedAt',
    'endedAt',
    'error',
  ]);
});

test('runs are filtered by dataset, state and a part of the path', async () => {
  const run = await submit('été/Données.csv', 'filtered');
  const found = await get('/api/runs?dataset=filtered&state=queued,running&file=donn%C3%A9es');
  assert.deepEqual(
    found.body.items.map((item: { id: string }) => item.id),
    [run.id],
  );
  assert.equal((await get('/api/runs?dataset=filtered&state=done')).body.items.length, 0);
});

test('runs that are done and have something to check are listed, counted and measured', async () => {
  const started = await startRun('doubt/a.csv');
  const { id } = started;
  await submit('doubt/b.csv');
  const toCheck = ['the sheet is a guess, said s3cret'];
  await journal.finish(started, { to: 'done', rows, error: null, toCheck, valuesLeftOut: 6 }, Date.now(), 0);
  const found = await get('/api/runs?file=doubt%2F&toCheck=1');
  const shown = found.body.items.map((run: { id: string; toCheck: string[] }) => [run.id, run.toCheck]);
  assert.deepEqual(shown, [[id, ['the sheet is a guess, said ***']]]);
  assert.equal((await get('/api/runs?file=doubt%2F&toCheck=0')).body.items.length, 2);
  const { items } = (await get('/api/datasets')).body as { items: Array<{ name: string; runsToCheck: number }> };
  assert.equal(items.find(({ name }) => name === 'sales')?.runsToCheck, 1);
  const metrics = await (await fetch(`${api.url}/metrics`)).text();
  assert.match(metrics, /^orchestrator_values_left_out_total\{dataset="sales"\} 6$/m);
  assert.match(metrics, /^orchestrator_runs_to_check\{dataset="sales"\} 1$/m);
});

test('a wrong parameter is named in the answer', async () => {
  for (const [path, reason] of [
    [
      '/api/runs?satate=done',
      /^satate is not a parameter of \/api\/runs; it takes dataset, state, file, toCheck, limit, cursor$/,
    ],
    ['/api/runs?state=finished', /finished is not a state; take settling/],
    ['/api/runs?limit=0', /limit.*>= 1/],
    ['/api/runs?cursor=x', /cursor/],
  ] as const) {
    const { status, body } = await get(path);
    assert.equal(status, 400, path);
    assert.match(body.error, reason);
  }
});

test('an unknown run is a 404, and none is a path', async () => {
  for (const id of ['01a0c0de-0000-7000-8000-000000000000', '..%2f..%2fjournal.sqlite', 'x']) {
    for (const rest of ['', '/log', '/rejects']) assert.equal((await get(`/api/runs/${id}${rest}`)).status, 404);
  }
});

test('a log has all attempts with headings, and its secrets masked even across pieces', async () => {
  const run = await startRun('log.csv');
  const long = `${'x'.repeat(65_533)}s3cret${'y'.repeat(200_000)}`;
  await writeLog(run, 1, `first s3cret line\n${long}`);
  const text = await (await fetch(`${api.url}/api/runs/${run.id}/log`)).text();
  assert.match(text, /^=== attempt 1 · .*\nfirst \*\*\* line\n/);
  assert.ok(!text.includes('s3cret'));
  assert.ok(text.includes(`${'x'.repeat(65_533)}***${'y'.repeat(200_000)}\n`));
  assert.equal((await get(`/api/runs/${run.id}/log?attempt=2`)).status, 404);
  const many = Array.from({ length: 400 }, (_, n) => `${'x'.repeat(n % 7)}s3crets3cret${'y'.repeat(980)}`).join('');
  await writeLog(run, 1, many);
  const shown = await (await fetch(`${api.url}/api/runs/${run.id}/log`)).text();
  assert.ok(shown.endsWith(`\n${many.replaceAll('s3cret', '***')}\n`));
});

test('a log can be followed until its run ends', async () => {
  const run = await startRun('follow.csv');
  await writeLog(run, 1, 'begin\n');
  const response = await fetch(`${api.url}/api/runs/${run.id}/log?follow=1`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('begin\n')) text += (await reader.read()).value;
  await writeLog(run, 1, 'begin\nend\n');
  await journal.finish(run, { to: 'done', rows, error: null }, Date.now(), 0);
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  assert.match(text, /begin\nend\n$/);
});

test('rejected rows are given as they were left', async () => {
  const run = await startRun('rejects.csv');
  assert.equal(await (await fetch(`${api.url}/api/runs/${run.id}/rejects`)).text(), '');
  const folder = join(dataDir, 'runs', run.id, '1');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'rejects.ndjson'), '{"row":1}\n');
  assert.equal(await (await fetch(`${api.url}/api/runs/${run.id}/rejects`)).text(), '{"row":1}\n');
});

test('a queued run is cancelled once, replayed once, and refusals say why', async () => {
  const run = await submit('cancel.csv');
  assert.equal((await post(`/api/runs/${run.id}/cancel`)).body.state, 'cancelled');
  const again = await post(`/api/runs/${run.id}/cancel`);
  assert.equal(again.status, 409);
  const replay = await post(`/api/runs/${run.id}/replay`);
  assert.equal(replay.body.replayOf, run.id);
  assert.equal((await post(`/api/runs/${run.id}/replay`)).status, 409);
});

test('what failed is to look after until it is acknowledged, by run or all of a dataset', async () => {
  const fail = async (file: string) => {
    await submit(file, 'attention');
    const slot = { dataset: 'attention', free: 9, strict: false, order: 'arrival' as const, perFolder: false };
    const [[run] = []] = await journal.claim({
      holder: 't',
      leaseMs: 60_000,
      now: Date.now(),
      slots: [slot],
      limit: 9,
    });
    assert(run);
    return journal.finish(run, { to: 'failed', rows: null, error: 'it said s3cret' }, Date.now());
  };
  const [one, two, three] = [await fail('1.csv'), await fail('2.csv'), await fail('3.csv')];
  const listed = async () =>
    (await get('/api/attention?dataset=attention')).body.items as Array<{ id: string; error: string }>;
  assert.deepEqual(
    (await listed()).map(({ id, error }) => [id, error]),
    [three, two, one].map(({ id }) => [id, 'it said ***']),
  );
  assert.equal((await get('/api/attention?dataset=attention&limit=1')).body.items.length, 1);
  assert.deepEqual((await get('/api/attention?dataset=attention&kind=waiting')).body.items, []);
  const dataset = async () =>
    (await get('/api/datasets')).body.items.find((item: { name: string }) => item.name === 'attention');
  assert.equal((await dataset()).runsFailed, 3);
  assert.equal((await post(`/api/runs/${one.id}/acknowledge`)).status, 200);
  assert.deepEqual(
    (await listed()).map(({ id }) => id),
    [three.id, two.id],
  );
  assert.equal((await post('/api/datasets/attention/acknowledge')).body.acknowledged, 2);
  assert.deepEqual([await listed(), (await dataset()).runsFailed, (await dataset()).counts.failed], [[], 0, 3]);
  const well = await submit('4.csv', 'attention');
  const refused = await post(`/api/runs/${well.id}/acknowledge`);
  assert.deepEqual([refused.status, /nothing in it to look after/.test(refused.body.error)], [409, true]);
  assert.equal((await post('/api/datasets/unknown/acknowledge')).status, 404);
});

test('a dataset is paused and resumed; an unknown one is a 404', async () => {
  await submit('pause.csv');
  await post('/api/datasets/sales/pause');
  assert.equal(
    (await get('/api/datasets')).body.items.find((item: { name: string }) => item.name === 'sales').paused,
    true,
  );
  await post('/api/datasets/sales/resume');
  assert.equal((await post('/api/datasets/unknown/pause')).status, 404);
});

test('health is 200 while work can only wait, 503 when nothing can be taken', async () => {
  service = { ...healthy(), elasticsearch: { isUp: false, isNeeded: true, message: 'refused' } };
  const degraded = await get('/api/health');
  assert.deepEqual([degraded.status, degraded.body.status], [200, 'degraded']);
  service = { ...healthy(), disk: { freeBytes: 1, floorBytes: 2, isLow: true } };
  const failing = await get('/api/health');
  assert.deepEqual([failing.status, failing.body.status, failing.body.parts.disk.status], [503, 'failing', 'failing']);
  assert.match(
    failing.body.parts.disk.message,
    /DATA_DIR has 0 MB free, less than MIN_FREE .*: free some space; nothing new/,
  );
  service = healthy();
});

test('a Kibana that is away or refuses is told, masked, and fails nothing; a dataset has the address of its dashboard', async () => {
  const kibana = { isUp: false, isNeeded: true, message: 'Kibana refuses s3cret' };
  const dashboardUrl = 'https://kibana.example.org/app/dashboards#/view/1';
  const [sales] = healthy().datasets;
  assert.ok(sales);
  service = { ...healthy(), kibana, datasets: [{ ...sales, dashboardUrl }] };
  const { status, body } = await get('/api/health');
  assert.deepEqual(
    [status, body.status, body.parts.kibana],
    [200, 'degraded', { status: 'degraded', message: 'Kibana refuses ***' }],
  );
  assert.match(await (await fetch(`${api.url}/metrics`)).text(), /orchestrator_up\{part="kibana"\} 0/);
  const { items } = (await get('/api/datasets')).body;
  assert.equal(items.find((item: { name: string }) => item.name === 'sales').dashboardUrl, dashboardUrl);
  service = healthy();
});

test('a broken configuration is shown with its place, masked', async () => {
  const error = { dataset: 'bad', file: 'config/bad.yaml', line: 7, column: 3, message: 'WATCH_REGX s3cret' };
  service = { ...healthy(), config: { errors: [error], warnings: [{ ...error, line: 8 }], lastGoodAt: null } };
  const bad = (await get('/api/datasets')).body.items.find((item: { name: string }) => item.name === 'bad');
  assert.equal(bad.configError, 'config/bad.yaml:7:3: WATCH_REGX ***');
  const { configErrors, configWarnings } = (await get('/api/health')).body;
  assert.deepEqual([configErrors[0].line, configWarnings[0].line, configWarnings[0].message], [7, 8, 'WATCH_REGX ***']);
  service = healthy();
});

test('health tells what can’t be moved or removed, what keeps runs from starting, and what is wrong with a folder', async () => {
  const disposal = { runId: 'r', dataset: 'sales', file: '/in/a.csv', kind: 'backup' } as const;
  const [sales] = healthy().datasets;
  service = {
    ...healthy(),
    disposals: [
      { ...disposal, error: null },
      { ...disposal, file: '/in/b.csv', error: 'EACCES s3cret' },
    ],
    schedule: { waiting: 'nothing could be claimed', running: 2, recovering: 1 },
    datasets: [{ ...sales!, watcher: { error: null }, problem: '/in is inside the container' }],
  };
  const { status, body } = await get('/api/health');
  assert.deepEqual([status, body.status], [200, 'degraded']);
  assert.equal(body.parts.disposal.message, "1 file can't be moved or removed yet; /in/b.csv: EACCES ***");
  assert.deepEqual(body.disposals, [{ ...disposal, file: '/in/b.csv', error: 'EACCES ***' }]);
  const schedule = { status: 'degraded', message: 'nothing could be claimed', running: 2, recovering: 1 };
  assert.deepEqual(body.parts.schedule, schedule);
  assert.equal(body.parts.watchers[0].message, '/in is inside the container');
  service = healthy();
});

test('a dataset tells by what it would be run, and why its runs wait', async () => {
  const run = await startRun('away.csv');
  const end = { to: 'queued', dueAt: Date.now() + 60_000, counts: false, error: 'no engine, s3cret' } as const;
  await journal.finish(run, end, Date.now());
  const { items } = (await get('/api/datasets')).body;
  const named = (name: string) => items.find((item: { name: string }) => item.name === name);
  assert.deepEqual(
    [named('sales').runner, named('sales').runnerReason],
    ['process', 'runs as a process: RUNNER says so'],
  );
  assert.deepEqual([named('sales').target, named('sales').problem], ['lake', null]);
  assert.equal(named(run.dataset).waitsFor, 'no engine, ***');
});

test('why the runs of a dataset wait is told, however many of another one do', async () => {
  const run = await startRun('away-too.csv');
  const end = { to: 'queued', dueAt: Date.now() + 60_000, counts: false, error: 'away' } as const;
  await journal.finish(run, end, Date.now());
  await Promise.all(Array.from({ length: 1001 }, (_, n) => submit(`busy-${n}.csv`, 'busy')));
  const { items } = (await get('/api/datasets')).body;
  const waits = (name: string) => items.find((item: { name: string }) => item.name === name).waitsFor;
  assert.deepEqual([typeof waits(run.dataset), waits('busy')], ['string', null]);
  await Promise.all(
    (await journal.runs({ dataset: 'busy', limit: 1000 })).items.map(({ id }) => journal.cancel(id, Date.now())),
  );
});

test('changes are sent as they happen', async () => {
  const aborter = new AbortController();
  const response = await fetch(`${api.url}/api/events`, { signal: aborter.signal, headers: { 'last-event-id': '7' } });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader.read()).value ?? '';
  const run = await submit('event.csv');
  while (!text.includes(run.id)) text += (await reader.read()).value;
  assert.match(text, /event: run\ndata: \{"id"/);
  aborter.abort();
});

test('metrics tell runs, rows and what is up', async () => {
  service = { ...healthy(), elasticsearch: { isUp: true, isNeeded: true, message: null } };
  const text = await (await fetch(`${api.url}/metrics`)).text();
  assert.match(text, /orchestrator_runs\{dataset="sales",state="running"\} [1-9]/);
  for (const what of ['loaded', 'rejected', 'mended', 'filtered'])
    assert.match(text, new RegExp(`orchestrator_rows_${what}_total\\{dataset="sales"\\} \\d+`));
  assert.match(text, /orchestrator_run_duration_seconds_count\{dataset="sales",state="done"\} 2/);
  assert.match(text, /orchestrator_start_latency_seconds_count\{dataset="sales"\} [1-9]/);
  assert.match(text, /orchestrator_up\{part="elasticsearch"\} 1/);
  assert.doesNotMatch(text, /part="engine"/);
  service = healthy();
});

test('the lake is read from all files of a dataset, and only of one that is there', async () => {
  const folder = join(dataDir, 'lake', 'sales');
  await mkdir(folder, { recursive: true });
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`COPY (SELECT '1' AS "A") TO '${folder}/k1.parquet'`);
  await connection.run(`COPY (SELECT '2' AS "A", 'é' AS "A.1") TO '${folder}/k2.parquet'`);
  const { body } = await get('/api/lake/sales?limit=1');
  assert.deepEqual([body.columns, body.rows.length, body.total], [['A', 'A.1'], 1, 2]);
  for (const name of ['..', '%2e%2e', "x'%3b--", '..%2flake%2fsales']) {
    assert.equal((await get(`/api/lake/${name}`)).status, 404, name);
  }
});

test('only files of ours are read from the lake, in a folder that is ours alone', async () => {
  const folder = join(dataDir, 'lake', 'planted');
  await mkdir(folder, { recursive: true });
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`COPY (SELECT 'secret' AS "A") TO '${dataDir}/victim.parquet'`);
  await symlink(join(dataDir, 'victim.parquet'), join(folder, 'k1.parquet'));
  await link(join(dataDir, 'victim.parquet'), join(folder, 'k2.parquet'));
  assert.deepEqual((await get('/api/lake/planted')).body, { columns: [], rows: [], total: 0 });
  await connection.run(`COPY (SELECT 'mine' AS "A") TO '${folder}/k3.parquet'`);
  assert.equal((await get('/api/lake/planted')).body.total, 1);
  await chmod(folder, 0o777);
  assert.equal((await get('/api/lake/planted')).body.total, 0);
  await symlink(folder, join(dataDir, 'lake', 'linked'));
  assert.equal((await get('/api/lake/linked')).status, 404);
});

test('the page runs its own script and no other; the documentation is there', async () => {
  const page = await fetch(api.url);
  assert.match(await page.text(), /<h1>Orchestrator ETL<\/h1>/);
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'; script-src 'sha256-[^']+';/);
  assert.equal((await fetch(`${api.url}/docs`)).status, 200);
  const docs = await get('/docs/json');
  assert.ok(docs.body.paths['/api/runs/{id}/log']);
});

test('a page from elsewhere can neither write nor read by rebinding its name', async () => {
  const run = await submit('guarded.csv');
  const path = `/api/runs/${run.id}/cancel`;
  assert.equal(await rawStatus('POST', path, { origin: 'http://evil.example' }), 403);
  assert.equal(await rawStatus('POST', path, { origin: 'null' }), 403);
  assert.equal(await rawStatus('POST', path, { 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(await rawStatus('GET', '/api/runs', { host: 'evil.example' }), 403);
  assert.equal(await rawStatus('GET', '/api/runs', { host: 'localhost:9999' }), 200);
  assert.equal(await rawStatus('POST', path, { 'sec-fetch-site': 'same-origin' }), 200);
});

test('a port that is taken is an error that says what to do', async () => {
  const taken = Number(new URL(api.url).port);
  await assert.rejects(startApi({ ...API_OPTIONS, journal, dataDir, port: taken }), /EADDRINUSE.*set PORT/s);
});

const rows = { read: 2, loaded: 2, rejected: 0, filtered: 0, deleted: 0 };

function healthy(): ServiceStatus {
  const runner = { kind: 'process', reason: 'runs as a process: RUNNER says so' } as const;
  return {
    runnerParts: [],
    elasticsearch: null,
    kibana: null,
    config: { errors: [], warnings: [], lastGoodAt: Date.now() },
    schedule: { waiting: null, running: 0, recovering: 0 },
    disposals: [],
    disk: { freeBytes: 9e9, floorBytes: 1e9, isLow: false },
    datasets: [
      { name: 'sales', watchDir: '/in', target: 'lake', runner, problem: null, watcher: null, dashboardUrl: null },
    ],
  };
}

let inode = 0;
function submit(file: string, dataset = 'sales'): Promise<Run> {
  inode += 1;
  const fileVersion = { sizeBytes: 1, token: `1.${inode}` };
  const now = Date.now();
  return journal.submit({ dataset, file, root: '/in', priority: 0, now, fileVersion, contentHash: `${inode}` });
}

/** A run of a dataset of its own, claimed and running. */
async function startRun(file: string): Promise<Run> {
  const { id } = await submit(file);
  const slot = { dataset: 'sales', free: 1_000, strict: false, order: 'arrival' as const, perFolder: false };
  await journal.claim({ holder: 'test', leaseMs: 60_000, now: Date.now(), slots: [slot], limit: 1_000 });
  return (await journal.run(id))!;
}

async function writeLog(run: Run, attempt: number, text: string): Promise<void> {
  await mkdir(join(dataDir, 'logs', run.id), { recursive: true });
  await writeFile(join(dataDir, 'logs', run.id, `${attempt}.log`), text);
}

// oxlint-disable-next-line typescript/no-explicit-any -- whatever shape a test expects
async function get(path: string): Promise<{ status: number; body: any }> {
  const response = await fetch(api.url + path);
  return { status: response.status, body: await response.json() };
}

// oxlint-disable-next-line typescript/no-explicit-any -- whatever shape a test expects
async function post(path: string): Promise<{ status: number; body: any }> {
  const response = await fetch(api.url + path, { method: 'POST' });
  return { status: response.status, body: await response.json() };
}

/** fetch() does not let a Host or an Origin be chosen. */
function rawStatus(method: string, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(api.url + path, { method, headers }, response => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject).end();
  });
}
