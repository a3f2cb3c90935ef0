import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  linkSync,
  readdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Folder } from './folder.ts';
import { readLines, readText } from './read.ts';
import { removeTree, usageOf } from './tree.ts';
import { UntrustedFile } from './untrusted-file.ts';
import { asRoot } from '../testing/as-root.ts';

const WAYS = [
  ['by threads', Folder.open],
  ['at once', (path: string) => Folder.openNow(path)],
] as const;

for (const [way, open] of WAYS)
  describe(`a folder whose calls are made ${way}`, () => {
    let base: string;
    let inside: string;
    let victim: string;
    let folder: Folder;

    beforeEach(async () => {
      base = mkdtempSync(join(tmpdir(), 'folder-'));
      inside = join(base, 'inside');
      victim = join(base, 'victim');
      mkdirSync(inside);
      mkdirSync(victim);
      writeFileSync(join(victim, 'secret'), 'secret');
      folder = await open(inside);
    });

    afterEach(async () => {
      await folder.close();
      rmSync(base, { recursive: true, force: true });
    });

    const untrusted = (reason: UntrustedFile['reason']) => (error: unknown) =>
      error instanceof UntrustedFile && error.reason === reason;

    async function textOf(relative: string): Promise<string> {
      return readText(folder, relative, 100);
    }

    test('a file is read, in the folder and below it', async () => {
      mkdirSync(join(inside, 'a/b'), { recursive: true });
      writeFileSync(join(inside, 'a/b/x.csv'), 'deep');
      writeFileSync(join(inside, 'x.csv'), 'near');
      assert.equal(await textOf('a/b/x.csv'), 'deep');
      assert.equal(await textOf('x.csv'), 'near');
    });

    test('a link to a file is not followed, and neither is one to a folder on the way', async () => {
      symlinkSync(join(victim, 'secret'), join(inside, 'x.csv'));
      symlinkSync(victim, join(inside, 'sub'));
      await assert.rejects(textOf('x.csv'), untrusted('link'));
      await assert.rejects(textOf('sub/secret'), { code: 'ENOTDIR' });
      await assert.rejects(folder.folder('sub'), { code: 'ENOTDIR' });
      await assert.rejects(folder.makeFolder('sub/new'), { code: 'ENOTDIR' });
      assert.equal(await folder.look('sub/secret'), undefined);
      assert.equal((await folder.look('x.csv'))?.isSymbolicLink(), true);
      assert.deepEqual(readdirSync(victim), ['secret']);
    });

    test('no name leads out of the folder', async () => {
      for (const name of ['../victim/secret', 'a/../../victim/secret', '/etc/passwd', '..', 'a\0b', '.']) {
        await assert.rejects(folder.openFile(name), untrusted('path'), name);
      }
    });

    test('what is put in the place of an open folder is never touched', async () => {
      writeFileSync(join(inside, 'x.csv'), 'mine');
      renameSync(inside, join(base, 'away'));
      symlinkSync(victim, inside);
      await folder.replace('note', 'written');
      assert.equal(await textOf('x.csv'), 'mine');
      assert.equal(readFileSync(join(base, 'away/note'), 'utf8'), 'written');
      assert.deepEqual(readdirSync(victim), ['secret']);
    });

    test('a FIFO, a socket and a folder under a file’s name are refused at once', async () => {
      spawnSync('mkfifo', [join(inside, 'pipe')]);
      mkdirSync(join(inside, 'directory'));
      await assert.rejects(folder.openFile('pipe'), untrusted('not-a-file'));
      await assert.rejects(folder.openFile('directory'), untrusted('not-a-file'));
      await assert
        .rejects(folder.openLog('pipe'), { code: 'ENXIO' })
        .catch(() => assert.rejects(folder.openLog('pipe'), untrusted('not-a-file')));
      await assert.rejects(folder.openLog('directory'), untrusted('not-a-file'));
    });

    test('a file of several names, or of another user, is refused where that is asked for', async () => {
      linkSync(join(victim, 'secret'), join(inside, 'two'));
      await assert.rejects(folder.openFile('two', { onlyName: true }), untrusted('several-names'));
      await assert.rejects(folder.openFile('two', { owners: [99_999] }), untrusted('owner'));
      await (await folder.openFile('two', { owners: [process.getuid?.() ?? 0] })).close();
    });

    test('a new file is never made through a link, nor over a file', async () => {
      symlinkSync(join(base, 'made'), join(inside, 'dangling'));
      writeFileSync(join(inside, 'there'), 'there');
      await assert.rejects(folder.create('dangling'), { code: 'EEXIST' });
      await assert.rejects(folder.create('there'), { code: 'EEXIST' });
      await (await folder.create('new')).close();
      assert.equal(statSync(join(inside, 'new')).mode & 0o777, 0o600);
      assert.deepEqual(readdirSync(base).sort(), ['inside', 'victim']);
    });

    test('replacing a file replaces a link, not what it leads to, and leaves nothing half-made', async () => {
      symlinkSync(join(victim, 'secret'), join(inside, 'note'));
      await folder.replace('note', 'mine');
      assert.equal(readFileSync(join(victim, 'secret'), 'utf8'), 'secret');
      assert.equal(await textOf('note'), 'mine');
      mkdirSync(join(inside, 'taken'));
      await assert.rejects(folder.replace('taken', 'x'), { code: 'EISDIR' });
      assert.deepEqual(readdirSync(inside).sort(), ['note', 'taken']);
    });

    test('a second name is given to files alone', async () => {
      symlinkSync(join(victim, 'secret'), join(inside, 'x.csv'));
      await assert.rejects(folder.link('x.csv', folder, 'y.csv'), untrusted('not-a-file'));
      assert.deepEqual(readdirSync(inside), ['x.csv']);
    });

    test('a log is added to, and never through a link', async () => {
      for (const line of ['one\n', 'two\n']) {
        const log = await folder.openLog('run.log');
        await log.write(Buffer.from(line));
        await log.close();
      }
      assert.equal(await textOf('run.log'), 'one\ntwo\n');
      symlinkSync(join(victim, 'secret'), join(inside, 'linked.log'));
      await assert.rejects(folder.openLog('linked.log'), untrusted('link'));
    });

    test('a whole text is read up to its bound alone', async () => {
      writeFileSync(join(inside, 'x'), 'y'.repeat(101));
      await assert.rejects(textOf('x'), untrusted('too-large'));
      writeFileSync(join(inside, 'x'), 'y'.repeat(100));
      assert.equal((await textOf('x')).length, 100);
    });

    test('lines are cut at their bound, and reading ends at the file’s', async () => {
      const long = 'z'.repeat(200_000);
      writeFileSync(join(inside, 'lines'), `a\r\n${long}\n\nénd`);
      const file = await folder.openFile('lines');
      const read = async (fileBytes: number) => {
        const lines = [];
        for await (const line of readLines(file, { lineBytes: 10, fileBytes })) lines.push(line);
        return lines;
      };
      const cut = { text: 'z'.repeat(10), isCut: true };
      const first = { text: 'a', isCut: false };
      assert.deepEqual(await read(1e9), [first, cut, { text: '', isCut: false }, { text: 'énd', isCut: false }]);
      assert.deepEqual(await read(1000), [first, cut]);
      await file.close();
    });

    test('a tree goes with all that is in it, however deep, and nothing that its links lead to', async () => {
      let deep = join(inside, 'tree');
      mkdirSync(deep);
      symlinkSync(victim, join(deep, 'out'));
      symlinkSync(join(victim, 'secret'), join(deep, 'file'));
      process.chdir(deep);
      for (let depth = 0; depth < 1000; depth += 1) {
        mkdirSync('d');
        process.chdir('d');
        if (depth % 100 === 0) writeFileSync('f', '');
      }
      process.chdir('/');
      await removeTree(folder, 'tree');
      await removeTree(folder, 'tree');
      assert.deepEqual(readdirSync(inside), []);
      assert.deepEqual(readdirSync(victim), ['secret']);
      deep = join(inside, 'link');
      symlinkSync(victim, deep);
      await removeTree(folder, 'link');
      assert.deepEqual(readdirSync(victim), ['secret']);
    });

    test('a tree goes with names that are not UTF-8, which usage counts, too', async () => {
      mkdirSync(join(inside, 'tree'));
      const folderName = Buffer.concat([Buffer.from(join(inside, 'tree/')), Buffer.from([0xff])]);
      mkdirSync(folderName);
      writeFileSync(Buffer.concat([folderName, Buffer.from('/'), Buffer.from([0xfe])]), '');
      assert.equal((await usageOf(folder, { bytes: 1e9, entries: 100 })).entries, 3);
      await removeTree(folder, 'tree', AbortSignal.timeout(5000));
      assert.deepEqual(readdirSync(inside), []);
    });

    test('the removal of a tree breaks off when it is told to, and goes on later', async () => {
      mkdirSync(join(inside, 'tree'));
      writeFileSync(join(inside, 'tree', 'a'), '');
      await removeTree(folder, 'tree', AbortSignal.abort());
      assert.deepEqual(readdirSync(join(inside, 'tree')), ['a']);
      await removeTree(folder, 'tree');
      assert.deepEqual(readdirSync(inside), []);
    });

    test('usage counts blocks and names up to its bounds, and follows no link', async () => {
      symlinkSync('/', join(inside, 'root'));
      mkdirSync(join(inside, 'sub'));
      writeFileSync(join(inside, 'sub/x'), Buffer.alloc(100_000));
      const { bytes, entries } = await usageOf(folder, { bytes: 1e9, entries: 1000 });
      assert.equal(entries, 3);
      assert.ok(bytes >= 100_000 && bytes < 200_000, String(bytes));
      const bounded = await usageOf(folder, { bytes: 1e9, entries: 1 });
      assert.equal(bounded.entries, 2);
    });

    test('a folder is made on the way to another one, and given to its user last', asRoot, async () => {
      const made = await folder.makeFolder('runs/1');
      await made.replace('files.json', '[]');
      const owner = 61_200;
      await made.give({ uid: owner, gid: process.getgid?.() ?? owner }, 0o700);
      await made.close();
      const { uid, mode } = statSync(join(inside, 'runs/1'));
      assert.deepEqual([uid, mode & 0o777], [owner, 0o700]);
      assert.equal(statSync(join(inside, 'runs')).uid, 0);
    });

    test('a long text and a long listing come whole', async () => {
      const text = 'é'.repeat(200_000);
      await folder.replace('long', text);
      assert.equal(await readText(folder, 'long', 400_000), text);
      const names = Array.from({ length: 1000 }, (_, index) => `${index}`);
      mkdirSync(join(inside, 'many'));
      for (const name of names) writeFileSync(join(inside, 'many', name), '');
      await folder.within('many', async many => {
        const found: string[] = [];
        for await (const { name } of await many.entries()) found.push(name);
        assert.deepEqual(found.sort(), names.sort());
        for await (const name of many.names()) await many.unlink(name);
      });
      await folder.removeFolder('many');
    });

    test('a file that is closed stays so: its number may be another one’s', async () => {
      await folder.replace('x', 'mine');
      const file = await folder.openFile('x');
      await file.close();
      const other = await folder.openFile('x');
      await file.close();
      await assert.rejects(file.read(Buffer.alloc(1), 0, 1, 0));
      assert.equal((await other.stat()).size, 4);
      await other.close();
    });

    test('all else has its turn while a tree is counted and removed', async () => {
      for (let folders = 0; folders < 300; folders += 1) {
        mkdirSync(join(inside, `tree/${folders}`), { recursive: true });
        for (let files = 0; files < 10; files += 1) writeFileSync(join(inside, `tree/${folders}/${files}`), '');
      }
      let [longestMs, isOver] = [0, false];
      const others = (async () => {
        for (let before = performance.now(); !isOver; before = performance.now()) {
          await setImmediate();
          longestMs = Math.max(longestMs, performance.now() - before);
        }
      })();
      const began = performance.now();
      await usageOf(folder, { bytes: 1e9, entries: 1e9 });
      await removeTree(folder, 'tree');
      const tookMs = performance.now() - began;
      isOver = true;
      await others;
      assert.ok(longestMs < Math.max(50, tookMs / 2), `${longestMs} of ${tookMs} ms`);
    });
  });
