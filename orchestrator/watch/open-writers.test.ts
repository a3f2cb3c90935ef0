import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { test } from 'node:test';
import { Folder } from '../files/folder.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';
import { hasWriter, hasWriterAt } from './open-writers.ts';
import { WatchedFolder } from './testing/watched-folder.ts';

test('rule 1: a writer is seen by name and by descriptor, as long as it has the file open', async () => {
  await using folder = await WatchedFolder.make();
  const path = folder.path('a.csv');
  writeFileSync(path, 'x');
  const reader = openSync(path, 'r');
  const root = await Folder.open(folder.root);
  const answers = () => [hasWriterAt(root, 'a.csv'), hasWriter(reader)];
  try {
    assert.deepEqual(answers(), ['no', 'no']);
    const writer = await folder.writer('a.csv', 'exec 3>>$FILE; echo open; exec sleep 60');
    assert.deepEqual(answers(), ['yes', 'yes']);
    writer.kill('SIGKILL');
    await once(writer, 'exit');
    assert.deepEqual(answers(), ['no', 'no']);
  } finally {
    await root.close();
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
  await Folder.use(folder.root, async root => {
    while (writer.exitCode === null) {
      for (let time = 0; time < 200; time += 1) hasWriterAt(root, 'a.csv');
      await setTimeout(1);
    }
  });
  assert.deepEqual(await exited, [0, null]);
});

test('rule 1: a lease is given back at once: a writer that will not wait can open the file', async () => {
  await using folder = await WatchedFolder.make();
  const path = folder.path('a.csv');
  writeFileSync(path, 'x');
  const reader = openSync(path, 'r');
  try {
    assert.equal(hasWriter(reader), 'no');
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
  } finally {
    closeSync(reader);
  }
});

test('rule 1: the signal of a writer that opens during a lease does not end the process', async () => {
  await using folder = await WatchedFolder.make();
  const path = folder.path('a.csv');
  writeFileSync(path, 'x');
  // In the microseconds that a lease lasts none may come: so it is sent to a process that has taken one.
  const script = `
    const { hasWriter } = await import(${JSON.stringify(join(import.meta.dirname, 'open-writers.ts'))});
    hasWriter((await import('node:fs')).openSync(${JSON.stringify(path)}));
    process.kill(process.pid, 'SIGIO');
    setTimeout(() => process.exit(7), 50);`;
  const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
  assert.deepEqual([status, signal], [7, null]);
});

test('what is no regular file is refused, without waiting for its other end', async () => {
  await using folder = await WatchedFolder.make();
  const maker = await folder.writer('fifo', 'mkfifo $FILE; echo made');
  if (maker.exitCode === null) await once(maker, 'exit');
  await Folder.use(folder.root, async root => {
    assert.throws(
      () => hasWriterAt(root, 'fifo'),
      (error: unknown) => error instanceof UntrustedFile && error.reason === 'not-a-file',
    );
    assert.throws(() => hasWriterAt(root, 'none'), /ENOENT/);
  });
});
