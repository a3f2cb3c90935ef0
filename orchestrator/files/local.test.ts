import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { identityOf, openAdminFolder } from './admin-folder.ts';
import type { Folder } from './folder.ts';
import { forKnownFile, openWhereLocal } from './local.ts';

const isLinux = process.platform === 'linux';

test('what was seen on a local file system is opened at once, what is in it is not', { skip: !isLinux }, async t => {
  const path = makeFolder(t);
  await (await openWhereLocal(path)).close();
  assert.equal(await isAtOnce(openWhereLocal(path)), false, 'nothing is known of the folders above it');
  await (await openAdminFolder(path)).close();
  assert.equal(await isAtOnce(openWhereLocal(path)), true);
  assert.equal(await isAtOnce(openAdminFolder(path)), true);
  mkdirSync(join(path, 'below'));
  const folder = await openWhereLocal(path);
  assert.equal(await isAtOnce(folder.folder('below')), false);
  await folder.close();
});

test('about a file in a local folder it is asked at once, about one below another folder in it not', {
  skip: !isLinux,
}, async t => {
  const path = makeFolder(t);
  mkdirSync(join(path, 'below'));
  const folder = await openAdminFolder(path);
  const isAsked = (file: string) => isAtOnce(forKnownFile(folder, file).folder(file));
  assert.equal(await isAsked('below'), true);
  assert.equal(await isAsked('./below'), false);
  await folder.close();
  const other = await openAdminFolder('/proc/tty');
  assert.equal(forKnownFile(other, 'drivers'), other);
  await other.close();
});

test('it is the folder that is there now, however short the time since another one was', async t => {
  const path = makeFolder(t);
  for (let time = 0; time < 3; time += 1) {
    const folder = await openAdminFolder(path);
    const { dev, ino } = statSync(path);
    assert.equal(await identityOf(folder), `${dev}:${ino}`);
    await folder.close();
    renameSync(path, `${path}-${time}`);
    await assert.rejects(openAdminFolder(path), { code: 'ENOENT' });
    mkdirSync(path);
  }
});

test('what is not on a local file system, or behind a link, goes by threads', { skip: !isLinux }, async t => {
  const path = makeFolder(t);
  symlinkSync(path, `${path}-link`);
  for (const name of ['/proc/tty', `${path}-link`]) {
    await (await openAdminFolder(name)).close();
    assert.equal(await isAtOnce(openWhereLocal(name)), false, name);
  }
});

function makeFolder(t: TestContext): string {
  const base = mkdtempSync(join(tmpdir(), 'local-'));
  t.after(() => rmSync(base, { recursive: true }));
  mkdirSync(join(base, 'in'));
  return join(base, 'in');
}

/** Whether it is open before the event loop goes on: what a thread has done is heard of later. Closes it. */
async function isAtOnce(opening: Promise<Folder>): Promise<boolean> {
  let isOpen = false;
  const opened = opening.then(folder => {
    isOpen = true;
    return folder;
  });
  for (let step = 0; step < 1000; step += 1) await Promise.resolve();
  const wasOpen = isOpen;
  await (await opened).close();
  return wasOpen;
}
