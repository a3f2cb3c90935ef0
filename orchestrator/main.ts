// The one place that reads argv, the environment and signals, and sets the exit code. What a command needs is imported
// when it is called.
import { fstatSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { readToken } from './api/auth/token.ts';
import { systemClock } from './clock.ts';
import type { CommandDeps } from './cli/deps.ts';
import { createProgram } from './cli/program.ts';
import type { ServiceAddress } from './cli/service-address.ts';
import { createTerminal } from './cli/terminal.ts';
import { readEnvFile } from './config/env-file.ts';
import { type Environment, parseEnvironment } from './config/environment.ts';
import type { Loaded } from './config/load.ts';
import { messageOf, OrchestratorError } from './errors.ts';
import type { Journal } from './journal/journal.ts';
import { readHolder } from './journal/sqlite/lock.ts';
import type { Launcher } from './startup/launcher.ts';
import type { LoggerOptions, RootLogger } from './log.ts';
import type { Stamp } from './log/pretty.ts';
import { openJournal } from './journal/open-journal.ts';
import type { Service } from './service.ts';
import { findWhereabouts, isProject, notesFolder } from './startup/whereabouts.ts';

// What is written below DATA_DIR is this user's alone, whoever writes it.
process.umask(0o077);

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const interrupt = new AbortController();
/** Where the settings come from: here, unless the orchestrator that is meant was started elsewhere. */
let workingDir = process.cwd();
let envFile = readEnvFile(workingDir);
let variables: Readonly<Record<string, string | undefined>> = { ...envFile.variables, ...process.env };
const notes = { folder: notesFolder(process.env, homeFolder()), workingDir };
const terminal = createTerminal(process.stdout, process.stderr, { noColour: Boolean(variables['NO_COLOR']) });

process.exitCode = await createProgram(commandDeps()).run(process.argv.slice(2));

function commandDeps(): CommandDeps {
  return {
    version: packageJson.version,
    terminal,
    now: () => Date.now(),
    interrupted: interrupt.signal,
    start: serve,
    async check() {
      goWhereMeant();
      const { check } = await import('./cli/check.ts');
      return check(configDir(), variables, terminal.write, workingDir, labelsOf);
    },
    configDir() {
      goWhereMeant();
      return configDir();
    },
    explain: explainFile,
    async config() {
      const { formatMistake } = await import('./config/messages.ts');
      const { datasets, errors, warnings } = await loadConfiguration();
      return { datasets, errors: errors.map(formatMistake), warnings: warnings.map(formatMistake) };
    },
    holder: async () => readHolder(environment().dataDir),
    service: serviceAddress,
    async state() {
      const { askState } = await import('./cli/ask-state.ts');
      return askState(serviceAddress());
    },
    heedInterrupt,
    withJournal: beforeInterrupt(withJournal),
    async withScheduler(work) {
      if (readHolder(environment().dataDir) !== null) return this.withJournal(work);
      return beforeInterrupt(withOwnScheduler)(work);
    },
    dataDir: () => environment().dataDir,
    elasticsearch: () => environment().elasticsearch,
    kibana: () => environment().kibana,
    publicUrl: () => environment().publicUrl,
    async maskOf(name) {
      const { createMask } = await import('./log/mask.ts');
      const { secretsOfEnvironment } = await import('./config/secrets.ts');
      const { datasets } = await loadConfiguration();
      const secrets = datasets.find(dataset => dataset.name === name)?.secrets ?? [];
      return createMask([...secrets, ...secretsOfEnvironment(variables)]).text;
    },
    async takers(path) {
      const { takesPath } = await import('./watch/names.ts');
      const { KeptFolders } = await import('./config/kept-folders.ts');
      const { datasets } = await loadConfiguration();
      const kept = new KeptFolders(environment().dataDir, () => datasets);
      return datasets.filter(dataset => takesPath(dataset, path, kept.of(dataset)));
    },
    async replay(journal, run) {
      const { replayRun } = await import('./operations/replay.ts');
      const { datasets } = await loadConfiguration();
      const dataset = datasets.find(({ name }) => name === run.dataset);
      return replayRun(run, { journal, dataset, dataDir: environment().dataDir, now: Date.now() });
    },
  };
}

/** `orchestrator start`: until a signal; a second one hurries. */
async function serve(): Promise<number> {
  const signals = catchSignals();
  heedEnvFile();
  const { findLauncher } = await import('./startup/launcher.ts');
  const launcher = findLauncher(variables, systemClock);
  const { startService } = await import('./service.ts');
  const logger = await openLog(process.stdout);
  const localLogger = await openLog(process.stdout, { elasticsearch: null });
  try {
    const service = await startService({
      environment: environmentHere(),
      version: packageJson.version,
      variables,
      logger,
      localLogger,
      notes,
      stopping: signals.stopping,
    });
    await untilStopped(service, logger, { launcher, signals });
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

function untilStopped(service: Service, logger: RootLogger, { launcher, signals }: Stops): Promise<void> {
  const { promise, resolve: end, reject } = Promise.withResolvers<void>();
  let stoppingSince: number | undefined;
  const stop = (why: string): void => {
    const { running, leaving } = service.going();
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince < (launcher?.repeatWithinMs ?? 0)) return;
      const isAny = running > leaving;
      logger.info(`${why} again: ${isAny ? 'what still runs is stopped and queued again' : 'stopping'}`);
      return service.hurry();
    }
    stoppingSince = performance.now();
    logger.info(`${why}: ${stoppingText({ running, leaving }, environmentHere().graceMs)}`);
    service.stop().then(end, reject);
  };
  signals.handOver(signal => stop(signal));
  launcher?.whenGone(() => stop('SIGTERM (what started this has ended)'));
  return promise;
}

/** From now on a signal to stop waits for the one who stops, so that a start is ended in order, too; `stopping` cuts it short. */
function catchSignals(): { stopping: AbortSignal; handOver(stop: (signal: string) => void): void } {
  const early: string[] = [];
  const stopping = new AbortController();
  let heed = (signal: string): void => {
    early.push(signal);
    stopping.abort();
  };
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      // The terminal has written ^C there.
      if (signal === 'SIGINT' && process.stdout.isTTY) process.stdout.write('\n');
      heed(signal);
    });
  }
  return {
    stopping: stopping.signal,
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
  goWhereMeant();
  const { startService } = await import('./service.ts');
  const logger = await openLog(process.stderr, { level: 'warn', terminal: true, stamp: 'time' });
  const { version } = packageJson;
  const service = await startService({ environment: environment(), version, variables, logger, isQuiet: true });
  interrupt.signal.addEventListener('abort', () => service.hurry());
  try {
    return await work(service.journal);
  } finally {
    await service.stop();
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

async function withJournal<T>(work: (journal: Journal) => Promise<T>): Promise<T> {
  const journal = openJournal(environment());
  try {
    return await work(journal);
  } finally {
    await journal.close();
  }
}

async function explainFile(file: string): Promise<number> {
  const { explainCommand } = await import('./cli/explain.ts');
  const { explain } = await import('./watch/explain.ts');
  const { KeptFolders } = await import('./config/kept-folders.ts');
  const { datasets } = await loadConfiguration();
  const kept = new KeptFolders(environment().dataDir, () => datasets);
  return withJournal(journal =>
    explainCommand({
      file,
      datasets,
      journal,
      explain: path => explain(path, datasets, journal, dataset => kept.of(dataset)),
      print: line => terminal.write(`${line}\n`),
    }),
  );
}

async function openLog(stream: NodeJS.WriteStream, others: Partial<LoggerOptions> = {}): Promise<RootLogger> {
  const { createLogger } = await import('./log.ts');
  const { secretsOfEnvironment } = await import('./config/secrets.ts');
  const { logLevel, logFormat, logElasticsearch, elasticsearch, telemetryRetention } = environmentHere();
  return createLogger({
    level: logLevel,
    terminal: logFormat === 'text',
    stamp: stampFor(stream),
    // What is no terminal has no isTTY at all.
    colour: Boolean(stream.isTTY) && !variables['NO_COLOR'],
    stream,
    elasticsearch: logElasticsearch === 'off' ? null : elasticsearch,
    makesTemplate: logElasticsearch === 'on',
    retention: telemetryRetention,
    secrets: secretsOfEnvironment(variables),
    ...others,
  });
}

function stampFor({ isTTY }: NodeJS.WriteStream): Stamp {
  if (isTTY) return 'time';
  return isJournal() ? 'priority' : 'date';
}

/** Whether standard output is systemd's journal, and not just that of who started this (systemd.exec(5)). */
function isJournal(): boolean {
  try {
    const { dev, ino } = fstatSync(1);
    return variables['JOURNAL_STREAM'] === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** By the address that a running one says it has: PORT may be 0, or set where it was started alone. */
function serviceAddress(): ServiceAddress {
  const { host, port, dataDir, auth } = environment();
  const listens = readHolder(dataDir)?.listens ?? { host, port };
  return { ...listens, token: auth === 'off' ? null : readToken(dataDir) };
}

/** Of the orchestrator that a command is about. Throws an OrchestratorError where none is here, and none is known elsewhere. */
function environment(): Environment {
  if (!goWhereMeant()) {
    throw new OrchestratorError(
      'never',
      `no dataset and no journal is in ${workingDir}, and none is known of an orchestrator that this user started elsewhere; go to its folder, or set DATA_DIR and CONFIG_DIR`,
    );
  }
  return environmentHere();
}

/** From now on settings are those of the orchestrator that is meant where none is here. False where there is none. */
function goWhereMeant(): boolean {
  if (isProject(workingDir, variables)) {
    heedEnvFile();
    return true;
  }
  const found = findWhereabouts(notes.folder, dataDir => readHolder(dataDir) !== null);
  if (found === null) return false;
  workingDir = found.workingDir;
  envFile = readEnvFile(workingDir);
  variables = { ...envFile.variables, ...process.env, ...found.variables };
  heedEnvFile();
  return true;
}

function environmentHere(): Environment {
  return parseEnvironment(variables, workingDir);
}

async function loadConfiguration(): Promise<Loaded> {
  goWhereMeant();
  const { loadDatasets } = await import('./config/load.ts');
  const { environmentPlaces } = await import('./config/places.ts');
  const settings = environmentHere();
  return loadDatasets(settings.configDir, variables, environmentPlaces(settings));
}

/** Of an image that an engine on this machine has; none where it doesn't answer soon. */
async function labelsOf(image: string): Promise<Record<string, string> | undefined> {
  const { labelsHere } = await import('./run/docker/image-labels.ts');
  return labelsHere(image, variables['DOCKER_HOST'] || null);
}

/** `check` reports a wrong environment itself, so it must not fail on it. */
function configDir(): string {
  return resolve(workingDir, variables['CONFIG_DIR'] || 'config');
}

/** By the user, whatever HOME a supervisor or sudo has left; a container may run as a uid that no account has. */
function homeFolder(): string {
  try {
    return userInfo().homedir;
  } catch {
    return process.env['HOME'] || '/nonexistent';
  }
}

/**
 * Settings that are there and can't be read are no settings that are not there: rows would go to the lake that are
 * meant for Elasticsearch.
 */
function heedEnvFile(): void {
  if (envFile.mistake !== null) throw new OrchestratorError('never', envFile.mistake);
}
