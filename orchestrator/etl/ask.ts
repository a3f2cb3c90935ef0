import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { codeOf, OrchestratorError } from '../errors.ts';

const program = fileURLToPath(new URL('../../default-etl/bin.js', import.meta.url));
const MOST_ERROR_BYTES = 1 << 16;
/** A step of the user's own that loops for ever lets no signal through but the last. */
const PATIENCE_MS = 2000;

export interface Question {
  args: readonly string[];
  /** All it gets besides PATH: nothing of ours is its business. */
  environment: Readonly<Record<string, string>>;
  /** For its stdin. */
  input?: Readable;
  signal?: AbortSignal;
}

/**
 * Asks the default ETL, in a process of its own, and gives what it prints as it comes: whatever a file makes it do, it does to that
 * process alone. Throws an OrchestratorError `never` with its own words where it refuses.
 */
export async function* askEtl({ args, environment, input, signal }: Question): AsyncGenerator<Buffer> {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const end = () => endChild(child);
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  const ended = once(child, 'close');
  ended.catch(() => undefined);
  const fed = input === undefined ? child.stdin.end() : pipeline(input, child.stdin).then(() => undefined, notFed);
  child.stdin.on('error', () => undefined);
  let errorText = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errorText = (errorText + text).slice(-MOST_ERROR_BYTES);
  });
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const [code, killed] = (await ended) as [number | null, string | null];
    if (signal?.aborted)
      throw new OrchestratorError('never', 'the default ETL was stopped before its answer was complete');
    if (code !== 0) throw refusal(code ?? killed, errorText);
    const fault = await fed;
    if (fault instanceof Error) throw fault;
  } finally {
    signal?.removeEventListener('abort', end);
    end();
  }
}

/** It has a moment to tidy up. */
function endChild(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill();
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  child.once('exit', () => clearTimeout(timer));
}

/** A child that ends before it has read everything says why by its exit; an input that can't be read must not look like its end. */
function notFed(error: Error): Error | undefined {
  return ['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(codeOf(error) ?? '') ? undefined : error;
}

/** The last line that it said. */
function refusal(end: number | string | null, text: string): OrchestratorError {
  const said = text.trim().split('\n').at(-1);
  return new OrchestratorError('never', said || `the default ETL ended with ${end} and said nothing`);
}
