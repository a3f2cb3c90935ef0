import { createYielder } from '../async/yielder.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { ChangePlace, Journal, Run } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import type { Document, Sender } from './sender.ts';

export interface ShipperOptions {
  journal: Pick<Journal, 'endedBehind' | 'toldTo' | 'setTold'>;
  sender: Sender;
  /** Its place in the journal is kept under this name. */
  reader: string;
  /** What is written of a run that has ended: a few at a time. */
  documentsOf(run: Run): Iterable<Document> | AsyncIterable<Document>;
  /** Runs that ended longer ago are not told. */
  retentionMs: number;
  clock: Clock;
  logger: Logger;
  delays?: Delays;
}

/** In milliseconds. Runs are told once none has ended for `quietMs`, or after `longestMs` all the same. */
export interface Delays {
  quietMs: number;
  longestMs: number;
}

/** Many files that come at once are loaded first, and told afterwards. */
export const DELAYS: Delays = { quietMs: 2_000, longestMs: 30_000 };
/** Changes of runs that are looked at at once: some 5 ms. */
const PAGE = 500;
const BATCH_DOCUMENTS = 1000;
const BATCH_CHARACTERS = 1 << 20;
/** A stop waits so long for what has just ended to be told. */
const STOP_WITHIN_MS = 2_000;

/**
 * Tells Elasticsearch of runs that have ended, from the journal and no other source: what is not told yet is behind a
 * place in it, so that neither a crash nor a server that is away loses any. The place is written once all before it are
 * told; what is sent again after a crash has the same ids.
 */
export class Shipper {
  readonly #options: ShipperOptions;
  readonly #delays: Delays;
  readonly #end = new AbortController();
  #callOff: (() => void) | undefined;
  #firstWake = 0;
  #lastWake = 0;
  #going: Promise<void> | undefined;
  #wasWoken = false;
  /**
   * What is behind the place may have been sent by a former process: a few runs where it was killed, many where the
   * journal is an older one that was restored.
   */
  #isFresh = true;

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.#delays = options.delays ?? DELAYS;
  }

  /** A run has ended, or one may have. Costs next to nothing. */
  wake(): void {
    this.#lastWake = this.#options.clock.elapsed();
    if (this.#end.signal.aborted) return;
    if (this.#going) this.#wasWoken = true;
    else if (this.#callOff === undefined) this.#arm(this.#lastWake);
  }

  /** Tells what has just ended, for a moment, and ends. The next start goes on. Twice is harmless. */
  async stop(): Promise<void> {
    const isDue = this.#callOff !== undefined;
    this.#callOff?.();
    this.#callOff = undefined;
    if (isDue && !this.#options.sender.isAway) this.#going ??= this.#tell();
    if (this.#going && !this.#options.sender.isAway) await this.#atMost(STOP_WITHIN_MS, this.#going);
    this.#end.abort();
    await this.#going;
  }

  async #atMost(ms: number, work: Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = this.#options.clock.after(ms, resolve);
    await Promise.race([work, promise]);
    callOff();
  }

  #arm(firstWake: number): void {
    this.#firstWake = firstWake;
    this.#callOff = this.#options.clock.after(this.#delays.quietMs, () => this.#look());
  }

  #look(): void {
    const now = this.#options.clock.elapsed();
    const quietAt = Math.min(this.#lastWake + this.#delays.quietMs, this.#firstWake + this.#delays.longestMs);
    if (now < quietAt) {
      this.#callOff = this.#options.clock.after(quietAt - now, () => this.#look());
      return;
    }
    this.#callOff = undefined;
    this.#going = this.#tell();
  }

  /** Never rejects. */
  async #tell(): Promise<void> {
    try {
      await this.#catchUp();
    } catch (error) {
      if (!this.#end.signal.aborted)
        this.#options.logger.warn(`what the journal says of runs can't be told: ${messageOf(error)}`);
    }
    this.#going = undefined;
    const wasWoken = this.#wasWoken;
    this.#wasWoken = false;
    if (wasWoken && !this.#end.signal.aborted) this.#arm(this.#options.clock.elapsed());
  }

  async #catchUp(): Promise<void> {
    const { journal, reader } = this.#options;
    const breathe = createYielder();
    let place = await journal.toldTo(reader);
    for (let isLast = false; !isLast; ) {
      this.#end.signal.throwIfAborted();
      const page = await journal.endedBehind(place, PAGE);
      await this.#tellAll(page.runs);
      if (isBehind(page.next, place)) await journal.setTold(reader, page.next);
      ({ next: place, isLast } = page);
      await breathe();
    }
    this.#isFresh = false;
  }

  /** In batches, so that however much is to be told takes little memory. */
  async #tellAll(runs: readonly Run[]): Promise<void> {
    const { clock, retentionMs, documentsOf } = this.#options;
    const since = clock.now() - retentionMs;
    let batch: Document[] = [];
    let characters = 0;
    for (const run of runs) {
      if ((run.endedAt ?? 0) < since) continue;
      for await (const document of documentsOf(run)) {
        batch.push(document);
        characters += document.json.length;
        if (batch.length < BATCH_DOCUMENTS && characters < BATCH_CHARACTERS) continue;
        await this.#send(batch);
        [batch, characters] = [[], 0];
      }
    }
    await this.#send(batch);
  }

  async #send(batch: Document[]): Promise<void> {
    if (batch.length === 0) return;
    await this.#options.sender.send(batch, { mayBeThere: this.#isFresh, signal: this.#end.signal });
  }
}

function isBehind(one: ChangePlace, other: ChangePlace): boolean {
  return one.changed > other.changed || (one.changed === other.changed && one.seq > other.seq);
}
