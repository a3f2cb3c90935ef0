import type { Client, estypes } from '@elastic/elasticsearch';
import { type Backoff, delayMs } from '../async/backoff.ts';
import { pause } from '../async/pause.ts';
import type { Clock } from '../clock.ts';
import { messageOf, statusOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { isPassing, provideTemplate, type StreamTemplate } from '../log/stream-template.ts';

/** What is written to a data stream: as JSON, and under which id, where it has one. */
export interface Document {
  id: string | null;
  json: string;
}

export interface SenderOptions {
  client: Client;
  /** Name of the data stream. */
  stream: string;
  /** null: none is made. */
  template: StreamTemplate | null;
  /** What it sends, for messages: `runs`. */
  what: string;
  clock: Clock;
  logger: Logger;
}

export interface SendOptions {
  /** Some may be in the stream already, from before it was rolled over: they are looked for. */
  mayBeThere: boolean;
  signal: AbortSignal;
}

/** What a bulk request left: documents to be sent again, and why. */
interface Left {
  documents: Document[];
  reason: string;
}

const NOTHING_LEFT: Left = { documents: [], reason: '' };

type BulkItem = Partial<Pick<estypes.BulkResponseItem, 'status' | 'error'>>;

const CONFLICT = 409;
const BAD_REQUEST = 400;
const FORBIDDEN = 403;
const NOT_FOUND = 404;
const TOO_LARGE = 413;
const WAIT: Backoff = { firstMs: 500, factor: 2, maxMs: 60_000 };

/** Writes documents to a data stream, each once, however often it must be tried. */
export class Sender {
  readonly #options: SenderOptions;
  #hasTemplate: boolean;
  #isAway = false;
  #toldOfTemplate = false;
  #toldOfSearch = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#hasTemplate = options.template === null;
  }

  /** Whether documents wait for the server, or for its leave. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /**
   * Resolves once each document is in the stream, or was refused for what it holds: that is told. Waits for as long as
   * the server is away, or refuses them all. Rejects when `signal` is aborted.
   */
  async send(documents: readonly Document[], { mayBeThere, signal }: SendOptions): Promise<void> {
    let left = [...documents];
    let isDoubtful = mayBeThere;
    for (let failures = 1; ; failures += 1) {
      try {
        await this.#provideTemplate(signal);
        if (isDoubtful) left = await this.#missing(left, signal);
        const refused = await this.#post(left, signal);
        left = refused.documents;
        if (left.length === 0) return this.#becomeReachable();
        this.#becomeAway(refused.reason);
      } catch (error) {
        signal.throwIfAborted();
        // It may have arrived, and only the answer got lost.
        isDoubtful = true;
        this.#becomeAway(messageOf(error));
      }
      await pause(this.#options.clock, delayMs(WAIT, failures, Math.random()), signal);
      signal.throwIfAborted();
    }
  }

  /**
   * Once, and only where the server is not known to be away: whoever offers them has newer ones soon. Resolves with
   * whether they are there. Never rejects.
   */
  async offer(documents: readonly Document[], signal: AbortSignal): Promise<boolean> {
    if (this.#isAway) return false;
    try {
      await this.#provideTemplate(signal);
      return (await this.#post(documents, signal)).documents.length === 0;
    } catch {
      // send() tells it, once there is something to send.
      return false;
    }
  }

  /** A server that can't have the template (no right to, say) may have one by an administrator: that is no reason to keep anything back. */
  async #provideTemplate(signal: AbortSignal): Promise<void> {
    const { client, template, logger } = this.#options;
    if (this.#hasTemplate || template === null) return;
    try {
      await provideTemplate(client, template, signal);
    } catch (error) {
      if (signal.aborted || isPassing(error)) throw error;
      if (!this.#toldOfTemplate)
        logger.warn(`the index template ${template.name} can't be made or changed: ${messageOf(error)}`);
      this.#toldOfTemplate = true;
    }
    this.#hasTemplate = true;
  }

  /**
   * Those that no index behind the stream has: `create` refuses an id that is in the newest one alone. Where searches
   * are refused that must do.
   */
  async #missing(documents: Document[], signal: AbortSignal): Promise<Document[]> {
    const { client, stream } = this.#options;
    const ids = documents.flatMap(({ id }) => id ?? []);
    try {
      // Somebody may have closed one of the older indices behind the stream.
      const index = { index: stream, ignore_unavailable: true };
      await client.indices.refresh(index, { signal });
      const { hits } = await client.search(
        { ...index, size: ids.length, query: { ids: { values: ids } }, _source: false },
        { signal },
      );
      const there = new Set(hits.hits.map(hit => hit._id));
      return documents.filter(({ id }) => id === null || !there.has(id));
    } catch (error) {
      if (statusOf(error) === NOT_FOUND) return documents;
      if (statusOf(error) !== FORBIDDEN) throw error;
      this.#tellOfSearch();
      return documents;
    }
  }

  #tellOfSearch(): void {
    const { stream, logger } = this.#options;
    if (!this.#toldOfSearch)
      logger.debug(`${stream} may not be searched: a document may be there twice where the stream is rolled over`);
    this.#toldOfSearch = true;
  }

  /** Sends once; in parts where a proxy takes no request that large. Throws where the request as a whole has failed. */
  async #post(documents: readonly Document[], signal: AbortSignal): Promise<Left> {
    if (documents.length === 0) return NOTHING_LEFT;
    try {
      return await this.#postAtOnce(documents, signal);
    } catch (error) {
      if (statusOf(error) !== TOO_LARGE) throw error;
      if (documents.length === 1) {
        this.#tellOfRefused(documents.length, messageOf(error));
        return NOTHING_LEFT;
      }
      const half = Math.ceil(documents.length / 2);
      const [first, second] = [
        await this.#post(documents.slice(0, half), signal),
        await this.#post(documents.slice(half), signal),
      ];
      return { documents: [...first.documents, ...second.documents], reason: first.reason || second.reason };
    }
  }

  async #postAtOnce(documents: readonly Document[], signal: AbortSignal): Promise<Left> {
    const { client, stream } = this.#options;
    const answer = await client.transport.request<{ errors: boolean; items?: Array<{ create: BulkItem }> }>(
      {
        method: 'POST',
        path: `/${encodeURIComponent(stream)}/_bulk`,
        // Never a plain index: without a template there would be one for good.
        querystring: { require_data_stream: true, filter_path: 'errors,items.*.status,items.*.error' },
        bulkBody: bodyOf(documents),
      },
      { signal },
    );
    if (!answer.errors) return NOTHING_LEFT;
    const items = (answer.items ?? []).map(({ create }) => create);
    const bad = items.filter(({ status }) => status === BAD_REQUEST);
    if (bad.length > 0) this.#tellOfRefused(bad.length, reasonOf(bad[0]));
    const isLeft = ({ status = 0 }: BulkItem) => status > BAD_REQUEST && status !== CONFLICT;
    return { documents: documents.filter((_, at) => isLeft(items[at] ?? {})), reason: reasonOf(items.find(isLeft)) };
  }

  #tellOfRefused(count: number, reason: string): void {
    const { stream, what, logger } = this.#options;
    const documents = count === 1 ? '1 document' : `${count} documents`;
    logger.warn(`${stream} refused ${documents} of ${what}: ${reason}; what was refused is left out`);
  }

  #becomeAway(reason: string): void {
    if (this.#isAway) return;
    this.#isAway = true;
    this.#hasTemplate = this.#options.template === null;
    const { what, stream, logger } = this.#options;
    logger.warn(`${what} can't be written to ${stream}: ${reason}; they wait, and nothing else waits for them`);
  }

  #becomeReachable(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#options.logger.warn(`${this.#options.what} are written to ${this.#options.stream} again`);
  }
}

function bodyOf(documents: readonly Document[]): string {
  return documents
    .map(({ id, json }) => `${JSON.stringify({ create: id === null ? {} : { _id: id } })}\n${json}\n`)
    .join('');
}

function reasonOf(item: BulkItem | undefined): string {
  return item?.error?.reason ?? `status ${item?.status ?? 'unknown'}`;
}
