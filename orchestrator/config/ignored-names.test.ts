import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ignoredBy } from './ignored-names.ts';

const isIgnored = (path: string, of: 'files' | 'folders', ignore: string[] = []) =>
  ignoredBy(ignore)(path, of) !== null;

test('temporary and lock files of programs are left out, whatever the case of their names', () => {
  const names = [
    '~$book.xlsx',
    'sub/~$x.csv',
    'a.csv.filepart',
    'A.CSV.PART',
    'a.csv.ocTransferId123.part',
    'a.csv.download',
    'a.csv.3f2a.partial',
    'a.csv~',
    '#a.csv#',
    '~WRL0001.tmp',
    'a.csv.sb-12345678-abcdef',
    'Thumbs.db',
    'a.csv.aria2',
  ];
  for (const name of names) assert.ok(isIgnored(name, 'files'), name);
});

test('bins and snapshots of file servers are left out', () => {
  for (const name of ['#recycle', 'sub/$RECYCLE.BIN', '@eaDir', '@Recycle', 'System Volume Information', '~snapshot'])
    assert.ok(isIgnored(name, 'folders'), name);
});

test('names that only look alike are taken', () => {
  for (const name of ['part.csv', 'a.part.csv', '$x.csv', '~x.csv', '#.csv', '#', 'tmp', 'a.tmp.csv', 'recycle.csv'])
    assert.ok(!isIgnored(name, 'files'), name);
  for (const name of ['recycle', 'parts.part', 'tmp', 'eaDir', 'downloads'])
    assert.ok(!isIgnored(name, 'folders'), name);
});

test('IGNORE adds names and paths, and takes back; the last that matches decides', () => {
  const ignore = ['*.BAK', 'old', 'archive/**', '!*.part', '/top.csv', '*.part.csv', '!keep.part.csv'];
  for (const path of ['a.bak', 'sub/a.bak', 'archive/x/a.csv', 'top.csv', 'x.part.csv'])
    assert.ok(isIgnored(path, 'files', ignore), path);
  for (const path of ['sub/archive/a.csv', 'sub/top.csv', 'a.part', 'keep.part.csv', 'a.bak.csv'])
    assert.ok(!isIgnored(path, 'files', ignore), path);
  assert.ok(isIgnored('sub/old', 'folders', ignore));
  assert.ok(isIgnored('sub/old', 'folders', ['old/']));
  assert.equal(ignoredBy(['*.bak'])('a.bak', 'files'), 'is left out by IGNORE (*.bak)');
});
