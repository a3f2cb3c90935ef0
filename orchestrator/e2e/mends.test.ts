import assert from 'node:assert/strict';
import { once } from 'node:events';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ApiRun, makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';
import { elasticsearchNode, openIndex } from './index.ts';

const INDICES = ['keyed', 'deleted', 'away', 'whole', 'strict', 'together'].map(name => `e2e-mends-${name}`);
const CSV = 'code,day\nA|1,2024-01-01\nB,soon\nC,2024-01-03,more\nD,soon\nD,2024-01-05\n';
let folder: string;
let gate: Gate;
let orchestrator: TestOrchestrator;

before(async () => {
  for (const index of INDICES) await openIndex(index).drop();
  const dataset = (name: string, more = '') => `WATCH_DIR: {folder}/${name}
RUNNER: process
RETRIES: 0
LOAD:
  index: e2e-mends-${name}
  mappings: {DAY: {type: date, format: strict_date}}
${more}`;
  folder = await makeFolder({
    keyed: dataset('keyed', '  id: [CODE]\n'),
    deleted: dataset('deleted'),
    away: dataset('away'),
    whole: dataset('whole'),
    strict: dataset('strict', '  max_rejects: 1\n'),
    together: `RUN_PER: folder\nORDER: name\n${dataset('together', '  overwrite: true\n')}`,
    lake: 'WATCH_DIR: {folder}/lake\nRUNNER: process\nEXTRACT: {header: [A, B]}\nLOAD: {target: lake}\n',
  });
  for (const name of ['keyed', 'deleted', 'away', 'whole', 'strict', 'together', 'lake'])
    await mkdir(join(folder, name));
  gate = await openGate(elasticsearchNode());
  orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: gate.url });
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  await gate?.close();
  for (const index of INDICES) await openIndex(index).drop();
  await removeFolder(folder);
});

test('with LOAD.id a mended row has the id that its values make, and replaces no row that is later than it was', async () => {
  const run = await load('keyed', CSV);
  const rows = '2,B,2024-01-02\n3,C,2024-01-03\n4,D,2024-01-04\n';
  const mended = await endOf(await mend(run, `_ROW,code,day\n${rows}`));
  assert.deepEqual([mended.state, mended.rowsRead, mended.rowsLoaded, mended.rowsRejected], ['done', 3, 3, 0]);
  const days = { 'A\\|1': '2024-01-01', B: '2024-01-02', C: '2024-01-03', D: '2024-01-05' };
  assert.deepEqual(await documentsOf('keyed'), days);

  await load('keyed', 'code,day\nB,2024-02-02\n');
  assert.deepEqual(await documentsOf('keyed'), { ...days, B: '2024-02-02' });
});

test('where the index was deleted since, the mended rows alone are in the new one', async () => {
  const run = await load('deleted', CSV);
  await openIndex('e2e-mends-deleted').drop();
  const mended = await endOf(await mend(run, '_ROW,code,day\n4,D,2024-01-04\n3,C,2024-01-03\n2,B,2024-01-02\n'));
  assert.deepEqual([mended.state, mended.rowsLoaded], ['done', 3]);
  assert.deepEqual(await daysOf('deleted'), ['2024-01-02', '2024-01-03', '2024-01-04']);
});

test('while Elasticsearch is away, a mend waits and uses up no retry', async () => {
  const run = await load('away', CSV);
  gate.shut();
  const mending = await mend(run, '_ROW,code,day\n2,B,2024-01-02\n3,C,2024-01-03\n');
  const isWaiting = (runs: ApiRun[]) =>
    runs.some(({ id, state, error }) => id === mending.id && state === 'queued' && error?.startsWith('waiting'));
  await orchestrator.waitForRuns('dataset=away', isWaiting);
  gate.open();
  const mended = await endOf(mending);
  assert.deepEqual([mended.state, mended.rowsLoaded, mended.rowsRejected], ['done', 2, 0]);
  assert.deepEqual(
    await daysOf('away'),
    [1, 2, 3, 5].map(day => `2024-01-0${day}`),
  );
});

test('rows of a file that was rejected as a whole are mended while it lies in quarantine: the first take the place of the former version', async () => {
  await load('whole', 'code,day\nA,2024-01-01\nB,2024-01-02\nC,2024-01-03\n');
  const run = await load('whole', 'code,day\nA,soon\nB,later\n', 'quarantined');
  assert.deepEqual([run.rowsRead, run.rowsLoaded, run.rowsRejected], [2, 0, 2]);
  assert.equal((await daysOf('whole')).length, 3);

  const first = await endOf(await mend(run, '_ROW,code,day\n2,B,2024-02-02\n1,A,never\n'));
  assert.deepEqual([first.state, first.rowsLoaded, first.rowsRejected], ['done', 1, 1]);
  assert.deepEqual(await daysOf('whole'), ['2024-02-02']);
  await endOf(await mend(run, '_ROW,code,day\n1,A,2024-02-01\n'));
  assert.deepEqual(await daysOf('whole'), ['2024-02-01', '2024-02-02']);
  assert.equal((await orchestrator.get<{ rowsMended: number }>(`/api/runs/${run.id}`)).rowsMended, 2);

  await access(join(folder, 'data', 'quarantine', 'whole', 'in.csv'));
  const replayed = await orchestrator.fetch(`/api/runs/${run.id}/replay`, { method: 'POST' });
  assert.equal(replayed.status, 200, await replayed.clone().text());
  assert.equal((await endOf((await replayed.json()) as ApiRun)).state, 'quarantined');
  assert.deepEqual(await daysOf('whole'), ['2024-02-01', '2024-02-02']);
});

test('of a folder that builds an index anew, the mended rows of a file stand beside those of the files that were read with it', async () => {
  const pause = async (what: string) => {
    const response = await orchestrator.fetch(`/api/datasets/together/${what}`, { method: 'POST' });
    assert.ok(response.ok, await response.text());
  };
  await pause('pause');
  // By name the last is read first, and builds the index.
  for (const [name, content] of [
    ['c.csv', 'code,day\nC,2024-03-01\nD,soon\n'],
    ['b.csv', 'code,day\nB,soon\n'],
    ['a.csv', 'code,day\nA,2024-01-01\n'],
  ] as const) {
    await writeFile(join(folder, 'together', name), content);
    await orchestrator.waitForRuns('dataset=together', runs => runs[0]?.file === name && runs[0].state === 'queued');
  }
  await pause('resume');
  const runs = await orchestrator.waitForRuns('dataset=together', all => all.every(({ endedAt }) => endedAt !== null));
  const run = (name: string) => runs.find(({ file }) => file === name) as ApiRun;
  assert.deepEqual(
    runs.map(({ state }) => state),
    ['done', 'quarantined', 'done'],
  );
  for (const [name, row] of [
    ['b.csv', '1,B,2024-02-01'],
    ['c.csv', '2,D,2024-04-01'],
  ] as const) {
    const mended = await endOf(await mend(run(name), `_ROW,code,day\n${row}\n`));
    assert.deepEqual([mended.state, mended.rowsLoaded], ['done', 1], mended.error ?? '');
  }
  assert.deepEqual(await daysOf('together'), ['2024-01-01', '2024-02-01', '2024-03-01', '2024-04-01']);
});

test('rows of a run that took back what it had loaded can be downloaded, and are not mended: it says what to do', async () => {
  const run = await load('strict', 'code,day\nA,2024-01-01\nB,soon\nC,soon\n', 'quarantined');
  const { items } = await orchestrator.get<{ items: unknown[] }>(`/api/runs/${run.id}/rejects?format=json`);
  assert.equal(items.length, 2);
  const { mendRefusal } = await orchestrator.get<{ mendRefusal: string }>(`/api/runs/${run.id}`);
  assert.match(mendRefusal, /can’t be mended row by row.*raise LOAD\.max_rejects/);
  const response = await post(run, '_ROW,code,day\n2,B,2024-01-02\n');
  assert.equal(response.status, 409);
  assert.ok((await response.text()).includes(mendRefusal));
});

test('in the lake, too, the first mended rows of a file that was rejected as a whole take the place of the former version', async () => {
  await load('lake', '1,x\n2,y\n');
  const run = await load('lake', '1,x,z\n2,y,z\n', 'quarantined');
  const total = async () => (await orchestrator.get<{ total: number }>('/api/lake/lake')).total;
  assert.equal(await total(), 2);
  for (const [row, sum] of [
    [2, 1],
    [1, 2],
  ] as const) {
    assert.equal((await endOf(await mend(run, `_ROW,A,B\n${row},mended,b\n`))).state, 'done');
    assert.equal(await total(), sum);
  }
});

/** Writes a version of the dataset's file, and waits for the end of its run. */
async function load(dataset: string, content: string, state = 'done'): Promise<ApiRun> {
  const [former] = await orchestrator.runs(`dataset=${dataset}`);
  await writeFile(join(folder, dataset, 'in.csv'), content);
  const isEnded = ([newest]: ApiRun[]) => newest !== undefined && newest.id !== former?.id && newest.endedAt !== null;
  const [run] = (await orchestrator.waitForRuns(`dataset=${dataset}`, isEnded)) as [ApiRun];
  assert.equal(run.state, state, run.error ?? '');
  return run;
}

function post(run: ApiRun, body: string): Promise<Response> {
  const headers = { 'content-type': 'text/csv' };
  return orchestrator.fetch(`/api/runs/${run.id}/mend`, { method: 'POST', body, headers });
}

async function mend(run: ApiRun, body: string): Promise<ApiRun> {
  const response = await post(run, body);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as ApiRun;
}

async function endOf({ id, dataset }: ApiRun): Promise<ApiRun> {
  const find = (runs: ApiRun[]) => runs.find(run => run.id === id);
  const runs = await orchestrator.waitForRuns(`dataset=${dataset}`, all => find(all)?.endedAt != null, 120_000);
  return find(runs) as ApiRun;
}

async function documentsOf(dataset: string): Promise<Record<string, unknown>> {
  const days: Record<string, unknown> = {};
  for await (const { id, source } of openIndex(`e2e-mends-${dataset}`).documents()) days[id] = source['DAY'];
  return days;
}

async function daysOf(dataset: string): Promise<string[]> {
  const days = Object.values(await documentsOf(dataset)).map(String);
  return days.toSorted((one, other) => one.localeCompare(other));
}

/** What stands between the orchestrator and Elasticsearch: shut, every connection to it breaks off. */
interface Gate {
  url: string;
  open(): void;
  shut(): void;
  close(): Promise<void>;
}

async function openGate(node: string): Promise<Gate> {
  const { hostname, port } = new URL(node);
  const sockets = new Set<Socket>();
  let isShut = false;
  const server: Server = createServer(socket => {
    if (isShut) return socket.destroy();
    const behind = connect(Number(port), hostname);
    for (const [one, other] of [
      [socket, behind],
      [behind, socket],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => {});
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    return undefined;
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const shut = () => {
    isShut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    open: () => {
      isShut = false;
    },
    shut,
    async close() {
      shut();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
