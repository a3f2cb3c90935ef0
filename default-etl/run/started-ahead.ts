// A program that was started before there was a file for it: everything is loaded, and waits.
import { createInterface } from 'node:readline';
import { configFailure, messageOf } from '../contract/failure.ts';
import { keepConnections } from '../load/elasticsearch/kept-pool.ts';
import { EXIT, JOB_ENDED, JOB_NAME } from '../contract/protocol.ts';
import type { Environment } from '../contract/settings.ts';

/** Exit code of what is a fault of this program. */
const UNEXPECTED = 1;

/**
 * The environment of the one job, which comes as a line of JSON on standard input, added to `environment`. Throws
 * EtlFailure 78.
 */
export async function awaitJob(environment: Environment): Promise<Environment> {
  await loadPrograms();
  for await (const line of linesOfInput()) return { ...environment, ...parseEnvironment(line) };
  throw configFailure('stdin ended before a line with the environment came');
}

/**
 * One job after another, each a line of JSON as above; after each a line on standard output says with which code it
 * ended. Returns an exit code when the input ends, once it was stopped, and after a job that failed in a way nobody
 * thought of: it may have left anything behind. Throws EtlFailure 78.
 */
export async function runJobs(
  environment: Environment,
  runJob: (environment: Environment) => Promise<number>,
  signal: AbortSignal,
): Promise<number> {
  await loadPrograms();
  keepConnections();
  const lines = linesOfInput();
  signal.addEventListener('abort', () => lines.close(), { once: true });
  for await (const line of lines) {
    const { [JOB_NAME]: name, ...job } = parseEnvironment(line);
    const code = await runJob({ ...environment, ...job });
    process.stdout.write(`${JOB_ENDED}${name} ${code}\n`);
    if (code === UNEXPECTED || signal.aborted) return code;
  }
  return EXIT.done;
}

function linesOfInput(): ReturnType<typeof createInterface> {
  return createInterface({ input: process.stdin, crlfDelay: Infinity });
}

async function loadPrograms(): Promise<void> {
  await Promise.all([
    import('../load/elasticsearch/elasticsearch-target.ts'),
    import('../load/lake/lake-target.ts'),
    import('../extract/csv.ts'),
    import('../extract/json.ts'),
  ]);
}

function parseEnvironment(line: string): Environment {
  try {
    return JSON.parse(line) as Environment;
  } catch (error) {
    throw configFailure(`the line on stdin is not JSON: ${messageOf(error)}`);
  }
}
