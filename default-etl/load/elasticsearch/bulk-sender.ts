import { configFailure, Superseded } from '../../contract/failure.ts';
import { BulkRequest } from './bulk-request.ts';
import { type Connection, type ItemError, itemReason, Refusal } from './connection.ts';
import { isOfValue, refusalReason, ROUTING_MISSING } from './refusal-reason.ts';

export const IN_FLIGHT = 4;
/** Whether there was any error: the answer of 10,000 rows is 16 bytes instead of 500 KB. */
const ANY_ERROR = { filter_path: 'errors' };
/** What became of each operation. */
const EACH_ITEM = { filter_path: 'errors,items.*.status,items.*.error,items.*.result' };
const MAX_BACKOFF_MS = 5_000;
/** What Elasticsearch answers with 400 although it is the index that can't be written to. */
const INDEX_ERRORS = new Set(['index_closed_exception', 'index_not_found_exception', 'cluster_block_exception']);
/** An index whose settings name a pipeline that is not there refuses every row. */
const NO_PIPELINE = /^pipeline with id \[.*\] does not exist/;

const TOO_LARGE = 'the row alone is larger than Elasticsearch lets a request be (413, http.max_content_length)';

/**
 * Requests of files that this process has loaded: with new ones for each small file, two of 3 MB, V8 collects all
 * garbage after every third, which is a third of the CPU that such a file takes (Node 24.21).
 */
const left: BulkRequest[] = [];

interface Item {
  status: number;
  result?: string;
  error?: ItemError;
}

/** What becomes of operations that are refused for good. */
export interface Verdicts {
  /** A reason that stays: the row is a reject. `isOfValue`: another value would do; else the index takes no row like it. */
  rejected(request: BulkRequest, operation: number, reason: string, isOfValue: boolean): void;
  /** 409: the index holds a newer version. */
  conflicted(request: BulkRequest, operation: number, reason: string): void;
}

export interface BulkSenderOptions {
  connection: Connection;
  index: string;
  verdicts: Verdicts;
  /** How long it may refuse rows for the time being. */
  patienceMs: number;
  /** Of an alias that routes what is written to it; undefined: by id. */
  routing?: string | undefined;
  /** Requests go packed with gzip. */
  isPacked?: boolean;
}

/** Sends bulk requests, some at once; those waiting hold back the reader. */
export class BulkSender {
  /** Deletes that found something. */
  deleted = 0;
  /** Whether the index has taken a single operation. */
  hasAccepted = false;
  private readonly connection: Connection;
  private readonly index: string;
  private readonly path: string;
  private readonly verdicts: Verdicts;
  private readonly patienceMs: number;
  private readonly routing: Record<string, string>;
  private readonly isPacked: boolean;
  private readonly running = new Set<Promise<void>>();
  private readonly spare: BulkRequest[] = [];
  private failure: unknown;
  /** Of the operation that was last refused for the time being. */
  private lastReason = '';
  private ready = Promise.resolve();
  /**
   * Off until there is an error: then the same request is sent once more, which changes nothing, as each operation has
   * its id and version.
   */
  private asksForEach = false;
  /** Bytes of a request that the server may take: half of what it refused with 413. */
  private mostBytes = Infinity;

  constructor({ connection, index, verdicts, patienceMs, routing, isPacked = false }: BulkSenderOptions) {
    this.connection = connection;
    this.routing = routing === undefined ? {} : { routing };
    this.isPacked = isPacked;
    this.index = index;
    this.path = `/${encodeURIComponent(index)}/_bulk`;
    this.verdicts = verdicts;
    this.patienceMs = patienceMs;
  }

  /** Requests wait for this promise; where it is broken, its reason is what send() and drain() throw. */
  holdUntil(ready: Promise<void>): void {
    this.ready = ready;
    ready.catch((error: unknown) => {
      this.failure ??= error;
    });
  }

  /** From now on each answer tells what became of each operation, so that deletes are counted. */
  countDeletes(): void {
    this.asksForEach = true;
  }

  /** An empty request: one that came back, if there is one, since their buffers are large. */
  newRequest(): BulkRequest {
    return this.spare.pop() ?? left.pop() ?? new BulkRequest();
  }

  /** It has nothing in it, and is not sent. */
  giveBack(empty: BulkRequest): void {
    this.spare.push(empty);
  }

  /** Nothing is sent any more: the requests, with the one that was being filled, are for the next file of this process. */
  close(filled: BulkRequest): void {
    filled.clear();
    left.push(...[filled, ...this.spare].slice(0, IN_FLIGHT - left.length));
  }

  /** Resolves when the request is on its way, which may mean waiting for another's end. Throws what an earlier one met. */
  async send(request: BulkRequest): Promise<void> {
    while (this.running.size >= IN_FLIGHT && this.failure === undefined) await Promise.race(this.running);
    this.throwFailure();
    if (request.operations === 0) return;
    const task = this.ready
      .then(() => this.deliver(request))
      .then(() => {
        request.clear();
        this.spare.push(request);
      })
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => this.running.delete(task));
    this.running.add(task);
  }

  /** Resolves when all is answered; throws the first failure. */
  async drain(): Promise<void> {
    while (this.running.size > 0) await Promise.race(this.running);
    this.throwFailure();
  }

  /** Resolves when nothing is on its way any more, and forgets what failed. */
  async settle(): Promise<void> {
    while (this.running.size > 0) await Promise.race(this.running);
    this.failure = undefined;
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  private async deliver(request: BulkRequest): Promise<void> {
    let rest = request;
    let givesUpAt = performance.now() + this.patienceMs;
    for (let backoffMs = 100; ; backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)) {
      const refused = await this.post(rest);
      if (refused.length === 0) return;
      if (refused.length < rest.operations) givesUpAt = performance.now() + this.patienceMs;
      if (performance.now() + backoffMs > givesUpAt) {
        throw this.connection.away(`it refused ${refused.length} rows for the time being: ${this.lastReason}`);
      }
      rest = rest.only(refused);
      await this.connection.pause(backoffMs);
    }
  }

  /** Returns the operations that are worth trying again. */
  private async post(request: BulkRequest): Promise<number[]> {
    if (request.byteLength > this.mostBytes && request.operations > 1) return await this.halve(request);
    try {
      if (!this.asksForEach && (await this.postOnce(request, ANY_ERROR)) === '{"errors":false}') {
        this.hasAccepted = true;
        return [];
      }
      this.asksForEach = true;
      return this.read(request, await this.postOnce(request, EACH_ITEM));
    } catch (error) {
      if (!(error instanceof Refusal) || (error.status !== 400 && error.status !== 413)) throw error;
      if (request.operations === 1) {
        this.verdicts.rejected(request, 0, error.status === 413 ? TOO_LARGE : error.message, true);
        return [];
      }
      if (error.status === 413) this.mostBytes = Math.min(this.mostBytes, request.byteLength / 2);
      return await this.halve(request);
    }
  }

  private async postOnce(request: BulkRequest, query: Record<string, string>): Promise<string> {
    const bulkBody = request.body.subarray(0, request.byteLength);
    const { path, isPacked, routing } = this;
    const answer = await this.connection.request({
      method: 'POST',
      path,
      query: { ...query, ...routing },
      bulkBody,
      isPacked,
    });
    return answer.text;
  }

  /** A request refused as a whole is too large, or holds a row that can't be taken: halves find it. */
  private async halve(request: BulkRequest): Promise<number[]> {
    const all = Array.from({ length: request.operations }, (_, operation) => operation);
    const middle = Math.ceil(all.length / 2);
    await this.deliver(request.only(all.slice(0, middle)));
    await this.deliver(request.only(all.slice(middle)));
    return [];
  }

  private read(request: BulkRequest, text: string): number[] {
    this.deleted += countOf(text, '"result":"deleted"');
    if (text.startsWith('{"errors":false')) {
      this.hasAccepted = true;
      return [];
    }
    const { items = [] } = JSON.parse(text) as { items?: Array<Record<string, Item>> };
    return items.flatMap((entry, operation) => {
      const { status, error } = Object.values(entry)[0] as Item;
      this.hasAccepted ||= error === undefined;
      return error && this.isPassing(request, operation, status, error) ? [operation] : [];
    });
  }

  /**
   * Whether the operation is worth trying again. Throws where the index refuses it, whatever is in it: that is no fault
   * of the row.
   */
  private isPassing(request: BulkRequest, operation: number, status: number, error: ItemError): boolean {
    if (status === 429 || status >= 500) {
      this.lastReason = `${status} ${itemReason(error)}`;
      return true;
    }
    if (error.type === ROUTING_MISSING)
      throw configFailure(`index ${this.index} refuses every row: ${refusalReason(error)}`);
    if (status === 409) this.verdicts.conflicted(request, operation, error.reason ?? '');
    else if ((status === 400 || status === 413) && !isOfIndex(error))
      this.verdicts.rejected(request, operation, refusalReason(error), isOfValue(error));
    else throw this.connection.refusedIndex(this.path, status, itemReason(error));
    return false;
  }
}

function isOfIndex({ type, reason }: ItemError): boolean {
  return INDEX_ERRORS.has(type ?? '') || NO_PIPELINE.test(reason ?? '');
}

function countOf(text: string, part: string): number {
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++;
  return count;
}

/** The failure that a 409 on a row's own id means: a newer version of the file was loaded. */
export function supersededBy(reason: string, version: number): Superseded {
  const current = Number(/current version \[(\d+)\]/.exec(reason)?.[1] ?? version + 1);
  return new Superseded(current, `the index holds version ${current}, newer than ${version}: nothing more is sent`);
}
