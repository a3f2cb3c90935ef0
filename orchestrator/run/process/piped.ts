import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { libc } from '../../libc.ts';
import type { LaunchRequest } from './launch.ts';
import { type Launched, launch } from './launcher.ts';

/** What a program reads and writes, at our end. */
export interface Streams {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
}

/** What launch() is asked for, but for what it reads and writes. */
export type PipedRequest = Omit<LaunchRequest, 'input' | 'output'>;

export type Piped = Launched & Streams;

/** A pipe between us and a program: our end as a stream, the other one as a descriptor. */
interface Pipe {
  ours: Socket;
  theirs: number;
}

const O_CLOEXEC = 0o2000000;

/** As launch(), with pipes to the program. */
export async function launchPiped(request: PipedRequest): Promise<Piped> {
  const pipes: Pipe[] = [];
  const open = (program: 'reads' | 'writes') => {
    const pipe = openPipe(program);
    pipes.push(pipe);
    return pipe;
  };
  try {
    const [stdin, stdout, stderr] = [open('reads'), open('writes'), open('writes')];
    const output = { stdout: stdout.theirs, stderr: stderr.theirs };
    const launched = await launch({ ...request, input: stdin.theirs, output });
    return { ...launched, stdin: stdin.ours, stdout: stdout.ours, stderr: stderr.ours };
  } catch (error) {
    for (const { ours } of pipes) ours.destroy();
    throw error;
  } finally {
    for (const { theirs } of pipes) closeSync(theirs);
  }
}

/** A program of Node's that is as we are, where nothing can be kept from it; it runs at once. */
export function startPlain(
  words: readonly string[],
  options: { cwd?: string; env: Record<string, string> },
): Streams & Pick<Launched, 'ended'> & { kill(): Promise<void> } {
  const child = spawn(process.execPath, words, { ...options, stdio: 'pipe' });
  const { stdin, stdout, stderr } = child;
  const ended = once(child, 'close').then(([exitCode, signal]) => ({ exitCode, signal }));
  return { stdin, stdout, stderr, ended, kill: async () => void child.kill('SIGKILL') };
}

/** For what the program reads, or for what it writes. */
function openPipe(program: 'reads' | 'writes'): Pipe {
  const both = new Int32Array(2);
  const pipe2 = libc().func('int pipe2(void *both, int flags)');
  if (pipe2(both, O_CLOEXEC) !== 0) throw new Error('no pipe could be made');
  const [reading, writing] = [both[0] as number, both[1] as number];
  const [ours, theirs] = program === 'reads' ? [writing, reading] : [reading, writing];
  return { ours: new Socket({ fd: ours, readable: program === 'writes', writable: program === 'reads' }), theirs };
}
