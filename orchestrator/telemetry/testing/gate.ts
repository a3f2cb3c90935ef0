import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** Answers instead of the server, or lets a request go on to it. */
export interface Judge {
  /** Before it goes on; true where it has been answered. */
  before?(asked: IncomingMessage, response: ServerResponse): boolean;
  /** The server has done what was asked; true where its answer is not to arrive. */
  after?(asked: IncomingMessage): boolean;
}

/** The real Elasticsearch behind a gate of which a test has the key. */
export class Gate {
  readonly url: string;
  /** Requests, as method and path. */
  readonly asked: string[] = [];
  judge: Judge = {};
  /** Whether connections are cut at once. */
  isShut = false;

  private constructor(url: string) {
    this.url = url;
  }

  static async open(context: TestContext, node: string): Promise<Gate> {
    const server = createServer((asked, response) => gate.#pass(asked, response, node)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    context.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const gate: Gate = new Gate(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return gate;
  }

  #pass(asked: IncomingMessage, response: ServerResponse, node: string): void {
    const { method = '', headers, url = '' } = asked;
    if (this.isShut) return void asked.destroy();
    this.asked.push(`${method} ${url.split('?')[0]}`);
    if (this.judge.before?.(asked, response)) return void asked.resume();
    const onwards = request(node + url, { method, headers }, answer => {
      if (this.judge.after?.(asked)) {
        answer.resume();
        return void response.destroy();
      }
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    onwards.on('error', () => response.destroy());
    asked.pipe(onwards);
  }
}

/** Answers with an error as Elasticsearch does. */
export function refuse(response: ServerResponse, status: number, type: string): true {
  response.writeHead(status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
  response.end(JSON.stringify({ error: { type, reason: `${type} by the test` }, status }));
  return true;
}
