import { mtimeNsOf } from '../files/version.ts';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import {
  chown,
  copyFile,
  lchown,
  link,
  mkdir,
  open,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { datasetOf } from '../config/testing/dataset.ts';
import { waitFor } from '../testing/wait-for.ts';
import { explain } from './explain.ts';
import { WatchedFolder } from './testing/watched-folder.ts';
import { asRoot } from '../testing/as-root.ts';

const OLD = new Date('2001-02-03T04:05:06Z');

test('rule 1: a file still open for writing is not taken, and is taken whole once it is closed', async () => {
  await using folder = await WatchedFolder.make();
  await folder.watch();
  const script =
    'exec 3>$FILE; echo open; for i in 1 2 3 4; do echo $i >&3; sleep .15; done; exec 3>&-; echo closed; sleep 9';
  const writer = await folder.writer('slow.csv', script);
  const closed = once(writer.stdout as NodeJS.ReadableStream, 'data');
  await folder.untilStates('slow.csv', ['settling']);
  await closed;
  const closedAt = performance.now();
  const [run] = await folder.untilStates('slow.csv', ['queued']);
  assert.equal(run?.fileVersion?.sizeBytes, 8);
  assert.equal(run?.contentHash, createHash('sha256').update('1\n2\n3\n4\n').digest('hex'));
  assert.ok(performance.now() - closedAt < 1000);
  // Written to at once after a pause far longer than any test of the lease: it was never anything but settling before.
  const states = folder.changes.filter(each => each.file === 'slow.csv').map(each => each.state);
  assert.deepEqual(states, ['settling', 'queued']);
});

test('rule 1: a file whose writer is killed is taken as it was left', async () => {
  await using folder = await WatchedFolder.make();
  await folder.watch();
  const writer = await folder.writer('cut.csv', 'exec 3>$FILE; echo half >&3; echo open; exec sleep 60');
  await folder.untilStates('cut.csv', ['settling']);
  await setTimeout(100);
  const killedAt = Date.now();
  writer.kill('SIGKILL');
  const [run] = await folder.untilStates('cut.csv', ['queued']);
  assert.equal(run?.fileVersion?.sizeBytes, 5);
  assert.ok((run?.queuedAt ?? 0) >= killedAt);
});

test('rule 1: where writers can’t be seen, a file is taken after SETTLE_MS of quiet, not before', async () => {
  await using folder = await WatchedFolder.make();
  await folder.watch({ SETTLE_MS: 300 });
  await writeFile(folder.path('quiet.csv'), '1\n');
  await folder.untilStates('quiet.csv', ['settling']);
  await setTimeout(150);
  await writeFile(folder.path('quiet.csv'), '2\n');
  const changedAt = Date.now();
  const [run] = await folder.untilStates('quiet.csv', ['queued']);
  assert.ok(
    (run?.queuedAt ?? 0) - changedAt >= 280,
    `queued ${(run?.queuedAt ?? 0) - changedAt} ms after the last change`,
  );
});

test('large files that are all holes are told, not read, and taken once they hold something', async () => {
  await using folder = await WatchedFolder.make();
  const names = Array.from({ length: 20 }, (_, index) => `big${index}.csv`);
  for (const name of names) await writeFile(folder.path(name), '');
  for (const name of names) await truncate(folder.path(name), 2 ** 41);
  await writeFile(folder.path('small-holes.csv'), '');
  await truncate(folder.path('small-holes.csv'), 1 << 20);
  const watch = await folder.watch();
  await folder.untilStates('small-holes.csv', ['queued']);
  assert.match(watch.status().notice ?? '', /^20 files, such as .*\/big\d+\.csv, are not read: .*sparse/);
  assert.ok(folder.log.some(line => /big\d+\.csv, are not read/.test(line)));
  const [text] = await explain(folder.path('big0.csv'), [datasetOf('sales', folder.root)], folder.journal);
  assert.match(text ?? '', /big0\.csv is not taken: .*sparse file/);
  assert.deepEqual(await folder.states('big0.csv'), []);
  await writeFile(folder.path('big0.csv'), 'a\n1\n');
  await folder.untilStates('big0.csv', ['queued']);
});

test('large files that are read keep no small one waiting', async () => {
  await using folder = await WatchedFolder.make();
  for (let index = 0; index < 20; index += 1) {
    await writeFile(folder.path(`0-large${index}.csv`), '');
    await truncate(folder.path(`0-large${index}.csv`), 2 ** 30);
  }
  const watch = await folder.watch();
  await waitFor('they are read', () => watch.status().settling === 20);
  await writeFile(folder.path('small.csv'), 'a\n1\n');
  await folder.untilStates('small.csv', ['queued']);
  assert.equal(watch.status().settling, 20);
  const stopping = performance.now();
  await watch.stop();
  assert.ok(performance.now() - stopping < 1000);
});

test('a file written in a thousand pieces is taken once, whole', async () => {
  await using folder = await WatchedFolder.make();
  await folder.watch();
  const file = await open(folder.path('pieces.csv'), 'w');
  for (let piece = 0; piece < 1000; piece += 1) await file.write(`${piece}\n`);
  await file.close();
  const [run] = await folder.untilStates('pieces.csv', ['queued']);
  assert.equal(run?.fileVersion?.sizeBytes, 3890);
});

test('files moved in, linked, copied with an old date, or there before are each taken once', async () => {
  await using folder = await WatchedFolder.make();
  const outside = join(folder.base, 'outside');
  await mkdir(join(outside, 'deep'), { recursive: true });
  for (const name of ['moved.csv', 'linked.csv', 'target.csv', 'deep/inner.csv'])
    await writeFile(join(outside, name), name);
  await utimes(join(outside, 'moved.csv'), OLD, OLD);
  await writeFile(folder.path('before.csv'), 'before');
  const watch = await folder.watch({ FOLLOW_LINKS: true });
  await folder.untilStates('before.csv', ['queued']);
  await rename(join(outside, 'moved.csv'), folder.path('moved.csv'));
  await link(join(outside, 'linked.csv'), folder.path('linked.csv'));
  await symlink(join(outside, 'target.csv'), folder.path('symbolic.csv'));
  await copyFile(join(outside, 'linked.csv'), folder.path('old.csv'));
  await utimes(folder.path('old.csv'), OLD, OLD);
  await rename(join(outside, 'deep'), folder.path('deep'));
  for (const name of ['moved.csv', 'linked.csv', 'symbolic.csv', 'deep/inner.csv'])
    await folder.untilStates(name, ['queued']);
  await waitFor('old.csv is queued in its last version', async () => {
    const latest = await folder.journal.latest('sales', 'old.csv');
    return (
      latest?.state === 'queued' &&
      latest.fileVersion !== null &&
      mtimeNsOf(latest.fileVersion) === `${OLD.getTime()}000000`
    );
  });
  assert.equal(watch.status().settling, 0);
  assert.equal(watch.status().error, null);
});

test('what arrived, changed or was left settling while nothing watched is taken at the next start; the rest is not taken again', async () => {
  await using folder = await WatchedFolder.make();
  const first = await folder.watch();
  await writeFile(folder.path('same.csv'), 'same');
  await writeFile(folder.path('changed.csv'), 'one');
  await folder.untilStates('same.csv', ['queued']);
  await folder.untilStates('changed.csv', ['queued']);
  const writer = await folder.writer('left.csv', 'exec 3>$FILE; echo part >&3; echo open; exec sleep 60');
  await folder.untilStates('left.csv', ['settling']);
  await first.stop();
  writer.kill('SIGKILL');
  await once(writer, 'exit');
  await writeFile(folder.path('changed.csv'), 'second');
  await writeFile(folder.path('new.csv'), 'new');
  await folder.watch();
  await folder.untilStates('changed.csv', ['skipped', 'queued']);
  await folder.untilStates('new.csv', ['queued']);
  await folder.untilStates('left.csv', ['queued']);
  assert.deepEqual(await folder.states('same.csv'), ['queued']);
});

test('a run left settling whose file is gone, or no longer matched, is cancelled at the next start', async () => {
  await using folder = await WatchedFolder.make();
  const now = Date.now();
  await folder.journal.firstWatch('sales', now);
  for (const file of ['gone.csv', 'other.txt']) {
    await folder.journal.settle({ dataset: 'sales', file, root: folder.root, priority: 0, now });
  }
  await writeFile(folder.path('other.txt'), 'x');
  await folder.watch({ WATCH_REGEX: '\\.csv$' });
  await folder.untilStates('gone.csv', ['cancelled']);
  const [run] = await folder.untilStates('other.txt', ['cancelled']);
  assert.match(run?.error ?? '', /WATCH_REGEX/);
});

test('hidden and unfinished names, own files, links to folders and what is no regular file are never taken', async () => {
  await using folder = await WatchedFolder.make();
  await mkdir(folder.path('.hidden'));
  await mkdir(join(folder.base, 'elsewhere'));
  await writeFile(join(folder.base, 'elsewhere', 'e.csv'), 'x');
  await symlink(join(folder.base, 'elsewhere'), folder.path('linked-folder'));
  const watch = await folder.watch();
  await folder.listed(watch);
  const names = ['.dot.csv', '.hidden/a.csv', 'a.tmp', 'a.PART', 'a.partial', 'a.crdownload', 'a.swp', 'a.csv~'];
  for (const bin of ['#recycle', '$RECYCLE.BIN', '@eaDir']) await mkdir(folder.path(bin));
  names.push('#recycle/a.csv', '$RECYCLE.BIN/a.csv', '@eaDir/a.csv', '~$book.xlsx', 'a.csv.filepart');
  for (const name of [...names, 'a.csv.receipt.json', 'a.csv.error.json']) await writeFile(folder.path(name), 'x');
  const fifo = await folder.writer('fifo.csv', 'mkfifo $FILE; echo made');
  if (fifo.exitCode === null) await once(fifo, 'exit');
  await writeFile(folder.path('last.csv'), 'x');
  await folder.untilStates('last.csv', ['queued']);
  await rename(folder.path('a.tmp'), folder.path('finished.csv'));
  await folder.untilStates('finished.csv', ['queued']);
  assert.equal((await folder.journal.runs({ dataset: 'sales' })).items.length, 2);
  assert.equal(watch.status().error, null);
});

test('links are not followed unless FOLLOW_LINKS is set, which is said once, counted, and by explain', async () => {
  await using folder = await WatchedFolder.make();
  await writeFile(join(folder.base, 'target.csv'), 'x');
  for (const name of ['a.csv', 'b.csv']) await symlink('../target.csv', folder.path(name));
  const watch = await folder.watch();
  await folder.listed(watch);
  assert.match(watch.status().notice ?? '', /^2 files, such as .*\/[ab]\.csv, are not followed.* FOLLOW_LINKS: true/);
  assert.equal(watch.status().error, null);
  await symlink('../target.csv', folder.path('c.csv'));
  await writeFile(folder.path('last.csv'), 'x');
  await folder.untilStates('last.csv', ['queued']);
  assert.equal(folder.log.filter(line => line.includes('FOLLOW_LINKS')).length, 1);
  assert.equal((await folder.journal.runs({ dataset: 'sales' })).items.length, 1);
  const say = (FOLLOW_LINKS: boolean) =>
    explain(folder.path('a.csv'), [datasetOf('sales', folder.root, { FOLLOW_LINKS })], folder.journal);
  assert.match((await say(false)).join(), /a\.csv is not taken: it is a symbolic link.* FOLLOW_LINKS: true/);
  assert.match((await say(true)).join(), /a\.csv is not taken yet/);
});

test('a file that is replaced by a link is taken no further, and its rows stay', async () => {
  await using folder = await WatchedFolder.make();
  const watch = await folder.watch({ ON_DELETE: 'remove' }, { listIntervalMs: 50 });
  await writeFile(folder.path('a.csv'), 'x');
  await folder.untilStates('a.csv', ['queued']);
  await writeFile(join(folder.base, 'secret.csv'), 'secret');
  await symlink('../secret.csv', folder.path('a.tmp'));
  await rename(folder.path('a.tmp'), folder.path('a.csv'));
  await folder.listed(watch, 3);
  assert.deepEqual(await folder.states('a.csv'), ['queued']);
  assert.equal((await folder.journal.knownFile('sales', 'a.csv'))?.present, true);
});

test('folders beyond measure, names of 255 bytes and what is no file keep nothing else from being taken', async () => {
  await using folder = await WatchedFolder.make();
  // A path of more than PATH_MAX can only be made step by step.
  const deep =
    "for (let d = 0; d < 3000; d++) { fs.mkdirSync('d'); process.chdir('d'); fs.writeFileSync('x.csv', 'x'); }";
  execFileSync(process.execPath, ['-e', deep], { cwd: folder.root });
  execFileSync('mkfifo', [folder.path('fifo.csv')]);
  const long = `${'n'.repeat(251)}.csv`;
  await writeFile(folder.path(long), 'x');
  await writeFile(folder.path('line\nbreak\u001b[1m.csv'), 'x');
  const watch = await folder.watch();
  await folder.listed(watch);
  for (const name of [long, 'line\nbreak\u001b[1m.csv', `${'d/'.repeat(64)}x.csv`])
    await folder.untilStates(name, ['queued']);
  assert.equal((await folder.journal.runs({ dataset: 'sales', limit: 1000 })).items.length, 64 + 2);
  assert.match(watch.status().notice ?? '', /not looked into, lying more than 64 folders deep/);
  assert.equal(watch.status().error, null);
  await writeFile(folder.path('next.csv'), 'x');
  await folder.untilStates('next.csv', ['queued']);
  // Node's own removal goes by path.
  execFileSync('rm', ['-r', folder.path('d')]);
});

test('a WATCH_DIR behind a link of somebody else is not watched; behind one of ours it is', asRoot, async () => {
  await using folder = await WatchedFolder.make();
  await writeFile(folder.path('a.csv'), 'x');
  await mkdir(join(folder.base, 'his'));
  await symlink(folder.root, join(folder.base, 'ours'));
  await symlink(folder.root, join(folder.base, 'his', 'in'));
  await lchown(join(folder.base, 'his', 'in'), 1234, 1234);
  await chown(join(folder.base, 'his'), 1234, 1234);
  const ours = await folder.watch({}, { name: 'ours', root: join(folder.base, 'ours') });
  const his = await folder.watch({}, { name: 'his', root: join(folder.base, 'his', 'in') });
  await folder.untilStates('a.csv', ['queued'], 'ours');
  assert.equal(ours.status().error, null);
  assert.match(his.status().error ?? '', /behind a link that others than root can have made/);
  assert.deepEqual(await folder.states('a.csv', 'his'), []);
});

test('WATCH_REGEX, RECURSIVE: false and kept folders keep files out', async () => {
  await using folder = await WatchedFolder.make();
  await mkdir(folder.path('backup'));
  await folder.watch({ WATCH_REGEX: '\\.csv$', RECURSIVE: false }, { name: 'flat' });
  const kept = [{ path: folder.path('backup'), is: 'BACKUP_DIR' }];
  await folder.watch({}, { name: 'deep', kept: () => kept });
  for (const name of ['backup/b.csv', 'c.txt', 'd.csv']) await writeFile(folder.path(name), 'x');
  await folder.untilStates('d.csv', ['queued'], 'flat');
  await folder.untilStates('c.txt', ['queued'], 'deep');
  await folder.untilStates('d.csv', ['queued'], 'deep');
  assert.deepEqual(
    (await folder.journal.runs({ dataset: 'flat' })).items.map(run => run.file),
    ['d.csv'],
  );
  assert.equal((await folder.journal.runs({ dataset: 'deep' })).items.length, 2);
});

test('a WATCH_DIR that lies in a kept folder is not watched, says so, and is watched once it no longer does', async () => {
  await using folder = await WatchedFolder.make();
  await writeFile(folder.path('a.csv'), 'x');
  let kept = [{ path: folder.root, is: 'DATA_DIR /data' }];
  const watch = await folder.watch({}, { kept: () => kept });
  assert.match(watch.status().error ?? '', /is, or lies in, DATA_DIR \/data, .*choose a folder outside it/);
  assert.deepEqual(await folder.states('a.csv'), []);
  kept = [];
  await folder.untilStates('a.csv', ['queued']);
  assert.equal(watch.status().error, null);
});

test('with READY_MARKER a file is taken once its marker is there, and the marker never', async () => {
  await using folder = await WatchedFolder.make();
  await writeFile(folder.path('early.csv'), 'x');
  await writeFile(folder.path('early.csv.ok'), '');
  const watch = await folder.watch({ READY_MARKER: '.ok' }, { listIntervalMs: 50 });
  await folder.untilStates('early.csv', ['queued']);
  await writeFile(folder.path('late.csv'), 'x');
  await folder.listed(watch, 2);
  assert.deepEqual(await folder.states('late.csv'), []);
  await writeFile(folder.path('late.csv.ok'), '');
  await folder.untilStates('late.csv', ['queued']);
  assert.equal((await folder.journal.runs({ dataset: 'sales' })).items.length, 2);
});

test('EXISTING: ignore leaves what was there before the first watch, until it changes', async () => {
  await using folder = await WatchedFolder.make();
  await writeFile(folder.path('before.csv'), 'x');
  await setTimeout(50);
  const watch = await folder.watch({ EXISTING: 'ignore' });
  await writeFile(folder.path('after.csv'), 'x');
  await folder.untilStates('after.csv', ['queued']);
  await waitFor('it is listed', () => watch.status().lastListingAt !== null);
  assert.deepEqual(await folder.states('before.csv'), []);
  appendFileSync(folder.path('before.csv'), 'y');
  await folder.untilStates('before.csv', ['queued']);
});

test('EXISTING: ignore holds after a crash in the first listing; what came while it was down is taken', async () => {
  await using folder = await WatchedFolder.make();
  await writeFile(folder.path('before.csv'), 'x');
  await setTimeout(50);
  await folder.journal.firstWatch('sales', Date.now());
  await setTimeout(50);
  await writeFile(folder.path('down.csv'), 'x');
  const watch = await folder.watch({ EXISTING: 'ignore' });
  await folder.untilStates('down.csv', ['queued']);
  await waitFor('it is listed', () => watch.status().lastListingAt !== null);
  assert.deepEqual(await folder.states('before.csv'), []);
  assert.equal(await folder.journal.firstWatch('sales', Date.now()), null);
});

test('a file written again while it is queued or settling is taken in its last version', async () => {
  await using folder = await WatchedFolder.make();
  await folder.watch();
  await writeFile(folder.path('a.csv'), 'one');
  await folder.untilStates('a.csv', ['queued']);
  const writer = await folder.writer('a.csv', 'exec 3>>$FILE; echo open; exec sleep 60');
  appendFileSync(folder.path('a.csv'), '+two');
  await folder.untilStates('a.csv', ['skipped', 'settling']);
  appendFileSync(folder.path('a.csv'), '+three');
  writer.kill('SIGKILL');
  const runs = await folder.untilStates('a.csv', ['skipped', 'queued']);
  assert.equal(runs[1]?.fileVersion?.sizeBytes, 13);
});

test('a path replaced by a rename is a change; one deleted and made again is an arrival, even unchanged', async () => {
  await using folder = await WatchedFolder.make();
  await folder.watch();
  await writeFile(folder.path('a.csv'), 'one');
  await folder.untilStates('a.csv', ['queued']);
  await folder.finish('a.csv');
  await writeFile(folder.path('a.tmp'), 'two');
  await rename(folder.path('a.tmp'), folder.path('a.csv'));
  assert.equal((await folder.untilStates('a.csv', ['done', 'queued']))[1]?.action, 'change');
  await folder.finish('a.csv');
  await rename(folder.path('a.csv'), join(folder.base, 'away'));
  await waitFor('its absence is known', async () => (await folder.journal.knownFiles('sales'))[0]?.present === false);
  await rename(join(folder.base, 'away'), folder.path('a.csv'));
  assert.equal((await folder.untilStates('a.csv', ['done', 'done', 'queued']))[2]?.action, 'add');
});

test('a settling file that vanishes is cancelled', async () => {
  await using folder = await WatchedFolder.make();
  await folder.watch();
  await folder.writer('gone.csv', 'exec 3>$FILE; echo open; exec sleep 60');
  await folder.untilStates('gone.csv', ['settling']);
  await rm(folder.path('gone.csv'));
  await folder.untilStates('gone.csv', ['cancelled']);
});

test('rule 9: rows are removed after two complete listings, and not when the file is back before', async () => {
  await using folder = await WatchedFolder.make();
  const watch = await folder.watch({ ON_DELETE: 'remove' }, { listIntervalMs: 60_000 });
  await waitFor('it is listed', () => watch.status().lastListingAt !== null);
  await mkdir(folder.path('sub'));
  for (const name of ['sub/gone.csv', 'sub/back.csv']) {
    await writeFile(folder.path(name), 'x');
    await folder.untilStates(name, ['queued']);
    await folder.finish(name);
  }
  await rename(folder.path('sub/back.csv'), join(folder.base, 'away'));
  await rm(folder.path('sub/gone.csv'));
  await folder.listed(watch);
  assert.ok((await folder.journal.knownFiles('sales')).every(file => file.present));
  await rename(join(folder.base, 'away'), folder.path('sub/back.csv'));
  const back = await folder.untilStates('sub/back.csv', ['done', 'queued']);
  assert.equal(back[1]?.action, 'add');
  await waitFor('its absence is known', async () => {
    const file = (await folder.journal.knownFiles('sales')).find(each => each.path === 'sub/gone.csv');
    return file?.present === false;
  });
  assert.ok(!folder.changes.some(run => run.file === 'sub/back.csv' && run.action === 'delete'));
});

test('rule 9: another folder in the place of WATCH_DIR deletes nothing, also after a restart, until a file of before is there again', async () => {
  await using folder = await WatchedFolder.make();
  const [settings, more] = [{ ON_DELETE: 'remove' } as const, { listIntervalMs: 50 }];
  const isPresent = async (file: string) => (await folder.journal.knownFile('sales', file))?.present;
  const first = await folder.watch(settings, more);
  for (const name of ['a.csv', 'b.csv']) {
    await writeFile(folder.path(name), name);
    await folder.untilStates(name, ['queued']);
  }
  await folder.listed(first, 2);
  await first.stop();

  await rename(folder.root, join(folder.base, 'away'));
  await mkdir(folder.root);
  await writeFile(folder.path('new.csv'), 'x');
  const second = await folder.watch(settings, more);
  await waitFor('it is told', () => /2 files below .*orchestrator accept sales/.test(second.status().error ?? ''));
  await folder.untilStates('new.csv', ['queued']);
  await second.stop();
  const third = await folder.watch(settings, more);
  await folder.listed(third, 3);
  assert.deepEqual([await isPresent('a.csv'), await isPresent('b.csv')], [true, true]);
  assert.match(third.status().error ?? '', /2 files/);

  await rename(folder.root, join(folder.base, 'other'));
  await rm(join(folder.base, 'away', 'b.csv'));
  await rename(join(folder.base, 'away'), folder.root);
  await waitFor('b.csv is known to be gone', async () => (await isPresent('b.csv')) === false);
  await waitFor('the error is over', () => third.status().error === null);
  assert.equal(await isPresent('a.csv'), true);
});

test('rule 9: what is missing with its folder is deleted once a person accepts that', async () => {
  await using folder = await WatchedFolder.make();
  const watch = await folder.watch({ ON_DELETE: 'remove' }, { listIntervalMs: 50 });
  await mkdir(folder.path('sub'));
  await writeFile(folder.path('sub/a.csv'), 'x');
  await folder.untilStates('sub/a.csv', ['queued']);
  await rm(folder.root, { recursive: true });
  await waitFor('it is told', () => watch.status().error !== null);
  await mkdir(folder.root);
  await waitFor('it is told', () => /accept sales/.test(watch.status().error ?? ''));
  assert.equal(await folder.journal.clearSuspects('sales', null), 1);
  await waitFor(
    'a.csv is known to be gone',
    async () => (await folder.journal.knownFile('sales', 'sub/a.csv'))?.present === false,
  );
  await waitFor('the error is over', () => watch.status().error === null);
});

test('a version that was gone for a moment, just when its run looked, is taken again; one that a person cancelled is not', async () => {
  await using folder = await WatchedFolder.make();
  const watch = await folder.watch({}, { listIntervalMs: 50 });
  for (const name of ['moved.csv', 'unwanted.csv', 'late.csv']) {
    await writeFile(folder.path(name), 'x');
    await folder.untilStates(name, ['queued']);
  }
  await folder.finish('moved.csv', { to: 'cancelled', rows: null, error: 'the file is gone', lookAgain: true });
  await folder.untilStates('moved.csv', ['cancelled', 'queued']);
  await watch.stop();
  await folder.end('unwanted.csv', { to: 'cancelled', rows: null, error: 'cancelled on request' });
  await folder.end('late.csv', { to: 'skipped', rows: null, error: 'it holds another version', lookAgain: true });
  await folder.listed(await folder.watch({}, { listIntervalMs: 50 }), 2);
  await folder.untilStates('late.csv', ['skipped', 'queued']);
  assert.deepEqual(await folder.states('unwanted.csv'), ['cancelled']);
});

test('a missing root is an error: nothing counts as deleted, and watching goes on when it is back', async () => {
  await using folder = await WatchedFolder.make();
  const watch = await folder.watch({ ON_DELETE: 'remove' }, { listIntervalMs: 50 });
  await writeFile(folder.path('a.csv'), 'x');
  await folder.untilStates('a.csv', ['queued']);
  await rename(folder.root, join(folder.base, 'away'));
  await waitFor('it is told', () => watch.status().error !== null);
  assert.match(watch.status().error ?? '', /dataset sales: WATCH_DIR .* is missing/);
  await setTimeout(200);
  assert.equal((await folder.journal.knownFiles('sales'))[0]?.present, true);
  await rename(join(folder.base, 'away'), folder.root);
  await waitFor('it is over', () => watch.status().error === null);
  await writeFile(folder.path('b.csv'), 'x');
  await folder.untilStates('b.csv', ['queued']);
  assert.deepEqual(await folder.states('a.csv'), ['queued']);
});

test('WATCH_DIR is made before it is first watched, and never again', async () => {
  await using folder = await WatchedFolder.make();
  await rm(folder.root, { recursive: true });
  const first = await folder.watch();
  assert.ok((await stat(folder.root)).isDirectory());
  await first.stop();
  await rm(folder.root, { recursive: true });
  const second = await folder.watch();
  assert.match(second.status().error ?? '', /is missing/);
  await assert.rejects(stat(folder.root), /ENOENT/);
});

test('two datasets on one folder each take every file', async () => {
  await using folder = await WatchedFolder.make();
  await Promise.all([folder.watch({}, { name: 'one' }), folder.watch({}, { name: 'two' })]);
  await writeFile(folder.path('a.csv'), 'x');
  await folder.untilStates('a.csv', ['queued'], 'one');
  await folder.untilStates('a.csv', ['queued'], 'two');
});

test('a polled folder is listed, and its files are taken and missed', async () => {
  await using folder = await WatchedFolder.make();
  const watch = await folder.watch({ WATCH_MODE: 'poll' }, { listIntervalMs: 50 });
  assert.equal(watch.status().mode, 'poll');
  await writeFile(folder.path('a.csv'), 'x');
  await folder.untilStates('a.csv', ['queued']);
  await rm(folder.path('a.csv'));
  await waitFor('its absence is known', async () => (await folder.journal.knownFiles('sales'))[0]?.present === false);
});

test('a name that is not UTF-8 is told, once, and keeps nothing else from being taken', async () => {
  await using folder = await WatchedFolder.make();
  const watch = await folder.watch({}, { listIntervalMs: 50 });
  await writeFile(Buffer.concat([Buffer.from(folder.path('caf')), Buffer.from([0xe9]), Buffer.from('.csv')]), 'x');
  await writeFile(folder.path('café.csv'), 'x');
  await writeFile(folder.path('cafe\u0301.csv'), 'x');
  await folder.untilStates('café.csv', ['queued']);
  await folder.untilStates('cafe\u0301.csv', ['queued']);
  await folder.listed(watch, 2);
  assert.equal(folder.log.filter(line => line.includes('caf\\xe9.csv is never taken')).length, 1);
  assert.equal((await folder.journal.runs({ dataset: 'sales' })).items.length, 2);
});

test('files found together arrive by mtime, then by name', async () => {
  await using folder = await WatchedFolder.make();
  for (const [name, second] of [
    ['c.csv', 1],
    ['b.csv', 2],
    ['a.csv', 2],
  ] as const) {
    await writeFile(folder.path(name), name);
    await utimes(folder.path(name), second, second);
  }
  await folder.watch({ CONCURRENCY: 1 });
  for (const name of ['a.csv', 'b.csv', 'c.csv']) await folder.untilStates(name, ['queued']);
  const queued = folder.changes.filter(run => run.state === 'queued').map(run => run.file);
  assert.deepEqual(queued, ['c.csv', 'a.csv', 'b.csv']);
});

test('what our own disposal moves away is no deletion, and an arrival when it is moved in again', async () => {
  await using folder = await WatchedFolder.make();
  await folder.watch({ ON_DELETE: 'remove' }, { listIntervalMs: 50 });
  const source = folder.path('a.csv');
  const hidden = folder.path('.a.csv.hidden');
  await writeFile(source, 'x');
  await folder.untilStates('a.csv', ['queued']);
  const { id: runId, fileVersion } = await folder.finish('a.csv');
  assert.ok(fileVersion);
  await folder.journal.intend({ runId, kind: 'backup', source, hidden, target: hidden, fileVersion, marker: null });
  await rename(source, hidden);
  await setTimeout(300);
  assert.equal((await folder.journal.knownFiles('sales'))[0]?.present, true);
  await folder.journal.closeDisposal(runId, 'disposed', null);
  await rename(hidden, source);
  const runs = await folder.untilStates('a.csv', ['done', 'queued']);
  assert.deepEqual(
    runs.map(run => run.action),
    ['add', 'add'],
  );
});

test('a burst of 9,000 files, of more events than the kernel keeps, is taken, each once', async () => {
  // A file makes two events; fs.inotify.max_queued_events is 16,384, and none is read in between.
  const files = 9000;
  await using folder = await WatchedFolder.make();
  await folder.watch();
  for (let file = 0; file < files; file += 1) writeFileSync(folder.path(`${file}.csv`), `${file}\n`);
  const queued = () => folder.changes.reduce((sum, run) => sum + (run.state === 'queued' ? 1 : 0), 0);
  await waitFor('all are queued', () => queued() === files, { timeoutMs: 240_000, tell: queued });
  const [summary] = await folder.journal.summaries();
  assert.deepEqual([summary?.counts.queued, summary?.counts.settling, summary?.counts.skipped], [files, 0, 0]);
});
