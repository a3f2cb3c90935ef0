import type { Client } from '@elastic/elasticsearch';
import { messageOf, statusOf } from '../../errors.ts';

/** What facts may cost a server. */
export interface Bounds {
  requests: number;
  /** All requests together, in milliseconds. */
  allMs: number;
  /** A search, in milliseconds: what it has by then is its answer. */
  searchMs: number;
  /** The longest answer that is read, in bytes. */
  answerBytes: number;
}

export const USUAL_BOUNDS: Bounds = { requests: 60, allMs: 60_000, searchMs: 10_000, answerBytes: 32 << 20 };

export interface Request {
  method: 'GET' | 'POST';
  /** With its names encoded. */
  path: string;
  query?: Record<string, string>;
  body?: object;
}

/** A server that does not answer a question. */
export class Unanswered extends Error {
  /** HTTP status; null where there was none. */
  readonly status: number | null;
  /** It did not answer, or says that it can't for now; else it refuses, or more than the bounds would be needed. */
  readonly isAway: boolean;

  constructor(message: string, { status, isAway }: { status: number | null; isAway: boolean }) {
    super(message);
    this.status = status;
    this.isAway = isAway;
  }
}

/** Elasticsearch, asked within bounds. */
export class Server {
  readonly #client: Client;
  readonly #bounds: Bounds;
  readonly #until: number;
  readonly #signal: AbortSignal | undefined;
  #left: number;

  constructor(client: Client, bounds: Bounds = USUAL_BOUNDS, signal?: AbortSignal) {
    this.#client = client;
    this.#bounds = bounds;
    this.#left = bounds.requests;
    this.#until = performance.now() + bounds.allMs;
    this.#signal = signal;
  }

  /** Milliseconds a search may take. */
  get searchMs(): number {
    return this.#bounds.searchMs;
  }

  /** Throws Unanswered. */
  async ask<Answer>(request: Request): Promise<Answer> {
    const text = await this.text(request);
    try {
      return JSON.parse(text) as Answer;
    } catch {
      throw new Unanswered('what answers there is no Elasticsearch', { status: null, isAway: true });
    }
  }

  /** The answer as it came. Throws Unanswered. */
  async text(request: Request): Promise<string> {
    const patienceMs = this.#until - performance.now();
    if (this.#left-- <= 0) throw beyond(`more than ${this.#bounds.requests} requests are not made`);
    if (patienceMs <= 0) throw beyond(`it takes longer than ${this.#bounds.allMs / 1000} s`);
    this.#signal?.throwIfAborted();
    return await this.#send(request, patienceMs);
  }

  async #send({ method, path, query, body }: Request, patienceMs: number): Promise<string> {
    try {
      // As a stream, so that no answer is longer than it may be; a refusal is then an answer, too.
      const answer = await this.#client.transport.request<NodeJS.ReadableStream>(
        { method, path, ...(query && { querystring: query }), ...(body && { body }) },
        {
          asStream: true,
          meta: true,
          maxRetries: 0,
          requestTimeout: Math.min(patienceMs, 2 * this.#bounds.searchMs),
          ...(this.#signal && { signal: this.#signal }),
        },
      );
      const text = await this.#read(answer.body);
      if (answer.statusCode >= 400) throw refused(reasonIn(text), answer.statusCode);
      return text;
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (error instanceof Unanswered) throw error;
      throw refused(messageOf(error).slice(0, LONGEST_REASON), statusOf(error) ?? null);
    }
  }

  async #read(stream: NodeJS.ReadableStream): Promise<string> {
    const parts: Buffer[] = [];
    let bytes = 0;
    // Leaving the loop ends the stream.
    for await (const part of stream) {
      const piece = Buffer.from(part as Uint8Array);
      bytes += piece.length;
      if (bytes > this.#bounds.answerBytes) {
        throw beyond(`its answer is longer than ${this.#bounds.answerBytes >> 20} MB`);
      }
      parts.push(piece);
    }
    return Buffer.concat(parts).toString();
  }
}

function beyond(message: string): Unanswered {
  return new Unanswered(message, { status: null, isAway: false });
}

function refused(message: string, status: number | null): Unanswered {
  return new Unanswered(message, { status, isAway: status === null || status === 429 || status >= 500 });
}

const LONGEST_REASON = 300;

/** Of a refusal of Elasticsearch's, in its words. */
function reasonIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { reason?: string; root_cause?: Array<{ reason?: string }> } };
    const reason = error?.root_cause?.[0]?.reason ?? error?.reason;
    if (reason) return reason.slice(0, LONGEST_REASON);
  } catch {
    // It is a proxy's.
  }
  return text.slice(0, LONGEST_REASON);
}
