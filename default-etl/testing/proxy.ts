import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/**
 * A proxy before the real Elasticsearch at `node`, closed after the test. Returns its address. `isHeard` sees each
 * request once it is answered; where it says no, the connection is cut instead: what was asked is done, and nobody
 * hears of it.
 */
export async function proxyTo(
  context: TestContext,
  node: string,
  isHeard: (asked: IncomingMessage) => boolean,
): Promise<string> {
  const proxy = createServer((asked, response) => {
    const { method, headers, url = '' } = asked;
    const onwards = request(node + url, { method: method as string, headers }, answer => {
      if (!isHeard(asked)) {
        asked.socket.destroy();
        answer.resume();
        return;
      }
      response.writeHead(answer.statusCode as number, answer.headers);
      answer.pipe(response);
    });
    asked.pipe(onwards);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  context.after(() => proxy.close());
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}
