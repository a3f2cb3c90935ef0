import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { codeOf } from '../errors.ts';
import { putInPlace } from './reserved-folder.ts';

function foldersOf(t: TestContext): { reserved: string; workDir: string } {
  const folder = mkdtempSync(join(tmpdir(), 'reserved-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [reserved, workDir] = [join(folder, 'reserved'), join(folder, 'attempt')];
  mkdirSync(reserved, { mode: 0o700 });
  mkdirSync(workDir);
  return { reserved, workDir };
}

const idOf = (path: string) => statSync(path).ino;
const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

test('the reserved folder is put in the place of an empty one', async t => {
  const { reserved, workDir } = foldersOf(t);
  const id = idOf(reserved);
  await putInPlace(reserved, workDir, owner);
  assert.deepEqual([idOf(workDir), existsSync(reserved)], [id, false]);
});

test('with what lay in it, where it is not empty', async t => {
  const { reserved, workDir } = foldersOf(t);
  const id = idOf(reserved);
  mkdirSync(join(workDir, 'input'));
  writeFileSync(join(workDir, 'input', 'a.csv'), 'a');
  writeFileSync(join(workDir, 'ca.pem'), 'b');
  const own = process.getuid?.() === 0 ? { uid: 61_299, gid: 61_299 } : owner;
  await putInPlace(reserved, workDir, own);
  assert.deepEqual([idOf(workDir), existsSync(reserved)], [id, false]);
  assert.deepEqual(readdirSync(workDir).toSorted(), ['ca.pem', 'input']);
  for (const name of ['ca.pem', 'input', 'input/a.csv'])
    assert.equal(lstatSync(join(workDir, name)).uid, own.uid, name);
});

test('one that is gone leaves the other as it was', async t => {
  const { reserved, workDir } = foldersOf(t);
  rmSync(reserved, { recursive: true });
  await assert.rejects(putInPlace(reserved, workDir, owner), error => codeOf(error) === 'ENOENT');
  assert.deepEqual(readdirSync(workDir), []);
});
