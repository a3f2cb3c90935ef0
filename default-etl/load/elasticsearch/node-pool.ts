import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { configFailure } from '../../contract/failure.ts';

/** A node that could not be reached is left out for so long, while there are others. */
const REST_MS = 5_000;
/** A bulk request of a busy cluster may take this long. */
const ANSWER_TIMEOUT_MS = 120_000;

export interface NodePoolOptions {
  /** Addresses such as `https://user:password@host:9200/prefix`. */
  nodes: readonly string[];
  /** `Authorization` of each request; where there is none, a node's address may name a user. */
  authorization: string | undefined;
  /** PEM of the authority that signed the certificates. */
  ca: Buffer | undefined;
}

export interface Exchange {
  method: string;
  /** With its query, from `/` on. */
  path: string;
  headers: Record<string, string | number>;
  body: Buffer | string | undefined;
}

export interface Received {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
}

interface Node {
  request: (options: RequestOptions) => ClientRequest;
  /** Host, port, agent: what each request to it begins with. */
  base: RequestOptions & { agent: Agent };
  prefix: string;
  authorization: string | undefined;
  /** On performance.now(); 0 for never. */
  restsUntil: number;
}

/**
 * The nodes of an Elasticsearch, each with its open connections, asked in turn. Over Node's own http, since the
 * official client takes 0.16 s of CPU and 40 MB to load, which is a quarter of what a file of 300,000 rows takes (23
 * November 2026).
 */
export class NodePool {
  readonly options: NodePoolOptions;
  private readonly nodes: Node[];
  private turn = 0;

  /** Throws EtlFailure 78 where an address is no URL. */
  constructor(options: NodePoolOptions) {
    this.options = options;
    this.nodes = options.nodes.map((address, position) => openNode(address, position, options));
  }

  /** Sends to the next node that is not resting. Throws what Node throws where there is no whole answer. */
  async exchange(exchange: Exchange, signal: AbortSignal): Promise<Received> {
    const node = this.next();
    try {
      const received = await exchangeWith(node, exchange, signal);
      node.restsUntil = 0;
      return received;
    } catch (error) {
      node.restsUntil = performance.now() + REST_MS;
      throw error;
    }
  }

  close(): void {
    for (const { base } of this.nodes) base.agent.destroy();
  }

  private next(): Node {
    const now = performance.now();
    for (let tried = 0; tried < this.nodes.length; tried++) {
      const node = this.nodes[this.turn++ % this.nodes.length] as Node;
      if (node.restsUntil <= now) return node;
    }
    return this.nodes.reduce((first, node) => (node.restsUntil < first.restsUntil ? node : first));
  }
}

function openNode(address: string, position: number, { authorization, ca }: NodePoolOptions): Node {
  const url = URL.parse(address);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw configFailure(`ELASTICSEARCH_NODE: address ${position + 1} is no URL such as http://localhost:9200`);
  }
  const { request, Agent } = moduleOf(url.protocol);
  const agent = new Agent({ keepAlive: true, ...(ca ? { ca } : {}) });
  // Brackets belong to an IPv6 address in a URL, not in a host's name.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    request,
    base: { host, port: url.port || (url.protocol === 'https:' ? 443 : 80), agent },
    prefix: url.pathname.replace(/\/$/, ''),
    authorization: authorization ?? authorizationIn(url),
    restsUntil: 0,
  };
}

/** An import would also load what the module only exports on demand, undici among it: 35 ms instead of 3 (Node 24.21). */
function moduleOf(protocol: string): typeof import('node:http') {
  return protocol === 'https:'
    ? (process.getBuiltinModule('node:https') as unknown as typeof import('node:http'))
    : process.getBuiltinModule('node:http');
}

function authorizationIn({ username, password }: URL): string | undefined {
  return username === '' ? undefined : basicAuthorization(unescaped(username), unescaped(password));
}

/** A `%` that begins no escape means itself: passwords have such. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 7617, in UTF-8. */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function exchangeWith(node: Node, { method, path, headers, body }: Exchange, signal: AbortSignal): Promise<Received> {
  return new Promise((resolve, reject) => {
    const request = node.request({
      ...node.base,
      method,
      path: node.prefix + path,
      headers: node.authorization ? { ...headers, authorization: node.authorization } : headers,
      timeout: ANSWER_TIMEOUT_MS,
      signal,
    });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`)));
    request.on('response', response => {
      textOf(response).then(text => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      }, reject);
    });
    request.end(body);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
