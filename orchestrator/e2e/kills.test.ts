import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileKey } from '../../default-etl/contract/contract.ts';
import { chooseSeed, createRandom } from '../testing/random.ts';
import { waitFor } from '../testing/wait-for.ts';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from './harness.ts';
import { elasticsearchNode, openIndex } from './index.ts';

// For a longer search: KILLS_FILES=100 KILLS=20 takes three minutes on two cores.
const MIRRORED_FILES = Number(process.env.KILLS_FILES ?? 12);
const POSTED_FILES = Math.ceil(MIRRORED_FILES / 4);
const KILLS = Number(process.env.KILLS ?? 5);
const VERSIONS = 3;
const SOME_ROWS = 12;
const MANY_ROWS = 60_000;
const ENVIRONMENT = { ELASTICSEARCH_NODE: elasticsearchNode(), LIST_INTERVAL: '2s', CONCURRENCY: '3' };
const INDICES = ['mirror', 'posted', 'seen', 'removed'].map(name => `e2e-kills-${name}`);

let folder: string;
let orchestrator: TestOrchestrator;

before(async () => {
  await dropIndices();
  folder = await makeFolder({
    mirror: 'WATCH_DIR: {folder}/mirror\nRUNNER: process\nON_DELETE: remove\nLOAD: {index: e2e-kills-mirror}\n',
    posted: 'WATCH_DIR: {folder}/posted\nRUNNER: process\nBACKUP_FILE: true\nLOAD: {index: e2e-kills-posted}\n',
    // The same folder: what it makes of a file must not depend on when the other one moves it away.
    seen: 'WATCH_DIR: {folder}/posted\nRUNNER: process\nON_CHANGE: append\nLOAD: {index: e2e-kills-seen}\n',
    removed: 'WATCH_DIR: {folder}/removed\nRUNNER: process\nREMOVE_FILE: true\nLOAD: {index: e2e-kills-removed}\n',
  });
  for (const name of ['mirror', 'posted', 'removed', 'outside']) await mkdir(join(folder, name));
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  await dropIndices();
  await removeFolder(folder);
});

test('rules 2 to 10: killed again and again while files come, change and go, nothing is lost and nothing is there twice', async t => {
  const seed = chooseSeed(t);
  const random = createRandom(seed);
  const writers = Promise.all([
    mirrorWriter(seed + 1),
    postWriter('posted', seed + 2),
    postWriter('removed', seed + 2 + POSTED_FILES),
  ]);
  for (let kill = 0; kill < KILLS; kill++) {
    orchestrator = await startOrchestrator(folder, ENVIRONMENT);
    await pause(random() * 4000);
    await orchestrator.kill('SIGKILL');
  }
  orchestrator = await startOrchestrator(folder, ENVIRONMENT);
  const [, posted, removed] = await writers;
  await untilIdle();

  await assertMirror();
  for (const [name, contents] of [
    ['posted', posted],
    ['seen', posted],
    ['removed', removed],
  ] as const)
    assert.deepEqual(await documentsOf(`e2e-kills-${name}`), expectedDocuments(name, contents), name);
  assert.deepEqual(await backups(), posted.map(({ text }) => text).toSorted());
  for (const name of ['posted', 'removed']) assert.deepEqual(await readdir(join(folder, name)), [], name);
  assert.deepEqual(
    (await readdir(join(folder, 'mirror'))).filter(name => name.startsWith('.')),
    [],
  );
});

interface Content {
  name: string;
  text: string;
}

/** Files are copied in, moved in, rewritten, deleted and made again: in the end the index is what the folder is. */
async function mirrorWriter(seed: number): Promise<void> {
  const random = createRandom(seed);
  const place = join(folder, 'mirror');
  for (let turn = 0; turn < MIRRORED_FILES * VERSIONS; turn++) {
    const name = `file ${Math.floor(random() * MIRRORED_FILES)}.csv`;
    const path = join(place, name);
    const text = textOf(turn, turn % 40 === 7 ? MANY_ROWS : Math.ceil(random() * SOME_ROWS));
    const kind = turn < MIRRORED_FILES ? turn % 2 : Math.floor(random() * 5);
    if (kind === 0) await writeFile(path, text);
    else if (kind === 1) await moveIn(path, text);
    else if (kind === 2) await writeSlowly(path, text, 'w', random);
    else if (kind === 3) await rm(path, { force: true });
    else await rm(path, { force: true }).then(() => writeFile(path, text));
    await pause(random() * 300);
  }
}

/** A name gets its next file as soon as the one before was taken away. Resolves with all that were posted. */
async function postWriter(name: string, seed: number): Promise<Content[]> {
  const posted: Content[] = [];
  const post = async (file: number) => {
    const random = createRandom(seed + file);
    for (let version = 0; version < VERSIONS; version++) {
      const path = join(folder, name, `post-${file}.csv`);
      await waitFor(`${path} to be taken`, async () => !(await exists(path)), { timeoutMs: 240_000 });
      const text = textOf(file * VERSIONS + version, Math.ceil(random() * SOME_ROWS));
      await writeSlowly(path, text, 'wx', random);
      posted.push({ name: `post-${file}.csv`, text });
    }
  };
  await Promise.all(Array.from({ length: POSTED_FILES }, (_, file) => post(file)));
  return posted;
}

async function moveIn(path: string, text: string): Promise<void> {
  const outside = join(folder, 'outside', 'file');
  await writeFile(outside, text);
  await rename(outside, path);
}

async function writeSlowly(path: string, text: string, flags: string, random: () => number): Promise<void> {
  const file = await open(path, flags);
  for (const part of [text.slice(0, 5), text.slice(5)]) {
    await file.write(part);
    await pause(random() * 50);
  }
  await file.close();
}

function textOf(turn: number, rows: number): string {
  return `turn,row\n${Array.from({ length: rows }, (_, row) => `${turn},${row}`).join('\n')}\n`;
}

async function assertMirror(): Promise<void> {
  const contents: Content[] = [];
  for (const name of await readdir(join(folder, 'mirror')))
    contents.push({ name, text: await readFile(join(folder, 'mirror', name), 'utf8') });
  const key = ({ name }: Content) => fileKey('mirror', name);
  assert.deepEqual(await documentsOf('e2e-kills-mirror'), summaryOf(contents.map(content => [key(content), content])));
}

function expectedDocuments(dataset: string, contents: Content[]) {
  const key = ({ name, text }: Content) => fileKey(dataset, name, createHash('sha256').update(text).digest('hex'));
  return summaryOf(contents.map(content => [key(content), content]));
}

/** By FILE_KEY its rows, in order, as `turn,row`. */
function summaryOf(files: Array<[string, Content]>): Record<string, string> {
  return Object.fromEntries(files.map(([key, { text }]) => [key, digest(text.trimEnd().split('\n').slice(1))]));
}

async function documentsOf(index: string): Promise<Record<string, string>> {
  const rows = new Map<string, string[]>();
  for await (const { id, source } of openIndex(index).documents()) {
    const key = id.slice(0, -11);
    const own = rows.get(key) ?? rows.set(key, []).get(key)!;
    own[Number(id.slice(-10)) - 1] = `${String(source.TURN)},${String(source.ROW)}`;
  }
  return Object.fromEntries([...rows].map(([key, own]) => [key, digest(own)]));
}

function digest(rows: string[]): string {
  return rows.length < 100 ? rows.join(' ') : createHash('sha256').update(rows.join('\n')).digest('hex');
}

async function backups(): Promise<string[]> {
  const place = join(folder, 'data', 'backup', 'posted');
  const texts = (await readdir(place)).map(name => readFile(join(place, name), 'utf8'));
  return (await Promise.all(texts)).toSorted();
}

/** Nothing settles, waits or runs, and no file is to be taken away any more. */
async function untilIdle(): Promise<void> {
  const isIdle = async () => {
    const busy = await orchestrator.runs('state=settling,queued,running');
    const left = [...(await readdir(join(folder, 'posted'))), ...(await readdir(join(folder, 'removed')))];
    return busy.length === 0 && left.length === 0;
  };
  let since = Number.POSITIVE_INFINITY;
  await waitFor(
    'everything to be done',
    async () => {
      since = (await isIdle()) ? Math.min(since, Date.now()) : Number.POSITIVE_INFINITY;
      // Two listings more, which would find what was missed.
      return Date.now() - since > 5000;
    },
    { timeoutMs: 300_000, tell: () => orchestrator.runs('state=settling,queued,running,failed') },
  );
}

async function dropIndices(): Promise<void> {
  for (const index of INDICES) await openIndex(index).drop();
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
