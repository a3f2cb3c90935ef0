import { type Message, parseMessage, type ResultMessage } from '../../default-etl/contract.ts';
import type { Outcome } from './runner.ts';

const OPENING_BRACE = 123;
const MAX_ERROR_BYTES = 4096;

/** What an attempt said, gathered line by line: the part of its outcome that its output decides. */
export interface Transcript {
  /** A line of stdout: a message of the contract, or log text. */
  output: (line: Buffer) => void;
  /** A line of log text, whatever it looks like. */
  text: (line: Buffer) => void;
  said: () => Pick<Outcome, 'results' | 'supersededBy' | 'errorText'>;
}

/** Calls back with each message as it is read. */
export function createTranscript(onMessage: (message: Message) => void): Transcript {
  const results = new Map<string, ResultMessage>();
  let supersededBy: number | null = null;
  let error = '';
  let lastLine: Buffer | undefined;

  function gather(message: Message): void {
    // A file's last line counts, so that a repeated result is not counted twice.
    if (message.type === 'result') results.set(message.file ?? '', message);
    if (message.type === 'error') error = message.message;
    if (message.type === 'superseded') supersededBy = Math.max(supersededBy ?? 0, message.version);
  }

  function text(line: Buffer): void {
    if (line.length > 0) lastLine = line;
  }

  return {
    output(line) {
      const message = line[0] === OPENING_BRACE ? parseMessage(line.toString()) : undefined;
      if (message === undefined) return text(line);
      gather(message);
      onMessage(message);
    },
    text,
    said: () => ({
      results: [...results.values()],
      supersededBy,
      errorText: error || (lastLine?.subarray(0, MAX_ERROR_BYTES).toString() ?? ''),
    }),
  };
}
