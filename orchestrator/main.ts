// The one place that reads argv, the environment and signals, and sets the exit code.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { systemClock } from './clock.ts';
import { readToken } from './api/auth/token.ts';
import { check } from './cli/check.ts';
import type { CommandDeps } from './cli/deps.ts';
import { askTroubles } from './cli/ask-troubles.ts';
import { explainCommand } from './cli/explain.ts';
import { importFile } from './cli/import.ts';
import { createProgram } from './cli/program.ts';
import { createTerminal } from './cli/terminal.ts';
import type { Service } from './cli/service.ts';
import { type Environment, parseEnvFile, parseEnvironment } from './config/environment.ts';
import { KeptFolders } from './config/kept-folders.ts';
import { type Loaded, loadDatasets } from './config/load.ts';
import { formatMistake } from './config/messages.ts';
import { environmentPlaces } from './config/places.ts';
import { secretsOfEnvironment } from './config/secrets.ts';
import { messageOf } from './errors.ts';
import { readHolder } from './journal/lock.ts';
import type { Journal } from './journal/journal.ts';
import { findLauncher, type Launcher } from './launcher.ts';
import { createLogger, type LoggerOptions, type RootLogger } from './log.ts';
import { replayRun } from './replay/replay.ts';
import { openJournal, type Orchestrator, startOrchestrator } from './start.ts';
import { explain } from './watch/explain.ts';
import { takesPath } from './watch/names.ts';

// What is written below DATA_DIR is this user's alone, whoever writes it.
process.umask(0o077);

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const variables = { ...readEnvFile(), ...process.env };
const interrupt = new AbortController();
const terminal = createTerminal(process.stdout, process.stderr, { noColour: Boolean(variables['NO_COLOR']) });

process.exitCode = await createProgram(commandDeps()).run(process.argv.slice(2));

function commandDeps(): CommandDeps {
  return {
    version: packageJson.version,
    terminal,
    now: () => Date.now(),
    interrupted: interrupt.signal,
    start: serve,
    check: () => check(configDir(), variables, terminal.write, process.cwd()),
    async importFile(path) {
      const { yaml, warnings } = await importFile(path);
      for (const warning of warnings) terminal.writeError(`${path}: ${warning}\n`);
      terminal.write(yaml);
      return 0;
    },
    explain: explainFile,
    async config() {
      const { datasets, errors, warnings } = await loadConfiguration();
      return { datasets, errors: errors.map(formatMistake), warnings: warnings.map(formatMistake) };
    },
    holder: async () => readHolder(environment().dataDir),
    service,
    troubles: async () => askTroubles(service()),
    heedInterrupt,
    withJournal: beforeInterrupt(async work => {
      const journal = openJournal(environment());
      try {
        return await work(journal);
      } finally {
        await journal.close();
      }
    }),
    async withScheduler(work) {
      if (readHolder(environment().dataDir) !== null) return this.withJournal(work);
      return beforeInterrupt(withOwnScheduler)(work);
    },
    dataDir: () => environment().dataDir,
    async takers(path) {
      const { datasets } = await loadConfiguration();
      const kept = new KeptFolders(environment().dataDir, () => datasets);
      return datasets.filter(dataset => takesPath(dataset, path, kept.of(dataset)));
    },
    async replay(journal, run) {
      const { datasets } = await loadConfiguration();
      const dataset = datasets.find(({ name }) => name === run.dataset);
      return replayRun(run, { journal, dataset, dataDir: environment().dataDir, now: Date.now() });
    },
  };
}

/** `orchestrator start`: until a signal; a second one hurries. */
async function serve(): Promise<number> {
  const launcher = findLauncher(variables, systemClock);
  const signals = catchSignals();
  const logger = openLog(process.stdout, process.stdout.isTTY);
  const localLogger = openLog(process.stdout, process.stdout.isTTY, { elasticsearch: null });
  try {
    const orchestrator = await startOrchestrator({ environment: environment(), variables, logger, localLogger });
    await untilStopped(orchestrator, logger, { launcher, signals });
    return 0;
  } catch (error) {
    logger.error(messageOf(error), { error });
    return 1;
  } finally {
    await logger.close();
  }
}

interface Stops {
  launcher: Launcher | null;
  signals: ReturnType<typeof catchSignals>;
}

function untilStopped(orchestrator: Orchestrator, logger: RootLogger, { launcher, signals }: Stops): Promise<void> {
  const { promise, resolve: end, reject } = Promise.withResolvers<void>();
  let stoppingSince: number | undefined;
  const stop = (why: string): void => {
    const { running, leaving } = orchestrator.going();
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince < (launcher?.repeatWithinMs ?? 0)) return;
      const isAny = running > leaving;
      logger.info(`${why} again: ${isAny ? 'what still runs is stopped and queued again' : 'stopping'}`);
      return orchestrator.hurry();
    }
    stoppingSince = performance.now();
    logger.info(`${why}: ${stoppingText({ running, leaving }, environment().graceMs)}`);
    orchestrator.stop().then(end, reject);
  };
  signals.handOver(signal => stop(signal));
  launcher?.whenGone(() => stop('SIGTERM (what started this has ended)'));
  return promise;
}

/** From now on a signal to stop waits for the one who stops, so that a start is ended in order, too. */
function catchSignals(): { handOver(stop: (signal: string) => void): void } {
  const early: string[] = [];
  let heed = (signal: string): void => void early.push(signal);
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      // The terminal has written ^C there.
      if (signal === 'SIGINT' && process.stdout.isTTY) process.stdout.write('\n');
      heed(signal);
    });
  }
  return {
    handOver(stop) {
      heed = stop;
      for (const signal of early) stop(signal);
    },
  };
}

function stoppingText({ running, leaving }: { running: number; leaving: number }, graceMs: number): string {
  const others = running - leaving;
  const left = leaving === 1 ? 'a container runs on' : `${leaving} containers run on`;
  const files = others === 1 ? 'a running file has' : `${others} running files have`;
  return [
    'stopping',
    ...(leaving === 0 ? [] : [`${left}, for the next start to take over`]),
    ...(others === 0 ? [] : [`${files} ${graceMs / 1000} s to finish, a second signal hurries`]),
  ].join('; ');
}

/** Nobody else runs what is in the journal, so we do, for as long as the work takes. */
async function withOwnScheduler<T>(work: (journal: Journal) => Promise<T>): Promise<T> {
  const logger = openLog(process.stderr, true, { level: 'warn' });
  const orchestrator = await startOrchestrator({ environment: environment(), variables, logger, isQuiet: true });
  interrupt.signal.addEventListener('abort', () => orchestrator.hurry());
  try {
    return await work(orchestrator.journal);
  } finally {
    await orchestrator.stop();
    await logger.close();
  }
}

/** Ctrl-C ends the work, not the process, which has a journal to close. */
function beforeInterrupt<Work, T>(act: (work: Work) => Promise<T>) {
  return (work: Work): Promise<T> => {
    heedInterrupt();
    return act(work);
  };
}

function heedInterrupt(): void {
  for (const signal of STOP_SIGNALS) process.once(signal, () => interrupt.abort());
}

async function explainFile(file: string): Promise<number> {
  const { datasets } = await loadConfiguration();
  const kept = new KeptFolders(environment().dataDir, () => datasets);
  const journal = openJournal(environment());
  try {
    return await explainCommand({
      file,
      explain: path => explain(path, datasets, journal, dataset => kept.of(dataset)),
      print: line => terminal.write(`${line}\n`),
    });
  } finally {
    await journal.close();
  }
}

function openLog(stream: NodeJS.WriteStream, isForPeople: boolean, others: Partial<LoggerOptions> = {}): RootLogger {
  const { logLevel, elasticsearch } = environment();
  return createLogger({
    level: logLevel,
    terminal: isForPeople,
    colour: stream.isTTY && !variables['NO_COLOR'],
    stream,
    elasticsearch,
    secrets: secretsOfEnvironment(variables),
    ...others,
  });
}

function service(): Service {
  const { host, port, dataDir, auth } = environment();
  return { host, port, token: auth === 'off' ? null : readToken(dataDir) };
}

function environment(): Environment {
  return parseEnvironment(variables, process.cwd());
}

function loadConfiguration(): Promise<Loaded> {
  const settings = environment();
  return loadDatasets(settings.configDir, variables, environmentPlaces(settings));
}

/** `check` reports a wrong environment itself, so it must not fail on it. */
function configDir(): string {
  return resolve(variables['CONFIG_DIR'] || 'config');
}

function readEnvFile(): Record<string, string> {
  try {
    return parseEnvFile(readFileSync(join(process.cwd(), '.env'), 'utf8'));
  } catch {
    return {};
  }
}
