import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Client, type estypes } from '@elastic/elasticsearch';
import { provideTemplate, type StreamTemplate } from './stream-template.ts';
import { logTemplate } from './template.ts';

/**
 * The real Elasticsearch, but for what is the data stream's: the server of the tests has its core alone, which knows
 * data streams and has no requests about them. Here one has what was put.
 */
async function withStreams(context: TestContext, retentions: Map<string, string>) {
  const server = createServer((asked, response) => {
    const { method = '', headers, url = '' } = asked;
    const [, name = '', change] = /^\/_data_stream\/([^/?]+)(\/_lifecycle)?/.exec(url) ?? [];
    if (name !== '') return void answer(asked, response, { name, isChange: change !== undefined, retentions });
    const onwards = request(process.env.ELASTICSEARCH_NODE + url, { method, headers }, answered => {
      response.writeHead(answered.statusCode ?? 0, answered.headers);
      answered.pipe(response);
    });
    onwards.on('error', () => response.destroy());
    asked.pipe(onwards);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new Client({ node: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, maxRetries: 3 });
  const id = randomUUID().slice(0, 8);
  const name = `test-template-${id}`;
  context.after(async () => {
    await client.indices.deleteIndexTemplate({ name }, { ignore: [404] });
    await client.close();
    server.closeAllConnections();
    server.close();
  });
  const body = { ...logTemplate, index_patterns: [`test-stream-${id}-*`] };
  const provide = (retention: string | null) => {
    const template: StreamTemplate = { stream: `test-stream-${id}-default`, name, body, retention };
    return provideTemplate(client, template, AbortSignal.timeout(60_000));
  };
  const there = async () => (await client.indices.getIndexTemplate({ name })).index_templates[0]!.index_template;
  return { client, name, stream: `test-stream-${id}-default`, provide, there };
}

interface Asked {
  name: string;
  isChange: boolean;
  retentions: Map<string, string>;
}

async function answer(asked: IncomingMessage, response: ServerResponse, { name, isChange, retentions }: Asked) {
  const body = (await asked.toArray()).join('');
  const lifecycle = { enabled: true, data_retention: retentions.get(name) };
  if (isChange) retentions.set(name, (JSON.parse(body) as { data_retention: string }).data_retention);
  response.writeHead(retentions.has(name) ? 200 : 404, {
    'content-type': 'application/vnd.elasticsearch+json;compatible-with=9',
    'x-elastic-product': 'Elasticsearch',
  });
  response.end(JSON.stringify(isChange ? { acknowledged: true } : { data_streams: [{ name, lifecycle }] }));
}

function retentionOf({ template }: estypes.IndicesIndexTemplate): unknown {
  return template?.lifecycle?.data_retention;
}

test('a template is made where it is missing, with the retention that is set', async context => {
  const { provide, there } = await withStreams(context, new Map());
  await provide('7d');
  const made = await there();
  assert.equal(retentionOf(made), '7d');
  assert.equal(made.priority, 200);
});

test('of a template that is there a retention that is set is changed, and of its stream; nothing else is', async context => {
  const retentions = new Map<string, string>();
  const { provide, there, client, name, stream } = await withStreams(context, retentions);
  retentions.set(stream, '30d');
  await provide(null);
  assert.equal(retentionOf(await there()), '30d');
  // As a person changes it.
  const { template, ...rest } = logTemplate;
  const mappings = { ...template?.mappings, properties: { mine: { type: 'ip' as const } } };
  const index_patterns = [`${stream}*`];
  await client.indices.putIndexTemplate({
    name,
    ...rest,
    index_patterns,
    priority: 250,
    template: { ...template, mappings },
  });
  await provide(null);
  assert.equal(retentions.get(stream), '30d');
  await provide('90d');
  const changed = await there();
  assert.equal(retentionOf(changed), '90d');
  assert.equal(changed.priority, 250);
  assert.deepEqual(Object.keys(changed.template?.mappings?.properties ?? {}), ['mine']);
  assert.equal(retentions.get(stream), '90d');
  await provide(null);
  assert.equal(retentionOf(await there()), '90d', 'what is not set any more stays as it is');
});
