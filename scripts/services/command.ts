import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';

/** Says on stderr what is being done, for people: results alone go to stdout. */
export function announce(message: string): void {
  process.stderr.write(`${message}\n`);
}

/** Runs a program quietly and returns its stdout. Throws with the end of its output and `todo` where it fails. */
export async function runCommand(
  command: string,
  args: string[],
  options: { todo?: string; cwd?: string; env?: Record<string, string>; timeoutMs?: number; input?: string } = {},
): Promise<string> {
  const { todo, timeoutMs, ...rest } = options;
  const result = await execa(command, args, {
    ...rest,
    all: true,
    reject: false,
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    stdin: rest.input === undefined ? 'ignore' : 'pipe',
  });
  if (!result.failed) return String(result.stdout);
  const why = result.timedOut ? `no end after ${timeoutMs} ms` : lastLines(result.all ?? '', 8) || result.shortMessage;
  throw new Error(`${command} ${args.join(' ')} failed: ${why}${todo ? `; ${todo}` : ''}`);
}

/** Whether the program is on the PATH. */
export function hasCommand(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some(folder => isExecutable(join(folder, name)));
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
