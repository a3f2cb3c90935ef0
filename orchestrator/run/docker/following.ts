import type { Readable } from 'node:stream';
import type { Container, ContainerInspectInfo } from 'dockerode';
import type { Message } from '../../../default-etl/contract/contract.ts';
import type { Clock } from '../../clock.ts';
import { OrchestratorError, statusOf } from '../../errors.ts';
import { CUT_TEXT } from '../cut-log.ts';
import { splitLines } from '../lines.ts';
import type { AttemptRef, Outcome } from '../runner.ts';
import { createTranscript, type Transcript } from '../transcript.ts';
import { isGone, isMissing } from './engine-errors.ts';
import { endOf, LOST } from './exit.ts';
import { entryOf, type Frame, readFrames } from './frames.ts';
import { openLogFile } from './log-file.ts';
import { LABELS } from './names.ts';
import { awaitEnd, waitForEnd } from './wait.ts';

export interface FollowOptions {
  clock: Clock;
  /** What must not be read in a dataset's log is taken out of it. */
  mask(text: string, dataset: string): string;
  /** What an attempt may print. */
  mostLogBytes: number;
  /** It has printed more, and is stopped. */
  onFull(container: Container): void;
}

/** How a container ended, and what it said, but for who stopped it. */
export type Followed = Omit<Outcome, 'stopped'>;

type Said = ReturnType<Transcript['said']>;

const LOGS = { stdout: true, stderr: true, timestamps: true } as const;
const LAST_LINES_MS = 5_000;
const STARTED_AGAIN =
  'its container was started again by somebody else (docker update --restart, or docker restart), so that it is not known how its own start ended; leave containers named etl-… alone';
const REMOVED = 'its container was removed by somebody else';

/**
 * Follows one container to its end, whose log it copies. Throws what the client throws, and where the log could not be
 * read to its end.
 */
export class Following {
  readonly #options: FollowOptions;
  readonly #container: Container;
  readonly #attempt: AttemptRef;
  readonly #onMessage: (message: Message) => void;

  constructor(
    options: FollowOptions,
    container: Container,
    attempt: AttemptRef,
    onMessage: (message: Message) => void,
  ) {
    this.#options = options;
    this.#container = container;
    this.#attempt = attempt;
    this.#onMessage = onMessage;
  }

  /**
   * `onSeen` is called where it is seen to run. `startedAt`: of its own start, as the engine has it; undefined where
   * nobody was there.
   */
  async toItsEnd(onSeen: () => void, startedAt: string | undefined): Promise<Followed> {
    const abort = new AbortController();
    try {
      // First: what is seen of its start afterwards holds for the end that is awaited.
      const { ended } = await awaitEnd(this.#container, abort.signal);
      const before = await this.#container.inspect();
      const own = startedAt ?? before.State.StartedAt;
      const isOwn = before.RestartCount === 0 && before.State.StartedAt === own;
      if (before.State.Running) onSeen();
      const { said, after, exitCode } = await this.#copyToEnd(
        before,
        isOwn ? ended : Promise.resolve(undefined),
        abort,
      );
      const errorText = said.errorText || after.State.Error;
      if (after.RestartCount === 0 && after.State.StartedAt === own) {
        return { ...endOf(after.State.ExitCode, after.State.OOMKilled), ...said, errorText };
      }
      // Of its own start only that is known which was heard as it ended.
      if (exitCode !== undefined && isOwn) return { ...endOf(exitCode, false), ...said, errorText };
      return { ...LOST, ...said, results: [], errorText: STARTED_AGAIN };
    } catch (error) {
      if (!isGone(error)) throw error;
      return { ...LOST, results: [], supersededBy: null, errorText: REMOVED };
    } finally {
      abort.abort();
    }
  }

  /** Copies the log while the container runs. Where the stream breaks off early, it is read again from its first line. */
  async #copyToEnd(
    before: ContainerInspectInfo,
    ended: Promise<number | undefined>,
    abort: AbortController,
  ): Promise<Copied> {
    const dead = ended.then(() => this.#seeDead());
    dead.catch(() => undefined);
    const offset = Number(before.Config.Labels[LABELS.logOffset] ?? 0);
    let told = 0;
    const tell = (message: Message) => {
      told += 1;
      this.#onMessage(message);
    };
    const copying = this.#copyLog({ offset, tell, signal: abort.signal, dead }).catch(() => undefined);
    try {
      // A stream that ends while the container goes on is a broken one; its end is awaited all the same.
      await dead;
      const said = await this.#within(LAST_LINES_MS, copying);
      if (said) return { said, after: await dead, exitCode: await ended };
    } finally {
      abort.abort();
      await copying;
    }
    // From the first line again, but no message is told twice.
    let read = 0;
    const tellOthers = (message: Message) => {
      read += 1;
      if (read > told) this.#onMessage(message);
    };
    const said = await this.#copyLog({ offset, tell: tellOthers, signal: new AbortController().signal, dead });
    return { said, after: await dead, exitCode: await ended };
  }

  /** As it is once it is dead. What was started again would go on for ever, and is not what was asked for. */
  async #seeDead(): Promise<ContainerInspectInfo> {
    const now = await this.#container.inspect();
    if (!now.State.Running && !now.State.Restarting) return now;
    // A kill would not end a restart policy's pause between two starts.
    await this.#container.stop({ t: 0 }).catch(unlessEnded);
    await waitForEnd(this.#container, new AbortController().signal);
    return this.#container.inspect();
  }

  /**
   * Resolves when the stream and the container have ended: before that, a line without a break may still go on. Throws
   * where the stream breaks, is cut by `signal`, or has ended before the log has: engine 20.10 leaves out the last
   * entry once in a while (seen 2026-11).
   */
  async #copyLog({ offset, tell, signal, dead }: Copying): Promise<Said> {
    const { mask, mostLogBytes, onFull } = this.#options;
    const container = this.#container;
    // rule 10: adoption reads it from its first line
    const stream = (await container.logs({ ...LOGS, follow: true })) as Readable;
    // It may break before it is read; the reading then throws.
    stream.on('error', () => {});
    const cut = () => void stream.destroy();
    if (signal.aborted) cut();
    signal.addEventListener('abort', cut, { once: true });
    const ownMask = (text: string) => mask(text, this.#attempt.datasetName);
    const log = await openLogFile(this.#attempt.logFile, offset, ownMask);
    const transcript = createTranscript(tell, ownMask);
    const lines = { stdout: splitLines(transcript.output), stderr: splitLines(transcript.errors) };
    const kept = upToMost(mostLogBytes);
    let last: Buffer | undefined;
    try {
      for await (const frames of readFrames(stream)) {
        const entries = kept.take(frames.map(entryOf));
        await log.write(entries);
        for (const { stream: source, payload } of entries) lines[source].write(payload);
        last = frames.at(-1)?.payload ?? last;
        if (kept.isFull()) break;
      }
      if (kept.isFull()) await this.#stopPrinting(onFull);
      await dead;
      signal.throwIfAborted();
      if (!kept.isFull() && !(await isLastEntry(container, last)))
        throw new OrchestratorError('wait', 'the log has more entries than were read');
      await log.end(kept.isFull() ? CUT_TEXT : '');
    } finally {
      signal.removeEventListener('abort', cut);
      await log.close();
    }
    lines.stderr.end();
    lines.stdout.end();
    return transcript.said();
  }

  /** At once: in the time of a gentle end it would fill the engine's disk. */
  async #stopPrinting(onFull: FollowOptions['onFull']): Promise<void> {
    onFull(this.#container);
    await this.#container.kill().catch(unlessEnded);
  }

  async #within<T>(timeoutMs: number, promise: Promise<T>): Promise<T | undefined> {
    let cancel = (): void => {};
    const tooLate = new Promise<undefined>(
      resolve => (cancel = this.#options.clock.after(timeoutMs, () => resolve(undefined))),
    );
    return Promise.race([promise, tooLate]).finally(() => cancel());
  }
}

interface Copying {
  /** Bytes that were in the log file before the container's first line. */
  offset: number;
  tell(message: Message): void;
  /** Cuts the stream. */
  signal: AbortSignal;
  dead: Promise<unknown>;
}

interface Copied {
  said: Said;
  after: ContainerInspectInfo;
  /** Of the end that was awaited; undefined where none was, or the engine told none. */
  exitCode: number | undefined;
}

/** 304 and 409: it has ended already; 404: it is gone. */
function unlessEnded(error: unknown): void {
  if (!isMissing(error) && ![304, 409].includes(statusOf(error) ?? 0)) throw error;
}

/** The entries of a log up to so many bytes: the same each time that it is read. */
function upToMost(most: number): { take(entries: readonly Frame[]): Frame[]; isFull(): boolean } {
  let bytes = 0;
  return {
    take: entries =>
      entries.filter(({ payload }) => {
        bytes += payload.length;
        return bytes <= most;
      }),
    isFull: () => bytes > most,
  };
}

/** Whether the log of a container ends with this entry, its timestamp included; or is empty, without one. */
async function isLastEntry(container: Container, entry: Buffer | undefined): Promise<boolean> {
  let last: Buffer | undefined;
  for await (const frames of readFrames([await container.logs({ ...LOGS, tail: 1 })])) last = frames.at(-1)?.payload;
  return last === undefined || entry === undefined ? last === entry : last.equals(entry);
}
