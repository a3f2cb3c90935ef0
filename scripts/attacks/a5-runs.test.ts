// As the uploader, and as the program that is run: reads the environment of a run and reaches into it through /proc,
// makes a run uid 0 by a link to root's file, reads the journal, the token, other runs and other datasets'
// configuration, and fills the disk; in a container and in a process.
import assert from 'node:assert/strict';
import { chown, link, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { execa } from 'execa';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from '../../orchestrator/e2e/harness.ts';
import { listProcesses, readUid } from '../../orchestrator/run/process/process-table.ts';
import { makeTestImage } from '../../orchestrator/run/testing/image.ts';
import { dockerClient } from '../services/docker-client.ts';
import { AS_ATTACKER, ATTACKER } from './attacker.ts';

const IMAGE = 'orchestrator-attack-runs:1';
const docker = dockerClient();
/** Says who it is and what it gets to see, and waits for the file named go where one is asked for. */
const LOOK = `exec 2>&1
echo "I am $(id -u):$(id -g):$(id -G)"
cat "$FILE" > /dev/null && echo "file is read from $FILE"
case $FILE_NAME in wait*) sleep 3;; full*) while :; do head -c 1000000 /dev/zero >> "$WORK_DIR/$((n += 1))" || break; sleep 0.01; done;; esac
for path in PLACES; do head -c 100 "$path" > /dev/null 2>&1 && echo "open: $path"; done
echo end`;

let folder: string;
let orchestrator: TestOrchestrator;

before(async () => {
  await makeTestImage(docker, IMAGE);
  folder = await makeFolder({
    process: `WATCH_DIR: '{folder}/process'
COMMAND: /bin/sh {folder}/config/process/look.sh
ENV: {PASSPHRASE: hunter22}
WORK_SIZE: 20m
RETRIES: 0
`,
    container: `WATCH_DIR: '{folder}/container'
DOCKER_IMAGE: ${IMAGE}
DOCKER_OPTIONS: {pull: never, network: none, entrypoint: [/bin/sh, /config/look.sh]}
ENV: {PASSPHRASE: hunter22}
WORK_SIZE: 20m
RETRIES: 0
`,
    other: "WATCH_DIR: '{folder}/other'\n",
  });
  const data = join(folder, 'data');
  const places = ['token', 'journal.sqlite', 'runs', 'logs'].map(name => join(data, name));
  const all = [
    ...places,
    join(folder, 'config', 'other.yaml'),
    '/etc/shadow',
    '/proc/1/environ',
    '/var/run/docker.sock',
  ];
  for (const name of ['process', 'container']) {
    // His folder, closed to all others.
    await mkdir(join(folder, name), { mode: 0o700 });
    await chown(join(folder, name), ATTACKER, ATTACKER);
    await mkdir(join(folder, 'config', name));
    await writeFile(join(folder, 'config', name, 'look.sh'), LOOK.replace('PLACES', all.join(' ')));
  }
  await mkdir(join(folder, 'other'));
  orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: '' });
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  await removeFolder(folder);
  await docker.getImage(IMAGE).remove({ force: true });
});

async function upload(dataset: string, name: string): Promise<void> {
  const path = join(folder, dataset, name);
  await writeFile(path, 'a,b\n1,2\n', { mode: 0o600 });
  await chown(path, ATTACKER, ATTACKER);
}

async function endOf(dataset: string, name: string): Promise<{ state: string; error: string | null; log: string }> {
  const [run] = await orchestrator.waitForRuns(`dataset=${dataset}&file=${name}`, runs => runs[0]?.endedAt != null);
  return { state: run?.state ?? '', error: run?.error ?? null, log: await orchestrator.logOf(run?.id ?? '') };
}

/** What the uploader gets of every process that is not his own. */
async function reachInto(): Promise<string> {
  const script = `for pid in /proc/[0-9]*; do cat $pid/environ; ls $pid/root/work $pid/cwd/; done 2>/dev/null | tr '\\0' '\\n'`;
  const { stdout } = await execa('setpriv', [...AS_ATTACKER, 'sh', '-c', script], {
    reject: false,
    env: {},
    extendEnv: false,
  });
  return String(stdout);
}

for (const dataset of ['process', 'container']) {
  test(`${dataset}: a run is neither its uploader nor root, reads the file that only he can, and sees nothing that is not its own`, async () => {
    await upload(dataset, 'a.csv');
    const { state, error, log } = await endOf(dataset, 'a.csv');
    assert.equal(state, 'done', error ?? '');
    const [, uid] = /I am (\d+):(\d+):\2\n/.exec(log) ?? [];
    assert.ok(Number(uid) >= 61_200 && Number(uid) <= 61_455, log);
    assert.match(log, /file is read from .*\/input\/a\.csv/);
    // In a container that is its own first process.
    assert.deepEqual(log.match(/(?<=open: ).*/g) ?? [], dataset === 'container' ? ['/proc/1/environ'] : []);
  });

  test(`${dataset}: the uploader can't look into a run that goes on`, async () => {
    await upload(dataset, 'wait.csv');
    await orchestrator.waitForRuns(`dataset=${dataset}&file=wait`, runs => runs[0]?.state === 'running');
    const isThere = () =>
      listProcesses().some(({ pid }) => (readUid(pid) ?? 0) >= 61_200 && (readUid(pid) ?? 0) <= 61_455);
    while (!isThere()) await orchestrator.runs();
    assert.doesNotMatch(await reachInto(), /hunter22|rejects|look\.sh/);
    assert.equal((await endOf(dataset, 'wait.csv')).state, 'done');
  });

  test(`${dataset}: a hard link to a file of root's makes no run root`, async () => {
    const victim = join(folder, `victim-${dataset}`);
    await writeFile(victim, 'secret', { mode: 0o600 });
    await link(victim, join(folder, dataset, 'linked.csv'));
    const [run] = await orchestrator
      .waitForRuns(`dataset=${dataset}&file=linked`, runs => runs[0]?.endedAt != null, 8000)
      .catch(() => []);
    if (run) assert.doesNotMatch((await endOf(dataset, 'linked.csv')).log, /I am 0:/);
  });

  test(`${dataset}: what fills the disk is stopped, and it says what to raise`, async () => {
    await upload(dataset, 'full.csv');
    const { state, error } = await endOf(dataset, 'full.csv');
    assert.equal(state, 'failed');
    assert.match(error ?? '', /WORK_SIZE \(20m\)/);
  });
}
