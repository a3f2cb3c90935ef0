import assert from 'node:assert/strict';
import { chmod, chown, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadDatasets } from '../../config/load.ts';
import { kindOf, messageOf } from '../../errors.ts';
import { bindsOf, configFolderOf } from './volumes.ts';
import { asRoot } from '../../testing/as-root.ts';

test('a mount is what its path leads to when the run starts, and is refused where the policy keeps that', async t => {
  const { root, dataset } = await project(t);
  assert.deepEqual(bindsOf(dataset, null), [`${root}/tables:/tables:ro`]);
  await rm(join(root, 'tables'), { recursive: true });
  await mkdir(join(root, 'elsewhere'));
  await symlink(join(root, 'elsewhere'), join(root, 'tables'));
  assert.deepEqual(bindsOf(dataset, null), [`${root}/elsewhere:/tables:ro`]);
  for (const target of ['/etc', '/', '/var/run', join(root, 'config'), join(root, 'data/runs')]) {
    await rm(join(root, 'tables'));
    await symlink(target, join(root, 'tables'));
    assert.throws(
      () => bindsOf(dataset, null),
      refusal(/DOCKER_OPTIONS\.volumes: .+\/tables is .+ (not allow|never allowed)/),
    );
  }
});

test('a mount that others could swap while the engine looks for it is refused', asRoot, async t => {
  const { root, dataset } = await project(t);
  const refused = (error: unknown) => kindOf(error) === 'wait' && /can be swapped by others/.test(messageOf(error));
  await chmod(root, 0o777);
  assert.throws(() => bindsOf(dataset, null), refused);
  // As in /tmp: what is root's there stays, what is another's may go.
  await chmod(root, 0o1777);
  assert.equal(bindsOf(dataset, null).length, 1);
  await chown(join(root, 'tables'), 61_234, 61_234);
  assert.throws(() => bindsOf(dataset, null), refused);
  await chmod(root, 0o755);
  assert.equal(bindsOf(dataset, null).length, 1);
  await chown(root, 61_234, 0);
  assert.throws(() => bindsOf(dataset, null), refused);
  await chown(root, 0, 61_234);
  await chmod(root, 0o775);
  assert.throws(() => bindsOf(dataset, null), refused);
});

test('a socket is never mounted, whatever it is called', async t => {
  const { root, dataset } = await project(t);
  await rm(join(root, 'tables'), { recursive: true });
  const server = createServer().listen(join(root, 'tables'));
  await once(server, 'listening');
  try {
    assert.throws(() => bindsOf(dataset, null), refusal(/sockets and devices are never mounted/));
  } finally {
    server.close();
  }
});

test('in a container of its own the orchestrator asks for the paths of the host', async t => {
  const { root, dataset } = await project(t);
  assert.deepEqual(bindsOf(dataset, [{ from: root, to: '/host' }]), ['/host/tables:/tables:ro']);
  assert.deepEqual(bindsOf(dataset, [{ from: '/elsewhere', to: '/host' }]), [`${root}/tables:/tables:ro`]);
});

test('the folder of a dataset is mounted where it is one of CONFIG_DIR', async t => {
  const { root, dataset } = await project(t);
  assert.equal(configFolderOf(dataset), null);
  await mkdir(join(root, 'config/sales'));
  assert.equal(configFolderOf(dataset), join(root, 'config/sales'));
  await rm(join(root, 'config/sales'), { recursive: true });
  await symlink('/etc', join(root, 'config/sales'));
  assert.throws(() => configFolderOf(dataset), refusal(/config\/sales is \/etc, which the policy does not allow/));
});

function refusal(pattern: RegExp): (error: unknown) => boolean {
  return error => {
    assert.equal(kindOf(error), 'never');
    assert.match(messageOf(error), pattern);
    return true;
  };
}

async function project(t: TestContext) {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'volumes-')));
  t.after(() => rm(root, { recursive: true }));
  for (const name of ['config', 'tables']) await mkdir(join(root, name));
  await writeFile(
    join(root, 'config/sales.yaml'),
    'WATCH_DIR: ./in\nDOCKER_OPTIONS: {volumes: [./tables:/tables:ro]}\n',
  );
  const [dataset] = (await loadDatasets(join(root, 'config'), {})).datasets;
  assert.ok(dataset);
  return { root, dataset };
}
