import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { installPackages } from './apt.ts';
import { cacheFolder } from './cache.ts';
import { announce, hasCommand, isExecutable, lastLines } from './command.ts';
import { isAlive, type ProcessMark, startDaemon, stopProcess, until } from './process.ts';

const SOCKET = '/var/run/docker.sock';

export interface DockerEngine {
  /** For DOCKER_HOST. */
  host: string;
  /** The engine we started, or null where it ran already. */
  process: ProcessMark | null;
}

/** The engine that DOCKER_HOST names or that runs here; else one is installed and started. */
export async function bringUpDocker(env: NodeJS.ProcessEnv): Promise<DockerEngine> {
  if (env['DOCKER_HOST']) return namedEngine(env['DOCKER_HOST']);
  const host = `unix://${SOCKET}`;
  if (await answers()) return { host, process: null };
  if (process.getuid?.() !== 0) {
    throw new Error(
      'no Docker Engine answers, and only root can start one; start it, or set DOCKER_HOST, and try again',
    );
  }
  if (!hasCommand('dockerd')) await installPackages(['docker.io', 'iptables'], 'no Docker Engine answers');
  // Where an init system runs, installing starts it.
  if (await until(answers, 1_000)) return { host, process: null };
  return { host, process: await startEngine() };
}

/** Stops the engine and what runs in it. */
export async function stopDocker(engine: ProcessMark): Promise<void> {
  await stopProcess(engine, 30_000);
}

async function namedEngine(host: string): Promise<DockerEngine> {
  try {
    await new Docker().ping(); // dockerode reads DOCKER_HOST itself
  } catch (cause) {
    throw new Error(`DOCKER_HOST is ${host}, and no engine answers there; start it, or unset DOCKER_HOST`, { cause });
  }
  return { host, process: null };
}

async function answers(): Promise<boolean> {
  return new Docker({ socketPath: SOCKET }).ping().then(
    () => true,
    () => false,
  );
}

/** Kernels differ in what they can: the best choice first, then what asks for less. */
async function startEngine(): Promise<ProcessMark> {
  const logFile = join(cacheFolder(), 'dockerd.log');
  for (const driver of ['overlay2', 'vfs']) {
    for (const tables of ['nft', 'legacy'] as const) {
      announce(`no Docker Engine answers: starting dockerd (storage ${driver}, iptables ${tables}; log: ${logFile})…`);
      const engine = await tryEngine(driver, tables, logFile);
      if (engine) return engine;
    }
  }
  throw new Error(`dockerd can't be started:\n${lastLines(readFileSync(logFile, 'utf8'), 5)}\nsee ${logFile}`);
}

async function tryEngine(driver: string, tables: 'nft' | 'legacy', logFile: string): Promise<ProcessMark | undefined> {
  rmSync('/var/run/docker.pid', { force: true });
  const engine = startDaemon({
    command: 'dockerd',
    args: ['--storage-driver', driver],
    env: { ...process.env, PATH: `${tables === 'legacy' ? legacyTables() : ''}${process.env['PATH']}` },
    logFile,
    cwd: '/',
  });
  let isUp = false;
  await until(async () => {
    isUp = await answers();
    return isUp || !isAlive(engine);
  }, 60_000);
  if (isUp) return engine;
  await stopProcess(engine, 5_000);
  return undefined;
}

/** Kernels without nf_tables: a folder to put before the PATH, so that the machine's own choice stays as it is. */
function legacyTables(): string {
  const folder = join(cacheFolder(), 'iptables-legacy');
  mkdirSync(folder, { recursive: true });
  for (const name of ['iptables', 'ip6tables']) {
    const program = `/usr/sbin/${name}-legacy`;
    rmSync(join(folder, name), { force: true });
    if (isExecutable(program)) symlinkSync(program, join(folder, name));
  }
  return `${folder}:`;
}
