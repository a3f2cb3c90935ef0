import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';
import { execa } from 'execa';
import { makeTestImage } from '../../orchestrator/run/testing/image.ts';

const IMAGE = 'orchestrator-example-test:1';
const weather = fileURLToPath(new URL('../../node_modules/vega-datasets/data/seattle-weather.csv', import.meta.url));
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

let folder: string;
let file: string;
const name = `météo "1".csv`;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-examples-'));
  file = join(folder, name);
  await writeFile(file, await readFile(weather));
});

after(() => rm(folder, { recursive: true, force: true }));

function runExample(example: string, environment: Record<string, string>, action = 'add') {
  return execa(script(example), [`${folder}/`, action, name, '/config/sales.yaml'], {
    env: environment,
    reject: false,
    all: true,
  });
}

describe('upload-file.sh', () => {
  let server: Server;
  let url: string;
  let statuses: number[] = [];
  let received: Array<{ request: IncomingMessage; body: Buffer }> = [];

  before(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push({ request, body: Buffer.concat(chunks) });
        response.writeHead(statuses.shift() ?? 200).end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/upload/sales`;
  });

  after(() => {
    server.close();
    server.closeAllConnections();
  });

  async function upload(answers: number[], action?: string) {
    statuses = answers;
    received = [];
    return runExample('upload-file.sh', { UPLOAD_URL: url, UPLOAD_TOKEN: 'secret-token' }, action);
  }

  it('posts the whole file, with its token', async () => {
    const { exitCode, all } = await upload([200]);
    assert.equal(exitCode, 0, all);
    assert.equal(received.length, 1);
    assert.equal(received[0]?.request.headers['x-access-token'], 'secret-token');
    assert.ok(received[0]?.body.includes(await readFile(weather)));
    assert.doesNotMatch(all ?? '', /secret-token/);
  });

  it('tries again where the server is busy', async () => {
    const { exitCode } = await upload([503, 200]);
    assert.equal(exitCode, 0);
    assert.equal(received.length, 2);
  });

  it('a refusal is for good', async () => {
    assert.equal((await upload([400])).exitCode, 65);
    assert.equal(received.length, 1);
  });

  it('a server that is away is waited for', async () => {
    const { exitCode } = await runExample('upload-file.sh', { UPLOAD_URL: 'http://127.0.0.1:1/' });
    assert.equal(exitCode, 75);
  });

  it('a deleted file is not uploaded', async () => {
    assert.equal((await upload([], 'delete')).exitCode, 0);
    assert.equal(received.length, 0);
  });
});

describe('run-container.sh', () => {
  const docker = new Docker();
  before(() => makeTestImage(docker, IMAGE));
  after(() => docker.getImage(IMAGE).remove({ force: true }));

  const runContainer = (words: string, more: Record<string, string> = {}) =>
    runExample('run-container.sh', {
      IMAGE,
      NETWORK: 'none',
      RUN_ID: `example-${process.pid}`,
      ATTEMPT: '1',
      WORK_DIR: folder,
      ARGUMENTS: words,
      ...more,
    });

  it('runs one container with the file and the environment, and ends as it ends', async () => {
    await writeFile(join(folder, 'job.sh'), 'head -n 1 "$FILE"; echo "<$NASTY>"; exit 65\n');
    const { exitCode, stdout, all } = await runContainer('sh /work/job.sh', { NASTY: `two words\n"$x"` });
    assert.equal(exitCode, 65, all);
    assert.equal(stdout, `date,precipitation,temp_max,temp_min,wind,weather\n<two words\n"$x">`);
  });

  it('SIGTERM ends the container too', async () => {
    await writeFile(join(folder, 'long.sh'), 'echo up; sleep 60\n');
    const running = runContainer('sh /work/long.sh', { RUN_ID: 'example-long' });
    for await (const line of running) if (line === 'up') running.kill('SIGTERM');
    assert.notEqual((await running).exitCode, 0);
    const filters = { name: ['etl-example-long'] };
    assert.deepEqual(await docker.listContainers({ all: true, filters }), []);
  });
});
