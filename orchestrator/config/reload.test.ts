import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../clock.ts';
import { kindOf, messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type ConfigChange, watchConfig } from './reload.ts';

test('a YAML file that is added is a dataset within a second, without a restart', async t => {
  const { change, write, watcher } = await start(t);
  await write('sales.yaml', 'WATCH_DIR: ./in\n');
  assert.deepEqual(
    (await change(({ added }) => added.length > 0)).added.map(({ name }) => name),
    ['sales'],
  );
  assert.deepEqual(
    watcher.datasets().map(({ name }) => name),
    ['sales'],
  );
});

test('a YAML file that changes gives a new version, and the other datasets are not named', async t => {
  const { change, write } = await start(t, { 'sales.yaml': 'WATCH_DIR: ./in\n', 'costs.yaml': 'WATCH_DIR: ./costs\n' });
  await write('sales.yaml', 'WATCH_DIR: ./in\nRETRIES: 7\n');
  const { added, changed, removed } = await change(({ changed: found }) => found.length > 0);
  assert.deepEqual(
    changed.map(({ name, settings }) => [name, settings.RETRIES]),
    [['sales', 7]],
  );
  assert.deepEqual([added, removed], [[], []]);
});

test('a file written again with the same settings changes nothing', async t => {
  const { change, changes, write } = await start(t, { 'sales.yaml': 'WATCH_DIR: ./in\n' });
  await write('sales.yaml', '# a comment\nWATCH_DIR: "./in"\n');
  await write('other.yaml', 'WATCH_DIR: ./in\n');
  await change(({ added }) => added.length > 0);
  assert.deepEqual(
    changes.flatMap(({ changed }) => changed),
    [],
  );
});

test('a broken edit keeps the previous version and says where; mending it clears the error', async t => {
  const { change, changes, write, watcher } = await start(t, { 'sales.yaml': 'WATCH_DIR: ./in\nRETRIES: 1\n' });
  await write('sales.yaml', 'WATCH_DIR: ./in\nRETRYS: 2\n');
  const broken = await change(({ errors }) => errors.length > 0);
  assert.match(broken.errors[0]!.message, /did you mean RETRIES/);
  assert.equal(broken.errors[0]!.line, 2);
  assert.deepEqual([broken.added, broken.changed, broken.removed], [[], [], []]);
  assert.equal(watcher.datasets()[0]?.settings.RETRIES, 1);
  changes.length = 0;
  await write('sales.yaml', 'WATCH_DIR: ./in\nRETRIES: 2\n');
  await change(({ changed, errors }) => changed.length > 0 && errors.length === 0);
  assert.deepEqual(watcher.errors(), []);
});

test('a file that was broken from the start is added once it is mended', async t => {
  const { change, write, watcher } = await start(t, { 'sales.yaml': 'WATCH_DIR: [\n' });
  assert.equal(watcher.errors().length, 1);
  await write('sales.yaml', 'WATCH_DIR: ./in\n');
  await change(({ added, errors }) => added.length === 1 && errors.length === 0);
});

test('a YAML file that is removed takes its dataset with it', async t => {
  const { change, folder, watcher } = await start(t, { 'sales.yaml': 'WATCH_DIR: ./in\n' });
  await rm(join(folder, 'sales.yaml'));
  assert.deepEqual(
    (await change(({ removed }) => removed.length > 0)).removed.map(({ name }) => name),
    ['sales'],
  );
  assert.deepEqual(watcher.datasets(), []);
});

test('an editor that moves the old file away before it writes the new one never removes the dataset', async t => {
  const { change, changes, folder, write } = await start(t, { 'sales.yaml': 'WATCH_DIR: ./in\n' });
  await rename(join(folder, 'sales.yaml'), join(folder, 'sales.yaml~'));
  await systemDelay(100);
  await write('sales.yaml.new', 'WATCH_DIR: ./in\nRETRIES: 9\n');
  await rename(join(folder, 'sales.yaml.new'), join(folder, 'sales.yaml'));
  await change(({ changed }) => changed[0]?.settings.RETRIES === 9);
  assert.deepEqual(
    changes.flatMap(({ removed }) => removed),
    [],
  );
});

test('_defaults.yaml changes every dataset that does not override it', async t => {
  const { change, write } = await start(t, {
    'a.yaml': 'WATCH_DIR: ./in\n',
    'b.yaml': 'WATCH_DIR: ./in\nRETRIES: 5\n',
  });
  await write('_defaults.yaml', 'RETRIES: 8\n');
  const { changed } = await change(({ changed: found }) => found.length > 0);
  assert.deepEqual(
    changed.map(({ name }) => name),
    ['a'],
  );
});

test('a secret file that is written again gives a new version', async t => {
  const { change, folder } = await start(t, {
    '../secrets/word': 'first\n',
    'a.yaml': 'WATCH_DIR: ./in\nENV: {WORD: "${file:secrets/word}"}\n',
  });
  await writeFile(join(folder, '../secrets/word'), 'second\n');
  const { changed } = await change(({ changed: found }) => found.length > 0);
  assert.equal(changed[0]?.settings.ENV?.['WORD'], 'second');
});

test('a configuration folder that vanishes is an error, and every dataset goes on', async t => {
  const { change, folder, watcher } = await start(t, { 'sales.yaml': 'WATCH_DIR: ./in\n' });
  await rename(folder, `${folder}-away`);
  const { errors, removed } = await change(found => found.errors.length > 0);
  assert.match(errors[0]!.message, /ENOENT/);
  assert.deepEqual(removed, []);
  assert.equal(watcher.datasets().length, 1);
});

test('without events the listing finds the change', async t => {
  const { change, folder } = await start(t, {}, { listEveryMs: 100 });
  await rename(folder, `${folder}-away`);
  await change(({ errors }) => errors.length > 0);
  await mkdir(folder);
  await writeFile(join(folder, 'late.yaml'), 'WATCH_DIR: ./in\n');
  await change(({ added }) => added.length === 1);
});

test('nothing is watched without a policy to go by', async t => {
  await assert.rejects(start(t, { '../policy.yaml': 'image: []\n', 'sales.yaml': 'WATCH_DIR: ./in\n' }), error => {
    assert.equal(kindOf(error), 'never');
    assert.match(messageOf(error), /policy\.yaml:1:1: image is not a key; did you mean images\?/);
    return true;
  });
});

test('a policy that changes judges all datasets again: what is outside it stops, what is within it begins', async t => {
  const { change, write, watcher } = await start(t, {
    'python.yaml': 'WATCH_DIR: ./in\nDOCKER_IMAGE: python:3\n',
    'sales.yaml': 'WATCH_DIR: ./in\n',
    'strong.yaml': 'WATCH_DIR: ./in\nDOCKER_OPTIONS: {cap_add: [CHOWN]}\n',
  });
  const names = () => watcher.datasets().map(({ name }) => name);
  assert.deepEqual(names(), ['python', 'sales']);
  await write('../policy.yaml', 'images: []\ncapabilities: [CHOWN]\n');
  const { removed, errors } = await change(made => made.removed.length > 0);
  const { added } = await change(made => made.added.length > 0);
  assert.deepEqual(
    [removed, added].map(list => list.map(({ name }) => name)),
    [['python'], ['strong']],
  );
  assert.equal(watcher.policy().file, 'policy.yaml');
  assert.ok(!errors.some(({ file }) => file.endsWith('python.yaml')), 'it was stopped before its file was read again');
});

test('a policy that changes stops what a file says, and no default: that is made smaller', async t => {
  const { change, changes, write, watcher } = await start(t, {
    'long.yaml': 'WATCH_DIR: ./in\nTIMEOUT: 1h\n',
    'other.yaml': 'WATCH_DIR: ./in\n',
  });
  await write('../policy.yaml', 'limits: {timeout: 10m}\n');
  await change(made => made.removed[0]?.name === 'long');
  await change(made => made.changed[0]?.name === 'other');
  assert.equal(watcher.datasets()[0]?.settings.TIMEOUT, '10m');
  assert.equal(changes.flatMap(({ removed }) => removed).length, 1);
});

test('whoever asks for a reading while one waits is given that one', async t => {
  const { watcher } = await start(t);
  const first = watcher.reload();
  assert.equal(watcher.reload(), first);
  await first;
});

test('a policy that becomes wrong leaves the former in force, and says so', async t => {
  const { change, changes, write, watcher, said } = await start(t, {
    '../policy.yaml': 'images: []\n',
    'python.yaml': 'WATCH_DIR: ./in\nDOCKER_IMAGE: python:3\n',
    'sales.yaml': 'WATCH_DIR: ./in\n',
  });
  await write('../policy.yaml', 'images: [\n');
  await change(({ errors }) => errors.some(({ file }) => file === 'policy.yaml'));
  assert.deepEqual(
    watcher.datasets().map(({ name }) => name),
    ['sales'],
  );
  assert.ok(
    said.some(text => /policy\.yaml:\d+:\d+: .+; the former policy goes on/.test(text)),
    said.join('\n'),
  );
  await write('../policy.yaml', 'images: [python:*]\n');
  await change(({ added }) => added[0]?.name === 'python');
  assert.deepEqual(
    changes.flatMap(({ removed }) => removed),
    [],
  );
});

test('a broken file keeps no version that the policy of now has not judged', async t => {
  const { change, write, watcher } = await start(t, { 'python.yaml': 'WATCH_DIR: ./in\nDOCKER_IMAGE: python:3\n' });
  await write('python.yaml', 'WATCH_DIR: [\n');
  await change(({ errors }) => errors.length > 0);
  assert.equal(watcher.datasets().length, 1);
  await write('../policy.yaml', 'images: []\n');
  await change(({ removed }) => removed[0]?.name === 'python');
});

test('after stop nothing is called any more, and stopping twice is harmless', async t => {
  const { changes, watcher, write } = await start(t);
  await watcher.stop();
  await watcher.stop();
  await write('sales.yaml', 'WATCH_DIR: ./in\n');
  await watcher.reload();
  assert.deepEqual(changes, []);
});

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };
const DEADLINE_MS = 10_000;

async function start(t: TestContext, files: Record<string, string> = {}, more: { listEveryMs?: number } = {}) {
  const root = await mkdtemp(join(tmpdir(), 'reload-'));
  const folder = join(root, 'config');
  await mkdir(folder);
  await mkdir(join(root, 'secrets'));
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  for (const [name, text] of Object.entries(files)) await write(name, text);
  const changes: ConfigChange[] = [];
  let wake = (): void => {};
  const onChange = (made: ConfigChange): void => {
    changes.push(made);
    wake();
  };
  const said: string[] = [];
  t.after(() => rm(root, { recursive: true }));
  const watcher = await watchConfig({
    configDir: folder,
    env: {},
    logger: { ...SILENT, error: text => void said.push(text) },
    clock: systemClock,
    ...more,
  });
  watcher.onChange(onChange);
  t.after(() => watcher.stop());

  /** The first change, past or to come, that fits. */
  async function change(fits: (change: ConfigChange) => boolean): Promise<ConfigChange> {
    const deadline = Date.now() + DEADLINE_MS;
    while (Date.now() < deadline) {
      const found = changes.find(made => fits(made));
      if (found !== undefined) return found;
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, deadline - Date.now());
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    throw new Error(`no such change within ${DEADLINE_MS} ms; there were ${JSON.stringify(changes)}`);
  }
  return { folder, write, watcher, changes, change, said };
}

/** The pause of an editor between its two steps: the behaviour under test is about that time. */
function systemDelay(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
