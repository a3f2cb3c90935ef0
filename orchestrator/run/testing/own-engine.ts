import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { execa } from 'execa';
import { waitFor } from '../../testing/wait-for.ts';

/** A Docker Engine of a test's own, which it may stop, kill and let hang: containers have no network there. */
export interface OwnEngine {
  /** As DOCKER_HOST. */
  host: string;
  docker: Docker;
  /** It hangs, as one does that waits for its disk. */
  hang(): void;
  goOn(): void;
  /** Ends it, in order or not, and starts it again. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Ends it with all that runs in it, and removes what it has on disk. */
  remove(): Promise<void>;
}

const WITHIN_MS = 60_000;

/** Starts one, which only root can, with a data folder of its own. */
export async function startOwnEngine(): Promise<OwnEngine> {
  // A socket's path may have 107 bytes.
  const folder = await mkdtemp(join(tmpdir(), 'own-engine-'));
  const socketPath = join(folder, 'docker.sock');
  const host = `unix://${socketPath}`;
  const docker = new Docker({ socketPath });
  const log = openSync(join(folder, 'log'), 'a');
  let engine = await start();

  async function start(): Promise<ChildProcess> {
    const files = ['--data-root', 'root', '--exec-root', 'exec', '--pidfile', 'pid'].map(word =>
      word.startsWith('--') ? word : join(folder, word),
    );
    const network = ['--bridge', 'none', '--iptables=false', '--ip6tables=false'];
    // Without a bridge it removes `docker0`, which is the machine's engine's: it has a network namespace of its own.
    const command = ['--net', '--', 'dockerd', '--host', host, ...files, ...network];
    const started = spawn('unshare', command, { stdio: ['ignore', log, log] });
    started.on('error', () => {});
    const isUp = async () => {
      if (started.exitCode !== null) throw new Error(`dockerd ended: ${await readFile(join(folder, 'log'), 'utf8')}`);
      return docker.ping().then(
        () => true,
        () => false,
      );
    };
    await waitFor('the engine answers', isUp, { timeoutMs: WITHIN_MS });
    return started;
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ended = once(engine, 'exit');
    const containerd = await readFile(join(folder, 'exec', 'containerd', 'containerd.pid'), 'utf8');
    engine.kill('SIGCONT');
    engine.kill(signal);
    await ended;
    // It ends with its engine, and the next one would take it for its own.
    await waitFor('its containerd has ended', () => !existsSync(`/proc/${containerd.trim()}`));
  }

  return {
    host,
    docker,
    hang: () => void engine.kill('SIGSTOP'),
    goOn: () => void engine.kill('SIGCONT'),
    async restart(signal) {
      await end(signal);
      engine = await start();
    },
    async remove() {
      await end('SIGTERM');
      await unmountBelow(folder);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What a killed engine has mounted stays. */
async function unmountBelow(folder: string): Promise<void> {
  const mounted = (await readFile('/proc/mounts', 'utf8')).split('\n').map(line => line.split(' ')[1] ?? '');
  for (const path of mounted.filter(each => each.startsWith(folder)).toReversed()) await execa('umount', ['-l', path]);
}
