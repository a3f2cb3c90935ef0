import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { announce } from './command.ts';
import { bringUpDocker, stopDocker } from './docker-engine.ts';
import { endElasticsearch, freePort, type Running, startElasticsearch } from './elasticsearch.ts';
import { isElasticsearchReady } from './elasticsearch-local.ts';
import { isAlive, type ProcessMark } from './process.ts';

const USUAL_PORT = 9200;
const BUSY_LIMIT_MS = 60_000;

export interface Services {
  /** ELASTICSEARCH_NODE and DOCKER_HOST. */
  environment: { ELASTICSEARCH_NODE: string; DOCKER_HOST: string };
  /** What we started; the rest ran before and is left alone. */
  started: Started;
}

export interface Started {
  docker: ProcessMark | null;
  elasticsearch: { running: Running; url: string } | null;
}

/** A Docker Engine and an Elasticsearch: what `env` names, else what runs here, else what is installed and started now. */
export async function bringUpServices(env: NodeJS.ProcessEnv): Promise<Services> {
  const docker = await bringUpDocker(env);
  const elasticsearch = await bringUpElasticsearch(env).catch(async (error: unknown) => {
    if (docker.process) await stopDocker(docker.process);
    throw error;
  });
  return {
    environment: { ELASTICSEARCH_NODE: elasticsearch.url, DOCKER_HOST: docker.host },
    started: { docker: docker.process, elasticsearch: elasticsearch.started },
  };
}

/** Stops what we started, and nothing else. */
export async function stopServices({ docker, elasticsearch }: Started): Promise<void> {
  if (elasticsearch) await endElasticsearch(elasticsearch.running);
  if (docker) await stopDocker(docker);
}

async function bringUpElasticsearch(
  env: NodeJS.ProcessEnv,
): Promise<{ url: string; started: Started['elasticsearch'] }> {
  const named = env['ELASTICSEARCH_NODE'];
  if (named) {
    if (!(await isElasticsearchReady(named, env['ELASTICSEARCH_PASSWORD']))) {
      throw new Error(
        `ELASTICSEARCH_NODE is ${named}, and no Elasticsearch answers there; start it, or unset the variable`,
      );
    }
    return { url: named, started: null };
  }
  const running = readStarted()?.elasticsearch;
  if (running && (await isStillReady(running))) return { url: running.url, started: null };
  announce('no Elasticsearch is named: starting one…');
  const server = await startElasticsearch({ port: await usualPort() });
  return { url: server.url, started: { running: server.running, url: server.url } };
}

/** One that is only busy is waited for: a second one would keep it busier. */
async function isStillReady({ running, url }: NonNullable<Started['elasticsearch']>): Promise<boolean> {
  const until = Date.now() + BUSY_LIMIT_MS;
  do {
    if (await isElasticsearchReady(url)) return true;
  } while (running.kind === 'process' && running.mark && isAlive(running.mark) && Date.now() < until);
  return false;
}

/** 9200 where nobody has it. */
async function usualPort(): Promise<number> {
  return freePort(USUAL_PORT).catch(() => freePort());
}

/** What a developer's `up` left running. */
export function readStarted(): Started | undefined {
  return existsSync(stateFile()) ? (JSON.parse(readFileSync(stateFile(), 'utf8')) as Started) : undefined;
}

export function writeStarted(started: Started): void {
  writeFileSync(stateFile(), JSON.stringify(started));
}

export function forgetStarted(): void {
  rmSync(stateFile(), { force: true });
}

function stateFile(): string {
  return join(cacheFolder(), 'services.json');
}
