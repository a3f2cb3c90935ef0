import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { InputType, ZlibOptions } from 'node:zlib';
import type { estypes } from '@elastic/elasticsearch';
import { awayFailure, configFailure, EtlFailure, messageOf } from '../../contract/failure.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { leavePool, takePool } from './kept-pool.ts';
import { basicAuthorization, type Exchange, type NodePool, type NodePoolOptions, type Received } from './node-pool.ts';

export type ItemError = estypes.ErrorCause;

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;

export interface Request {
  method: string;
  path: string;
  query?: Record<string, string>;
  /** JSON. */
  body?: unknown;
  /** NDJSON. */
  bulkBody?: Buffer;
  /** The body goes packed with gzip. */
  isPacked?: boolean;
  /** Status codes that are answers, too. */
  ignore?: number[];
}

/** Answer to a request: the status and the body's text, unparsed, since most bulk answers need only be looked at. */
export interface Answer {
  status: number;
  text: string;
}

/** One Elasticsearch. What it refuses for a while is tried again for `patienceMs` in all; then EtlFailure 75 is thrown. */
export class Connection {
  readonly pool: NodePool;
  private readonly settings: ConnectionSettings;
  private readonly signal: AbortSignal;
  private readonly closing = new AbortController();
  private readonly patienceMs: number;

  constructor(settings: ConnectionSettings, signal: AbortSignal, patienceMs: number) {
    this.settings = settings;
    this.signal = AbortSignal.any([signal, this.closing.signal]);
    this.patienceMs = patienceMs;
    this.pool = takePool(poolOptions(settings));
  }

  /** Throws EtlFailure 75 where Elasticsearch is away or refuses the user; any other refusal is a Refusal. */
  async request(request: Request): Promise<Answer> {
    const givesUpAt = performance.now() + this.patienceMs;
    for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)) {
      const answer = await this.once(request);
      if (!('passing' in answer)) return answer;
      if (performance.now() + backoffMs > givesUpAt) throw this.away(answer.passing);
      await this.pause(backoffMs);
    }
  }

  async json<T>(request: Request): Promise<T> {
    return JSON.parse((await this.request(request)).text) as T;
  }

  /** Waits, unless the run is stopped meanwhile. */
  async pause(milliseconds: number): Promise<void> {
    await delay(milliseconds * (0.5 + Math.random() / 2), undefined, { signal: this.signal });
  }

  away(reason: string): EtlFailure {
    const seconds = Math.round(this.patienceMs / 1000);
    return awayFailure(
      `Elasticsearch at ${hosts(this.settings)} is away (${reason}), after ${seconds} s of trying; it will be tried again`,
    );
  }

  /** A whole index refuses to be used: closed, blocked, without its pipeline, or not for this user. */
  refusedIndex(path: string, status: number, reason: string): EtlFailure {
    return awayFailure(
      `Elasticsearch at ${hosts(this.settings)} refuses the whole index (${status} for ${path}): ${reason}; ` +
        'open the index, lift its block, make the pipeline that its settings name, or give the user the index privileges index and delete: the ' +
        'file will be tried again',
    );
  }

  /** What is still on its way is not tried again: it could make an index after the run's end. */
  close(): void {
    this.closing.abort();
    leavePool(this.pool);
  }

  private async once(request: Request): Promise<Answer | { passing: string }> {
    let received: Received;
    try {
      const exchange = exchangeOf(request);
      received = await this.pool.exchange(request.isPacked ? await packed(exchange) : exchange, this.signal);
    } catch (error) {
      this.signal.throwIfAborted();
      const fault = certificateFault(error);
      if (fault) throw awayFailure(distrusted(this.settings, fault));
      // No connection, one that broke, an answer that ended too early: it may be over soon.
      return { passing: messageOf(error) || String((error as { code?: unknown }).code) };
    }
    return this.judge(request, received);
  }

  private judge(request: Request, { status, headers, text }: Received): Answer | { passing: string } {
    const isAnswer = status < 400 || request.ignore?.includes(status);
    // What a proxy knows no address for is no index that is not there. Elasticsearch does not say its name to a user
    // whom it refuses.
    if ((isAnswer || status === 404) && status !== 403 && headers['x-elastic-product'] !== 'Elasticsearch')
      throw awayFailure(noElasticsearch(this.settings, status));
    if (isAnswer) return { status, text };
    if (status === 408 || status === 429 || status >= 500)
      return { passing: `it answered ${status}: ${reasonIn(text).slice(0, 200)}` };
    if (status === 403 && text.includes('cluster_block_exception'))
      throw this.refusedIndex(request.path, status, reasonIn(text));
    if (status === 401 || status === 403) throw awayFailure(refusedUser(this.settings, request, status, text));
    if (status === 400 && SHARDS_FULL.test(text)) throw awayFailure(noRoom(this.settings, request, text));
    throw new Refusal(status, `Elasticsearch refused ${request.method} ${request.path} (${status}): ${reasonIn(text)}`);
  }
}

/** What a cluster says that holds as many indices as it may. */
const SHARDS_FULL = /maximum (normal |frozen )?shards open/;

/** An answer that trying again won't change. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
  }
}

function poolOptions(settings: ConnectionSettings): NodePoolOptions {
  if (settings.nodes.length === 0) {
    throw configFailure('ELASTICSEARCH_NODE is not set; give an address such as http://localhost:9200');
  }
  const { nodes, apiKey, username, password, caFile } = settings;
  const authorization = apiKey
    ? `ApiKey ${apiKey}`
    : username
      ? basicAuthorization(username, password ?? '')
      : undefined;
  return { nodes, authorization, ca: caFile ? readCa(caFile) : undefined };
}

function exchangeOf({ method, path, query, body, bulkBody }: Request): Exchange {
  const sent = bulkBody ?? (body === undefined ? undefined : JSON.stringify(body));
  return {
    method,
    path: query ? `${path}?${new URLSearchParams(query).toString()}` : path,
    headers: {
      accept: 'application/json',
      ...(sent === undefined
        ? {}
        : {
            'content-type': bulkBody ? 'application/x-ndjson' : 'application/json',
            'content-length': Buffer.byteLength(sent),
          }),
    },
    body: sent,
  };
}

/** At the lowest level, which makes rows of a table a tenth; in another thread. */
async function packed(exchange: Exchange): Promise<Exchange> {
  const { gzip, constants } = process.getBuiltinModule('node:zlib');
  const body = await promisify<InputType, ZlibOptions, Buffer>(gzip)(exchange.body ?? '', {
    level: constants.Z_BEST_SPEED,
  });
  return {
    ...exchange,
    headers: { ...exchange.headers, 'content-encoding': 'gzip', 'content-length': body.length },
    body,
  };
}

function readCa(path: string): Buffer {
  const pem = readPem(path);
  if (pem.includes('-----BEGIN')) return pem;
  throw configFailure(
    `ELASTICSEARCH_CA ${path} holds no certificate in PEM, text that begins with -----BEGIN CERTIFICATE-----`,
  );
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw configFailure(`ELASTICSEARCH_CA ${path} can't be read: ${messageOf(error)}`);
  }
}

/** What is wrong with the server's certificate; undefined for any other error. Node's and OpenSSL's codes. */
function certificateFault(error: unknown): string | undefined {
  const codes = [error, (error as { cause?: unknown }).cause].map(each => String((each as { code?: unknown })?.code));
  return codes.some(code => CERTIFICATE_CODES.test(code)) || CERTIFICATE_CODES.test(messageOf(error))
    ? messageOf(error)
    : undefined;
}

const CERTIFICATE_CODES = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|certificate|altnames/;

function distrusted(settings: ConnectionSettings, fault: string): string {
  return `Elasticsearch at ${hosts(settings)} has a certificate that is not trusted (${fault}); ${certificateRemedy(settings, fault)}`;
}

function certificateRemedy({ caFile }: ConnectionSettings, fault: string): string {
  if (/expired|not yet valid/.test(fault)) return 'renew it, or set the clocks right';
  if (/altnames/.test(fault)) return 'ELASTICSEARCH_NODE must have a name that is in it';
  return caFile
    ? `ELASTICSEARCH_CA ${caFile} must be the authority that signed it`
    : 'set ELASTICSEARCH_CA to the PEM file of the authority that signed it';
}

function noElasticsearch(settings: ConnectionSettings, status: number): string {
  return (
    `what answers at ${hosts(settings)} (${status}) is not Elasticsearch; if that is no proxy in front of one ` +
    'that is not up yet, check ELASTICSEARCH_NODE; it will be tried again'
  );
}

function noRoom(settings: ConnectionSettings, { method, path }: Request, text: string): string {
  return (
    `Elasticsearch at ${hosts(settings)} has no room for another index (400 for ${method} ${path}): ${reasonIn(text)}; ` +
    'remove indices that nobody needs, or raise cluster.max_shards_per_node: the file will be tried again'
  );
}

function refusedUser(settings: ConnectionSettings, request: Request, status: number, text: string): string {
  const who = settings.apiKey
    ? 'the API key'
    : settings.username
      ? `user ${settings.username}`
      : 'a request without user';
  const check =
    status === 401
      ? 'check ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD'
      : 'on the index, its aliases (with overwrite on <index>-*, too) it needs manage, index and delete';
  return `Elasticsearch at ${hosts(settings)} refused ${who} (${status} for ${request.method} ${request.path}): ${reasonIn(text)}; ${check}`;
}

/** The addresses without what may stand in them of users and passwords. */
function hosts(settings: ConnectionSettings): string {
  return settings.nodes.map(node => (URL.canParse(node) ? new URL(node).host : 'an address that is no URL')).join(', ');
}

/** The reason in an error's JSON, or the text itself. */
function reasonIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: ItemError | string };
    return typeof error === 'string' ? error : itemReason(error);
  } catch {
    return text.slice(0, 500);
  }
}

/** What an error says, with its causes. */
export function itemReason(error: ItemError | undefined): string {
  if (!error) return 'no reason given';
  const reason = `${error.type}: ${error.reason ?? ''}`;
  return error.caused_by ? `${reason} (${itemReason(error.caused_by)})` : reason;
}
