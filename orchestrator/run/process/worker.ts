import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { JOB_ENDED, JOB_NAME } from '../../../default-etl/contract/contract.ts';
import type { Owner } from '../../files/rights.ts';
import { jsonLine } from '../json-line.ts';
import type { JobOutput } from './job-output.ts';
import type { Piped } from './piped.ts';
import type { Leader } from './process-group.ts';

/** How a job, or the process itself, ended. */
export type Exit = Awaited<Piped['ended']>;

export interface WorkerOptions {
  process: Piped;
  leader: Leader;
  owner: Owner;
  /** Absolute: the folders that its jobs can work in; null: any. */
  places: readonly string[] | null;
  /** So many may it have. */
  jobs: number;
  /** It said something without a job: it is to be trusted no more. */
  onOdd(): void;
}

interface CurrentJob {
  output: JobOutput;
  ended: PromiseWithResolvers<Exit>;
  /** Begins the line that says how it ended. */
  mark: Buffer;
  /** What may become that line. */
  held: Buffer;
  /** Whether what comes next begins a line. */
  isLineStart: boolean;
}

/** Nothing is known of how it ended. */
const LOST: Exit = { exitCode: null, signal: null };
const NEWLINE = 10;
/** What follows the mark: an exit code. */
const CODE = /^(\d{1,3})\n$/;
const MOST_CODE_BYTES = 4;

/** An ETL process that takes one job of its dataset after another. What it prints is that of the job that it has. */
export class Worker {
  readonly leader: Leader;
  readonly owner: Owner;
  /** Resolves when the process has ended and all that it printed was heard. */
  readonly over: Promise<void>;
  readonly #process: Piped;
  readonly #places: Set<string> | null;
  readonly #onOdd: () => void;
  #jobsLeft: number;
  #job: CurrentJob | undefined;
  #isTaken = false;
  #isOver = false;

  constructor({ process, leader, owner, places, jobs, onOdd }: WorkerOptions) {
    this.leader = leader;
    this.owner = owner;
    this.#places = places && new Set(places);
    this.#jobsLeft = jobs;
    this.#process = process;
    this.#onOdd = onOdd;
    // That it has ended is heard otherwise.
    process.stdin.on('error', () => undefined);
    const isRead = Promise.all([
      readAll(process.stdout, chunk => this.#hear(chunk)),
      readAll(process.stderr, chunk => this.#job && this.#pass(this.#job, 'stderr', chunk)),
    ]);
    const ended = process.ended.catch(() => LOST);
    this.over = ended.then(async exit => {
      await isRead;
      this.#isOver = true;
      // Without the line that says so no job is done: it was stopped while it waited.
      this.#end(exit.exitCode === 0 ? LOST : exit);
    });
  }

  /** Whether it waits, and nobody has taken it for a job. */
  get isFree(): boolean {
    return !this.#isTaken && !this.#isOver && this.#jobsLeft > 0 && this.placesLeft > 0;
  }

  /** Jobs that it may still have. */
  get jobsLeft(): number {
    return this.#jobsLeft;
  }

  /** Folders for them that are free. */
  get placesLeft(): number {
    return this.#places?.size ?? Infinity;
  }

  /** From here on it is somebody's, until free(). False where it is not free. */
  take(): boolean {
    if (!this.isFree) return false;
    this.#isTaken = true;
    return true;
  }

  /** A folder for the job that it was taken for; null where any does. */
  takePlace(): string | null {
    if (this.#places === null) return null;
    const [place] = this.#places;
    if (place === undefined || !this.#isTaken) throw new Error('it was not taken for a job');
    this.#places.delete(place);
    return place;
  }

  /** It is there again, empty. */
  returnPlace(place: string): void {
    this.#places?.add(place);
  }

  /**
   * Gives it a job by its environment. Resolves when the job is over, or the process with it; the worker is not free
   * before free() says so.
   */
  run(environment: Readonly<Record<string, string>>, output: JobOutput): Promise<Exit> {
    // In no file: nothing that a job prints of one can look like its end.
    const name = randomUUID();
    const job: CurrentJob = {
      output,
      ended: Promise.withResolvers<Exit>(),
      mark: Buffer.from(`${JOB_ENDED}${name} `),
      held: Buffer.alloc(0),
      isLineStart: true,
    };
    this.#job = job;
    this.#jobsLeft -= 1;
    this.#process.stdin.write(jsonLine({ ...environment, [JOB_NAME]: name }));
    if (this.#isOver) this.#end(LOST);
    return job.ended.promise;
  }

  /** Its job is over, and all that came with it: whether it can have another one. */
  free(): boolean {
    this.#isTaken = this.#job !== undefined;
    return this.isFree;
  }

  /** It gets no further job, and ends once it has none. */
  dismiss(): void {
    this.#jobsLeft = 0;
    this.#process.stdin.end();
  }

  /** What becomes of its job is not told any more. */
  abandon(): void {
    const job = this.#job;
    this.#job = undefined;
    if (job) this.#close(job);
    this.dismiss();
  }

  #hear(chunk: Buffer): void {
    const job = this.#job;
    if (job === undefined) return this.#onOdd();
    const said = Buffer.concat([job.held, chunk]);
    const from = endIn(said, job);
    const printed = said.subarray(0, from);
    if (from > 0) job.isLineStart = printed.at(-1) === NEWLINE;
    this.#pass(job, 'stdout', printed);
    job.held = said.subarray(from);
    const code = CODE.exec(job.held.subarray(job.mark.length).toString('latin1'))?.[1];
    if (code === undefined) return;
    job.held = Buffer.alloc(0);
    this.#end({ exitCode: Number(code), signal: null });
  }

  #pass({ output }: CurrentJob, name: 'stdout' | 'stderr', bytes: Buffer): void {
    this.#unlessOdd(() => output.write(name, bytes));
  }

  #close({ output }: CurrentJob): void {
    this.#unlessOdd(() => output.end());
  }

  /** A log that can't be written is that of a job that can't go on. */
  #unlessOdd(act: () => void): void {
    try {
      act();
    } catch {
      this.#onOdd();
    }
  }

  #end(exit: Exit): void {
    const job = this.#job;
    if (job === undefined) return;
    this.#job = undefined;
    this.#pass(job, 'stdout', job.held);
    this.#close(job);
    job.ended.resolve(exit);
  }
}

/** A pipe that breaks has ended. */
async function readAll(stream: Readable, onChunk: (chunk: Buffer) => void): Promise<void> {
  stream.on('data', onChunk);
  await new Promise<void>(resolve => stream.once('error', () => resolve()).once('close', () => resolve()));
}

/** Where the line begins that says how the job ended, or what may become it; else the end. */
function endIn(said: Buffer, { mark, held, isLineStart }: CurrentJob): number {
  const at = said.lastIndexOf(mark[0] as number);
  // What was held began a line.
  const beginsLine = at > 0 ? said[at - 1] === NEWLINE : held.length > 0 || isLineStart;
  if (at < 0 || !beginsLine || said.length - at > mark.length + MOST_CODE_BYTES) return said.length;
  const length = Math.min(said.length - at, mark.length);
  return said.subarray(at, at + length).equals(mark.subarray(0, length)) ? at : said.length;
}
