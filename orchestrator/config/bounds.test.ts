import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasRoom } from './config-files.ts';
import { loadDatasets, type LoadOptions } from './load.ts';
import { formatMistake } from './messages.ts';

const GOOD = 'WATCH_DIR: ./in\n';
/** Without bounds each of them takes hours, or all memory. */
const SOON_MS = 60_000;

test('whatever is nested, repeated or long without end is a mistake with its place, and the other datasets go on', async t => {
  const many = (number: number, text: (at: number) => string) => Array.from({ length: number }, (_, at) => text(at));
  const laughs = many(30, at => `  a${at + 1}: &a${at + 1} [${many(10, () => `*a${at}`).join(', ')}]`);
  const files = {
    'good.yaml': GOOD,
    'circle.yaml': `${GOOD}ENV: &a { B: *a }\n`,
    'wide-circle.yaml': `${GOOD}ENV: &a { B: &b { C: *a, D: *b } }\n`,
    'laughs.yaml': `${GOOD}LOAD:\n mappings:\n  a0: &a0 [x]\n${laughs.join('\n')}\n`,
    'long-laughs.yaml': `${GOOD}LOAD:\n mappings:\n  a: &a ${'x'.repeat(100_000)}\n  b: [${many(500, () => '*a').join(', ')}]\n`,
    'deep.yaml': `${GOOD}ENV: ${'['.repeat(20_000)}\n`,
    'deep-map.yaml': `${GOOD}ENV:\n${many(300, at => `${' '.repeat(at + 1)}a:`).join('\n')} 1\n`,
    'keys.yaml': `${GOOD}ENV:\n${many(60_000, at => ` K${at}: 1`).join('\n')}\n`,
    'same-keys.yaml': `${GOOD}ENV:\n${many(10_000, () => ' K: 1').join('\n')}\n`,
    'unknown-keys.yaml': `${GOOD}${many(5000, at => `KEY_${at}: 1`).join('\n')}\n`,
    'long-key.yaml': `${GOOD}${'K'.repeat(900_000)}: 1\n`,
    'long.yaml': `${GOOD}COMMAND: ${'\'"\\'.repeat(300_000)}\n`,
    'merge.yaml': `x: &x {WATCH_DIR: ./in}\n<<: *x\n`,
    'proto.yaml': `${GOOD}__proto__: {COMMAND: /bin/sh}\nconstructor: 1\n`,
    'regex.yaml': `${GOOD}WATCH_REGEX: '${'(a{1000})'.repeat(1000)}'\n`,
    'regex-in-step.yaml': `${GOOD}TRANSFORM: [{replace: {columns: [A], regex: {'${'(x{1000})'.repeat(100)}': y}}}]\n`,
    'steps.yaml': `${GOOD}TRANSFORM: [${many(20_000, () => 'x').join(', ')}]\n`,
    'lists.yaml': `${GOOD}ENV:\n${many(5000, at => ` K${at}: [1]`).join('\n')}\n`,
    'volumes.yaml': `${GOOD}DOCKER_OPTIONS: {volumes: [${many(2000, at => `/etc/${at}:/b`).join(', ')}]}\n`,
    'references.yaml': `${GOOD}ENV: {A: "${'${LONG}'.repeat(50_000)}"}\n`,
  };
  const { said, names, tookMs } = await load(t, files, { fileDeadlineMs: SOON_MS, allDeadlineMs: SOON_MS });
  assert.ok(tookMs < SOON_MS, `${tookMs} ms`);
  assert.ok(names.includes('good'));
  for (const [file, pattern] of [
    ['circle', /circle\.yaml:2:14: \*a refers to a value that contains it/],
    ['wide-circle', /wide-circle\.yaml:2:\d+: \*a refers to a value/],
    ['laughs', /laughs\.yaml:\d+:\d+: is one alias too many/],
    ['long-laughs', /long-laughs\.yaml:\d+:\d+: exceeds what a file may hold/],
    ['deep', /deep\.yaml:\d+:\d+: is nested more than 50 levels deep/],
    ['deep-map', /deep-map\.yaml:\d+:\d+: is nested more than 50 levels deep/],
    ['keys', /[^-]keys\.yaml:\d+:\d+: exceeds what a file may hold/],
    ['same-keys', /same-keys\.yaml:4:2: K is here twice/],
    ['same-keys', /same-keys\.yaml:\d+:\d+: is not the last mistake here/],
    ['unknown-keys', /unknown-keys\.yaml:\d+:\d+: is not the last mistake here/],
    ['long-key', /long-key\.yaml:2:\d+: /],
    ['steps', /steps\.yaml:2:12: TRANSFORM has more than 200 steps/],
    ['volumes', /volumes\.yaml:\d+:\d+: is not the last mistake here/],
    ['lists', /lists\.yaml:\d+:\d+: is not the last mistake here/],
    ['merge', /merge\.yaml:2:1: << is not a key/],
    ['proto', /proto\.yaml:2:1: __proto__ is not a key/],
    ['proto', /proto\.yaml:3:1: constructor is not a key/],
    ['regex', /regex\.yaml:2:14: WATCH_REGEX is too large/],
    ['references', /references\.yaml:2:10: is longer than 1 MB/],
  ] as const) {
    assert.match(said, pattern, file);
    assert.ok(!names.includes(file), file);
  }
  assert.ok(said.length < 200_000, `${said.length} characters are said`);
});

test('what is no regular file of at most 1 MB is not read, and a link out of CONFIG_DIR is not followed', async t => {
  const { root, said, names, tookMs } = await load(t, { 'good.yaml': GOOD }, {}, async folder => {
    execFileSync('mkfifo', [join(folder, 'config/fifo.yaml')]);
    await mkdir(join(folder, 'config/folder.yaml'));
    await writeFile(join(folder, 'config/sparse.yaml'), '');
    await truncate(join(folder, 'config/sparse.yaml'), 10 * 2 ** 30);
    await writeFile(join(folder, 'victim.yaml'), 'hunter22: 1\n');
    await symlink(join(folder, 'victim.yaml'), join(folder, 'config/out.yaml'));
    await symlink('/dev/zero', join(folder, 'config/zero.yaml'));
    await symlink('loop.yaml', join(folder, 'config/loop.yaml'));
    await symlink('good.yaml', join(folder, 'config/within.yaml'));
    await symlink('/', join(folder, 'config/everything'));
  });
  assert.ok(tookMs < SOON_MS, `${tookMs} ms`);
  assert.deepEqual(names, ['good', 'within']);
  const lines = said.split('\n');
  for (const [file, reason] of [
    ['fifo', 'it is no regular file'],
    ['folder', 'it is no regular file'],
    ['sparse', 'it is larger than 1 MB'],
    ['out', `${root}/victim.yaml is not allowed`],
    ['zero', '/dev/zero is not allowed'],
    ['loop', 'ELOOP'],
  ])
    assert.ok(
      lines.some(line => line.startsWith(`config/${file}.yaml:1:1: can't be read (`) && line.includes(reason!)),
      `${file}: ${said}`,
    );
  assert.ok(!said.includes('hunter22'), said);
});

test('a dataset’s own folder that is a link out of CONFIG_DIR is refused, one within it is not', async t => {
  const { said, names } = await load(t, { 'out.yaml': GOOD, 'within.yaml': GOOD }, {}, async folder => {
    await symlink('/etc', join(folder, 'config/out'));
    await mkdir(join(folder, 'config/.v1'));
    await symlink('.v1', join(folder, 'config/within'));
  });
  assert.match(said, /config\/out\.yaml:1:1: its folder: .+\/config\/out, which is \/etc, is not allowed/);
  assert.deepEqual(names, ['within']);
});

test('a file that takes longer than its deadline is told by name, is not read again, and the others are', async t => {
  const expressions = Array.from({ length: 600 }, (_, at) => `'${'(x{1000})'.repeat(100)}${at}': y`);
  const files = {
    'good.yaml': GOOD,
    'slow.yaml': `${GOOD}TRANSFORM: [{replace: {columns: [A], regex: {${expressions.join(', ')}}}}]\n`,
  };
  const { root, said, names } = await load(t, files, { fileDeadlineMs: 2000 });
  assert.match(said, /^config\/slow\.yaml:1:1: took longer than 5 s, or too much memory/);
  assert.deepEqual(names, ['good']);
  const again = performance.now();
  const { broken } = await loadDatasets(join(root, 'config'), {}, { fileDeadlineMs: 2000 });
  assert.deepEqual(broken, ['slow']);
  assert.ok(performance.now() - again < 2000);
  await writeFile(join(root, 'config/slow.yaml'), GOOD);
  assert.deepEqual((await loadDatasets(join(root, 'config'), {}, { fileDeadlineMs: 2000 })).broken, []);
});

test('many links to a file that may just be are not all read: the small files of others are, and the rest is told', async t => {
  const full = `${GOOD}LOAD:\n mappings:\n  a: &a ${'x'.repeat(900_000)}\n  b: [${Array(7).fill('*a').join(', ')}]\n`;
  const { said, names, loaded } = await load(t, { 'z.yaml': GOOD }, {}, async folder => {
    await mkdir(join(folder, 'config/.big'));
    await writeFile(join(folder, 'config/.big/big'), full);
    for (let at = 0; at < 100; at += 1) await symlink('.big/big', join(folder, `config/big${at}.yaml`));
  });
  assert.ok(names.includes('z'), said);
  assert.match(said, /config\/big99\.yaml:1:1: is not read: the other files, .+ make them smaller/);
  assert.ok(names.length > 1 && names.length < 20, String(names.length));
  assert.equal(loaded.broken.length, 101 - names.length);
});

test('_defaults.yaml counts for each dataset that has it under it', async t => {
  const keys = Array.from({ length: 9000 }, (_, at) => ` K${at}: 1`).join('\n');
  const many = Object.fromEntries(Array.from({ length: 130 }, (_, at) => [`d${at}.yaml`, GOOD]));
  const { said } = await load(t, { ...many, '_defaults.yaml': `ENV:\n${keys}\n` });
  assert.match(said, /is not read: the other files/);
});

test('what there is no time left for is not read', () => {
  const room = { bytes: 1e9, values: 1e9, characters: 1e9 };
  const now = performance.now();
  const has = (deadline: number) =>
    hasRoom({ name: 'a', path: '/a', shown: 'a', size: 1 }, { values: 0, characters: 0 }, { room, deadline });
  assert.deepEqual([has(now - 1), has(now + 60_000)], [false, true]);
});

test('an expression is held against no path that would take it long', async t => {
  const { loaded, said } = await load(t, {
    'big.yaml': `${GOOD}WATCH_REGEX: '(\\pL|.|a){900}(\\pL|.|a){700}q$'\n`,
    'large.yaml': `${GOOD}WATCH_REGEX: '[ab].{450}q$'\n`,
    'default.yaml': GOOD,
  });
  assert.match(
    said,
    /^config\/big\.yaml:2:14: WATCH_REGEX is too large: .+ more than 500 instructions; make it simpler/,
  );
  const [byDefault, large] = loaded.datasets.map(dataset => (path: string) => dataset.matches(path));
  assert.deepEqual([large!('a'.repeat(600)), large!('a'.repeat(700))], [false, 'too-long']);
  assert.equal(byDefault!(`${'a'.repeat(2990)}.csv`), true);
});

test('a text that is longer than any name is allowed by no list', async t => {
  const { said } = await load(t, { 'a.yaml': `${GOOD}DOCKER_IMAGE: ${'x'.repeat(5000)}\n` });
  assert.match(said, /^config\/a\.yaml:2:15: DOCKER_IMAGE: x+… is not allowed/m);
});

test('more YAML files than 5,000 are a mistake, and nothing is known of the datasets', async t => {
  const many = Object.fromEntries(Array.from({ length: 5001 }, (_, at) => [`d${at}.yaml`, '']));
  const { said, loaded } = await load(t, many);
  assert.match(said, /^config:1:1: holds more than 5000 YAML files/);
  assert.notEqual(loaded.unreadable, null);
});

test('${file:…} is a regular file of at most 1 MB with one name, below the folders that the policy allows', async t => {
  const references = {
    good: 'secrets/good',
    own: 'config/own/key',
    fifo: 'secrets/fifo',
    zero: '/dev/zero',
    environ: '/proc/self/environ',
    sparse: 'secrets/sparse',
    linked: 'secrets/linked',
    hard: 'secrets/hard',
    through: 'secrets/folder/victim',
    up: 'secrets/../victim',
    folder: 'secrets',
    dotenv: '.env',
    foreign: 'config/own/key',
  };
  const yaml = Object.fromEntries(
    Object.entries(references).map(([name, path]) => [`${name}.yaml`, `${GOOD}ENV: {A: "\${file:${path}}"}\n`]),
  );
  const { said, names, tookMs } = await load(t, yaml, {}, async folder => {
    await mkdir(join(folder, 'secrets'));
    await mkdir(join(folder, 'config/own'));
    for (const name of ['secrets/good', 'config/own/key', 'victim', '.env'])
      await writeFile(join(folder, name), 'hunter22');
    execFileSync('mkfifo', [join(folder, 'secrets/fifo')]);
    await writeFile(join(folder, 'secrets/sparse'), '');
    await truncate(join(folder, 'secrets/sparse'), 10 * 2 ** 30);
    await symlink(join(folder, 'victim'), join(folder, 'secrets/linked'));
    await symlink(folder, join(folder, 'secrets/folder'));
    execFileSync('ln', [join(folder, 'victim'), join(folder, 'secrets/hard')]);
  });
  assert.ok(tookMs < SOON_MS, `${tookMs} ms`);
  assert.deepEqual(names, ['good', 'own'], said);
  assert.match(said, /fifo\.yaml:2:10: .+ can't be read \(it is no regular file\)/);
  assert.match(said, /hard\.yaml:2:10: .+ can't be read \(it has several names \(hard links\)\)/);
  assert.ok(!said.includes('hunter22'), said);
});

async function load(
  t: TestContext,
  files: Record<string, string>,
  options: LoadOptions = {},
  prepare: (root: string) => Promise<void> = async () => {},
) {
  const root = await mkdtemp(join(tmpdir(), 'bounds-'));
  t.after(() => rm(root, { recursive: true }));
  await mkdir(join(root, 'config'));
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(root, 'config', name), text)));
  await prepare(root);
  const start = performance.now();
  const loaded = await loadDatasets(join(root, 'config'), { LONG: 'x'.repeat(1000) }, options);
  const tookMs = performance.now() - start;
  const said = [...loaded.errors, ...loaded.warnings].map(formatMistake).join('\n');
  return { root, loaded, said, names: loaded.datasets.map(({ name }) => name), tookMs };
}
