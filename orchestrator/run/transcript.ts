import {
  type ErrorMessage,
  type Message,
  type ResultMessage,
  type SupersededMessage,
} from '../../default-etl/contract/contract.ts';
import { LIMITS } from '../limits.ts';
import { cutBetweenSecrets, type MaskText } from '../log/between-secrets.ts';
import { readMessage, whyNoResult } from './bounded-message.ts';
import type { Outcome } from './runner.ts';

const OPENING_BRACE = 123;
const BLANK = 32;
const TAB = 9;
const MAX_ERROR_BYTES = 4096;
/** What a kept message takes besides its texts. */
const MESSAGE_BYTES = 200;

/** What an attempt said, gathered line by line: the part of its outcome that its output decides. */
export interface Transcript {
  /** A line of stdout: a message of the contract, or log text. */
  output: (line: Buffer) => void;
  /** A line of stderr: log text, whatever it looks like. */
  errors: (line: Buffer) => void;
  said: () => Pick<Outcome, 'results' | 'supersededBy' | 'errorText' | 'saidOf' | 'malformed'>;
}

/** Calls back with each message as it is read. None is masked; what is too long is cut where `mask` takes nothing out. */
export function createTranscript(onMessage: (message: Message) => void, mask: MaskText): Transcript {
  const results = new Map<string, ResultMessage>();
  const whole = { supersededBy: null as number | null, errorText: '' };
  const files = new Map<string, typeof whole>();
  /** The last one of each stream that says anything. */
  const lastLines: { output?: Buffer; errors?: Buffer } = {};
  let malformed: string | undefined;
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
    if (message.type === 'result') {
      results.set(message.file ?? '', message);
      if (message.file === undefined) malformed = undefined;
    }
    if (message.type !== 'error' && message.type !== 'superseded') return;
    note(whole, message);
    if (message.file === undefined) return;
    const own = files.get(message.file) ?? { supersededBy: null, errorText: '' };
    files.set(message.file, note(own, message));
  }

  /** A result that is none is no message, and no success either. */
  function text(line: Buffer): void {
    if (line.includes('"result"')) malformed = whyNoResult(line.toString(), mask) ?? malformed;
    if (!isBlank(line)) lastLines.output = line;
  }

  return {
    output(line) {
      const message = beginsObject(line) ? readMessage(line.toString().trim(), mask) : undefined;
      if (message === undefined) return text(line);
      if (message.type === 'result' && whyNoResult(line.toString(), mask) !== undefined) text(line);
      else gather(message);
      onMessage(message);
    },
    errors(line) {
      if (!isBlank(line)) lastLines.errors = line;
    },
    said: () => ({
      results: [...results.values()],
      supersededBy: whole.supersededBy,
      errorText: whole.errorText || textOf(lastLines.errors ?? lastLines.output, mask),
      ...(files.size > 0 && { saidOf: files }),
      ...(malformed !== undefined && { malformed }),
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

/** Programs say there what went wrong; what stdout says last may be anything. */
function textOf(line: Buffer | undefined, mask: MaskText): string {
  if (line === undefined || line.length <= MAX_ERROR_BYTES) return line?.toString() ?? '';
  return line.subarray(0, cutBetweenSecrets(line, MAX_ERROR_BYTES, mask)).toString();
}

function beginsObject(line: Buffer): boolean {
  return line.find(byte => byte !== BLANK && byte !== TAB) === OPENING_BRACE;
}

function isBlank(line: Buffer): boolean {
  return line.every(byte => byte === BLANK || byte === TAB);
}
