import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { systemClock } from '../../clock.ts';
import type { ElasticsearchSettings } from '../../config/environment.ts';
import { kindOf, messageOf } from '../../errors.ts';
import { connectEngine } from '../docker/engine.ts';
import { readInstance } from '../instance.ts';
import { makePlace, type Place, silentLogger } from '../testing/attempts.ts';
import { makeTestImage } from '../testing/image.ts';
import { testNetwork } from '../testing/network.ts';

const IMAGE = 'orchestrator-network-test:1';
const engine = connectEngine(process.env['DOCKER_HOST'] ?? null, systemClock);
const { docker } = engine;

before(() => makeTestImage(docker, IMAGE));
after(() => docker.getImage(IMAGE).remove({ force: true }));

async function placeFor(t: TestContext): Promise<Place> {
  const place = await makePlace();
  t.after(() => place.remove());
  return place;
}

/** A server on loopback that answers each connection with its name, and ends it. */
async function greeter(t: TestContext, name: string, host = '127.0.0.1'): Promise<number> {
  const server = createServer(socket => socket.on('error', () => {}).end(`${name}\n`));
  server.listen(0, host);
  await once(server, 'listening');
  t.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function elasticsearchAt(...nodes: string[]): ElasticsearchSettings {
  return { nodes, apiKey: null, username: null, password: null, ca: null };
}

/** What a container in the network reads when it connects to each address. */
async function seenFrom(network: string, addresses: readonly string[]): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  for (const address of addresses) {
    const [host = '', port = ''] = address.replace('http://', '').split(':');
    const script = `exec 3<>/dev/tcp/${host}/${port} && cat <&3`;
    const container = await docker.createContainer({
      Image: IMAGE,
      Cmd: ['/bin/bash', '-c', script],
      HostConfig: { NetworkMode: network, CapDrop: ['ALL'] },
    });
    await container.start();
    const tooLate = AbortSignal.timeout(3_000);
    tooLate.addEventListener('abort', () => void container.kill().catch(() => {}));
    await container.wait();
    const log = (await container.logs({ stdout: true })) as unknown as Buffer;
    seen[address] = log.subarray(8).toString().trim();
    await container.remove({ force: true });
  }
  return seen;
}

test('a container reaches Elasticsearch on this machine’s loopback, and no other service there', async t => {
  const place = await placeFor(t);
  const port = await greeter(t, 'elasticsearch');
  const api = await greeter(t, 'api');
  const network = testNetwork(engine, place.dataDir, { elasticsearch: elasticsearchAt(`http://127.0.0.1:${port}`) });
  t.after(() => network.close());
  const name = await network.join(undefined);
  assert.match(name, /^orchestrator-etl-[0-9a-f]{8}$/);
  const [node = ''] = await network.reach(undefined, [
    `http://user:pass@127.0.0.1:${port}/es`,
    'http://elsewhere:9200',
  ]);
  const { hostname: gateway, port: forwarded, username, pathname } = new URL(node);
  assert.deepEqual([username, pathname], ['user', '/es']);
  const others = [`127.0.0.1:${api}`, `127.0.0.1:${port}`, `${gateway}:${api}`, `${gateway}:${port}`];
  const seen = await seenFrom(name, [`${gateway}:${forwarded}`, ...others]);
  assert.deepEqual(Object.values(seen), ['elasticsearch', '', '', '', '']);
  assert.equal(network.isRefused(gateway), true);
  assert.equal(network.isRefused('127.0.0.1'), false);
});

test('containers of the network don’t reach each other', async t => {
  const place = await placeFor(t);
  const network = testNetwork(engine, place.dataDir);
  const name = await network.join(undefined);
  const { Options } = (await docker.getNetwork(name).inspect()) as { Options: Record<string, string> };
  assert.equal(Options['com.docker.network.bridge.enable_icc'], 'false');
  assert.equal(Options['com.docker.network.bridge.enable_ip_masquerade'], 'true');
  const other = await docker.createContainer({
    Image: 'orchestrator-etl/default-etl:0.1.0',
    Entrypoint: ['node', '-e', "require('net').createServer(s=>s.end('other')).listen(9999)"],
    HostConfig: { NetworkMode: name },
  });
  t.after(async () => {
    await other.remove({ force: true });
    await network.close();
  });
  await other.start();
  const { NetworkSettings } = await other.inspect();
  const { IPAddress } = NetworkSettings.Networks[name] as { IPAddress: string };
  assert.deepEqual(await seenFrom(name, [`${IPAddress}:9999`]), { [`${IPAddress}:9999`]: '' });
});

test('rule 10: an orchestrator that comes after a crash forwards at the address and port that its containers know', async t => {
  const place = await placeFor(t);
  const elasticsearch = elasticsearchAt(`http://127.0.0.1:${await greeter(t, 'elasticsearch')}`);
  const former = testNetwork(engine, place.dataDir, { elasticsearch });
  const name = await former.join(undefined);
  const survivor = await docker.createContainer({
    Image: IMAGE,
    Cmd: ['/bin/sleep', '60'],
    HostConfig: { NetworkMode: name },
  });
  await survivor.start();
  const found = await former.reach(undefined, elasticsearch.nodes);
  // Its network stays: a container is in it.
  await former.close();
  const next = testNetwork(engine, place.dataDir, { elasticsearch });
  assert.equal(next.isRefused(new URL(found[0] as string).hostname), true);
  await next.resume();
  const address = (found[0] as string).replace('http://', '');
  assert.deepEqual(await seenFrom(name, [address]), { [address]: 'elasticsearch' });
  assert.deepEqual(await next.reach(undefined, elasticsearch.nodes), found);
  await survivor.remove({ force: true });
  await next.close();
  await assert.rejects(docker.getNetwork(name).inspect());
  assert.equal(existsSync(join(place.dataDir, 'run-network.json')), false);
});

test('a network that was pruned is made again', async t => {
  const place = await placeFor(t);
  const elasticsearch = elasticsearchAt(`http://127.0.0.1:${await greeter(t, 'elasticsearch')}`);
  const network = testNetwork(engine, place.dataDir, { elasticsearch });
  t.after(() => network.close());
  await network.reach(undefined, elasticsearch.nodes);
  await docker.getNetwork(await network.join(undefined)).remove();
  const [node = ''] = await network.reach(undefined, elasticsearch.nodes);
  const address = node.replace('http://', '');
  assert.deepEqual(await seenFrom(await network.join(undefined), [address]), { [address]: 'elasticsearch' });
});

test('RUN_NETWORK and DOCKER_OPTIONS.network are joined as they are; from the host’s network loopback needs no forwarder', async t => {
  const place = await placeFor(t);
  const nodes = ['http://localhost:9200'];
  const more = { elasticsearch: elasticsearchAt(...nodes) };
  const network = testNetwork(engine, place.dataDir, more);
  assert.equal(await network.join('host'), 'host');
  assert.equal(await network.join('bridge'), 'bridge');
  const { IPAM } = (await docker.getNetwork('bridge').inspect()) as { IPAM: { Config: Array<{ Subnet: string }> } };
  assert.equal(network.isRefused(IPAM.Config[0]!.Subnet.replace(/\d+\/\d+$/, '9')), true);
  assert.equal(network.isRefused('127.0.0.1'), false);
  assert.deepEqual(await network.reach('host', nodes), nodes);
  const hosts = testNetwork(engine, place.dataDir, { ...more, wish: 'host' });
  assert.equal(await hosts.join(undefined), 'host');
  assert.deepEqual(await hosts.reach(undefined, nodes), nodes);
  assert.deepEqual(await network.reach(undefined, ['http://elasticsearch:9200']), ['http://elasticsearch:9200']);
  assert.equal(existsSync(join(place.dataDir, 'run-network.json')), false);
});

test('in a container of its own the orchestrator’s network is joined where RUN_NETWORK names none, with a warning', async t => {
  const place = await placeFor(t);
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
  const surroundings = async () => ({ hostPaths: null, ownNetwork: 'own-network' });
  const network = testNetwork(engine, place.dataDir, { surroundings, logger });
  assert.deepEqual([await network.join(undefined), await network.join(undefined)], ['own-network', 'own-network']);
  assert.deepEqual(warnings.length, 1);
  assert.match(warnings[0] as string, /reach its page and API; set RUN_NETWORK/);
});

test('where the network is not this machine’s, an Elasticsearch on loopback can’t be reached, and it says what to do', async t => {
  const place = await placeFor(t);
  const wish = `network-elsewhere-${readInstance(place.dataDir).slice(0, 8)}`;
  await docker.createNetwork({ Name: wish, Options: { 'com.docker.network.bridge.inhibit_ipv4': 'true' } });
  t.after(() => docker.getNetwork(wish).remove());
  const nodes = ['http://elastic:secret@localhost:9200'];
  const network = testNetwork(engine, place.dataDir, { wish, elasticsearch: elasticsearchAt(...nodes) });
  await assert.rejects(network.reach(undefined, nodes), error => {
    assert.equal(kindOf(error), 'never');
    assert.match(messageOf(error), /http:\/\/localhost:9200 is on this machine's loopback.*set ELASTICSEARCH_NODE/);
    assert.doesNotMatch(messageOf(error), /secret/);
    return true;
  });
  await network.close();
  // It was made by somebody else.
  assert.equal(((await docker.getNetwork(wish).inspect()) as { Name: string }).Name, wish);
});

test('only the nodes of ELASTICSEARCH_NODE are forwarded to, and an engine that is away is waited for', async t => {
  const place = await placeFor(t);
  const network = testNetwork(engine, place.dataDir, { elasticsearch: elasticsearchAt('http://localhost:9200') });
  t.after(() => network.close());
  await assert.rejects(network.reach(undefined, ['http://localhost:8080']), /localhost:8080 is not ELASTICSEARCH_NODE/);
  const nowhere = connectEngine('unix:///nowhere/docker.sock', systemClock);
  const away = testNetwork(nowhere, place.dataDir, { elasticsearch: elasticsearchAt('http://localhost:9200') });
  await assert.rejects(away.reach(undefined, ['http://localhost:9200']), error => kindOf(error) === 'wait');
});
