import { closeSync, openSync, writeSync } from 'node:fs';
import type { Message } from '../../../default-etl/contract/contract.ts';
import { CUT_TEXT } from '../cut-log.ts';
import { HeadAndTail } from '../head-and-tail.ts';
import { type LineSplitter, splitLines } from '../lines.ts';
import { maskBytes } from '../mask-bytes.ts';
import { createTranscript, type Transcript } from '../transcript.ts';
import { WholeLines } from '../whole-lines.ts';
import { LONGEST_LINE } from './mask-log.ts';

export interface JobOutputOptions {
  /** Absolute: appended to. */
  logFile: string;
  /** Takes secrets out of a text. */
  mask(text: string): string;
  /** No more goes to the log, and no more is heard. */
  mostBytes: number;
  /** There is more than that; told once. */
  onFull(): void;
}

interface Stream {
  heard: LineSplitter;
  /** What is to be in the log as soon as its line is whole. */
  logged: WholeLines;
}

const LOG_MODE = 0o600;

/**
 * What a job of a worker prints. It is heard as it comes, and goes to its log line by line, without its secrets: there
 * is no moment at which they are in a file. The end of a long log comes with the end.
 */
export class JobOutput {
  readonly #options: JobOutputOptions;
  readonly #log: number;
  readonly #transcript: Transcript;
  readonly #parts = new HeadAndTail();
  readonly #streams: Record<'stdout' | 'stderr', Stream>;
  #onMessage: ((message: Message) => void) | undefined;
  /** What was said before anybody listened: not more than the log may hold. */
  readonly #unheard: Message[] = [];
  /** Bytes that there is room for. */
  #room: number;
  #isFull = false;

  constructor(options: JobOutputOptions) {
    this.#options = options;
    this.#room = options.mostBytes;
    this.#log = openSync(options.logFile, 'a', LOG_MODE);
    this.#transcript = createTranscript(message => this.#tell(message), options.mask);
    const { output, errors } = this.#transcript;
    this.#streams = { stdout: streamTo(output, options.mask), stderr: streamTo(errors, options.mask) };
  }

  /** Calls back with each message: first with those that have come by now. */
  listen(onMessage: (message: Message) => void): void {
    this.#onMessage = onMessage;
    for (const message of this.#unheard.splice(0)) onMessage(message);
  }

  /** Throws where the log can't be written. */
  write(name: 'stdout' | 'stderr', bytes: Buffer): void {
    if (this.#isFull) return;
    const { heard, logged } = this.#streams[name];
    heard.write(bytes);
    for (const lines of logged.add(bytes)) this.#put(lines);
  }

  /** Writes what had no line break, and closes. Throws where the log can't be written; it is closed all the same. */
  end(): void {
    try {
      for (const { heard, logged } of Object.values(this.#streams)) {
        heard.end();
        this.#put(logged.rest());
      }
      this.#append(this.#parts.rest());
      if (this.#isFull) this.#append(Buffer.from(`\n${CUT_TEXT}`));
    } finally {
      closeSync(this.#log);
    }
  }

  /** What it said, once it has ended. */
  said(): ReturnType<Transcript['said']> {
    return this.#transcript.said();
  }

  #tell(message: Message): void {
    if (this.#onMessage) return this.#onMessage(message);
    // Of progress only the newest says anything.
    if (message.type === 'progress' && this.#unheard.at(-1)?.type === 'progress') this.#unheard.pop();
    this.#unheard.push(message);
  }

  #put(lines: Buffer): void {
    if (lines.length === 0 || this.#isFull) return;
    const shown = maskBytes(lines, this.#options.mask);
    const fitting = shown.subarray(0, this.#room);
    this.#append(this.#parts.add(fitting));
    this.#room -= fitting.length;
    if (fitting.length === shown.length) return;
    this.#isFull = true;
    this.#options.onFull();
  }

  #append(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#log, bytes, at);
  }
}

function streamTo(onLine: (line: Buffer) => void, mask: JobOutputOptions['mask']): Stream {
  return { heard: splitLines(onLine), logged: new WholeLines(LONGEST_LINE, mask) };
}
