import assert from 'node:assert/strict';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../testing/wait-for.ts';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator, writeDataset } from './harness.ts';
import { openIndex } from './index.ts';

const sample = fileURLToPath(new URL('../../config/examples/seattle-weather.csv', import.meta.url));
const NAMES = ['sales', 'moved', 'keyed', 'former'];
let folder: string;
let orchestrator: TestOrchestrator;

before(async () => {
  for (const name of [...NAMES, 'moved-to']) await indexOf(name).drop();
  folder = await makeFolder(
    Object.fromEntries(NAMES.map(name => [name, yamlOf(name, { backup: name !== 'former' })])),
    0o755,
  );
  for (const name of NAMES) await mkdir(join(folder, name));
  orchestrator = await startOrchestrator(folder);
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  for (const name of [...NAMES, 'moved-to']) await indexOf(name).drop();
  await removeFolder(folder);
});

test('a corrected file that is appended says so, and is to be checked; with replace, and by reload, its rows take the place of the former ones', async () => {
  const text = await readFile(sample, 'utf8');
  const [, ...rows] = text.trimEnd().split('\n');
  await orchestrator.load('sales', 'weather.csv', text);
  await orchestrator.disposed();
  const corrected = await orchestrator.load('sales', 'weather.csv', text.replace(',sun\n', ',rain\n'));
  await orchestrator.disposed();
  assert.equal(corrected.beside, 1);
  assert.match(
    corrected.toCheck[0] ?? '',
    /^about \d+ % of its rows are those of a former file of this name \([\d,]+ rows\).*set ON_CHANGE: replace, then orchestrator reload sales$/,
  );
  assert.equal(await indexOf('sales').count(), rows.length * 2);
  assert.match(await orchestrator.output(), /weather\.csv: done, .*beside the rows of another file of this name/);
  // Another delivery of the same name is no correction.
  const next = await orchestrator.load(
    'sales',
    'weather.csv',
    text.replaceAll(/^\d{4}/gm, '1996').replaceAll(',', ',1'),
  );
  await orchestrator.disposed();
  assert.deepEqual([next.beside, next.toCheck], [2, []]);

  const { stdout } = await orchestrator.command('status');
  assert.match(
    stdout,
    /Beside other files of the same name .*sales weather\.csv: [\d,]+ rows beside the rows of 2 other files/s,
  );
  await writeDataset(folder, 'sales', yamlOf('sales', { change: 'replace' }));
  await noticed(/ON_CHANGE is replace now: rows of 2 former files stand beside those of a later one/);
  assert.match(
    (await orchestrator.command('status')).stdout,
    /Rows loaded by former settings:\n  sales: ON_CHANGE is replace now/,
  );
  const reloaded = await orchestrator.command('reload', 'sales');
  assert.deepEqual([reloaded.code, reloaded.stderr], [0, '1 run queued\n']);
  assert.equal(await indexOf('sales').count(), rows.length);
  assert.doesNotMatch((await orchestrator.command('status')).stdout, /Rows loaded by former settings/);
});

test('where LOAD.index changed, the rows that are there are told of, and reload moves them, from the folder and from the backup', async () => {
  for (const file of ['a.csv', 'b.csv']) {
    await orchestrator.load('moved', file, 'A,B\n1,2\n3,4\n');
    await orchestrator.disposed();
  }
  await orchestrator.load('moved', 'a.csv', 'A,B\n5,6\n');
  await orchestrator.disposed();
  await writeDataset(folder, 'moved', yamlOf('moved', { index: 'moved-to', backup: false }));
  await noticed(
    /LOAD\.index is e2e-reload-moved-to now, and was e2e-reload-moved: the rows of 3 files \(5 rows\) are in/,
  );
  await orchestrator.load('moved', 'c.csv', 'A,B\n7,8\n');
  assert.equal((await orchestrator.command('reload', 'moved')).code, 0);
  assert.deepEqual([await indexOf('moved').count(), await indexOf('moved-to').count()], [0, 6]);
});

test('where LOAD.id is new, reload takes out the rows that had ids of their file', async () => {
  await orchestrator.load('keyed', 'a.csv', 'A,B\n1,2\n3,4\n3,5\n');
  await orchestrator.disposed();
  await writeDataset(folder, 'keyed', yamlOf('keyed', { id: 'A' }));
  await noticed(/LOAD\.id is \["A"\] now: the rows of 1 file \(3 rows\) have ids of their file and row/);
  assert.equal((await orchestrator.command('reload', 'keyed')).code, 0);
  assert.equal(await indexOf('keyed').count(), 2);
  for (const [file, value] of [
    ['z.csv', 'older'],
    ['b.csv', 'newer'],
  ] as const) {
    await orchestrator.load('keyed', file, `A,B\n9,${value}\n`);
    await orchestrator.disposed();
  }
  assert.equal((await orchestrator.command('reload', 'keyed')).code, 0);
  const rows: string[] = [];
  for await (const { source } of indexOf('keyed').documents()) rows.push(Object.values(source).join(' '));
  assert.deepEqual(rows.sort(), ['1 2', '3 5', '9 newer']);
  await writeDataset(folder, 'keyed', yamlOf('keyed'));
  await noticed(/LOAD\.id is not set any more, and was \["A"\]: rows that are there have ids that tell no file/);
});

test('a dataset whose YAML was renamed is told of, and takes its rows over', async () => {
  for (const file of ['a.csv', 'b.csv', 'c.csv']) await orchestrator.load('former', file, `A,B\n1,${file}\n3,4\n5,6\n`);
  await rename(join(folder, 'config/former.yaml'), join(folder, 'config/renamed.yaml'));
  await noticed(
    /index e2e-reload-former holds the rows of 3 files \(9 rows\) of dataset former, which is not configured any more/,
  );
  await orchestrator.waitForRuns('dataset=renamed&state=done', runs => runs.length === 3);
  assert.equal(await indexOf('former').count(), 18);
  const { code, stderr } = await orchestrator.command('reload', 'renamed', '--from', 'former');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /the rows of 3 files of former are renamed’s\n3 runs queued/);
  assert.equal(await indexOf('former').count(), 9);
});

interface Settings {
  change?: 'append' | 'replace';
  index?: string;
  backup?: boolean;
  id?: string;
}

function yamlOf(name: string, { change = 'append', index = name, backup = true, id }: Settings = {}): string {
  const key = id === undefined ? '' : `, id: [${id}]`;
  return `WATCH_DIR: {folder}/${name}\nRUNNER: process\nBACKUP_FILE: ${backup}\n${id === undefined ? `ON_CHANGE: ${change}\n` : ''}LOAD: {index: e2e-reload-${index}${key}}\n`;
}

async function noticed(text: RegExp): Promise<void> {
  await waitFor(`${text}`, async () => text.test(await orchestrator.output()), {
    timeoutMs: 30_000,
    tell: () => orchestrator.output(),
  });
}

function indexOf(name: string): ReturnType<typeof openIndex> {
  return openIndex(`e2e-reload-${name}`);
}
