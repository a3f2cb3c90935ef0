import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { waitFor } from '../../orchestrator/testing/wait-for.ts';
import { fixture } from '../fixtures.ts';
import { dockerClient } from '../services/docker-client.ts';
import { provideElasticsearchImage } from './elasticsearch-image.ts';
import { type ComposeProject, makeProject } from './project.ts';

const WEATHER = `WATCH_DIR: /app/data/in/weather
RUNNER: docker
LOAD: { target: elasticsearch, index: weather }
`;
const ROWS = 1_461;

/** All of docker-compose.yml but Kibana and what sets its password, for which Maven Central's server lacks a module. */
const SERVICES = ['elasticsearch', 'default-etl', 'orchestrator'];

const docker = dockerClient();
let project: ComposeProject;

before(async () => {
  const image = await provideElasticsearchImage(docker, process.env['BASE_IMAGE'] || undefined);
  project = await makeProject(image, { 'weather.yaml': WEATHER });
});
after(async () => {
  await project.remove();
  assert.deepEqual(await containersOfProject(), []);
});

test('without a password in .env nothing starts, and the message says what to do', async () => {
  const settings = join(project.folder, '.env');
  const kept = `${settings}.kept`;
  cpSync(settings, kept);
  writeFileSync(settings, '');
  await assert.rejects(project.compose('config'), /set ELASTIC_PASSWORD in \.env, see \.env\.example/);
  cpSync(kept, settings);
  rmSync(kept);
});

const LIMITS = { timeoutMs: 90_000, tell: () => project.compose('logs', '--no-color', 'orchestrator') };

test('a file copied into a watched folder of the composed services becomes documents, by a container in a network with Elasticsearch and without the orchestrator', async () => {
  await project.compose('up', '-d', ...SERVICES);
  await waitFor(
    'the orchestrator is healthy',
    async () => (await stateOf('orchestrator')).includes('(healthy)'),
    LIMITS,
  );

  const folder = join(project.folder, 'data/in/weather');
  mkdirSync(folder, { recursive: true });
  cpSync(await fixture('seattle-weather.csv'), join(folder, 'seattle-weather.csv'));

  await waitFor('the run is done', async () => (await runs())[0]?.state === 'done', LIMITS);
  const [run] = await runs();
  assert.equal(run?.rowsLoaded, ROWS);
  await asElastic('/weather/_refresh', 'POST');
  assert.equal((await asElastic('/weather/_count')).count, ROWS);
  assert.deepEqual(await servicesIn(`${project.network}-runs`), ['elasticsearch']);
  const log = await project.compose('logs', '--no-color', 'orchestrator');
  assert.doesNotMatch(log, /set RUN_NETWORK|set RUNTIME_DIR/);
});

test('a browser is signed in by the link that the service prints, and not before', async () => {
  const page = `${project.orchestratorUrl}/api/datasets`;
  assert.equal((await fetch(page)).status, 401);
  const link = new URL((await project.compose('exec', '-T', 'orchestrator', 'orchestrator', 'sign-in')).trim());
  assert.equal(link.origin, project.orchestratorUrl);
  const body = JSON.stringify({ code: link.hash.slice(1) });
  const headers = { 'content-type': 'application/json' };
  const signedIn = await fetch(`${link.origin}/api/sign-in`, { method: 'POST', headers, body });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  assert.equal((await fetch(page, { headers: { cookie } })).status, 200);
});

/** Services of the project with a container in the network. */
async function servicesIn(network: string): Promise<string[]> {
  const containers = await docker.listContainers({ filters: { network: [network] } });
  return containers.flatMap(({ Labels }) => Labels['com.docker.compose.service'] ?? []).toSorted();
}

interface Answer {
  count?: number;
}

async function asElastic(path: string, method = 'GET'): Promise<Answer> {
  const headers = { authorization: `Basic ${btoa(`elastic:${project.password}`)}` };
  const response = await fetch(`${project.elasticsearchUrl}${path}`, { method, headers });
  const text = await response.text();
  assert.ok(response.ok, text);
  return JSON.parse(text) as Answer;
}

interface Run {
  state: string;
  rowsLoaded: number | null;
}

async function runs(): Promise<Run[]> {
  const token = (await project.compose('exec', '-T', 'orchestrator', 'cat', '/app/data/token')).trim();
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${project.orchestratorUrl}/api/runs?dataset=weather`, { headers });
  return ((await response.json()) as { items: Run[] }).items;
}

async function containersOfProject(): Promise<string[]> {
  const label = `com.docker.compose.project=${project.folder.split('/').at(-1)!.toLowerCase()}`;
  return (await docker.listContainers({ all: true, filters: { label: [label] } })).map(({ Names }) => Names.join());
}

/** What the engine says of a service, such as `Up 5 seconds (healthy)`. */
async function stateOf(service: string): Promise<string> {
  const containers = await docker.listContainers({
    all: true,
    filters: { label: [`com.docker.compose.service=${service}`] },
  });
  const names = new Set(await containersOfProject());
  return containers.find(({ Names }) => names.has(Names.join()))?.Status ?? 'not there';
}
