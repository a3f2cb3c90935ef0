// The thread of forwarder.ts: what passes here keeps nothing else of the orchestrator waiting.
import { once } from 'node:events';
import { connect, createServer, isIP, type Server, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { parentPort } from 'node:worker_threads';
import { codeOf, messageOf } from '../../errors.ts';
import { Subnets } from './addresses.ts';
import type { ForwardOrder, ForwarderNews } from './forwarder.ts';

/** One container can't take all there are: an ETL has a handful. */
const MOST_OF_A_SOURCE = 64;
const MOST_IN_ALL = 1024;

const servers = new Set<Server>();
const tell = (news: ForwarderNews): void => parentPort?.postMessage(news);

parentPort?.on('message', (order: ForwardOrder) => void open(order));

async function open(order: ForwardOrder): Promise<void> {
  let failure: unknown;
  for (const port of order.ports) {
    try {
      const listening = await listen(order, port);
      return tell({ id: order.id, port: listening });
    } catch (error) {
      failure = error;
      if (codeOf(error) === 'EADDRNOTAVAIL') break;
    }
  }
  tell({ id: order.id, error: messageOf(failure), code: codeOf(failure) ?? '' });
}

async function listen(order: ForwardOrder, port: number): Promise<number> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, gatekeeper(order));
  server.maxConnections = MOST_IN_ALL;
  server.listen(port, order.host);
  await once(server, 'listening');
  servers.add(server);
  return (server.address() as { port: number }).port;
}

/** Only containers of the network get through, each with so many connections. */
function gatekeeper(order: ForwardOrder): (client: Socket) => void {
  const allowed = new Subnets(order.subnets);
  const connections = new Map<string, number>();
  return client => {
    const source = client.remoteAddress ?? '';
    const count = connections.get(source) ?? 0;
    const isAllowed = allowed.has(source) && source !== order.host && count < MOST_OF_A_SOURCE;
    if (!isAllowed) return void client.on('error', () => {}).destroy();
    connections.set(source, count + 1);
    client.on('close', () => {
      const left = (connections.get(source) ?? 1) - 1;
      if (left > 0) connections.set(source, left);
      else connections.delete(source);
    });
    join(client, connectTo(order));
  };
}

function connectTo({ target }: ForwardOrder): Socket {
  const { host, port, tls } = target;
  if (tls === null) return connect({ host, port, noDelay: true, allowHalfOpen: true });
  const names = isIP(host) ? {} : { servername: host };
  const upstream = connectSecurely({ host, port, ...names, ...(tls.ca === null ? {} : { ca: tls.ca }) });
  return upstream.setNoDelay(true).on('error', error => tell({ trouble: `${host}:${port}: ${messageOf(error)}` }));
}

/** Both directions; where one end breaks, so does the other. */
function join(client: Socket, upstream: Socket): void {
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.on('error', () => {});
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
}
