import { closeSync, openSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { JOB_ENDED } from '../../../default-etl/contract.ts';
import type { Owner } from '../../files/rights.ts';
import type { Piped } from './piped.ts';
import type { Leader } from './process-group.ts';

/** How a job, or the process itself, ended. */
export type Exit = Awaited<Piped['ended']>;

export interface WorkerOptions {
  process: Piped;
  leader: Leader;
  owner: Owner;
  /** Absolute: a folder for each job that it may have. */
  places: readonly string[];
  /** It said something without a job: it is to be trusted no more. */
  onOdd(): void;
}

interface CurrentJob {
  /** Descriptor of its log. */
  log: number;
  ended: PromiseWithResolvers<Exit>;
  /** What may become the line that says how it ended. */
  held: Buffer;
}

const LOG_MODE = 0o600;
const MARK = Buffer.from(JOB_ENDED);
const NEWLINE = 10;

/** An ETL process that takes one job of its dataset after another. What it prints goes to the log of the job that it has. */
export class Worker {
  readonly leader: Leader;
  readonly owner: Owner;
  /** Resolves when the process has ended and all that it printed is in a log. */
  readonly over: Promise<void>;
  readonly #process: Piped;
  readonly #places: string[];
  readonly #onOdd: () => void;
  #job: CurrentJob | undefined;
  #isTaken = false;
  #isOver = false;

  constructor({ process, leader, owner, places, onOdd }: WorkerOptions) {
    this.leader = leader;
    this.owner = owner;
    this.#places = [...places];
    this.#process = process;
    this.#onOdd = onOdd;
    // That it has ended is heard otherwise.
    process.stdin.on('error', () => undefined);
    const isRead = Promise.all([
      readAll(process.stdout, chunk => this.#hear(chunk)),
      readAll(process.stderr, chunk => this.#job && writeSync(this.#job.log, chunk)),
    ]);
    this.over = process.ended.then(async exit => {
      await isRead;
      this.#isOver = true;
      this.#end(exit);
    });
  }

  /** Whether it waits, and nobody has taken it for a job. */
  get isFree(): boolean {
    return !this.#isTaken && !this.#isOver && this.#places.length > 0;
  }

  /** The folder of its next job. It is taken for that job from here on, which run() brings. */
  takePlace(): string {
    const place = this.isFree ? this.#places.shift() : undefined;
    if (place === undefined) throw new Error('it is not free for another job');
    this.#isTaken = true;
    return place;
  }

  /** Gives it a job by its environment. Resolves when the job is over, or the process with it. */
  run(environment: Readonly<Record<string, string>>, logFile: string): Promise<Exit> {
    const job = { log: openSync(logFile, 'a', LOG_MODE), ended: Promise.withResolvers<Exit>(), held: Buffer.alloc(0) };
    this.#job = job;
    this.#process.stdin.write(`${JSON.stringify(environment)}\n`);
    if (this.#isOver) this.#end({ exitCode: null, signal: null });
    return job.ended.promise;
  }

  /** It gets no further job, and ends once it has none. */
  dismiss(): void {
    this.#places.length = 0;
    this.#process.stdin.end();
  }

  /** What becomes of its job is not told any more. */
  abandon(): void {
    if (this.#job) closeSync(this.#job.log);
    this.#job = undefined;
    this.dismiss();
  }

  #hear(chunk: Buffer): void {
    const job = this.#job;
    if (job === undefined) return this.#onOdd();
    const said = Buffer.concat([job.held, chunk]);
    const mark = markIn(said);
    writeSync(job.log, said.subarray(0, mark));
    job.held = said.subarray(mark);
    if (job.held.at(-1) !== NEWLINE) return;
    const exitCode = Number(job.held.subarray(MARK.length, -1).toString('latin1'));
    job.held = Buffer.alloc(0);
    this.#end({ exitCode, signal: null });
  }

  #end(exit: Exit): void {
    const job = this.#job;
    if (job === undefined) return;
    this.#job = undefined;
    this.#isTaken = false;
    writeSync(job.log, job.held);
    closeSync(job.log);
    job.ended.resolve(exit);
  }
}

/** A pipe that breaks has ended. */
async function readAll(stream: Readable, onChunk: (chunk: Buffer) => void): Promise<void> {
  stream.on('data', onChunk);
  await new Promise<void>(resolve => stream.once('error', () => resolve()).once('close', () => resolve()));
}

/** Where the line begins that says how the job ended, or what may become one; else the end. */
function markIn(said: Buffer): number {
  const at = said.lastIndexOf(MARK[0] as number);
  if (at < 0 || (at > 0 && said[at - 1] !== NEWLINE)) return said.length;
  const length = Math.min(said.length - at, MARK.length);
  return said.subarray(at, at + length).equals(MARK.subarray(0, length)) ? at : said.length;
}
