// Tries, as somebody who may only write into CONFIG_DIR, to become root by YAML: user 0, capabilities, mounts of / and
// of the engine's socket, host network, LD_PRELOAD, system folders, secrets of the orchestrator, labels of its
// containers, a policy of one's own.
import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import {
  makeFolder,
  removeFolder,
  startOrchestrator,
  type TestOrchestrator,
  withoutServices,
} from '../../orchestrator/e2e/harness.ts';
import { waitFor } from '../../orchestrator/testing/wait-for.ts';
import { asAttacker, ATTACKER } from './attacker.ts';

const IN = "WATCH_DIR: '{folder}/in'\nRUNNER: process\nLOAD: {target: lake}\n";
const SECRET = 'hunter22-of-root';

let folder: string;
let service: TestOrchestrator | undefined;
beforeEach(async () => {
  folder = await makeFolder({ good: IN }, 0o755);
  for (const name of ['in', 'swapped', 'victims', 'bin']) mkdirSync(join(folder, name));
  chownSync(join(folder, 'config'), ATTACKER, ATTACKER);
  writeFileSync(join(folder, 'victims/a.csv'), `A\n${SECRET}\n`, { mode: 0o600 });
});
afterEach(async () => {
  await service?.kill('SIGTERM');
  service = undefined;
  await removeFolder(folder);
});

const start = async () =>
  (service = await startOrchestrator(folder, { ...withoutServices(folder), DB_PASSWORD: SECRET }));

async function writeYaml(name: string, text: string): Promise<void> {
  await asAttacker(
    'printf %s "$2" > "$1"',
    join(folder, 'config', `${name}.yaml`),
    text.replaceAll('{folder}', folder),
  );
}

async function told(pattern: RegExp): Promise<void> {
  await waitFor(String(pattern), async () => pattern.test((await service?.output()) ?? ''), {
    timeoutMs: 20_000,
    tell: () => service?.output(),
  });
}

test('whatever would be root’s is a mistake that names the rule, and nothing of it is used', async () => {
  await start();
  const cases: ReadonlyArray<readonly [yaml: string, rule: string]> = [
    ["DOCKER_OPTIONS: {user: '0:0'}", 'users: []'],
    ['DOCKER_OPTIONS: {user: root}', 'users: []'],
    ['DOCKER_OPTIONS: {cap_add: [SYS_ADMIN]}', 'capabilities: []'],
    ["DOCKER_OPTIONS: {volumes: ['/:/host']}", 'never allowed'],
    ["DOCKER_OPTIONS: {volumes: ['/var/run/docker.sock:/s']}", 'volumes: !/var/run'],
    ["DOCKER_OPTIONS: {volumes: ['{folder}/no-engine.sock:/s']}", 'never allowed'],
    ["DOCKER_OPTIONS: {volumes: ['./config:/c']}", 'never allowed'],
    ["DOCKER_OPTIONS: {volumes: ['./data:/d']}", 'never allowed'],
    ["DOCKER_OPTIONS: {volumes: ['../:/up']}", 'never allowed'],
    ['DOCKER_OPTIONS: {network: host}', 'networks: [none, bridge]'],
    ["DOCKER_OPTIONS: {network: 'container:elasticsearch'}", 'networks: [none, bridge]'],
    ['DOCKER_OPTIONS: {labels: {orchestrator.instance: x}}', 'never allowed'],
    ['DOCKER_OPTIONS: {read_only: false}', 'writable_root: false'],
    ['DOCKER_OPTIONS: {gpus: all}', 'gpus: 0'],
    ['DOCKER_OPTIONS: {memory: 9999g}', 'limits.memory'],
    ['DOCKER_OPTIONS: {pids: 100000}', 'limits.pids'],
    ['WARM: 1000', 'limits.warm'],
    ['ENV: {LD_PRELOAD: /config/evil.so}', 'process_env: !LD_*'],
    ['ENV: {NODE_OPTIONS: --require=/config/evil.js}', 'process_env: !NODE_*'],
    ['RUNNER: docker\nENV: {NODE_OPTIONS: --require=/config/evil.cjs}', 'process_env: !NODE_*'],
    ["RUNNER: docker\nDOCKER_OPTIONS: {volumes: ['{folder}/swapped:/app/default-etl']}", 'never allowed'],
    ['RUNNER: process\nENV: {TRANSFORM: \'[{"module":"s.mjs"}]\'}', 'ENV.TRANSFORM would'],
    ['ENV: {LOAD: \'{"index":"somebody-elses"}\'}', 'ENV.LOAD would'],
    ['ENV: {CONNECTIONS_FILE: /config/mine.json}', 'ENV.CONNECTIONS_FILE is'],
    ['ENV: {A: "${DB_PASSWORD}"}', 'variables'],
    ['ENV: {A: "${ELASTICSEARCH_PASSWORD:-}", B: "${file:/proc/self/environ}"}', 'files'],
    ['BACKUP_FILE: true\nBACKUP_DIR: /etc/cron.d', 'folders: !/etc'],
    ['QUARANTINE_DIR: ./config', 'never allowed'],
    ['BACKUP_FILE: true\nBACKUP_DIR: .', 'never allowed'],
  ];
  for (const [at, [yaml]] of cases.entries()) await writeYaml(`case-${at}`, `WATCH_DIR: ./in\n${yaml}\n`);
  await writeYaml('root', 'WATCH_DIR: /root/.ssh\n');
  await writeYaml('etc', 'WATCH_DIR: /etc\nBACKUP_FILE: true\n');
  await writeYaml('all', 'WATCH_DIR: /\n');
  for (const [at, [, rule]] of cases.entries())
    await told(new RegExp(`case-${at}\\.yaml:\\d+:\\d+: [^\\n]*${rule.replaceAll(/[[\]*!.]/g, String.raw`\$&`)}`));
  for (const name of ['root', 'etc', 'all']) await told(new RegExp(`config/${name}\\.yaml:1:12: WATCH_DIR: `));
  const output = (await service?.output()) ?? '';
  assert.ok(!output.includes(SECRET));
  assert.equal(existsSync('/etc/cron.d/case-26'), false);
});

test('a WATCH_DIR that becomes a link to what is root’s is not looked into', async () => {
  await start();
  chownSync(join(folder, 'swapped'), ATTACKER, ATTACKER);
  await writeYaml('swapped', `${IN.replace('/in', '/swapped/in')}BACKUP_FILE: true\n`);
  await waitFor('it was made', async () => existsSync(join(folder, 'swapped/in')));
  for (const target of [join(folder, 'victims'), '/etc', join(folder, 'data/runs')]) {
    rmSync(join(folder, 'swapped/in'), { recursive: true, force: true });
    await asAttacker('ln -s "$2" "$1/swapped/in"', folder, target);
    await writeYaml('swapped', `${IN.replace('/in', '/swapped/in')}BACKUP_FILE: true\nPRIORITY: ${target.length}\n`);
  }
  writeFileSync(join(folder, 'in/a.csv'), 'A\n1\n');
  await service!.waitForRuns('dataset=good', runs => runs.some(({ state }) => state === 'done'));
  assert.deepEqual(await service!.runs('dataset=swapped'), []);
  assert.deepEqual(readdirSync(join(folder, 'victims')), ['a.csv']);
});

test('a program that others can write is not run by root, nor one that they put in its place', async () => {
  const program = join(folder, 'bin/load.sh');
  writeFileSync(program, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  await start();
  await writeYaml('program', `${IN.replace('/in', '/swapped')}COMMAND: ./bin/load.sh\nRETRIES: 0\n`);
  await waitFor('it is watched', async () =>
    JSON.stringify(await service!.get('/api/datasets')).includes('"name":"program"'),
  );
  chownSync(join(folder, 'bin'), ATTACKER, ATTACKER);
  await asAttacker(
    'cd "$1/bin" && mv load.sh old && printf "#!/bin/sh\\nid > $1/swapped/owned\\n" > load.sh && chmod 755 load.sh',
    folder,
  );
  writeFileSync(join(folder, 'swapped/a.csv'), 'A\n1\n');
  const [run] = await service!.waitForRuns('dataset=program', runs => runs.some(({ endedAt }) => endedAt !== null));
  assert.match(run?.error ?? '', /COMMAND .+load\.sh is not run by root: .+ can be written by uid 1234/);
  assert.equal(existsSync(join(folder, 'swapped/owned')), false);
});

test('a policy that the attacker could write is none: nothing starts; while running the former goes on', async () => {
  const policy = join(folder, 'policy.yaml');
  writeFileSync(policy, "users: ['0:0']\n");
  chownSync(policy, ATTACKER, ATTACKER);
  await assert.rejects(start(), /nothing is started without a policy to go by: policy\.yaml:1:1: .+ uid 1234/);
  rmSync(policy);
  await start();
  await writeYaml('mine', "WATCH_DIR: ./in\nDOCKER_OPTIONS: {user: '0:0'}\n");
  await told(/mine\.yaml:2:24: DOCKER_OPTIONS\.user: 0:0 is not allowed by the default policy/);
  chownSync(folder, ATTACKER, ATTACKER);
  await asAttacker(`printf "users: ['0:0']" > "$1/policy.yaml"`, folder);
  await told(/policy\.yaml:1:1: .+; the former policy goes on/);
  chownSync(folder, 0, 0);
  rmSync(policy);
  symlinkSync(join(folder, 'config/policy'), policy);
  await asAttacker(`printf "users: ['0:0']" > "$1/config/policy"`, folder);
  await told(/policy\.yaml:1:1: .+ it is in CONFIG_DIR.+; the former policy goes on/);
  assert.match(JSON.stringify(await service!.get('/api/datasets')), /"name":"mine","watchDir":null/);
});
