import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { libc } from '../libc.ts';
import { identityReadableBy } from './as-user.ts';
import { Folder } from './folder.ts';
import { mayHaveSeveralNames } from './hard-links.ts';
import { openNamedFile } from './named-file.ts';
import { lookAtSource, openSource } from './source.ts';
import { UntrustedFile } from './untrusted-file.ts';
import { asRoot, isRoot } from '../testing/as-root.ts';

const STRANGER = 1234;

let base: string;
let inside: string;
let folder: Folder;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'source-'));
  inside = join(base, 'in');
  chmodSync(base, 0o755);
  mkdirSync(inside);
  chmodSync(inside, 0o777);
  mkdirSync(join(base, 'closed'), { mode: 0o700 });
  writeFileSync(join(base, 'open.csv'), 'open', { mode: 0o644 });
  writeFileSync(join(base, 'secret.csv'), 'secret', { mode: 0o600 });
  writeFileSync(join(base, 'closed', 'open.csv'), 'closed', { mode: 0o644 });
  folder = await Folder.open(inside);
});

afterEach(async () => {
  await folder.close();
  rmSync(base, { recursive: true });
});

/** What is read there with FOLLOW_LINKS, or why it isn't. */
async function read(path: string, followLinks = true): Promise<string | undefined> {
  try {
    const seen = await lookAtSource(folder, path, { followLinks });
    if (seen === undefined) return undefined;
    const { file, stats } = await openSource(folder, path, { followLinks });
    assert.equal(stats.ino, seen.stats.ino);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(100), 0, 100, 0);
    await file.close();
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (error instanceof UntrustedFile) return error.reason;
    throw error;
  }
}

function asStranger(script: string): void {
  const user = ['--reuid', String(STRANGER), '--regid', String(STRANGER), '--clear-groups'];
  const { status, stderr } = spawnSync('setpriv', [...user, 'sh', '-ec', script], { cwd: inside, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

test('without FOLLOW_LINKS no link is followed, and a file is read', async () => {
  writeFileSync(join(inside, 'a.csv'), 'a');
  symlinkSync('a.csv', join(inside, 'b.csv'));
  assert.deepEqual([await read('a.csv', false), await read('b.csv', false)], ['a', 'link']);
});

test('links of ours lead to files, by way of folders and of further links; not to folders, nowhere, or in circles', async () => {
  symlinkSync('../secret.csv', join(inside, 'secret.csv'));
  symlinkSync(join(base, 'closed', 'open.csv'), join(inside, 'absolute.csv'));
  symlinkSync('absolute.csv', join(inside, 'twice.csv'));
  symlinkSync('..', join(inside, 'above'));
  symlinkSync('above/open.csv', join(inside, 'through.csv'));
  symlinkSync('none.csv', join(inside, 'nowhere.csv'));
  symlinkSync('circle.csv', join(inside, 'circle.csv'));
  symlinkSync('/dev/null', join(inside, 'device.csv'));
  symlinkSync('../open.csv/', join(inside, 'slash.csv'));
  const expected = {
    'secret.csv': 'secret',
    'absolute.csv': 'closed',
    'twice.csv': 'closed',
    'through.csv': 'open',
    above: 'not-a-file',
    'nowhere.csv': undefined,
    'circle.csv': 'link',
    'device.csv': 'not-a-file',
    'slash.csv': 'not-a-file',
    'above/open.csv': undefined,
  };
  for (const [path, what] of Object.entries(expected)) assert.equal(await read(path), what, path);
});

test('a link of somebody else leads to what he could read himself, and nowhere else', asRoot, async () => {
  asStranger(`
    ln -s ../open.csv open.csv
    ln -s ../secret.csv secret.csv
    ln -s ${base}/closed/open.csv closed.csv
    ln -s /proc/self/environ environ.csv
    ln -s /proc/${process.pid}/root/${base}/secret.csv magic.csv`);
  assert.equal(await read('open.csv'), 'open');
  for (const path of ['secret.csv', 'closed.csv', 'environ.csv', 'magic.csv']) {
    assert.equal(await read(path), 'link-owner', path);
  }
});

test(
  'a link of ours that goes on through a link of somebody else leads no further than he could read',
  asRoot,
  async () => {
    mkdirSync(join(base, 'his'));
    chownSync(join(base, 'his'), STRANGER, STRANGER);
    asStranger(
      `ln -s ../secret.csv ${base}/his/export.csv; ln -s ../open.csv ${base}/his/plain.csv; ln -s ../closed ${base}/his/dir`,
    );
    for (const [name, what] of [
      ['export.csv', 'link-owner'],
      ['dir/open.csv', 'link-owner'],
      ['plain.csv', 'open'],
    ] as const) {
      rmSync(join(inside, 'a.csv'), { force: true });
      symlinkSync(join(base, 'his', name), join(inside, 'a.csv'));
      assert.equal(await read('a.csv'), what, name);
    }
  },
);

test('a link with several names is not followed: who gave it its name here may not have made it', async () => {
  symlinkSync('../open.csv', join(base, 'link'));
  linkSync(join(base, 'link'), join(inside, 'a.csv'));
  assert.equal(await read('a.csv'), 'several-names');
});

test('groups and access control lists are heeded, since the kernel is asked', asRoot, async () => {
  const [open, secret] = [join(base, 'open.csv'), join(base, 'secret.csv')];
  asStranger('ln -s ../secret.csv secret.csv; ln -s ../open.csv open.csv');
  // A user without a name has no group.
  chownSync(secret, 0, STRANGER);
  chmodSync(secret, 0o640);
  assert.equal(await read('secret.csv'), 'link-owner');
  setAccess(open, { stranger: 0 });
  assert.equal(await read('open.csv'), 'link-owner');
  setAccess(secret, { stranger: 4 });
  assert.equal(await read('secret.csv'), 'secret');
});

/** An access control list as acl(5) has it, which setfacl(1) would write: all others may read, the owner too. */
function setAccess(path: string, { stranger }: { stranger: number }): void {
  const ANY = 0xff_ff_ff_ff;
  const [owner, user, group, mask, others] = [1, 2, 4, 16, 32];
  const list = Buffer.alloc(4 + 5 * 8);
  list.writeUInt32LE(2);
  for (const [place, [tag, rights, id]] of (
    [
      [owner, 6, ANY],
      [user, stranger, STRANGER],
      [group, 4, ANY],
      [mask, 4, ANY],
      [others, 4, ANY],
    ] as Array<[number, number, number]>
  ).entries()) {
    list.writeUInt16LE(tag, 4 + place * 8);
    list.writeUInt16LE(rights, 6 + place * 8);
    list.writeUInt32LE(id, 8 + place * 8);
  }
  const setxattr = libc().func(
    'int setxattr(const char *path, const char *name, const uint8_t *value, size_t size, int flags)',
  );
  assert.equal(setxattr(path, 'system.posix_acl_access', list, list.length, 0), 0);
}

test('asking as another user leaves this process what it was', asRoot, async () => {
  assert.equal(await identityReadableBy(STRANGER, join(base, 'secret.csv')), null);
  assert.notEqual(await identityReadableBy(0, join(base, 'secret.csv')), null);
  assert.equal(await read('../secret.csv').catch(String), 'path');
  const status = spawnSync('cat', [`/proc/${process.pid}/status`], { encoding: 'utf8' }).stdout;
  assert.match(status, /^Uid:\t0\t0\t0\t0$/m);
});

test('what is swapped while it is looked at leads nowhere else', asRoot, async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isOver = false;
  const swap = async () => {
    while (!isOver) {
      for (const target of ['../open.csv', '../secret.csv']) {
        symlinkSync(target, join(inside, 'new'));
        lchownSync(join(inside, 'new'), STRANGER, STRANGER);
        renameSync(join(inside, 'new'), join(inside, 'a.csv'));
        await new Promise(setImmediate);
      }
    }
    resolve();
  };
  void swap();
  for (let time = 0; time < 60; time += 1) {
    const what = await read('a.csv').catch((error: { code?: string }) => error.code);
    assert(what === 'open' || what === 'link-owner' || what === 'ERR_ASSERTION' || what === undefined, String(what));
  }
  isOver = true;
  await promise;
});

test('a file with several names is taken where no link can give away more than its maker could read', () => {
  const [his, mine, roots] = [{ uid: 1234n }, { uid: 1000n }, { uid: 0n }];
  const own = { uid: 1234n, mode: 0o40755n };
  const shared = { uid: 0n, mode: 0o41777n };
  assert.equal(mayHaveSeveralNames(roots, own, true), true);
  assert.equal(mayHaveSeveralNames(his, own, false), true);
  assert.equal(mayHaveSeveralNames(roots, own, false), false);
  assert.equal(mayHaveSeveralNames(mine, own, false), false);
  // Anybody may have given root’s file a name in it.
  assert.equal(mayHaveSeveralNames(roots, shared, false), false);
});

test('a file that a person names is opened by way of links, but not of such that lead their owner further than he could go', async () => {
  symlinkSync('../secret.csv', join(inside, 'a.csv'));
  const { file, path } = await openNamedFile(join(inside, 'a.csv'));
  await file.close();
  assert.equal(path, join(base, 'secret.csv'));
  if (!isRoot) return;
  asStranger('ln -s ../secret.csv his.csv');
  await assert.rejects(openNamedFile(join(inside, 'his.csv')), UntrustedFile);
});
