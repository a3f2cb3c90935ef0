import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { PlacedClause } from './entry.ts';
import type { Scratch } from './scratch.ts';

/** What became of the tests of a title. `broken`: they didn't run, as in a file that can't be loaded. */
export type TestOutcome = 'passed' | 'failed' | 'broken';

/** A test that hangs without its code has failed. */
const TIMEOUT_MS = 60_000;
/** Where local time is never taken for UTC. */
const TIME_ZONE = 'Asia/Kolkata';

/** Runs the tests of a clause's title, alone, in the scratch copy. */
export async function runTest({ test, title }: PlacedClause, scratch: Scratch): Promise<TestOutcome> {
  const pattern = `--test-name-pattern=${escapeForRegExp(title)}`;
  const options = ['--test', `--test-timeout=${TIMEOUT_MS}`, '--test-reporter=tap', pattern, test];
  const child = spawn(process.execPath, options, {
    cwd: scratch.folder,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, TMPDIR: scratch.temporary, TZ: TIME_ZONE },
    detached: true,
  });
  const exited = once(child, 'exit');
  const results: boolean[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const result = resultOf(line, title);
    if (result !== undefined) results.push(result);
  }
  await exited;
  endGroup(child.pid);
  if (results.length === 0) return 'broken';
  return results.every(Boolean) ? 'passed' : 'failed';
}

/** Whether a test of this title is told to have passed on a line of TAP; undefined for any other line. */
export function resultOf(line: string, title: string): boolean | undefined {
  const match = /^\s*(?<not>not )?ok \d+ - (?<name>.*)$/.exec(line);
  if (!match?.groups?.['name']?.replace(/\\(.)/g, '$1').includes(title)) return undefined;
  return match.groups['not'] === undefined;
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** What a test that was cut short left running goes with it. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing was left.
  }
}
