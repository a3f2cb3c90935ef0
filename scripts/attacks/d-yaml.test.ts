// Tries, as somebody who may only write into CONFIG_DIR, to freeze, fill or kill the service and `check` by YAML
// (circles, a billion laughs, FIFOs, devices, sparse files, links, huge expressions), and to read a file of root's by
// it.
import assert from 'node:assert/strict';
import { chownSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import {
  makeFolder,
  removeFolder,
  startOrchestrator,
  type TestOrchestrator,
  withoutServices,
} from '../../orchestrator/e2e/harness.ts';
import { waitFor } from '../../orchestrator/testing/wait-for.ts';
import { asAttacker, ATTACKER } from './attacker.ts';

const bin = fileURLToPath(new URL('../../orchestrator/bin.js', import.meta.url));
const SECRET = 'hunter22-of-root';

// A line each: file name without its ending, and what is said of it.
const ATTACKS: ReadonlyArray<readonly [name: string, script: string, said: RegExp]> = [
  [
    'circle',
    'printf "WATCH_DIR: ./in\\nENV: &a { B: *a }\\n" > circle.yaml',
    /circle\.yaml:2:14: \*a refers to a value/,
  ],
  [
    'laughs',
    `{ printf 'WATCH_DIR: ./in\\nLOAD:\\n mappings:\\n  a0: &a0 [x]\\n'; i=0; while [ $i -lt 30 ]; do j=$((i+1)); echo "  a$j: &a$j [*a$i, *a$i, *a$i, *a$i, *a$i, *a$i, *a$i, *a$i, *a$i, *a$i]"; i=$j; done; } > laughs.yaml`,
    /laughs\.yaml:\d+:\d+: is one alias too many/,
  ],
  [
    'deep',
    `{ printf 'WATCH_DIR: ./in\\nENV: '; head -c 20000 /dev/zero | tr '\\0' '['; } > deep.yaml`,
    /deep\.yaml:\d+:\d+: (is nested|took longer)/,
  ],
  ['fifo', 'mkfifo fifo.yaml', /fifo\.yaml:1:1: can't be read \(it is no regular file\)/],
  ['zero', 'ln -s /dev/zero zero.yaml', /zero\.yaml:1:1: can't be read/],
  ['sparse', 'truncate -s 10G sparse.yaml', /sparse\.yaml:1:1: can't be read \(it is larger than 1 MB\)/],
  ['linked', 'ln -s "$1/victim" linked.yaml', /linked\.yaml:1:1: can't be read/],
  [
    'file',
    `printf 'WATCH_DIR: ./in\\nENV: {A: "\${file:%s/victim}"}\\n' "$1" > file.yaml`,
    /file\.yaml:2:10: .+ is not allowed/,
  ],
  [
    'dev',
    `printf 'WATCH_DIR: ./in\\nENV: {A: "\${file:/dev/zero}"}\\n' > dev.yaml`,
    /dev\.yaml:2:10: .+ is not allowed/,
  ],
  [
    'pipe',
    `mkdir pipe; mkfifo pipe/p; printf 'WATCH_DIR: ./in\\nENV: {A: "\${file:config/pipe/p}"}\\n' > pipe.yaml`,
    /pipe\.yaml:2:10: .+ can't be read \(it is no regular file\)/,
  ],
  [
    'through',
    `mkdir through; ln -s "$1/victim" through/v; printf 'WATCH_DIR: ./in\\nENV: {A: "\${file:config/through/v}"}\\n' > through.yaml`,
    /through\.yaml:2:10: .+ is not allowed/,
  ],
  [
    'shown',
    `mkdir shown; echo x > shown/k; printf 'WATCH_DIR: \${file:config/shown/k}\\n' > shown.yaml`,
    /shown\.yaml:1:12: WATCH_DIR can't come from/,
  ],
  ['own', `ln -s /etc own; printf 'WATCH_DIR: ./in\\n' > own.yaml`, /own\.yaml:1:1: its folder: .+ is \/etc/],
];

let folder: string;
let service: TestOrchestrator;
before(async () => {
  folder = await makeFolder({ good: "WATCH_DIR: '{folder}/in'\nRUNNER: process\nLOAD: {target: lake}\n" }, 0o755);
  await mkdir(join(folder, 'in'));
  chownSync(join(folder, 'config'), ATTACKER, ATTACKER);
  writeFileSync(join(folder, 'victim'), `${SECRET}: 1\n`, { mode: 0o600 });
  service = await startOrchestrator(folder, withoutServices(folder));
});
after(async () => {
  await service.kill('SIGTERM');
  await removeFolder(folder);
});

test('each is a mistake with its place, and files of others go on being loaded', async () => {
  for (const [, script] of ATTACKS) await asAttacker(`cd "$1/config" && ${script}`, folder);
  await waitFor(
    'all is told',
    async () => {
      const output = await service.output();
      return ATTACKS.every(([, , said]) => said.test(output));
    },
    { tell: () => service.output() },
  );
  const start = performance.now();
  await service.get('/api/runs');
  assert.ok(performance.now() - start < 2000);
  writeFileSync(join(folder, 'in/a.csv'), 'A,B\n1,2\n');
  await service.waitForRuns('dataset=good', runs => runs.some(({ state }) => state === 'done'));
  assert.ok(!(await service.output()).includes(SECRET));
});

test('check ends, tells the same, and shows nothing of the files', async () => {
  const { all, exitCode } = await execa(process.execPath, [bin, 'check'], {
    cwd: folder,
    env: withoutServices(folder),
    all: true,
    reject: false,
    timeout: 60_000,
  });
  assert.equal(exitCode, 1);
  for (const [name, , said] of ATTACKS) assert.match(all, said, name);
  assert.ok(!all.includes(SECRET));
});

test('a YAML that turns into a link or a FIFO shows its run nothing, and stops nothing', async () => {
  const yaml = `WATCH_DIR: '${folder}/shell'\nRUNNER: process\nRETRIES: 0\nCOMMAND: [/bin/sh, -c, 'cat "$4"; echo read it', sh]\n`;
  await mkdir(join(folder, 'shell'));
  await asAttacker(`printf '%s' "$2" > "$1/config/shell.yaml"`, folder, yaml);
  await waitFor('shell is watched', async () => (await datasets()).includes('shell'));
  for (const swap of ['ln -s "$1/victim" s', 'mkfifo s']) {
    await asAttacker(`cd "$1/config" && ${swap} && mv -T s shell.yaml`, folder);
    const earlier = (await service.runs('dataset=shell')).length;
    writeFileSync(join(folder, 'shell', `${earlier}.csv`), 'A\n1\n');
    const ended = await service.waitForRuns(
      'dataset=shell',
      runs => runs.length > earlier && runs.every(({ endedAt }) => endedAt !== null),
    );
    for (const { id } of ended)
      assert.ok(!(await (await service.fetch(`/api/runs/${id}/log`)).text()).includes(SECRET));
  }
});

async function datasets(): Promise<string[]> {
  const { items } = await service.get<{ items: Array<{ name: string }> }>('/api/datasets');
  return items.map(({ name }) => name);
}
