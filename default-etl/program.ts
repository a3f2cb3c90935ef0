import { readFileSync } from 'node:fs';
import { EXIT, type FolderFile, WARM_JOBS } from './contract/protocol.ts';
import { EtlFailure, messageOf, NothingLoaded, Superseded } from './contract/failure.ts';
import { createReporter, type Reporter } from './contract/report.ts';
import { runFile } from './run/run-file.ts';
import { withConnections } from './contract/connections.ts';
import { type Environment, folderEnvironment, readJob, withoutOverwrite } from './contract/settings.ts';

/** What is answered instead of loading a file. */
const QUESTIONS = ['--preview', '--rejects', '--mend', '--check-module'];

const SIGTERM_EXIT = 143;
/** Which exit code a run over a folder has when its files' differ: what is worth trying again comes first. */
const WORST_FIRST = [SIGTERM_EXIT, 1, EXIT.config, EXIT.away, EXIT.never];

/** Runs the program with these arguments and this environment, and returns its exit code. Never throws. */
export async function runProgram(words: readonly string[], environment: Environment): Promise<number> {
  try {
    return await run(words, environment);
  } catch (error) {
    createReporter(write).error(messageOf(error));
    return error instanceof EtlFailure ? error.exitCode : 1;
  }
}

async function run(words: readonly string[], environment: Environment): Promise<number> {
  if (words.includes('--help') || words.includes('-h')) {
    write((await import('./run/help.ts')).HELP);
    return EXIT.done;
  }
  const stopping = new AbortController();
  process.once('SIGTERM', () => stopping.abort());
  process.once('SIGINT', () => stopping.abort());
  if (words.some(isQuestion))
    return await (await import('./run/questions.ts')).answer(words, environment, stopping.signal);
  const runJob = (env: Environment) => runEnvironment(words, env, stopping.signal);
  const { ORCHESTRATOR_WARM: ahead } = environment;
  if (ahead !== '1' && ahead !== WARM_JOBS) return await runJob(environment);
  const { awaitJob, runJobs } = await import('./run/started-ahead.ts');
  return ahead === '1'
    ? await runJob(await awaitJob(environment))
    : await runJobs(environment, runJob, stopping.signal);
}

async function runEnvironment(
  words: readonly string[],
  environment: Environment,
  signal: AbortSignal,
): Promise<number> {
  const env = withConnections(environment);
  if (env.FILES) return await runFolder(env, env.FILES, signal);
  const file = env.FILE || words.find(word => !word.startsWith('-'));
  if (!file) {
    process.stderr.write((await import('./run/help.ts')).HELP);
    return 64;
  }
  return await runOne(env, file, createReporter(write), signal);
}

function isQuestion(word: string): boolean {
  return QUESTIONS.includes(word);
}

function write(line: string): void {
  process.stdout.write(line);
}

async function runFolder(env: Environment, list: string, signal: AbortSignal): Promise<number> {
  const codes: number[] = [];
  let shared = env;
  for (const file of JSON.parse(readFileSync(list, 'utf8')) as FolderFile[]) {
    if (signal.aborted) return SIGTERM_EXIT;
    const reporter = createReporter(write, file.FILE_PATH);
    const code = await runOne(folderEnvironment(shared, file), file.FILE, reporter, signal);
    // The first file of the folder makes the new index, the others add to it; a deletion makes none.
    if (code === EXIT.done && file.ACTION !== 'delete') shared = withoutOverwrite(shared);
    codes.push(code);
  }
  return WORST_FIRST.find(code => codes.includes(code)) ?? EXIT.done;
}

async function runOne(env: Environment, file: string, reporter: Reporter, signal: AbortSignal): Promise<number> {
  const isFolder = env.FILES !== undefined;
  try {
    const result = await runFile(readJob(env, file, Date.now()), reporter, signal);
    reporter.result(isFolder ? { ...result, code: EXIT.done } : result);
    return EXIT.done;
  } catch (error) {
    const code = exitCodeOf(error, signal);
    if (error instanceof Superseded) reporter.superseded(error.version);
    if (code === 1) reporter.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    reporter.error(code === SIGTERM_EXIT ? 'stopped by SIGTERM' : messageOf(error));
    const result = error instanceof NothingLoaded ? error.result : undefined;
    if (isFolder) reporter.result({ ...(result ?? NOTHING), code });
    else if (result) reporter.result(result);
    return code;
  }
}

const NOTHING = { rows_read: 0, rows_loaded: 0, rows_rejected: 0, rows_filtered: 0, rows_deleted: 0 };

function exitCodeOf(error: unknown, signal: AbortSignal): number {
  if (error instanceof EtlFailure) return error.exitCode;
  return signal.aborted ? SIGTERM_EXIT : 1;
}
