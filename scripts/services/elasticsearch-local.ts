import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElasticsearchServer, ServerOptions } from './elasticsearch.ts';
import { elasticsearchHome } from './elasticsearch-archive.ts';
import { lastLines, runCommand } from './command.ts';
import { findJava } from './jdk.ts';
import { isAlive, type ProcessMark, startDaemon, stopProcess, until } from './process.ts';

/** Elasticsearch refuses to run as root: `nobody` does where we are root, else we ourselves. */
const NOBODY = 65534;

const READY_LIMIT_MS = 180_000;

/** An installation and the folder of one server: config, data, logs. */
interface Place {
  home: string;
  java: string;
  folder: string;
}

/** Starts a server of its own data and port as a process of this machine. About 10 s. */
export async function startLocalElasticsearch(options: ServerOptions): Promise<ElasticsearchServer> {
  const place = await prepare(options);
  const url = `http://127.0.0.1:${options.port}`;
  const start = async (): Promise<ProcessMark> => {
    const mark = launch(place, options);
    await waitUntilReady(mark, url, options.password, join(place.folder, 'server.log'));
    return mark;
  };
  let mark: ProcessMark | null = await start();
  const server: ElasticsearchServer = {
    url,
    get running() {
      return { kind: 'process' as const, mark, folder: place.folder };
    },
    async stop() {
      if (mark) await stopProcess(mark, 20_000);
      mark = null;
    },
    async start() {
      mark ??= await start();
    },
    async remove() {
      await server.stop();
      rmSync(place.folder, { recursive: true, force: true });
    },
  };
  return server;
}

async function prepare(options: ServerOptions): Promise<Place> {
  const [home, java] = await Promise.all([elasticsearchHome(), findJava(process.env)]);
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-elasticsearch-'));
  chmodSync(folder, 0o755);
  cpSync(join(home, 'config'), join(folder, 'config'), { recursive: true });
  withoutGcLog(join(folder, 'config/jvm.options'));
  for (const name of ['data', 'logs', 'tmp']) mkdirSync(join(folder, name));
  const place = { home, java, folder };
  if (options.password) await setPassword(place, options.password);
  if (process.getuid?.() === 0) giveToNobody(folder);
  return place;
}

function giveToNobody(folder: string): void {
  for (const path of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]) {
    chownSync(join(folder, path), NOBODY, NOBODY);
  }
}

/** The default options write a log into the program's folder, which is not the server's to write. */
function withoutGcLog(file: string): void {
  const lines = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, lines.filter(line => !line.includes('-Xlog:gc')).join('\n'));
}

/** The password of `elastic`, in the keystore as the server wants it. */
async function setPassword(place: Place, password: string): Promise<void> {
  const keystore = join(place.home, 'bin/elasticsearch-keystore');
  await runCommand(keystore, ['create'], { env: environmentOf(place) });
  await runCommand(keystore, ['add', '-x', '-f', 'bootstrap.password'], { env: environmentOf(place), input: password });
}

function launch(place: Place, { port, heapMb, password }: ServerOptions): ProcessMark {
  const settings = {
    'discovery.type': 'single-node',
    'xpack.security.enabled': String(password !== undefined),
    'cluster.routing.allocation.disk.threshold_enabled': 'false',
    'action.destructive_requires_name': 'false',
    'network.host': '127.0.0.1',
    'http.port': String(port),
    'path.data': join(place.folder, 'data'),
    'path.logs': join(place.folder, 'logs'),
  };
  return startDaemon({
    command: join(place.home, 'bin/elasticsearch'),
    args: Object.entries(settings).flatMap(([key, value]) => ['-E', `${key}=${value}`]),
    env: { ...process.env, ...environmentOf(place), ES_JAVA_OPTS: `-Xms${heapMb}m -Xmx${heapMb}m` },
    logFile: join(place.folder, 'server.log'),
    cwd: place.folder,
    ...(process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
  });
}

function environmentOf({ java, folder }: Place): Record<string, string> {
  return { ES_JAVA_HOME: java, ES_PATH_CONF: join(folder, 'config'), ES_TMPDIR: join(folder, 'tmp'), HOME: folder };
}

async function waitUntilReady(
  mark: ProcessMark,
  url: string,
  password: string | undefined,
  log: string,
): Promise<void> {
  let isReady = false;
  await until(async () => {
    isReady = await isElasticsearchReady(url, password);
    return isReady || !isAlive(mark);
  }, READY_LIMIT_MS);
  if (isReady) return;
  await stopProcess(mark, 5_000);
  throw new Error(`Elasticsearch at ${url} didn't start:\n${lastLines(readFileSync(log, 'utf8'), 10)}\nsee ${log}`);
}

/** Whether the server answers and its cluster works. `GET /` is no test: the server of Maven Central has no such answer. */
export async function isElasticsearchReady(url: string, password?: string): Promise<boolean> {
  const headers = password ? { authorization: `Basic ${btoa(`elastic:${password}`)}` } : {};
  try {
    const response = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=5s`, {
      headers,
      signal: AbortSignal.timeout(6_000),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
