import assert from 'node:assert/strict';
import { chmodSync, existsSync, lchownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { makeAdminFolder, openAdminFolder } from './admin-folder.ts';

test('below a folder that others can write no link leads an administrator’s folder anywhere else', async t => {
  const { shared, victim } = setUp(t);
  symlinkSync(victim, join(shared, 'backup'));
  await assert.rejects(makeAdminFolder(join(shared, 'backup', 'sales')), { code: 'ENOTDIR' });
  await assert.rejects(openAdminFolder(join(shared, 'backup')), { code: 'ENOTDIR' });
  assert(!existsSync(join(victim, 'sales')));
});

test('in a sticky folder, as /tmp is, links of ours are followed, those of others are not', async t => {
  const { shared, victim } = setUp(t);
  chmodSync(shared, 0o1777);
  symlinkSync(victim, join(shared, 'ours'));
  await (await openAdminFolder(join(shared, 'ours'))).close();
  if (process.getuid?.() !== 0) return;
  symlinkSync(victim, join(shared, 'his'));
  lchownSync(join(shared, 'his'), 1234, 1234);
  await assert.rejects(openAdminFolder(join(shared, 'his')), { code: 'ENOTDIR' });
});

test('what is missing of an administrator’s folder is made, and shows itself to whom the folder above does', async t => {
  const { shared } = setUp(t);
  const made = await makeAdminFolder(join(shared, 'new', 'backup'));
  await made.close();
  assert.equal(statSync(join(shared, 'new', 'backup')).mode & 0o777, 0o755);
  await (await openAdminFolder(join(shared, 'new', 'backup'))).close();
  await assert.rejects(openAdminFolder(join(shared, 'none')), { code: 'ENOENT' });
});

test('links that only root can have put there are followed', { skip: process.platform !== 'linux' }, async () => {
  // /proc is root’s, and this link of it leads to /proc/<pid>/mounts’ folder.
  const folder = await openAdminFolder('/proc/self/fdinfo');
  await folder.close();
});

/** A folder that anybody can write, and one that nobody must get into. */
function setUp(t: TestContext): { shared: string; victim: string } {
  const base = mkdtempSync(join(tmpdir(), 'admin-folder-'));
  t.after(() => rmSync(base, { recursive: true }));
  const [shared, victim] = [join(base, 'shared'), join(base, 'victim')];
  mkdirSync(shared);
  mkdirSync(victim);
  chmodSync(base, 0o755);
  chmodSync(shared, 0o777);
  return { shared, victim };
}
