import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { kindOf } from '../errors.ts';
import { launchPiped, startPlain } from '../run/process/piped.ts';
import { killMembers, leaderOf } from '../run/process/process-group.ts';
import { shownAs, type View } from '../run/process/view.ts';

/** A program of ours on files that only we can read, and that others have made. */
export interface Reading {
  /** Absolute path of the program. */
  script: string;
  /** Absolute: where the files are. */
  folder: string;
  /** What it is told on stdin. */
  input: string;
  withinMs: number;
  /** Of its answer. */
  mostBytes: number;
  signal: AbortSignal;
}

/** Why there is no answer. */
export class NoAnswer extends Error {
  override name = 'NoAnswer';
  readonly why: 'time' | 'size' | 'program';

  constructor(why: NoAnswer['why'], message: string) {
    super(message);
    this.why = why;
  }
}

type Started = ReturnType<typeof startPlain>;

const project = fileURLToPath(new URL('../../', import.meta.url));
/**
 * What a program is started with, open to everybody. Without the last two, libraries in folders of their own are not
 * found, and times are UTC.
 */
const SYSTEM = ['usr', 'lib', 'lib32', 'lib64', 'libx32', 'bin', 'sbin', 'proc'];
const SYSTEM_FILES = ['/etc/ld.so.cache', '/etc/localtime'];
const MOST_ERROR_BYTES = 64 * 1024;
const UMASK = 0o077;

/**
 * What the program writes to its stdout. Where we are root it is root, too, since the files are, but one that is
 * nothing: it has no capability, no network, no process but its own, and sees nothing but the folder, itself and the
 * system's programs, where it can write nothing. Throws NoAnswer.
 */
export async function readAlone(reading: Reading): Promise<string> {
  const stop = AbortSignal.any([reading.signal, AbortSignal.timeout(reading.withinMs)]);
  const started = await start(reading);
  const kill = () => void started.kill();
  stop.addEventListener('abort', kill);
  if (stop.aborted) kill();
  try {
    started.stdin.on('error', () => undefined).end(reading.input); // one that died says so by its exit
    const [answer, errors, { exitCode }] = await Promise.all([
      taken(started.stdout, reading.mostBytes, kill),
      taken(started.stderr, MOST_ERROR_BYTES, kill),
      started.ended,
    ]);
    if (answer !== undefined && exitCode === 0) return answer;
    if (stop.aborted) throw new NoAnswer('time', 'it was stopped before its answer');
    if (answer === undefined) throw new NoAnswer('size', 'the answer is too large');
    throw new NoAnswer('program', errors?.trim().split('\n').at(-1) || `it ended with ${exitCode}`);
  } finally {
    stop.removeEventListener('abort', kill);
  }
}

/** Undefined where there was more. */
async function taken(stream: Readable, mostBytes: number, onMore: () => void): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    if (bytes <= mostBytes) chunks.push(chunk as Buffer);
    else onMore();
  }
  return bytes <= mostBytes ? Buffer.concat(chunks).toString('utf8') : undefined;
}

async function start(reading: Reading): Promise<Started> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return startAsWeAre(reading);
  try {
    return await startBare(reading);
  } catch (error) {
    // A container in which nothing can be mounted is the view that it has.
    if (kindOf(error) === 'wait') return startAsWeAre(reading);
    throw error;
  }
}

async function startBare({ script, folder }: Reading): Promise<Started> {
  const { pid, go, ...started } = await launchPiped({
    command: [process.execPath, script],
    environment: {},
    cwd: folder,
    umask: UMASK,
    limits: {},
    view: viewOf(script, folder),
    isOffline: true,
    isAlone: true,
  });
  const leader = leaderOf(pid, folder, undefined);
  go();
  return { ...started, kill: async () => void (leader && (await killMembers(leader))) };
}

/** To root the rights of files are nothing: all that is not needed is hidden. */
function viewOf(script: string, folder: string): View {
  const top = readdirSync('/', { withFileTypes: true }).filter(({ name }) => !SYSTEM.includes(name));
  const [files, folders] = [top.filter(entry => entry.isFile()), top.filter(entry => entry.isDirectory())];
  const programs = [process.execPath, script, join(project, 'node_modules'), join(project, 'package.json')];
  return {
    shown: [
      ...shownAs('data', [folder, ...SYSTEM.map(name => `/${name}`)]),
      ...shownAs('program', [...programs, ...SYSTEM_FILES]),
    ],
    // Files come before /dev, by which they are hidden.
    hidden: [...[...files, ...folders].map(({ name }) => `/${name}`), project, dirname(folder)],
    isReadOnly: true,
    own: [],
    workingDir: folder,
    files: [],
    links: [],
  };
}

function startAsWeAre({ script, folder }: Reading): Started {
  return startPlain([script], { cwd: folder, env: {} });
}
