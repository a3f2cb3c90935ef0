import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';

/** A socket before an engine's, by which a test makes the engine go away and come back. */
export interface EngineGate {
  /** As DOCKER_HOST. */
  host: string;
  /** Breaks all connections and refuses new ones. */
  shut(): Promise<void>;
  open(): Promise<void>;
}

export async function openEngineGate(path: string, engineSocket: string): Promise<EngineGate> {
  const sockets = new Set<Socket>();
  const server = createServer(client => {
    const upstream = connect(engineSocket);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => {});
      from.on('close', () => (sockets.delete(from), to.destroy()));
    }
  });

  const gate: EngineGate = {
    host: `unix://${path}`,
    async shut() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      rmSync(path, { force: true });
    },
    async open() {
      server.listen(path);
      await once(server, 'listening');
    },
  };
  await gate.open();
  return gate;
}
