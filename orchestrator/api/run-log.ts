import type { OpenFile } from '../files/open-file.ts';
import { StringDecoder } from 'node:string_decoder';
import { LIMITS } from '../limits.ts';
import { Folder } from '../files/folder.ts';
import { unless } from '../files/unless.ts';
import { type Attempt, FINAL_STATES, type Run } from '../journal/journal.ts';
import { BESIDE_CUT, placeBetweenSecrets } from '../log/between-secrets.ts';
import { isoTime } from './present.ts';

export interface RunLogOptions {
  dataDir: string;
  run: Run;
  attempts: readonly Attempt[];
  mask(text: string): string;
  /** Set: stays until the run ends; gives the run as it is now. */
  current?: () => Promise<Run | undefined>;
  /** Ends following. */
  signal: AbortSignal;
}

const LOOK_EVERY_MS = 250;
/** A line longer than this is given out in parts. */
const LONGEST_LINE = 64 * 1024;

/** What the attempts printed, each under a heading, masked, in pieces as it is read: a log of gigabytes costs no memory. */
export async function* readRunLog(options: RunLogOptions): AsyncGenerator<string> {
  const { dataDir, run, attempts } = options;
  if (attempts.length === 0) yield `${notStarted(run)}\n`;
  for (const attempt of attempts) {
    yield headingOf(attempt, options.mask);
    const log = openerOf(dataDir, run.id, attempt.attempt);
    const isOpen = attempt === attempts.at(-1) && options.current !== undefined;
    yield* maskLines(decode(isOpen ? follow(log, options) : read(log)), options.mask);
  }
}

function notStarted({ state, error }: Run): string {
  return `No attempt has started: ${state}${error === null ? '' : `, ${error}`}`;
}

function headingOf(attempt: Attempt, mask: (text: string) => string): string {
  const { runner, startedAt, endedAt, exitCode, outcome, error } = attempt;
  const parts = [
    `attempt ${attempt.attempt}`,
    ...(runner === null ? [] : [runner]),
    `${isoTime(startedAt)} to ${isoTime(endedAt) ?? 'now'}`,
    ...(exitCode === null ? [] : [`exit code ${exitCode}`]),
    ...(outcome === null ? [] : [outcome]),
    ...(error === null ? [] : [mask(error)]),
  ];
  return `=== ${parts.join(' · ')}\n`;
}

type Opener = () => Promise<OpenFile | undefined>;

/** Undefined where it isn't there. */
function openerOf(dataDir: string, runId: string, attempt: number): Opener {
  return () =>
    Folder.use(dataDir, data => data.openFile(`logs/${runId}/${attempt}.log`)).catch(unless('ENOENT', 'ENOTDIR'));
}

async function* read(open: Opener): AsyncGenerator<Buffer> {
  const file = await open();
  if (file === undefined) yield Buffer.from('(its log is no longer kept)\n');
  if (file === undefined) return;
  try {
    yield* readFrom(file, 0);
  } finally {
    await file.close();
  }
}

/** The file as it grows, until the run has ended and all is read. */
async function* follow(open: Opener, { current, signal }: RunLogOptions): AsyncGenerator<Buffer> {
  let position = 0;
  let file: OpenFile | undefined;
  try {
    while (!signal.aborted) {
      const run = await current?.();
      const hasEnded = run === undefined || run.state === 'queued' || FINAL_STATES.includes(run.state);
      file ??= await open();
      for await (const chunk of file === undefined ? [] : readFrom(file, position)) {
        position += chunk.length;
        yield chunk;
      }
      if (hasEnded) return;
      await pause(signal);
    }
  } finally {
    await file?.close();
  }
}

/** No more than an attempt may print, and what is said of it when it did. */
async function* readFrom(file: OpenFile, from: number): AsyncGenerator<Buffer> {
  for (let position = from; position < LIMITS.logBytes + LIMITS.chunkBytes; ) {
    const { bytesRead, buffer } = await file.read(
      Buffer.allocUnsafe(LIMITS.chunkBytes),
      0,
      LIMITS.chunkBytes,
      position,
    );
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, LOOK_EVERY_MS);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}

async function* decode(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  for await (const chunk of chunks) yield decoder.write(chunk);
  yield decoder.end();
}

/** Whole lines, because a secret may be cut in two by the pieces in which a file is read; of long ones parts that cut none. */
async function* maskLines(pieces: AsyncIterable<string>, mask: (text: string) => string): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of pieces) {
    rest += piece;
    const end = rest.lastIndexOf('\n') + 1;
    const cut = rest.length - end > LONGEST_LINE ? placeBetweenSecrets(rest, rest.length - BESIDE_CUT, mask) : end;
    if (cut > 0) yield mask(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  if (rest !== '') yield `${mask(rest)}${rest.endsWith('\n') ? '' : '\n'}`;
}
