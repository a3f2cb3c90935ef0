import assert from 'node:assert/strict';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { test } from 'node:test';
import { hasWriter } from './lease.ts';
import { WatchedFolder } from './testing/watched-folder.ts';

test('rule 1: a writer is seen by path and by descriptor, as long as it has the file open', async () => {
  await using folder = await WatchedFolder.make();
  const path = folder.path('a.csv');
  writeFileSync(path, 'x');
  const reader = openSync(path, 'r');
  try {
    assert.deepEqual([hasWriter(path), hasWriter(reader)], ['no', 'no']);
    const writer = await folder.writer('a.csv', 'exec 3>>$FILE; echo open; exec sleep 60');
    assert.deepEqual([hasWriter(path), hasWriter(reader)], ['yes', 'yes']);
    writer.kill('SIGKILL');
    await once(writer, 'exit');
    assert.deepEqual([hasWriter(path), hasWriter(reader)], ['no', 'no']);
  } finally {
    closeSync(reader);
  }
});

test('rule 1: writers that open while leases are taken and given back neither fail nor end this process', async () => {
  await using folder = await WatchedFolder.make();
  const path = folder.path('a.csv');
  writeFileSync(path, 'x');
  const script = 'echo go; for i in $(seq 2000); do echo $i >> $FILE || exit 9; done';
  const writer = await folder.writer('a.csv', script);
  const exited = once(writer, 'exit');
  while (writer.exitCode === null) {
    for (let time = 0; time < 200; time += 1) hasWriter(path);
    await setTimeout(1);
  }
  assert.deepEqual(await exited, [0, null]);
  // What such a writer sends, should none have come in the microseconds a lease lasts: without a handler it ends the process.
  process.kill(process.pid, 'SIGIO');
});

test('what is no regular file is unknown, without waiting for its other end', async () => {
  await using folder = await WatchedFolder.make();
  const maker = await folder.writer('fifo', 'mkfifo $FILE; echo made');
  if (maker.exitCode === null) await once(maker, 'exit');
  assert.equal(hasWriter(folder.path('fifo')), 'unknown');
  assert.equal(hasWriter('/dev/null'), 'unknown');
  assert.throws(() => hasWriter(folder.path('none')), /ENOENT/);
});
