import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { documentId, EXIT, fileKey, type Message, parseMessage } from '../../default-etl/contract/contract.ts';
import {
  type ApiRun,
  makeFolder,
  removeFolder,
  startOrchestrator,
  type TestOrchestrator,
} from '../../orchestrator/e2e/harness.ts';
import { elasticsearchNode, openIndex } from '../../orchestrator/e2e/index.ts';
import { fixture } from '../fixtures.ts';
import { dockerClient } from '../services/docker-client.ts';
import { buildPythonEtl, PYTHON_ETL_IMAGE } from './python-etl.ts';

const docker = dockerClient();
const INDEX = 'python-etl-test';
const index = openIndex(INDEX);

before(async () => {
  await buildPythonEtl(docker, process.env['PYTHON_BASE_IMAGE'] || undefined);
});

/** The documents by their row. */
async function documents(key: string): Promise<Record<number, Record<string, unknown>>> {
  const found: Record<number, Record<string, unknown>> = {};
  for await (const { id, source } of index.documents()) {
    const row = Number(id.slice(-10));
    assert.equal(id, documentId(key, row));
    found[row] = source;
  }
  return found;
}

describe('in the place of the default ETL', () => {
  const KEY = fileKey('ventes', 'ventes.csv');
  const LOAD = `{ target: elasticsearch, index: ${INDEX}, mappings: { properties: { QUANTITÉ: { type: integer } } } }`;
  const FRENCH = 'Libellé;Quantité;Montant\r\n"Crème\r\nbrûlée";2;4,50\r\nCafé;x;1,20\r\n\r\nThé;1;\r\n"a;b";3;0,5\r\n';
  let orchestrator: TestOrchestrator;
  let folder: string;

  before(async () => {
    folder = await makeFolder({
      ventes: `WATCH_DIR: '{folder}/in'\nDOCKER_IMAGE: ${PYTHON_ETL_IMAGE}\nDOCKER_OPTIONS: { pull: never }\nON_DELETE: remove\nLOAD: ${LOAD}\n`,
    });
    await mkdir(join(folder, 'in'));
    orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: elasticsearchNode(), LIST_INTERVAL: '1s' });
  });
  after(async () => {
    await orchestrator?.kill('SIGTERM');
    await removeFolder(folder);
    await openIndex(INDEX).drop();
  });

  /** Moves a file in; resolves with its run, once it has ended. */
  async function bring(name: string, content: Buffer, version: number): Promise<ApiRun> {
    await writeFile(join(folder, name), content);
    await rename(join(folder, name), join(folder, 'in', name));
    return await endOf(name, version);
  }

  async function endOf(name: string, version: number): Promise<ApiRun> {
    const ended = (runs: ApiRun[]) => runs.length === version && runs.every(run => run.endedAt !== null);
    return (await orchestrator.waitForRuns(`dataset=ventes&file=${name}`, ended))[0]!;
  }

  test('a French CSV: each row is a document, or a reject with its reason and line', async () => {
    const run = await bring('ventes.csv', Buffer.from(FRENCH, 'latin1'), 1);
    assert.deepEqual([run.state, run.rowsRead, run.rowsLoaded, run.rowsRejected], ['done', 4, 3, 1], run.error ?? '');
    assert.deepEqual(await documents(KEY), {
      1: { LIBELLÉ: 'Crème\r\nbrûlée', QUANTITÉ: '2', MONTANT: '4,50' },
      3: { LIBELLÉ: 'Thé', QUANTITÉ: '1', MONTANT: null },
      4: { LIBELLÉ: 'a;b', QUANTITÉ: '3', MONTANT: '0,5' },
    });
    const rejects = await readFile(join(folder, 'data/runs', run.id, '1/rejects.ndjson'), 'utf8');
    const { reason, ...reject } = JSON.parse(rejects) as { reason: string };
    assert.deepEqual(reject, { row: 2, line: 4, raw: '{"Libellé": "Café", "Quantité": "x", "Montant": "1,20"}' });
    assert.match(reason, /QUANTITÉ/);
  });

  test('its rejects are downloaded, mended and loaded again, by the row that each was', async () => {
    const [run] = await orchestrator.runs('dataset=ventes&file=ventes.csv');
    const rejects = await (await orchestrator.fetch(`/api/runs/${run!.id}/rejects?format=csv`)).text();
    assert.match(rejects, /^"_ROW","_REASON","Libellé","Quantité","Montant"\r?\n"2",/);
    const body = rejects.replace(',"x",', ',"5",');
    const headers = { 'content-type': 'text/csv' };
    const answer = await orchestrator.fetch(`/api/runs/${run!.id}/mend`, { method: 'POST', body, headers });
    assert.equal(answer.status, 200);
    const mend = await endOf('ventes.csv', 2);
    assert.deepEqual([mend.state, mend.rowsLoaded], ['done', 1], mend.error ?? '');
    const loaded = await documents(KEY);
    assert.equal(Object.keys(loaded).length, 4);
    assert.deepEqual(loaded[2], { LIBELLÉ: 'Café', QUANTITÉ: '5', MONTANT: '1,20' });
  });

  test('a version with fewer rows leaves no more documents than it has', async () => {
    const run = await bring('ventes.csv', Buffer.from('Libellé,Quantité\nEau,7\n'), 3);
    assert.equal(run.state, 'done', run.error ?? '');
    assert.deepEqual(await documents(KEY), { 1: { LIBELLÉ: 'Eau', QUANTITÉ: '7' } });
  });

  test('a file that can never succeed is quarantined, and harms no other', async () => {
    const run = await bring('damaged.csv', Buffer.from('a,b\n1,2\n"never closed,3\n4,5\n'), 1);
    assert.equal(run.state, 'quarantined');
    assert.match(run.error ?? '', /damaged\.csv: from line 3: unexpected end of data/);
    assert.deepEqual(Object.keys(await documents(KEY)), ['1']);
  });

  test('a deleted file takes its rows along', async () => {
    await rm(join(folder, 'in/ventes.csv'));
    const run = await endOf('ventes.csv', 4);
    assert.equal(run.state, 'done', run.error ?? '');
    assert.deepEqual(await documents(KEY), {});
  });
});

describe('the contract', () => {
  const KEY = fileKey('python', 'some.csv');
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orchestrator-python-etl-'));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
    await openIndex(INDEX).drop();
  });

  interface Ending {
    code: number;
    messages: Message[];
    output: string;
  }

  /** One attempt, as the orchestrator starts it. `signalAt` ends it by SIGTERM once it says so. */
  async function attempt(changes: Record<string, string>, signalAt?: Message['type']): Promise<Ending> {
    const Env = Object.entries({ ...(await environment()), ...changes }).map(([name, value]) => `${name}=${value}`);
    const container = await docker.createContainer({
      Image: PYTHON_ETL_IMAGE,
      User: '0:0',
      Env,
      HostConfig: { NetworkMode: 'host', Init: true, Binds: [`${folder}:/work`] },
    });
    try {
      const stream = await container.attach({ stream: true, stdout: true, stderr: true });
      const lines = new PassThrough();
      docker.modem.demuxStream(stream, lines, lines);
      let output = '';
      lines.on('data', (piece: Buffer) => {
        output += piece.toString();
        if (signalAt !== undefined && messagesIn(output).some(({ type }) => type === signalAt))
          void container.kill({ signal: 'SIGTERM' }).catch(() => {});
      });
      const ended = once(stream, 'end');
      await container.start();
      const { StatusCode: code } = (await container.wait()) as { StatusCode: number };
      await ended;
      return { code, messages: messagesIn(output), output };
    } finally {
      await container.remove({ force: true });
    }
  }

  async function environment(name = 'some.csv'): Promise<Record<string, string>> {
    const { size, mtimeNs, ino } = await stat(join(folder, name), { bigint: true });
    return {
      ELASTICSEARCH_NODE: elasticsearchNode(),
      LOAD: JSON.stringify({ index: INDEX }),
      DATASET: 'python',
      RUN_ID: '1',
      ATTEMPT: '1',
      VERSION: '10',
      ACTION: 'add',
      FILE: `/work/${name}`,
      FILE_NAME: name,
      FILE_PATH: name,
      FILE_SIZE: String(size),
      FILE_MTIME_NS: String(mtimeNs),
      FILE_INODE: String(ino),
      FILE_KEY: fileKey('python', name),
      FILE_ROWS: '0',
      REPLACES: '[]',
      SEEN_AT: '2026-01-31T00:00:00.000Z',
      WORK_DIR: '/work',
    };
  }

  test('rows get a number that is on disk before they are sent', async () => {
    await writeFile(join(folder, 'some.csv'), 'a,b\n1,2\n3\n');
    const { code, messages, output } = await attempt({});
    assert.equal(code, EXIT.done, output);
    assert.deepEqual(messages.at(-1), result({ rows_read: 2, rows_loaded: 2 }));
    assert.equal(await readFile(join(folder, 'reserve'), 'utf8'), '100000\n');
    assert.deepEqual(await documents(KEY), { 1: { A: '1', B: '2' }, 2: { A: '3', B: null } });
  });

  test('a mend writes the rows it names, and deletes none', async () => {
    await writeFile(join(folder, 'mend.ndjson'), '{"row":2,"record":{"A":"4","B":"5"}}\n');
    const { code, messages, output } = await attempt({ ACTION: 'mend', VERSION: '11', FILE: '/work/mend.ndjson' });
    assert.equal(code, EXIT.done, output);
    assert.deepEqual(messages.at(-1), result({ rows_read: 1, rows_loaded: 1 }));
    assert.deepEqual(await documents(KEY), { 1: { A: '1', B: '2' }, 2: { A: '4', B: '5' } });
  });

  test('what another key left behind goes once the new rows are there', async () => {
    const REPLACES = JSON.stringify([{ index: INDEX, FILE_KEY: KEY, FILE_ROWS: 2 }]);
    const key = fileKey('python', 'other');
    const { code, messages, output } = await attempt({ FILE_KEY: key, VERSION: '12', REPLACES });
    assert.equal(code, EXIT.done, output);
    assert.deepEqual(messages.at(-1), result({ rows_read: 2, rows_loaded: 2, rows_deleted: 2 }));
    assert.deepEqual(Object.keys(await documents(key)), ['1', '2']);
  });

  test('an older version never wins, and says which one is newer', async () => {
    const { code, messages } = await attempt({ FILE_KEY: fileKey('python', 'other'), VERSION: '9' });
    assert.equal(code, EXIT.away);
    assert.deepEqual(messages[0], { type: 'superseded', version: 12 });
  });

  test('a file that is another than was meant is left to its own version', async () => {
    const { code, output } = await attempt({ VERSION: '13', FILE_SIZE: '12' });
    assert.equal(code, EXIT.away);
    assert.match(output, /FILE_SIZE 12 became 10/);
  });

  test('a run over a folder tells the end of each file', async () => {
    await writeFile(join(folder, 'empty.csv'), '');
    const files = [
      { ...(await environment()), VERSION: '14', WORK_DIR: '/work' },
      { ...(await environment('empty.csv')), VERSION: '14', WORK_DIR: '/work' },
    ];
    await writeFile(join(folder, 'files.json'), JSON.stringify(files));
    const { code, messages } = await attempt({ FILES: '/work/files.json' });
    assert.equal(code, EXIT.never);
    assert.deepEqual(
      messages.filter(({ type }) => type === 'result'),
      [
        result({ rows_read: 2, rows_loaded: 2, file: 'some.csv', code: 0 }),
        result({ file: 'empty.csv', code: EXIT.never }),
      ],
    );
  });

  test('of a file that is rejected as a whole the counts are said, and its first mended rows replace a former version', async () => {
    const some = { FILE_KEY: fileKey('python', 'third'), FILE_ROWS: '2' };
    await openIndex(INDEX).drop();
    assert.equal((await attempt({ ...some, VERSION: '20' })).code, EXIT.done);
    await writeFile(join(folder, 'some.csv'), 'a,b\n1,2,3\n4,5,6\n');
    const bad = await attempt({ ...some, VERSION: '21' });
    assert.equal(bad.code, EXIT.never, bad.output);
    assert.deepEqual(bad.messages.at(-1), result({ rows_read: 2, rows_rejected: 2 }));

    const mend = { ...some, ACTION: 'mend', FILE: '/work/mend.ndjson', MEND_REPLACES: 'true' };
    await writeFile(join(folder, 'mend.ndjson'), '{"row":1,"raw":"1,2,3","reason":"too long"}\n');
    const none = await attempt({ ...mend, VERSION: '22' });
    assert.deepEqual([none.code, none.messages.at(-1)], [EXIT.done, result({ rows_read: 1, rows_rejected: 1 })]);
    assert.deepEqual(Object.keys(await documents(some.FILE_KEY)), ['1', '2']);

    await writeFile(join(folder, 'mend.ndjson'), '{"row":2,"record":{"A":"4","B":"5"}}\n');
    const { messages, output } = await attempt({ ...mend, VERSION: '23' });
    assert.deepEqual(messages.at(-1), result({ rows_read: 1, rows_loaded: 1, rows_deleted: 1 }), output);
    assert.deepEqual(await documents(some.FILE_KEY), { 2: { A: '4', B: '5' } });
  });

  test('SIGTERM ends it', async () => {
    await writeFile(join(folder, 'flights.csv'), await readFile(await fixture('flights.csv')));
    const { code } = await attempt(await environment('flights.csv'), 'progress');
    assert.equal(code, 143);
  });
});

function result(counts: object): object {
  const none = { rows_read: 0, rows_loaded: 0, rows_rejected: 0, rows_filtered: 0, rows_deleted: 0 };
  return { type: 'result', ...none, ...counts };
}

function messagesIn(output: string): Message[] {
  return output
    .split('\n')
    .map(line => parseMessage(line.trim()))
    .filter(message => message !== undefined);
}
