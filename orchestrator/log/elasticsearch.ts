import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ClientOptions } from '@elastic/elasticsearch';
import Transport from 'winston-transport';
import type { ElasticsearchTransport, ElasticsearchTransportOptions } from 'winston-elasticsearch';
import { messageOf } from '../errors.ts';
import { isPassing, provideTemplate } from './stream-template.ts';
import { LOG_STREAM, LOG_TEMPLATE, logTemplate } from './template.ts';

/** How to reach the server, with the meaning of the ELASTICSEARCH_* variables; `ca` is the path of a PEM file. */
export interface ElasticsearchLogSettings {
  nodes: string[];
  apiKey: string | null;
  username: string | null;
  password: string | null;
  ca: string | null;
}

export interface ElasticsearchLogOptions {
  settings: ElasticsearchLogSettings;
  /** Says that the server is away or back, which is itself a line of the log. */
  report(level: 'info' | 'warn', message: string): void;
  /** Whether the index template is made where it is missing. */
  makesTemplate: boolean;
  /** How long lines are kept, as Elasticsearch writes durations; null: as the template says. */
  retention: string | null;
  /** Lines that may wait for the server; further ones are dropped and counted. */
  limit?: number;
  flushMs?: number;
}

type Document = Record<string, unknown>;
/** The client of winston-elasticsearch, which has an older one than we. */
type BufferClient = NonNullable<ElasticsearchTransportOptions['client']>;
/** What the buffering transport hands to its client: an action and a document by turns. */
interface BulkRequest {
  body: unknown[];
}

const DEFAULT_LIMIT = 5_000;
const DEFAULT_FLUSH_MS = 1_000;
const BULK_DOCUMENTS = 500;
const REQUEST_TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const TOO_MANY_REQUESTS = 429;

/**
 * Sends lines to the data stream in the background. winston-elasticsearch buffers and batches; the client it is given is
 * ours and never fails it: it waits for the server itself, because that package turns some failures into rejections that
 * nobody handles. What may wait is counted here, so that what had to be dropped can be told.
 */
export class ElasticsearchLog extends Transport {
  readonly #options: ElasticsearchLogOptions;
  readonly #limit: number;
  readonly #end = new AbortController();
  readonly #ready: Promise<void>;
  #held: object[] = [];
  #buffer: ElasticsearchTransport | null = null;
  #client: Client | null = null;
  #template: Promise<void> | null = null;
  #waiting = 0;
  #dropped = 0;
  #refused = 0;
  #isAway = false;
  #whenIdle: (() => void) | null = null;

  constructor(options: ElasticsearchLogOptions) {
    super();
    this.#options = options;
    this.#limit = options.limit ?? DEFAULT_LIMIT;
    this.#ready = this.#load().catch((error: unknown) => {
      options.report('warn', `the log can't be sent to Elasticsearch: ${messageOf(error)}`);
    });
  }

  override log(entry: object, next: () => void): void {
    if (this.#waiting >= this.#limit || this.#end.signal.aborted) this.#dropped += 1;
    else this.#take(entry);
    next();
  }

  /** Sends what waits, for at most `withinMs`, and lets go of the server. Returns how many lines never got there. */
  async flushAndClose(withinMs: number): Promise<number> {
    const deadline = sleep(withinMs, undefined, { ref: true, signal: this.#end.signal }).catch(() => undefined);
    await Promise.race([this.#ready.then(() => this.#flush()), deadline]);
    this.#end.abort();
    this.#stopBuffer();
    await this.#client?.close().catch(() => undefined);
    return this.#waiting + this.#dropped;
  }

  /** Its timer would keep the process alive for another interval, and it has no public way to be stopped. */
  #stopBuffer(): void {
    this.#buffer?.end();
    (this.#buffer as { bulkWriter?: { stop?(): void } } | null)?.bulkWriter?.stop?.();
  }

  #take(entry: object): void {
    this.#waiting += 1;
    if (this.#buffer === null) this.#held.push(entry);
    else this.#pass(entry);
  }

  #pass(entry: object): void {
    this.#buffer?.log?.(entry, () => undefined);
  }

  /** Both packages take a second to load on a slow disk, so the first lines are held meanwhile. */
  async #load(): Promise<void> {
    const [{ Client }, { default: packageExports }] = await Promise.all([
      import('@elastic/elasticsearch'),
      import('winston-elasticsearch'),
    ]);
    this.#client = new Client(clientOptions(this.#options.settings));
    this.#buffer = new packageExports.ElasticsearchTransport({
      client: this.#patientClient(),
      dataStream: true,
      index: LOG_STREAM,
      ensureIndexTemplate: false,
      flushInterval: this.#options.flushMs ?? DEFAULT_FLUSH_MS,
      transformer: ({ message, meta }) => ({ ...meta, message: String(message) }),
    });
    for (const entry of this.#held.splice(0)) this.#pass(entry);
  }

  #patientClient(): BufferClient {
    const patient = {
      cluster: { health: () => Promise.resolve({}) },
      bulk: async ({ body }: BulkRequest) => {
        await this.#deliver(body.filter((_, position) => position % 2 === 1) as Document[]);
        return { errors: false, items: [] };
      },
    };
    return patient as unknown as BufferClient;
  }

  async #flush(): Promise<void> {
    await this.#buffer?.flush();
    if (this.#waiting === 0) return;
    await new Promise<void>(resolve => {
      this.#whenIdle = resolve;
    });
  }

  /** Resolves when every document is in the stream, or refused by it, or the log is closed. Never rejects. */
  async #deliver(documents: Document[]): Promise<void> {
    for (let from = 0; from < documents.length; from += BULK_DOCUMENTS) {
      // One after another: they are lines of a log, and the server has better things to do.
      await this.#deliverBatch(documents.slice(from, from + BULK_DOCUMENTS));
    }
  }

  async #deliverBatch(batch: Document[]): Promise<void> {
    let rest = batch;
    let pauseMs = FIRST_PAUSE_MS;
    while (rest.length > 0 && !this.#end.signal.aborted) {
      const left = await this.#send(rest);
      this.#settle(rest.length - left.length);
      rest = left;
      if (rest.length === 0) return;
      await sleep(pauseMs, undefined, { ref: false, signal: this.#end.signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Sends once; returns those to be sent again. */
  async #send(documents: Document[]): Promise<Document[]> {
    try {
      await this.#ensureTemplate();
      const operations = documents.flatMap((document): object[] => [{ create: { _index: LOG_STREAM } }, document]);
      const response = await this.#client?.bulk({ operations }, { signal: this.#end.signal });
      this.#becomeReachable();
      const statuses = (response?.items ?? []).map(item => item.create?.status ?? 0);
      this.#refused += statuses.filter(status => status >= 400 && status !== TOO_MANY_REQUESTS).length;
      return documents.filter((_, position) => statuses[position] === TOO_MANY_REQUESTS);
    } catch (error) {
      this.#becomeAway(error);
      return documents;
    }
  }

  /** Once, whoever asks first; again only where the server was away. */
  #ensureTemplate(): Promise<void> {
    if (!this.#options.makesTemplate) return Promise.resolve();
    this.#template ??= this.#makeTemplate().catch((error: unknown) => {
      this.#template = null;
      throw error;
    });
    return this.#template;
  }

  /** A server that can't have the template (no right to, say) still takes the lines: that is no reason to keep them back. */
  async #makeTemplate(): Promise<void> {
    try {
      const template = {
        stream: LOG_STREAM,
        name: LOG_TEMPLATE,
        body: logTemplate,
        retention: this.#options.retention,
      };
      if (this.#client) await provideTemplate(this.#client, template, this.#end.signal);
    } catch (error) {
      // Without the template the first line would make a plain index for good.
      if (isPassing(error)) throw error;
      this.#options.report('warn', `the index template ${LOG_TEMPLATE} can't be made or changed: ${messageOf(error)}`);
    }
  }

  #becomeAway(error: unknown): void {
    if (this.#isAway || this.#end.signal.aborted) return;
    this.#isAway = true;
    const reason = `the log can't be sent to Elasticsearch: ${messageOf(error)}`;
    this.#options.report('warn', `${reason}; up to ${this.#limit} lines wait for it`);
  }

  #becomeReachable(): void {
    if (!this.#isAway && this.#dropped === 0) return;
    const lost = this.#dropped === 0 ? 'no line was dropped' : `${this.#dropped} lines were dropped meanwhile`;
    this.#isAway = false;
    this.#dropped = 0;
    this.#options.report('warn', `the log is sent to Elasticsearch again; ${lost}`);
  }

  #settle(count: number): void {
    this.#waiting -= count;
    if (this.#refused > 0) {
      const refused = this.#refused;
      this.#refused = 0;
      this.#options.report('warn', `Elasticsearch refused ${refused} lines of the log; do its mappings fit ECS?`);
    }
    if (this.#waiting === 0) this.#whenIdle?.();
  }
}

function clientOptions(settings: ElasticsearchLogSettings): ClientOptions {
  const { nodes, apiKey, username, password, ca } = settings;
  const auth = apiKey !== null ? { apiKey } : username === null ? null : { username, password: password ?? '' };
  return {
    nodes,
    maxRetries: 0,
    requestTimeout: REQUEST_TIMEOUT_MS,
    ...(auth === null ? {} : { auth }),
    ...(ca === null ? {} : { tls: { ca: readFileSync(ca) } }),
  };
}
