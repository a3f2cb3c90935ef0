import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { copyInto } from './copy.ts';
import { Folder } from './folder.ts';

async function place(t: TestContext): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'copy-'));
  const folder = await Folder.open(path);
  t.after(async () => {
    await folder.close();
    await rm(path, { recursive: true });
  });
  return folder;
}

test('a copy has all of the file, of more than one part too, and is ours alone', async t => {
  const folder = await place(t);
  const content = Buffer.alloc((64 << 20) + 7, 'row;');
  await writeFile(join(folder.path, 'a'), content, { mode: 0o444 });
  await using source = await open(join(folder.path, 'a'));
  let parts = 0;
  await using copy = await copyInto(source, folder, 'b', async () => void parts++);
  assert.ok(content.equals(await readFile(join(folder.path, 'b'))));
  assert.equal((await copy.stat()).mode & 0o777, 0o600);
  assert.ok(parts >= 1);
});

test('what has the name already is never written over', async t => {
  const folder = await place(t);
  await writeFile(join(folder.path, 'a'), 'new');
  await writeFile(join(folder.path, 'b'), 'old');
  await using source = await open(join(folder.path, 'a'));
  await assert.rejects(
    copyInto(source, folder, 'b', async () => undefined),
    { code: 'EEXIST' },
  );
  assert.equal(await readFile(join(folder.path, 'b'), 'utf8'), 'old');
});

test('copying between file systems works as well', async t => {
  const folder = await place(t);
  const memory = await Folder.open('/dev/shm');
  const name = `copy-test-${process.pid}`;
  t.after(async () => {
    await memory.unlink(name);
    await memory.close();
  });
  await writeFile(join(folder.path, 'a'), 'rows');
  await using source = await open(join(folder.path, 'a'));
  await using _ = await copyInto(source, memory, name, async () => undefined);
  assert.equal(await readFile(join('/dev/shm', name), 'utf8'), 'rows');
});
