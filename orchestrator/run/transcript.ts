import {
  type ErrorMessage,
  type Message,
  type ResultMessage,
  type SupersededMessage,
} from '../../default-etl/contract.ts';
import { LIMITS } from '../bounds.ts';
import { readMessage } from './bounded-message.ts';
import type { Outcome } from './runner.ts';

const OPENING_BRACE = 123;
const MAX_ERROR_BYTES = 4096;
/** What a kept message takes besides its texts. */
const MESSAGE_BYTES = 200;

/** What an attempt said, gathered line by line: the part of its outcome that its output decides. */
export interface Transcript {
  /** A line of stdout: a message of the contract, or log text. */
  output: (line: Buffer) => void;
  /** A line of log text, whatever it looks like. */
  text: (line: Buffer) => void;
  said: () => Pick<Outcome, 'results' | 'supersededBy' | 'errorText' | 'saidOf'>;
}

/** Calls back with each message as it is read. */
export function createTranscript(onMessage: (message: Message) => void): Transcript {
  const results = new Map<string, ResultMessage>();
  const whole = { supersededBy: null as number | null, errorText: '' };
  const files = new Map<string, typeof whole>();
  let lastLine: Buffer | undefined;
  let saidBytes = 0;

  /** Of names that no file has there may be any number. */
  function isTooMuch(message: Message): boolean {
    const file = 'file' in message ? message.file : undefined;
    if (file === undefined) return false;
    saidBytes += MESSAGE_BYTES + file.length + (message.type === 'error' ? message.message.length : 0);
    return saidBytes > LIMITS.saidBytes;
  }

  function gather(message: Message): void {
    if (isTooMuch(message)) return;
    // A file's last line counts, so that a repeated result is not counted twice.
    if (message.type === 'result') results.set(message.file ?? '', message);
    if (message.type !== 'error' && message.type !== 'superseded') return;
    note(whole, message);
    if (message.file === undefined) return;
    const own = files.get(message.file) ?? { supersededBy: null, errorText: '' };
    files.set(message.file, note(own, message));
  }

  function text(line: Buffer): void {
    if (line.length > 0) lastLine = line;
  }

  return {
    output(line) {
      const message = line[0] === OPENING_BRACE ? readMessage(line.toString()) : undefined;
      if (message === undefined) return text(line);
      gather(message);
      onMessage(message);
    },
    text,
    said: () => ({
      results: [...results.values()],
      supersededBy: whole.supersededBy,
      errorText: whole.errorText || (lastLine?.subarray(0, MAX_ERROR_BYTES).toString() ?? ''),
      ...(files.size > 0 && { saidOf: files }),
    }),
  };
}

function note<Said extends { supersededBy: number | null; errorText: string }>(
  said: Said,
  message: ErrorMessage | SupersededMessage,
): Said {
  if (message.type === 'error') said.errorText = message.message;
  else said.supersededBy = Math.max(said.supersededBy ?? 0, message.version);
  return said;
}
