import type { Message } from '../../../default-etl/contract/contract.ts';
import type { Clock } from '../../clock.ts';
import { type Cut, cutLog, cutMiddle } from '../cut-log.ts';
import { splitLines } from '../lines.ts';
import type { AttemptRef } from '../runner.ts';
import { createTranscript, type Transcript } from '../transcript.ts';
import { maskLog } from './mask-log.ts';
import { tailFile } from './tail.ts';

export interface AttemptLogOptions {
  clock: Clock;
  mask(text: string, dataset: string): string;
  /** What an attempt may print. */
  mostBytes: number;
  /** Whether the disk has room for more of a log that is long already. */
  hasRoom(): Promise<boolean>;
}

export interface LogListener {
  onMessage(message: Message): void;
  /** It has printed too much. */
  onFull(): void;
}

/** The log of a process to which it writes itself: heard while it goes on; cut, and masked, once it is dead. */
export class AttemptLog {
  readonly #logFile: string;
  readonly #options: AttemptLogOptions;
  readonly #offset: number;
  readonly #cut: Cut;

  /** `offset`: bytes that the file had before the process was started. */
  constructor({ logFile, datasetName }: AttemptRef, offset: number, options: AttemptLogOptions) {
    this.#logFile = logFile;
    this.#cut = { mask: text => options.mask(text, datasetName) };
    this.#offset = offset;
    this.#options = options;
  }

  /** Hears what is printed until `ended` resolves, after which nobody may write any more. Resolves with what was said. */
  async hear({ onMessage, onFull }: LogListener, ended: () => Promise<void>): Promise<ReturnType<Transcript['said']>> {
    const { clock, mostBytes, hasRoom } = this.#options;
    const transcript = createTranscript(onMessage, this.#cut.mask);
    const lines = splitLines(transcript.output);
    const tail = await tailFile(this.#logFile, {
      offset: this.#offset,
      mostBytes,
      clock,
      onChunk: lines.write,
      onFull,
      hasRoom,
    });
    try {
      await ended();
    } finally {
      await tail.finish();
    }
    lines.end();
    return transcript.said();
  }

  /**
   * `isFull`: it was stopped because it printed too much. First what is left out of it, which need not be looked
   * through and may be without end: no secret is cut.
   */
  async close({ isFull }: { isFull: boolean }): Promise<void> {
    if (isFull) await cutLog(this.#logFile, this.#offset + this.#options.mostBytes, this.#cut);
    await cutMiddle(this.#logFile, this.#offset, this.#cut);
    await maskLog(this.#logFile, this.#cut.mask);
  }
}
