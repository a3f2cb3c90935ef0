import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { codeOf, OrchestratorError } from '../errors.ts';
import { HEAP_MB, type Helper, startHelper } from './helper.ts';

const MOST_ERROR_BYTES = 1 << 16;
/** No answer takes as long: a file that makes the ETL think for ever ends then. */
const LONGEST_MS = 600_000;

/** A word of the command line, or a file that it names, behind a prefix such as `--table=`. */
export type Word = string | { prefix?: string; file: string };

export interface Question {
  args: readonly Word[];
  /** All it gets besides PATH: nothing of ours is its business. */
  environment: Readonly<Record<string, string>>;
  /** Absolute: folders that it may read, beside the files that `args` name. */
  folders?: readonly string[];
  /** Whether it runs what others wrote, their steps, which may need more of Node than our own code. */
  runsModules?: boolean;
  /** For its stdin. */
  input?: Readable;
  signal?: AbortSignal;
}

/**
 * Asks the default ETL, in a process of its own, and gives what it prints as it comes: whatever a file makes it do, it
 * does to that process alone, which has no right of ours and no network. Throws an OrchestratorError `never` with its
 * own words where it refuses.
 */
export async function* askEtl(question: Question): AsyncGenerator<Buffer> {
  const timeout = AbortSignal.timeout(LONGEST_MS);
  const signal = question.signal ? AbortSignal.any([question.signal, timeout]) : timeout;
  const child = await startHelper(question);
  const end = () => void child.end().catch(() => undefined);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  const fed = feed(child, question.input);
  const errorText = lastOf(child.stderr);
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const { exitCode, signal: killedBy } = await child.ended;
    if (signal.aborted)
      throw new OrchestratorError('never', 'the default ETL was stopped before its answer was complete');
    if (killedBy === 'SIGABRT') throw refusal(killedBy, `it would take more than ${HEAP_MB} MB of memory`);
    if (exitCode !== 0) throw refusal(exitCode ?? killedBy, child.translated(await errorText));
    const fault = await fed;
    if (fault instanceof Error) throw fault;
  } finally {
    signal.removeEventListener('abort', end);
    await child.end();
  }
}

function feed(child: Helper, input: Readable | undefined): Promise<Error | undefined> {
  child.stdin.on('error', () => undefined);
  if (input !== undefined) return pipeline(input, child.stdin).then(() => undefined, notFed);
  child.stdin.end();
  return Promise.resolve(undefined);
}

/** Its last words, once there are no more. */
async function lastOf(stream: Readable): Promise<string> {
  let text = '';
  try {
    for await (const chunk of stream.setEncoding('utf8')) text = (text + String(chunk)).slice(-MOST_ERROR_BYTES);
  } catch {
    // It was ended.
  }
  return text;
}

/**
 * A child that ends before it has read everything says why by its exit; an input that can't be read must not look like
 * its end.
 */
function notFed(error: Error): Error | undefined {
  return ['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(codeOf(error) ?? '') ? undefined : error;
}

/** The last line that it said. */
function refusal(end: number | string | null, text: string): OrchestratorError {
  const said = text.trim().split('\n').at(-1);
  return new OrchestratorError('never', said || `the default ETL ended with ${end} and said nothing`);
}
