// What README.md shows is taken from it word for word, and does what it says. Of a dataset only its folder and its
// index are others than there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../testing/wait-for.ts';
import {
  type ApiRun,
  makeFolder,
  removeFolder,
  startOrchestrator,
  type TestOrchestrator,
  writeDataset,
} from './harness.ts';
import { besideText } from '../text/beside-text.ts';
import { openIndex } from './index.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const README = await readFile(join(root, 'README.md'), 'utf8');
const [SALES = '', TRANSFORM = ''] = [...README.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) => text as string);
const CHANGES = ['replace', 'append'] as const;
const TAKEN_AWAY = ['BACKUP_FILE', 'REMOVE_FILE'] as const;
const INDICES = ['sales', 'french', ...TAKEN_AWAY.flatMap(key => CHANGES.map(how => nameOf(key, how)))].map(indexOf);

let folder: string;
let orchestrator: TestOrchestrator;

before(async () => {
  for (const index of INDICES) await openIndex(index).drop();
  folder = await makeFolder({});
  for (const name of ['sales', 'french']) await mkdir(join(folder, name));
  for (const key of TAKEN_AWAY) for (const how of CHANGES) await mkdir(join(folder, nameOf(key, how)));
  await writeDataset(folder, 'sales', inTest('sales', SALES));
  await writeDataset(folder, 'french', `${inTest('french', SALES)}${TRANSFORM}`);
  for (const key of TAKEN_AWAY)
    for (const how of CHANGES) await writeDataset(folder, nameOf(key, how), redelivered(key, how));
  orchestrator = await startOrchestrator(folder);
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  for (const index of INDICES) await openIndex(index).drop();
  await removeFolder(folder);
});

test('the dataset: its file is loaded and moved to the backup, a corrected one of its name takes the place of its rows', async () => {
  assert.match(SALES, /^WATCH_DIR: \/srv\/incoming\/sales$/m);
  await deliver('sales', 'day.csv', 'id;amount\n1;10\n2;20\n3;30\n');
  assert.equal(await countOf('sales'), 3);
  await deliver('sales', 'day.csv', 'id;amount\n1;10\n2;25\n');
  assert.equal(await countOf('sales'), 2);
  await deliver('sales', 'day-2.csv', 'id;amount\n4;40\n');
  assert.equal(await countOf('sales'), 3);
});

test('the steps: decimal commas and French dates become numbers and dates', async () => {
  assert.match(TRANSFORM, /^TRANSFORM:\n/);
  await deliver('french', 'ventes.csv', Buffer.from('montant;date;libellé\n1 234,50;31/12/2024;été\n', 'latin1'));
  const index = openIndex(indexOf('french'));
  const { value: hit } = await index.documents().next();
  const { MONTANT, DATE, ['LIBELLÉ']: label } = hit?.source ?? {};
  assert.deepEqual([Number(MONTANT), String(DATE).slice(0, 10), label], [1234.5, '2024-12-31', 'été']);
});

for (const key of TAKEN_AWAY)
  for (const how of CHANGES)
    test(`redelivery with ${key} and ON_CHANGE: ${how}: its rows ${how === 'replace' ? 'take the place of the former ones' : 'stand beside the former ones'}`, async () => {
      const name = nameOf(key, how);
      const first = await deliver(name, 'day.csv', 'id;amount\n1;10\n2;20\n3;30\n');
      const second = await deliver(name, 'day.csv', 'id;amount\n4;40\n5;50\n');
      assert.deepEqual([first.rowsLoaded, second.rowsLoaded], [3, 2]);
      assert.equal(await countOf(name), how === 'replace' ? 2 : 5);
      assert.match(README, /A run that adds\s+beside a former file of its name says so/);
      assert.equal(second.beside, how === 'append' ? 1 : 0);
      const said = (await orchestrator.output())
        .split('\n')
        .filter(line => line.includes(` ${name} `) && line.includes(besideText({ beside: 1 })));
      assert.equal(said.length, second.beside);
      // The same content again adds nothing.
      await deliver(name, 'day.csv', 'id;amount\n4;40\n5;50\n');
      assert.equal(await countOf(name), how === 'replace' ? 2 : 5);
    });

test('a mistake is shown with its line and column', async () => {
  const shown = /^ {4}config\/sales\.yaml:2:1: (.*)$/m.exec(README)?.[1] ?? assert.fail('README shows no mistake');
  const other = await makeFolder({ sales: inTest('sales', SALES).replace('WATCH_REGEX', 'WATCH_REGX') });
  try {
    const { stdout, stderr, status } = cli(['check'], {
      CONFIG_DIR: join(other, 'config'),
      DATA_DIR: join(other, 'data'),
    });
    assert.equal(status, 1);
    // Its line is another one: the comment on top of the example is the first.
    assert.ok(`${stdout}${stderr}`.includes(`sales.yaml:3:1: ${shown}`), stdout + stderr);
  } finally {
    await removeFolder(other);
  }
});

test('each command that README names is one, with help of its own', () => {
  const table = README.split('\n').filter(line => line.startsWith('| `orchestrator '));
  const names = table.flatMap(line =>
    [...(line.split('|')[1] ?? '').matchAll(/(?:orchestrator |· `)([a-z-]+)/g)].map(([, name]) => name as string),
  );
  assert.ok(names.length > 10, names.join());
  const { stdout: help } = cli(['--help']);
  for (const name of names) assert.match(help, new RegExp(`^  ${name}\\b`, 'm'));
});

function cli(args: string[], environment: Record<string, string> = {}) {
  return spawnSync(process.execPath, [join(root, 'orchestrator/bin.js'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
}

function inTest(name: string, yaml: string): string {
  return yaml.replace('/srv/incoming/sales', `'{folder}/${name}'`).replace('index: sales', `index: ${indexOf(name)}`);
}

function redelivered(key: string, how: string): string {
  const name = nameOf(key, how);
  return inTest(name, SALES).replace('BACKUP_FILE', key).replace('ON_CHANGE: replace', `ON_CHANGE: ${how}`);
}

function nameOf(key: string, how: string): string {
  return `${key.slice(0, 6).toLowerCase()}-${how}`;
}

function indexOf(name: string): string {
  return `e2e-readme-${name}`;
}

/** Resolves once its run is over and the file was taken away. */
async function deliver(dataset: string, name: string, content: string | Buffer): Promise<ApiRun> {
  const former = (await orchestrator.runs(`dataset=${dataset}&file=${name}`)).length;
  await writeFile(join(folder, dataset, name), content);
  const runs = await orchestrator.waitForRuns(
    `dataset=${dataset}&file=${name}`,
    found => found.length > former && found.every(({ endedAt }) => endedAt !== null),
  );
  // Another one that comes before would be the same file, changed in its place.
  await waitFor(`${name} to be taken away`, async () => !existsSync(join(folder, dataset, name)));
  return runs[0] as ApiRun;
}

function countOf(name: string): Promise<number> {
  return openIndex(indexOf(name)).count();
}
