import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { provideElasticsearchImage } from '../compose/elasticsearch-image.ts';
import { dockerClient } from './docker-client.ts';
import { type ElasticsearchServer, freePort, type Running, type ServerOptions } from './elasticsearch.ts';
import { startElasticsearchContainer } from './elasticsearch-container.ts';
import { startLocalElasticsearch } from './elasticsearch-local.ts';

const PASSWORD = 'not-a-secret';
const docker = dockerClient();

const WAYS: Record<string, (options: ServerOptions) => Promise<ElasticsearchServer>> = {
  process: startLocalElasticsearch,
  container: async options =>
    startElasticsearchContainer(
      docker,
      await provideElasticsearchImage(docker, process.env['BASE_IMAGE'] || undefined),
      options,
    ),
};

for (const [way, start] of Object.entries(WAYS)) {
  test(`a server as a ${way} keeps port, data and password from one start to the next, and leaves nothing`, async () => {
    const server = await start({ heapMb: 512, password: PASSWORD, port: await freePort() });
    try {
      await send(server, '/kept/_doc/1?refresh=true', 'PUT', { a: 1 });
      await server.stop();
      await server.stop();
      await assert.rejects(send(server, '/kept/_count', 'GET'), /fetch failed/);
      await server.start();
      assert.equal((await send(server, '/kept/_doc/1', 'GET')).status, 200);
      assert.equal((await fetch(`${server.url}/kept/_count`)).status, 401);
    } finally {
      await server.remove();
      await server.remove();
    }
    assert.ok(await isGone(server.running));
  });
}

async function isGone(running: Running): Promise<boolean> {
  if (running.kind === 'process') return running.mark === null && !existsSync(running.folder);
  return docker
    .getContainer(running.id)
    .inspect()
    .then(
      () => false,
      () => true,
    );
}

function send(server: ElasticsearchServer, path: string, method: string, body?: object): Promise<Response> {
  const headers = { authorization: `Basic ${btoa(`elastic:${PASSWORD}`)}`, 'content-type': 'application/json' };
  return fetch(server.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
}
