import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';

/** The engine that DOCKER_HOST names, else the usual socket. */
export function dockerClient(): Docker {
  return new Docker();
}

export async function hasImage(docker: Docker, name: string): Promise<boolean> {
  return (await imageLabels(docker, name)) !== undefined;
}

/** Labels of a local image; undefined where there is no such image. Throws where the engine is away. */
export async function imageLabels(docker: Docker, name: string): Promise<Record<string, string> | undefined> {
  try {
    return (await docker.getImage(name).inspect()).Config?.Labels ?? {};
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** Pulls an image. False where it can't be had within `limitMs`. */
export async function pullImage(docker: Docker, name: string, limitMs: number): Promise<boolean> {
  try {
    const stream = await docker.pull(name, { abortSignal: AbortSignal.timeout(limitMs) });
    await followProgress(docker, stream);
    return true;
  } catch {
    return false;
  }
}

/** Waits for the end of a build, pull or import; returns what it printed. Throws what it says went wrong. */
export async function followProgress(docker: Docker, stream: NodeJS.ReadableStream): Promise<string> {
  const events = await new Promise<ProgressEvent[]>((resolve, reject) => {
    docker.modem.followProgress(stream, (error, result) =>
      error ? reject(error) : resolve(result as ProgressEvent[]),
    );
  });
  const printed = events.map(event => event.stream ?? '').join('');
  const failure = events.find(event => event.error)?.error;
  if (failure) throw new Error(`${failure}\n${printed.split('\n').slice(-15).join('\n')}`);
  return printed;
}

interface ProgressEvent {
  stream?: string;
  error?: string;
}

/** A folder as a tar stream, owned by root. */
export function tarOf(folder: string): Readable {
  const tar = spawn('tar', ['-C', folder, '--owner=0', '--group=0', '-c', '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  tar.on('error', error => tar.stdout.destroy(error));
  tar.on('exit', code => {
    if (code) tar.stdout.destroy(new Error(`tar of ${folder} failed with exit code ${code}`));
  });
  return tar.stdout;
}
