import assert from 'node:assert/strict';
import { chmod, chown, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseEnvironment } from './environment.ts';
import { loadDatasets, type LoadOptions } from './load.ts';
import { formatMistake } from './messages.ts';
import { environmentPlaces, placesOf } from './places.ts';
import { policyOf, readPolicy } from './policy.ts';
import { rightsOf } from './rights.ts';
import { asRoot } from '../testing/as-root.ts';

const EXAMPLE = fileURLToPath(new URL('../../policy.example.yaml', import.meta.url));

test('without a policy.yaml the defaults hold; where POLICY_FILE names one it must be there', async t => {
  const { places } = await project(t, {});
  assert.equal(readPolicy(places).policy?.file, null);
  const { policy, mistakes } = readPolicy({ ...places, isPolicyNamed: true });
  assert.equal(policy, null);
  assert.match(mistakes.map(formatMistake).join(), /^policy\.yaml:1:1: can't be read \(ENOENT\)/);
});

test('the example that is shipped is a good policy, and each of its rules is one', async t => {
  const { root, places } = await project(t, {});
  await copyFile(EXAMPLE, join(root, 'policy.yaml'));
  await chmod(join(root, 'policy.yaml'), 0o644);
  const { policy, mistakes } = readPolicy(places);
  assert.deepEqual(mistakes, []);
  assert.deepEqual(policy?.settings.commands, ['/opt/etl/bin']);
  assert.equal(policy?.settings.limits.memory, '4g');
  assert.equal(policy?.settings.writable_root, false);
});

test('a policy that others can write, or replace, is none to go by', asRoot, async t => {
  const cases: Record<string, (root: string) => Promise<unknown>> = {
    'uid 1234': root => chown(join(root, 'policy.yaml'), 1234, 0),
    'can be written by everybody': root => chmod(join(root, 'policy.yaml'), 0o646),
    'can be written by group 1234': async root => {
      await chown(join(root, 'policy.yaml'), 0, 1234);
      await chmod(join(root, 'policy.yaml'), 0o664);
    },
    'root can be written by uid 1234': root => chown(root, 1234, 0),
    'loose can be written by everybody': async root => {
      await mkdir(join(root, 'loose'));
      await chmod(join(root, 'loose'), 0o777);
      await rm(join(root, 'policy.yaml'));
      await writeFile(join(root, 'loose/policy'), '');
      await symlink(join(root, 'loose/policy'), join(root, 'policy.yaml'));
    },
    'it is in CONFIG_DIR': async root => {
      await rm(join(root, 'policy.yaml'));
      await writeFile(join(root, 'config/policy'), '');
      await symlink(join(root, 'config/policy'), join(root, 'policy.yaml'));
    },
  };
  for (const [reason, spoil] of Object.entries(cases)) {
    const { root, places } = await project(t, {
      'policy.yaml': 'images: []\n',
      'config/sales.yaml': 'WATCH_DIR: ./in\n',
    });
    await spoil(root);
    const { policy, mistakes } = readPolicy(places);
    assert.equal(policy, null, reason);
    assert.match(
      mistakes[0]!.message,
      new RegExp(`can't be used as the policy: .*${reason.replace(/^root/, '')}`),
      reason,
    );
    const loaded = await loadDatasets(join(root, 'config'), {});
    assert.deepEqual([loaded.datasets, loaded.policy], [[], null], reason);
  }
});

test('a policy that is no file, too large, or broken is none to go by', async t => {
  for (const make of [
    (path: string) => mkdir(path),
    (path: string) => writeFile(path, 'x: '.padEnd(2 ** 20 + 1)),
    (path: string) => writeFile(path, 'images: ['),
    (path: string) => writeFile(path, 'image: []'),
    (path: string) => writeFile(path, '- images'),
    (path: string) => writeFile(path, 'images: ${IMAGES}'),
    (path: string) => writeFile(path, 'images: &a [*a]'),
    (path: string) => symlink('/nowhere', path),
  ]) {
    const { root, places } = await project(t, {});
    await make(join(root, 'policy.yaml'));
    const { policy, mistakes } = readPolicy(places);
    assert.equal(policy, null, make.toString());
    assert.ok(mistakes.length > 0);
  }
});

test('folders: system folders, hidden ones, the orchestrator’s own and what holds them are refused, others are not', async t => {
  const { root, places } = await project(t, { 'data/in/.keep': '', 'data/runs/.keep': '', 'config/.keep': '' });
  const rights = rightsOf(policyOf({}, null), places, 'sales');
  await symlink('/etc', join(root, 'looks-harmless'));
  await symlink(join(root, 'config'), join(root, 'data/in/config'));
  const why = (folder: string) => rights.path('folders', 'WATCH_DIR', folder)?.code;
  const inRoot = (...names: string[]) => names.map(name => join(root, name));
  for (const folder of [
    '/srv/in',
    '/data',
    '/mnt/share',
    '/media/usb',
    '/home/alice/in',
    '/var/ftp',
    '/opt/in',
    '/in',
    '/run/media/usb',
    ...inRoot('in', 'data/in', 'data/in/sales', 'data/backup', 'data/quarantine/x', 'elsewhere'),
  ])
    assert.equal(why(folder), undefined, folder);
  for (const folder of [
    '/',
    '/etc',
    '/etc/cron.d',
    '/root',
    '/root/in',
    '/proc/self',
    '/sys',
    '/dev/shm',
    '/boot',
    '/usr/share',
    '/run/user/0',
    '/var',
    '/var/lib/docker',
    '/var/log',
    '/var/spool/cron',
    '/home/alice/.ssh',
    '/home/alice/.config/x',
    '/bin',
    ...inRoot('', 'config', 'config/sales', 'data', 'data/runs', 'data/token', 'policy.yaml', '.env', '.git', 'a/.b/c'),
    ...inRoot('looks-harmless', 'looks-harmless/cron.d', 'data/in/config', 'data/in/../runs'),
  ])
    assert.notEqual(why(folder), undefined, folder);
});

test('the journal is nobody’s, where the settings name it, which are from the working directory', () => {
  for (const [journal, folder, code] of [
    ['state/journal.sqlite', '/srv/elsewhere/state', 'never-allowed'],
    ['state/journal.sqlite', '/srv/etl/state', undefined],
    ['data/in/sales/journal.sqlite', '/srv/elsewhere/data/in/sales', 'never-allowed'],
    ['', '/srv/elsewhere/data/in/sales', undefined],
  ] as const) {
    const settings = parseEnvironment({ JOURNAL: journal }, '/srv/elsewhere');
    const places = placesOf('/srv/etl/config', {}, environmentPlaces(settings));
    const refusal = rightsOf(policyOf({}, null), places, 'sales').path('folders', 'WATCH_DIR', folder);
    assert.equal(refusal?.code, code, `${journal}: ${folder}`);
  }
});

test('where CONFIG_DIR is in a system folder, that folder is not the project’s', () => {
  for (const [configDir, folder, allowed] of [
    ['/etc/orchestrator', '/etc/in', false],
    ['/etc/orchestrator/config', '/etc/orchestrator/in', true],
    ['/config', '/in', true],
    ['/config', '/etc/in', false],
    ['/root/config', '/root/in', false],
    ['/root/etl/config', '/root/etl/in', true],
    ['/root/etl/config', '/root/etl/.ssh', false],
    ['/var/lib/etl/config', '/var/lib/etl/data/in', true],
  ] as const) {
    const rights = rightsOf(policyOf({}, null), placesOf(configDir, {}), 'sales');
    assert.equal(rights.path('folders', 'WATCH_DIR', folder) === undefined, allowed, `${configDir} ${folder}`);
  }
});

test('images are allowed by globs and digests', () => {
  const allowed = (images: string[], image: string) =>
    rightsOf(policyOf({ images }, null), placesOf('/srv/config', {}), 'a').text('images', 'DOCKER_IMAGE', image) ===
    undefined;
  const digest = `@sha256:${'a'.repeat(64)}`;
  for (const [images, image, is] of [
    [['**'], 'any/thing:1', true],
    [['python:*'], 'python:3.12', true],
    [['python:*'], 'python:3/evil', false],
    [['python*'], 'pythonevil.example/x', false],
    [['registry.example.org/etl/**'], 'registry.example.org/etl/a/b:1', true],
    [['registry.example.org/etl/**'], 'registry.example.org.evil/etl/a', false],
    [['registry.example.org/etl/*'], 'registry.example.org/etl/a/b', false],
    [['**@sha256:*'], `a/b${digest}`, true],
    [['**@sha256:*'], 'a/b:latest', false],
    [['**', '!evil/**'], 'evil/x', false],
    [[`a/b${digest}`], `a/b${digest}`, true],
    [['python'], 'f00ba4', false],
    [[], 'python', false],
  ] as const)
    assert.equal(allowed([...images], image), is, `${images.join()} ${image}`);
});

test('${NAME} takes every variable but the orchestrator’s secrets, and what looks like one only if the policy says more than *', () => {
  const may = (variables: string[] | undefined, name: string, value = 'x') =>
    rightsOf(policyOf(variables ? { variables } : {}, null), placesOf('/srv/config', {}), 'a').variable(name, value) ===
    undefined;
  for (const name of ['SHARE', 'UPLOAD_URL', 'ELASTICSEARCH_NODE', 'HOME']) assert.ok(may(undefined, name), name);
  for (const name of [
    'ELASTICSEARCH_PASSWORD',
    'KIBANA_PASSWORD',
    'KIBANA_API_KEY',
    'KIBANA_URL',
    'ELASTICSEARCH_API_KEY',
    'ELASTICSEARCH_USERNAME',
    'DOCKER_HOST',
    'DB_PASSWORD',
    'MINIO_SECRET_KEY',
    'GITHUB_PAT',
    'STRIPE_KEY',
    'SESSION_COOKIE',
    'AWS_ACCESS_KEY_ID',
    'SENTRY_DSN',
  ])
    assert.ok(!may(undefined, name), name);
  assert.ok(!may(undefined, 'DATABASE', 'postgres://me:pa55word@db/x'));
  assert.ok(may(['*', 'MINIO_*'], 'MINIO_SECRET_KEY'));
  assert.ok(!may(['**', 'MINIO_*'], 'DB_PASSWORD'));
  assert.ok(!may(['*', 'ELASTICSEARCH_*'], 'ELASTICSEARCH_PASSWORD'));
  assert.ok(may(['ELASTICSEARCH_PASSWORD'], 'ELASTICSEARCH_PASSWORD'));
  assert.ok(!may(['*', 'KIBANA_*'], 'KIBANA_PASSWORD'));
  assert.ok(!may(['ELASTICSEARCH_PASSWORD', '!ELASTICSEARCH_*'], 'ELASTICSEARCH_API_KEY'));
});

test('a secret variable that is not set leaves its default, as in the examples', async t => {
  const { load } = await project(t, { 'config/a.yaml': 'WATCH_DIR: ./in\nENV: {T: "${UPLOAD_TOKEN:-}"}\n' });
  assert.deepEqual((await load({})).errors, []);
  const { errors } = await load({ UPLOAD_TOKEN: 'hunter22' });
  assert.match(
    errors.map(formatMistake).join(),
    /^config\/a\.yaml:2:10: \$\{UPLOAD_TOKEN\}: UPLOAD_TOKEN, which looks like a secret/,
  );
});

test('what others can write is no COMMAND of an orchestrator that is root', asRoot, async t => {
  const { root, load } = await project(t, {
    'config/loose.yaml': 'WATCH_DIR: ./in\nCOMMAND: bin/loose\n',
    'config/given.yaml': 'WATCH_DIR: ./in\nCOMMAND: [bin/given]\n',
    'config/linked.yaml': 'WATCH_DIR: ./in\nCOMMAND: bin/linked\n',
    'config/below.yaml': 'WATCH_DIR: ./in\nCOMMAND: open/program\n',
    'config/own.yaml': 'WATCH_DIR: ./in\nCOMMAND: config/own/program\n',
    'config/foreign.yaml': 'WATCH_DIR: ./in\nCOMMAND: config/own/program\n',
    'config/good.yaml': 'WATCH_DIR: ./in\nCOMMAND: bin/good\n',
    ...Object.fromEntries(
      ['bin/loose', 'bin/given', 'bin/good', 'open/program', 'config/own/program'].map(name => [name, '']),
    ),
  });
  await chmod(join(root, 'bin/loose'), 0o757);
  await chown(join(root, 'bin/given'), 1234, 1234);
  await symlink('../open/program', join(root, 'bin/linked'));
  await chmod(join(root, 'open'), 0o777);
  await chown(join(root, 'config/own'), 1234, 1234);
  const { datasets, errors } = await load({});
  assert.deepEqual(
    datasets.map(({ name }) => name),
    ['good', 'own'],
  );
  assert.deepEqual(
    errors.map(({ code, file, line }) => [code, file, line]),
    ['below', 'foreign', 'given', 'linked', 'loose'].map(name => ['writable-command', `config/${name}.yaml`, 2]),
  );
});

test('limits are the YAML’s, else the defaults, and the defaults are no more than the policy’s most', async t => {
  const { load } = await project(t, {
    'policy.yaml':
      'limits: {memory: 1g, cpus: 1.5, pids: 100, work_size: 1g, timeout: 10m, retries: 1, concurrency: 1}\n',
    'config/plain.yaml': 'WATCH_DIR: ./in\n',
    'config/own.yaml': 'WATCH_DIR: ./in\nWORK_SIZE: 1m\nDOCKER_OPTIONS: {memory: 64m, cpus: 0.5, pids: 9}\n',
  });
  const { datasets, errors } = await load({});
  assert.deepEqual(errors, []);
  const [own, plain] = datasets;
  assert.deepEqual(own?.limits, { memoryBytes: 64 * 2 ** 20, cpus: 0.5, pids: 9, workBytes: 2 ** 20 });
  assert.deepEqual(plain?.limits, { memoryBytes: 2 ** 30, cpus: 1.5, pids: 100, workBytes: 2 ** 30 });
  assert.deepEqual([plain?.timeoutMs, plain?.settings.RETRIES, plain?.settings.CONCURRENCY], [600_000, 1, 1]);
});

test('with the default policy limits are always set', async t => {
  const { load } = await project(t, { 'config/plain.yaml': 'WATCH_DIR: ./in\n' });
  const [plain] = (await load({})).datasets;
  assert.deepEqual(plain?.limits, { memoryBytes: 2 * 2 ** 30, cpus: null, pids: 1024, workBytes: 10 * 2 ** 30 });
});

test('a dataset judges a path anew when it is used', async t => {
  const { root, load } = await project(t, { 'config/sales.yaml': 'WATCH_DIR: ./in\n', 'in/.keep': '' });
  const [sales] = (await load({})).datasets;
  assert.equal(sales?.whyForbidden('folders', join(root, 'in')), null);
  await rm(join(root, 'in'), { recursive: true });
  await symlink('/etc', join(root, 'in'));
  assert.match(
    sales?.whyForbidden('folders', join(root, 'in')) ?? '',
    /^is \/etc, which the policy does not allow \(folders\)/,
  );
});

async function project(t: TestContext, files: Record<string, string>) {
  const root = await mkdtemp(join(tmpdir(), 'policy-'));
  t.after(() => rm(root, { recursive: true }));
  await mkdir(join(root, 'config'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(root, name, '..'), { recursive: true });
    await writeFile(join(root, name), text, { mode: 0o644 });
  }
  const configDir = join(root, 'config');
  const load = (env: Record<string, string>, options: LoadOptions = {}) => loadDatasets(configDir, env, options);
  return { root, places: placesOf(configDir, {}), load };
}
