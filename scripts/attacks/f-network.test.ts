// Tries to reach the API, other services of this machine's loopback and other containers from inside of a run's
// container, on every address of the host.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from '../../orchestrator/e2e/harness.ts';
import { elasticsearchNode } from '../../orchestrator/e2e/index.ts';
import { makeTestImage } from '../../orchestrator/run/testing/image.ts';
import { dockerClient } from '../services/docker-client.ts';

const IMAGE = 'orchestrator-attack-network:1';
const docker = dockerClient();
const bystander = createServer((_, response) => response.end('bystander on loopback'));
/** Asks each address that the file names, and Elasticsearch, and says what came back. */
const ASK = `ask() {
  { exec 3<>"/dev/tcp/$1/$2"; } 2>/dev/null || return
  printf 'GET %s HTTP/1.0\\r\\nHost: %s:%s\\r\\nAuthorization: Bearer %s\\r\\n\\r\\n' "$3" "$1" "$2" "$4" >&3
  head -n 1 <&3 | tr -d '\\r'
  exec 3>&-
}
while read -r host port path token; do
  echo "$host:$port $(ask "$host" "$port" "$path" "$token")"
done < "$FILE"
node=\${ELASTICSEARCH_NODE#http://}
echo "elasticsearch $(ask "\${node%:*}" "\${node#*:}" /_cluster/health)"
`;

let folder: string;
let orchestrator: TestOrchestrator;

before(async () => {
  await makeTestImage(docker, IMAGE);
  bystander.listen(0, '127.0.0.1');
  await once(bystander, 'listening');
  folder = await makeFolder({
    scan: `WATCH_DIR: '{folder}/scan'
DOCKER_IMAGE: ${IMAGE}
DOCKER_OPTIONS: {pull: never, entrypoint: [/bin/bash, /config/ask.sh]}
LOAD: {target: elasticsearch}
TIMEOUT: 60s
RETRIES: 0
`,
  });
  await mkdir(join(folder, 'scan'));
  await mkdir(join(folder, 'config', 'scan'));
  await writeFile(join(folder, 'config', 'scan', 'ask.sh'), ASK);
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  await removeFolder(folder);
  bystander.close();
  await docker.getImage(IMAGE).remove({ force: true });
});

/** First lines of what a run's container got, by the address that it asked. */
async function scan(name: string): Promise<Record<string, string>> {
  const apiPort = new URL(orchestrator.url).port;
  const { port } = bystander.address() as AddressInfo;
  const addresses = Object.values(networkInterfaces())
    .flatMap(all => all ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address }) => address);
  const gateways = ['172.17.0.1', '172.18.0.1', '172.19.0.1', '172.20.0.1'];
  const hosts = [...new Set(['127.0.0.1', '127.0.0.2', '0.0.0.0', 'localhost', ...addresses, ...gateways])];
  const lines = hosts.flatMap(host => [
    `${host} ${apiPort} /api/health -`,
    `${host} ${apiPort} /api/runs ${orchestrator.token}`,
    `${host} ${port} / -`,
  ]);
  await writeFile(join(folder, 'scan', name), `${lines.join('\n')}\n`);
  const [run] = await orchestrator.waitForRuns(`dataset=scan&file=${name}`, runs => runs[0]?.endedAt != null);
  assert.equal(run?.state, 'done', run?.error ?? '');
  const log = await orchestrator.logOf(run.id);
  const answers = log
    .trim()
    .split('\n')
    .map(line => line.split(/ (.*)/, 2) as [string, string]);
  return Object.fromEntries(answers.filter(([, answer]) => answer));
}

test('from a run’s container Elasticsearch answers, and nothing else of this machine’s loopback, the API included', async () => {
  orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: elasticsearchNode() });
  const answers = await scan('loopback.csv');
  assert.deepEqual(Object.keys(answers), ['elasticsearch']);
  assert.match(answers['elasticsearch'] as string, /^HTTP.* 200/);
  await orchestrator.kill('SIGTERM');
});

test('an API that listens on every address gives a run’s container no answer, not even with the token', async () => {
  orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: elasticsearchNode(), HOST: '0.0.0.0' });
  const answers = await scan('everywhere.csv');
  for (const [address, answer] of Object.entries(answers)) {
    if (address !== 'elasticsearch') assert.match(answer, /^HTTP\/1\.\d 403/, address);
  }
  await orchestrator.kill('SIGTERM');
});
