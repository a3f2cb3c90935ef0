import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_IMAGE } from '../../orchestrator/config/default-image.ts';
import { dockerClient } from '../services/docker-client.ts';
import { measureChild, type Usage, watchPeak } from './child.ts';

const program = fileURLToPath(new URL('../../default-etl/bin.js', import.meta.url));

export interface EtlLoad {
  node: string;
  file: string;
  index: string;
  /** LOAD.types. */
  types: 'inferred' | 'text';
}

/** The default ETL as the process runner starts it. `nodeOptions`: for Node itself, such as --cpu-prof. */
export async function loadByProcess(load: EtlLoad, nodeOptions: string[] = []): Promise<Usage> {
  return await inFolder(workDir =>
    measureChild(process.execPath, [...nodeOptions, program, load.file], { env: environmentOf(load, workDir) }),
  );
}

/** The default ETL as the Docker runner starts it: a container is made, started, waited for and removed. */
export async function loadByContainer(load: EtlLoad): Promise<Usage> {
  return await inFolder(async workDir => {
    const container = await dockerClient().createContainer(containerOptions(load, workDir));
    let pid: number | undefined;
    const peak = watchPeak(() => pid);
    try {
      await container.start();
      pid = (await container.inspect()).State.Pid;
      const { StatusCode: code } = (await container.wait()) as { StatusCode: number };
      const output = (await container.logs({ stdout: true, stderr: true })).toString();
      if (code !== 0) throw new Error(`${DEFAULT_IMAGE} ended with ${code}: ${output.slice(-2000)}`);
      return { cpuSeconds: childTimes(output), peakMb: peak.megabytes() };
    } finally {
      peak.stop();
      await container.remove({ force: true });
    }
  });
}

/** A shell around it says at the end what CPU its child took: the container's own account goes with the container. */
const ACCOUNTED = ['sh', '-c', '"$@"; code=$?; times; exit $code', 'sh', 'node', '/app/default-etl/bin.js'];

function containerOptions(load: EtlLoad, workDir: string) {
  const { uid, gid } = statSync(load.file);
  const environment = { ...environmentOf(load, '/work'), FILE: `/data/${basename(load.file)}` };
  return {
    Image: DEFAULT_IMAGE,
    Entrypoint: ACCOUNTED,
    User: `${uid}:${gid}`,
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    HostConfig: {
      NetworkMode: 'host',
      Init: true,
      CapDrop: ['ALL'],
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'size=64m' },
      Binds: [`${dirname(load.file)}:/data:ro`, `${workDir}:/work`],
    },
  };
}

/** Second line of POSIX's `times`: `0m0.61s 0m0.14s`, user and system of the children. */
function childTimes(output: string): number {
  const found = [...output.matchAll(/(\d+)m([\d.]+)s (\d+)m([\d.]+)s/g)].at(-1);
  if (!found) throw new Error(`no CPU times in the output: ${output.slice(-500)}`);
  const [userMinutes, user, systemMinutes, system] = found.slice(1).map(Number) as [number, number, number, number];
  return (userMinutes + systemMinutes) * 60 + user + system;
}

function environmentOf({ node, index, types }: EtlLoad, workDir: string): Record<string, string> {
  const LOAD = JSON.stringify({ target: 'elasticsearch', index, types });
  return { ELASTICSEARCH_NODE: node, DATASET: index, LOAD, WORK_DIR: workDir };
}

async function inFolder<T>(action: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-bench-'));
  try {
    return await action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
