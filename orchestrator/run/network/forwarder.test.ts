import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openForwarder, type Forwarder } from './forwarder.ts';

const LOOPBACK = ['127.0.0.0/8'];

function forwarderFor(t: TestContext): { forwarder: Forwarder; troubles: string[] } {
  const troubles: string[] = [];
  const forwarder = openForwarder({
    onTrouble: text => void troubles.push(text),
    onEnd: error => void troubles.push(`ended: ${error}`),
  });
  t.after(() => forwarder.close());
  return { forwarder, troubles };
}

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** What comes back for what is sent, after half of the connection was closed; null where it was broken. */
async function exchange(port: number, text: string, host = '127.0.0.2', from = '127.0.0.1'): Promise<string | null> {
  const socket = connect({ port, host, localAddress: from });
  let received = '';
  socket.setEncoding('utf8').on('data', (piece: string) => (received += piece));
  socket.on('error', () => {});
  socket.end(text);
  await once(socket, 'close').catch(() => {});
  return received === '' ? null : received;
}

test('what is sent arrives whole, in both directions, and an end that still listens gets its answer', async t => {
  const { forwarder } = forwarderFor(t);
  const echo = createServer({ allowHalfOpen: true }, socket => void socket.pipe(socket));
  const port = await forwarder.forward({
    host: '127.0.0.2',
    ports: [0],
    subnets: LOOPBACK,
    target: { host: '127.0.0.1', port: await listening(t, echo), tls: null },
  });
  const text = 'row\n'.repeat(500_000);
  assert.deepEqual(await Promise.all([exchange(port, text), exchange(port, text)]), [text, text]);
});

test('only addresses of the network are let through, and not the one that is listened on', async t => {
  const { forwarder } = forwarderFor(t);
  const echo = createServer({ allowHalfOpen: true }, socket => void socket.pipe(socket));
  const target = { host: '127.0.0.1', port: await listening(t, echo), tls: null };
  const port = await forwarder.forward({ host: '127.0.0.2', ports: [0], subnets: ['127.0.0.0/28'], target });
  assert.equal(await exchange(port, 'x', '127.0.0.2', '127.0.0.9'), 'x');
  assert.equal(await exchange(port, 'x', '127.0.0.2', '127.0.0.2'), null);
  assert.equal(await exchange(port, 'x', '127.0.0.2', '127.0.0.99'), null);
});

test('one container that opens connections without end keeps no other one out', async t => {
  const { forwarder } = forwarderFor(t);
  const echo = createServer({ allowHalfOpen: true }, socket => void socket.pipe(socket));
  const target = { host: '127.0.0.1', port: await listening(t, echo), tls: null };
  const port = await forwarder.forward({ host: '127.0.0.2', ports: [0], subnets: LOOPBACK, target });
  const held = Array.from({ length: 100 }, () =>
    connect({ port, host: '127.0.0.2', localAddress: '127.0.0.1' }).on('error', () => {}),
  );
  await Promise.all(held.map(socket => once(socket, 'connect')));
  assert.equal(await exchange(port, 'x', '127.0.0.2', '127.0.0.1'), null);
  assert.equal(await exchange(port, 'x', '127.0.0.2', '127.0.0.3'), 'x');
  for (const socket of held) socket.destroy();
});

test('the first free port is taken; where none is, it says so', async t => {
  const { forwarder } = forwarderFor(t);
  const taken = createServer();
  taken.listen(0, '127.0.0.2');
  await once(taken, 'listening');
  t.after(() => void taken.close());
  const { port: busy } = taken.address() as AddressInfo;
  const order = { host: '127.0.0.2', subnets: LOOPBACK, target: { host: '127.0.0.1', port: 9, tls: null } };
  const port = await forwarder.forward({ ...order, ports: [busy, 0] });
  assert.notEqual(port, busy);
  await assert.rejects(forwarder.forward({ ...order, ports: [busy, port] }), /EADDRINUSE/);
});

test('a secure node is spoken to in TLS, its certificate checked by its name; one that does not fit is told', async t => {
  const { forwarder, troubles } = forwarderFor(t);
  const folder = mkdtempSync(join(tmpdir(), 'forwarder-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '2',
      '-subj',
      '/CN=test',
      '-addext',
      'subjectAltName=DNS:localhost',
    ],
    { stdio: 'ignore' },
  );
  const server = createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) =>
    response.end('secure'),
  );
  const port = await listening(t, server);
  const order = (host: string) => ({
    host: '127.0.0.2',
    ports: [0],
    subnets: LOOPBACK,
    target: { host, port, tls: { ca: readFileSync(cert, 'utf8') } },
  });
  const named = await forwarder.forward(order('localhost'));
  assert.equal(await (await fetch(`http://127.0.0.2:${named}/`)).text(), 'secure');
  assert.deepEqual(troubles, []);
  const misnamed = await forwarder.forward(order('127.0.0.1'));
  await assert.rejects(fetch(`http://127.0.0.2:${misnamed}/`));
  assert.match(troubles.join('\n'), /127\.0\.0\.1.*altnames/);
});
