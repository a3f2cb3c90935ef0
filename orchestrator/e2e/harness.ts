// Drives the real program as its users do: a folder of YAML, watched folders, the HTTP API, signals.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '../clock.ts';
import { openSqliteJournal } from '../journal/sqlite/sqlite-journal.ts';
import { waitFor } from '../testing/wait-for.ts';

const bin = fileURLToPath(new URL('../bin.js', import.meta.url));

/** A run as /api/runs gives it. */
export interface ApiRun {
  id: string;
  dataset: string;
  file: string;
  state: string;
  attempt: number;
  rowsRead: number | null;
  rowsLoaded: number | null;
  rowsRejected: number | null;
  beside: number;
  toCheck: string[];
  seenAt: string;
  queuedAt: string | null;
  startedAt: string | null;
  endedAt: string | null;
  error: string | null;
}

/** An orchestrator in a folder of its own. */
export interface TestOrchestrator {
  folder: string;
  url: string;
  process: ChildProcess;
  /** Everything it has printed so far. */
  output(): Promise<string>;
  /** What the API wants from whoever asks. */
  token: string;
  /** As fetch(), with the token. */
  fetch(path: string, options?: RequestInit): Promise<Response>;
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  runs(query?: string): Promise<ApiRun[]>;
  /** Resolves with the runs of a query once `wanted` holds; fails with what there was after `timeoutMs`. */
  waitForRuns(query: string, wanted: (runs: ApiRun[]) => boolean, timeoutMs?: number): Promise<ApiRun[]>;
  /** Writes a file into the folder of a dataset's name, and resolves with its run when one more is done. */
  load(dataset: string, file: string, content: string): Promise<ApiRun>;
  /** Resolves when no file is still to be moved or removed, and that is written down. */
  disposed(): Promise<void>;
  /** Types a command of it in the folder. */
  command(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** What the attempts of a run have printed, as it is kept. */
  logOf(run: string): Promise<string>;
  /** Stops it with a signal and waits for its end. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

/**
 * A new folder with `config/` holding these datasets' YAML texts by name. `{folder}` in them is the folder's path. With
 * `mode` 0o755 others can enter it, as they can most folders of a server; of a file in one that is closed each run gets
 * a copy.
 */
export async function makeFolder(datasets: Record<string, string>, mode = 0o700): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-e2e-'));
  await chmod(folder, mode);
  await mkdir(join(folder, 'config'));
  for (const [name, yaml] of Object.entries(datasets)) await writeDataset(folder, name, yaml);
  return folder;
}

export async function writeDataset(folder: string, name: string, yaml: string): Promise<void> {
  await writeFile(join(folder, 'config', `${name}.yaml`), yaml.replaceAll('{folder}', folder));
}

/** Environment of an orchestrator that has neither Elasticsearch nor a Docker Engine. */
export function withoutServices(folder: string): Record<string, string> {
  return { ELASTICSEARCH_NODE: '', DOCKER_HOST: `unix://${folder}/no-engine.sock` };
}

/** Starts the program on such a folder and waits until its API answers. */
export async function startOrchestrator(
  folder: string,
  environment: Record<string, string> = {},
): Promise<TestOrchestrator> {
  const port = await freePort();
  const log = join(folder, 'orchestrator.log');
  const child = spawn(process.execPath, [bin, 'start'], {
    cwd: folder,
    env: {
      ...process.env,
      CONFIG_DIR: join(folder, 'config'),
      DATA_DIR: join(folder, 'data'),
      PORT: String(port),
      XDG_STATE_HOME: join(folder, 'state'),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const sink = createWriteStream(log, { flags: 'a' });
  child.stdout.pipe(sink, { end: false });
  child.stderr.pipe(sink, { end: false });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(`the API at ${url}`, async () => {
    if (child.exitCode !== null) throw new Error(`the orchestrator ended:\n${await readFile(log, 'utf8')}`);
    return fetch(`${url}/api/health`).then(
      () => true,
      () => false,
    );
  });
  const dataDir = environment['DATA_DIR'] ?? join(folder, 'data');
  const token = environment['AUTH'] === 'off' ? '' : (await readFile(join(dataDir, 'token'), 'utf8')).trim();
  return asOrchestrator({ folder, url, token, log }, child);
}

type Place = Pick<TestOrchestrator, 'folder' | 'url' | 'token'> & { log: string };

function asOrchestrator({ folder, url, token, log }: Place, child: ChildProcess): TestOrchestrator {
  const ask = (path: string, options: RequestInit = {}) => {
    const headers = new Headers(options.headers);
    if (token !== '') headers.set('authorization', `Bearer ${token}`);
    return fetch(url + path, { ...options, headers });
  };
  const get = async <T>(path: string) => asJson<T>(await ask(path));
  const runs = async (query = '') => (await get<{ items: ApiRun[] }>(`/api/runs?limit=1000&${query}`)).items;
  const waitForRuns: TestOrchestrator['waitForRuns'] = async (query, wanted, timeoutMs = 60_000) => {
    let last: ApiRun[] = [];
    const seen = async () => {
      last = await runs(query);
      return wanted(last);
    };
    const tell = async () => `${JSON.stringify(last, null, 1)}\n${await readFile(log, 'utf8')}`;
    await waitFor(`runs ${query}`, seen, { timeoutMs, tell });
    return last;
  };
  return {
    folder,
    url,
    token,
    process: child,
    fetch: ask,
    get,
    runs,
    waitForRuns,
    output: () => readFile(log, 'utf8'),
    post: async (path, body = {}) =>
      asJson(
        await ask(path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      ),
    async load(dataset, file, content) {
      const query = `dataset=${dataset}&state=done`;
      const loadedBefore = (await runs(query)).length;
      await writeFile(join(folder, dataset, file), content);
      const [run] = await waitForRuns(query, done => done.length > loadedBefore);
      return run as ApiRun;
    },
    async disposed() {
      const journal = openSqliteJournal({ path: join(folder, 'data/journal.sqlite'), clock: systemClock });
      await waitFor('the files to be moved or removed', async () => (await journal.intents()).length === 0);
      await journal.close();
    },
    async command(...args) {
      const env = {
        ...process.env,
        CONFIG_DIR: join(folder, 'config'),
        DATA_DIR: join(folder, 'data'),
        PORT: new URL(url).port,
      };
      const ended = promisify(execFile)(process.execPath, [bin, ...args], { cwd: folder, env });
      return ended.then(
        said => ({ ...said, code: 0 }),
        (error: { code: number; stdout: string; stderr: string }) => error,
      );
    },
    async logOf(run) {
      const logs = join(folder, 'data', 'logs', run);
      const texts = (await readdir(logs)).map(name => readFile(join(logs, name), 'utf8'));
      return (await Promise.all(texts)).join('');
    },
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exit = once(child, 'exit');
      child.kill(signal);
      const [code] = (await exit) as [number | null];
      return code;
    },
  };
}

/** Removes the folder; the orchestrator on it has been killed. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

async function asJson<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}
