// What a process that loads one file after another keeps for the next.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { JOB_ENDED } from '../../contract/protocol.ts';
import { TestIndex, temporaryFolder } from '../../testing/load.ts';
import { proxyTo } from '../../testing/proxy.ts';

const PROGRAM = join(import.meta.dirname, '../../bin.js');

/** A process that loads files into the index, and what it asks of Elasticsearch. */
async function worker(context: TestContext, index: TestIndex) {
  const folder = temporaryFolder(context);
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const proxy = await proxyTo(context, index.node, ({ method, url = '', socket }) => {
    asked.push(`${method} ${url.replace(index.name, 'INDEX').replace(/[?].*/, '')}`);
    sockets.add(socket);
    return true;
  });
  const child = spawn(process.execPath, [PROGRAM], {
    env: { ...process.env, ORCHESTRATOR_WARM: 'jobs', ELASTICSEARCH_NODE: proxy },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  context.after(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let files = 0;
  async function run(content: string, more: Record<string, string> = {}): Promise<{ code: number; asked: string[] }> {
    const name = `${++files}`;
    const WORK_DIR = join(folder, name);
    mkdirSync(WORK_DIR);
    const FILE = join(folder, `${name}.csv`);
    writeFileSync(FILE, content);
    asked.length = 0;
    const job = { ...index.env(5), ELASTICSEARCH_NODE: proxy, FILE, FILE_KEY: name, WORK_DIR, RUN_ID: name, ...more };
    child.stdin.write(`${JSON.stringify({ ...job, ORCHESTRATOR_JOB: name })}\n`);
    for (;;) {
      const { value, done } = await lines.next();
      assert(!done, 'the process has ended');
      if (value.startsWith(JOB_ENDED)) return { code: Number(value.split(' ').at(-1)), asked: [...asked] };
    }
  }
  return { run, sockets };
}

const CHECK = 'GET /INDEX/_settings/index.uuid';
const LATER = { REFRESH: 'later' };

test('the next file of a process has the connection of the one before, and asks nothing that is known of its index', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const { run, sockets } = await worker(context, index);
  assert.equal((await run('a,b\n1,x\n', LATER)).code, 0);
  const second = await run('a,b\n2,y\n', LATER);
  assert.deepEqual(second, { code: 0, asked: ['POST /INDEX/_bulk', CHECK] });
  assert.equal(sockets.size, 1);
  const wider = await run('a,b,c\n3,z,2.5\n', LATER);
  assert.equal(wider.asked[0], 'GET /INDEX');
  assert.equal((await run('a,b,c\n4,z,2.5\n')).code, 0);
  assert.equal(Object.keys(await index.documents()).length, 4);
});

test('a file whose index was deleted since the one before is to be loaded again, and then is', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const { run } = await worker(context, index);
  await run('a,b\n1,x\n');
  await index.call('DELETE', `/${index.name}`);
  assert.equal((await run('a,b\n2,y\n')).code, 75);
  const again = await run('a,b\n2,y\n');
  assert.deepEqual([again.code, again.asked[0]], [0, 'GET /INDEX']);
  const rows = Object.values(await index.documents());
  assert.deepEqual(rows, [
    { A: '2', B: 'y' },
    { A: '2', B: 'y' },
  ]);
});

test('nothing is remembered of an alias, which may lead elsewhere by the next file', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const { run } = await worker(context, index);
  const write = (name: string, isWritten: boolean) => ({
    add: { index: name, alias: index.name, is_write_index: isWritten },
  });
  const [first, second] = [`${index.name}-1`, `${index.name}-2`];
  await index.call('PUT', `/${first}`, { aliases: { [index.name]: { is_write_index: true } } });
  assert.equal((await run('a,b\n1,x\n')).code, 0);
  await index.call('PUT', `/${second}`, {});
  await index.call('POST', '/_aliases', { actions: [write(first, false), write(second, true)] });
  const ran = await run('a,b\n1,y\n', { FILE_KEY: '1', FILE_ROWS: '1', VERSION: '6' });
  assert.deepEqual([ran.code, ran.asked[0]], [0, 'GET /INDEX']);
  assert.deepEqual(Object.values(await index.documents()), [{ A: '1', B: 'y' }]);
});
