import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { datasetOf } from '../config/testing/dataset.ts';
import { versionOf } from '../files/version.ts';
import { pathNow } from './path-now.ts';

test('a path holds its version, another one, or nothing; without WATCH_DIR that can’t be told', async t => {
  const base = mkdtempSync(join(tmpdir(), 'path-now-'));
  t.after(() => rmSync(base, { recursive: true }));
  const root = join(base, 'in');
  const file = join(root, 'a.csv');
  mkdirSync(root);
  writeFileSync(file, 'one');
  const fileVersion = versionOf(statSync(file, { bigint: true }));
  const now = (FOLLOW_LINKS = false) =>
    pathNow(datasetOf('sales', root, { FOLLOW_LINKS }), { root, file: 'a.csv', fileVersion, readFrom: null }, null);
  assert.equal(await now(), 'same');
  writeFileSync(file, 'other');
  assert.equal(await now(), 'changed');
  rmSync(file);
  assert.equal(await now(), 'gone');
  mkdirSync(file);
  assert.equal(await now(), 'gone');
  renameSync(root, join(base, 'away'));
  assert.equal(await now(), 'unknown');
});

test('a WATCH_DIR that is another folder, or a link that others can have made, says nothing of a file', async t => {
  const base = mkdtempSync(join(tmpdir(), 'path-now-'));
  t.after(() => rmSync(base, { recursive: true }));
  const root = join(base, 'in');
  mkdirSync(root);
  const { dev, ino } = statSync(root);
  const now = (known: string | null) =>
    pathNow(datasetOf('sales', root), { root, file: 'a.csv', fileVersion: null, readFrom: null }, known);
  assert.deepEqual([await now(`${dev}:${ino}`), await now(null)], ['gone', 'gone']);
  renameSync(root, join(base, 'away'));
  mkdirSync(root);
  assert.equal(await now(`${dev}:${ino}`), 'unknown');
  rmSync(root, { recursive: true });
  chmodSync(base, 0o777);
  symlinkSync('away', root);
  assert.equal(await now(null), 'unknown');
});

test('what a link leads to counts only where links are followed', async t => {
  const base = mkdtempSync(join(tmpdir(), 'path-now-'));
  t.after(() => rmSync(base, { recursive: true }));
  writeFileSync(join(base, 'target'), 'one');
  const fileVersion = versionOf(statSync(join(base, 'target'), { bigint: true }));
  const root = join(base, 'in');
  mkdirSync(root);
  symlinkSync('../target', join(root, 'a.csv'));
  symlinkSync('..', join(root, 'above'));
  const now = (file: string, FOLLOW_LINKS: boolean) =>
    pathNow(datasetOf('sales', root, { FOLLOW_LINKS }), { root, file, fileVersion, readFrom: null }, null);
  assert.deepEqual(
    [await now('a.csv', true), await now('a.csv', false), await now('above/target', true)],
    ['same', 'gone', 'gone'],
  );
});
