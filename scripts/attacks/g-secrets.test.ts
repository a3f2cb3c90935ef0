// Tries to see what the orchestrator connects to Elasticsearch with: an image that was given nothing, docker inspect,
// another user's look at files and processes.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from '../../orchestrator/e2e/harness.ts';
import { elasticsearchNode, openIndex } from '../../orchestrator/e2e/index.ts';
import { makeTestImage } from '../../orchestrator/run/testing/image.ts';
import { waitFor } from '../../orchestrator/testing/wait-for.ts';
import { dockerClient } from '../services/docker-client.ts';

const IMAGE = 'orchestrator-attack-secrets:1';
const INDEX = 'attack-secrets';
const SECRET = 'pa55word-of-the-target';
const docker = dockerClient();
// The server here has no security, so it takes any user.
const NODE = elasticsearchNode().replace('://', `://url-user:url-${SECRET}@`);
/** What an image finds that looks everywhere; it waits where the test wants to look at it. */
const LOOK = `declare -x; tr '\\000' '\\n' < /proc/1/environ; cat /run/connections.json /proc/self/mountinfo; cat "$CONNECTIONS_FILE"
while [ -e /data/hold ]; do sleep 0.1; done
`;

let folder: string;
let orchestrator: TestOrchestrator;

before(async () => {
  await makeTestImage(docker, IMAGE);
  const image = `WATCH_REGEX: 'csv$'
DOCKER_IMAGE: ${IMAGE}
DOCKER_OPTIONS: {pull: never, entrypoint: [/bin/bash, /config/look.sh]}
`;
  folder = await makeFolder({
    given: `WATCH_DIR: '{folder}/given'\n${image}LOAD: {target: elasticsearch}\n`,
    stranger: `WATCH_DIR: '{folder}/stranger'\n${image}`,
    own: `WATCH_DIR: '{folder}/own'\nRUNNER: docker\nLOAD: {index: ${INDEX}}\n`,
  });
  for (const name of ['given', 'stranger', 'own']) await mkdir(join(folder, name));
  for (const name of ['given', 'stranger']) {
    await mkdir(join(folder, 'config', name));
    await writeFile(join(folder, 'config', name, 'look.sh'), LOOK);
  }
  orchestrator = await startOrchestrator(folder, {
    ELASTICSEARCH_NODE: NODE,
    ELASTICSEARCH_USERNAME: 'target-user',
    ELASTICSEARCH_PASSWORD: SECRET,
    RUN_KEYS: 'off',
  });
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  await openIndex(INDEX).drop();
  await removeFolder(folder);
  await docker.getImage(IMAGE).remove({ force: true });
});

async function arrive(dataset: string): Promise<void> {
  await writeFile(join(folder, dataset, 'a.csv'), 'a\n1\n');
}

async function logOf(dataset: string): Promise<string> {
  const [run] = await orchestrator.waitForRuns(`dataset=${dataset}`, runs => runs[0]?.endedAt != null);
  return orchestrator.logOf(run!.id);
}

/** The container of a dataset, once it runs. */
async function containerOf(dataset: string): Promise<string> {
  let id: string | undefined;
  await waitFor(`a container of ${dataset}`, async () => {
    const filters = { label: [`orchestrator.dataset=${dataset}`], status: ['running'] };
    [id] = (await docker.listContainers({ filters })).map(({ Id }) => Id);
    return id !== undefined;
  });
  return id as string;
}

test('an image whose dataset asks for no connections finds none', async () => {
  await arrive('stranger');
  const log = await logOf('stranger');
  assert.match(log, /DATASET=stranger/);
  assert.doesNotMatch(log, /ELASTICSEARCH_|CONNECTIONS_FILE=|\/run\/connections\.json .* tmpfs|target-user|pa55word/);
});

test('an image that is given them has them in a file alone: neither docker inspect nor another user sees a secret', async () => {
  await writeFile(join(folder, 'given', 'hold'), '');
  await arrive('given');
  const container = docker.getContainer(await containerOf('given'));
  const seen = await container.inspect();
  assert.doesNotMatch(JSON.stringify(seen), /pa55word|target-user/);
  const { Source = '' } = seen.Mounts.find(({ Destination }) => Destination === '/run/connections.json') ?? {};
  const { ELASTICSEARCH_PASSWORD } = JSON.parse(readFileSync(Source, 'utf8')) as Record<string, string>;
  assert.equal(ELASTICSEARCH_PASSWORD, SECRET);
  const environ = readFileSync(`/proc/${seen.State.Pid}/environ`, 'utf8');
  assert.doesNotMatch(environ, /pa55word|target-user/);
  for (const uid of ['1234', '61201', seen.Config.User.split(':')[0] as string])
    assert.throws(
      () => execFileSync('setpriv', [`--reuid=${uid}`, '--clear-groups', 'cat', Source], { stdio: 'pipe' }),
      /denied/,
    );
  execFileSync('rm', [join(folder, 'given', 'hold')]);
  // What it prints itself of it is masked.
  assert.doesNotMatch(await logOf('given'), /pa55word/);
  assert.equal(existsSync(Source), false);
});

test('the default ETL loads with what its file says', async () => {
  await arrive('own');
  const [run] = await orchestrator.waitForRuns('dataset=own', runs => runs[0]?.endedAt != null);
  assert.deepEqual([run?.state, run?.rowsLoaded, run?.error], ['done', 1, null]);
});

test('no secret is in the log of the service, its journal or any file of DATA_DIR', async () => {
  assert.doesNotMatch(await orchestrator.output(), /pa55word/);
  const found = spawnSync('grep', ['-rlF', SECRET, join(folder, 'data')], { encoding: 'utf8' }).stdout.trim();
  assert.equal(found, '');
});
