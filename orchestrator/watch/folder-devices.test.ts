import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FolderDevices } from './folder-devices.ts';

test('a file is on the device on which it was seen last, whatever its folder is on by now', () => {
  const devices = new FolderDevices();
  for (const path of ['a.csv', 'sub/b.csv', 'sub/c.csv']) devices.note(path, 5);
  assert.deepEqual([devices.of('sub/b.csv'), devices.of('other/d.csv')], [5, null]);
  devices.note('sub/b.csv', 7);
  devices.note('sub/new.csv', 7);
  assert.deepEqual(
    ['a.csv', 'sub/b.csv', 'sub/c.csv', 'sub/new.csv'].map(path => devices.of(path)),
    [5, 7, 5, 7],
  );
  devices.note('sub/b.csv', 5);
  assert.equal(devices.of('sub/b.csv'), 5);
  devices.note('sub/b.csv', null);
  assert.equal(devices.of('sub/b.csv'), null);
});

test('once nothing is missing, each file is on the device of its folder', () => {
  const devices = new FolderDevices();
  devices.note('sub/b.csv', 5);
  devices.note('sub/new.csv', 7);
  devices.listed(new Map([['sub', 7]]));
  assert.deepEqual([devices.of('sub/b.csv'), devices.of('sub/new.csv')], [7, 7]);
  devices.forget('');
  assert.equal(devices.of('sub/b.csv'), null);
});
