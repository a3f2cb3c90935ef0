import type Docker from 'dockerode';
import type { ElasticsearchServer, ServerOptions } from './elasticsearch.ts';
import { isElasticsearchReady } from './elasticsearch-local.ts';
import { until } from './process.ts';

const READY_LIMIT_MS = 180_000;
const STOP_SECONDS = 20;

/** Starts a server of its own data and port as a container of an image that behaves as the official one. */
export async function startElasticsearchContainer(
  docker: Docker,
  image: string,
  options: ServerOptions,
): Promise<ElasticsearchServer> {
  const container = await docker.createContainer(containerOf(image, options));
  const url = `http://127.0.0.1:${options.port}`;
  const server: ElasticsearchServer = {
    url,
    running: { kind: 'container', id: container.id },
    async stop() {
      await unlessDone(container.stop({ t: STOP_SECONDS }));
    },
    async start() {
      await unlessDone(container.start());
      let isReady = false;
      await until(async () => {
        isReady = await isElasticsearchReady(url, options.password);
        return isReady || !(await container.inspect()).State.Running;
      }, READY_LIMIT_MS);
      if (isReady) return;
      const log = await container.logs({ stdout: true, stderr: true, tail: 10 });
      throw new Error(`Elasticsearch (${image}) at ${url} didn't start:\n${log.toString('utf8')}`);
    },
    remove: () => removeContainer(docker, container.id),
  };
  try {
    await server.start();
  } catch (error) {
    await server.remove();
    throw error;
  }
  return server;
}

/** Its data too. Harmless where it is gone. */
export async function removeContainer(docker: Docker, id: string): Promise<void> {
  await unlessDone(docker.getContainer(id).remove({ force: true, v: true }));
}

function containerOf(image: string, { port, heapMb, password }: ServerOptions): Docker.ContainerCreateOptions {
  return {
    Image: image,
    Labels: { 'orchestrator-etl.service': 'elasticsearch' },
    Env: [
      'discovery.type=single-node',
      `xpack.security.enabled=${password !== undefined}`,
      'xpack.security.http.ssl.enabled=false',
      'cluster.routing.allocation.disk.threshold_enabled=false',
      'action.destructive_requires_name=false',
      `ES_JAVA_OPTS=-Xms${heapMb}m -Xmx${heapMb}m`,
      ...(password === undefined ? [] : [`ELASTIC_PASSWORD=${password}`]),
    ],
    ExposedPorts: { '9200/tcp': {} },
    HostConfig: { PortBindings: { '9200/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] } },
  };
}

/** Stopped already, started already (304), or gone (404): as asked for. */
async function unlessDone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (![304, 404].includes((error as { statusCode?: number }).statusCode ?? 0)) throw error;
  }
}
