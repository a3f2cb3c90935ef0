import assert from 'node:assert/strict';
import { chmodSync, linkSync, mkdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { versionOf } from '../files/version.ts';
import type { Run } from '../journal/journal.ts';
import { replayRun } from './replay.ts';
import { hashOf, setUp } from './testing/bench.ts';

test('a file of which only mtime and inode changed is replayed in the version it has now, by the done run and by the skipped one', async t => {
  const bench = setUp(t);
  const run = await bench.load('a.csv', 'one');
  utimesSync(bench.path('a.csv'), 1, 1);
  const skipped = await bench.arrive('a.csv', 'one', { isTouched: true });
  assert.match(skipped.error ?? '', /^unchanged/);
  for (const which of [run, skipped]) {
    const again = await bench.replay(which);
    assert.deepEqual(
      [again?.fileVersion, again?.readFrom, again?.replayOf],
      [bench.versionOf('a.csv'), null, which.id],
    );
    await bench.end();
  }
  // The watcher has nothing to do with it.
  const known = await bench.journal.knownFile('sales', 'a.csv');
  assert.deepEqual(known?.version, bench.versionOf('a.csv'));
});

test('what can’t be replayed says so at once, and what to do', async t => {
  const bench = setUp(t);
  const run = await bench.load('a.csv', 'one');
  writeFileSync(bench.path('a.csv'), 'two');
  await assert.rejects(bench.replay(run), /a\.csv holds other content .*orchestrator run sales \/.*a\.csv$/);
  rmSync(bench.path('a.csv'));
  await assert.rejects(bench.replay(run), /a\.csv is gone, and no copy of it was kept: copy the file there again/);
  symlinkSync('/etc/passwd', bench.path('a.csv'));
  await assert.rejects(bench.replay(run), { kind: 'never' });
  rmSync(bench.path('a.csv'));
  await assert.rejects(
    replayRun(run, { ...bench, dataset: undefined, now: Date.now() }),
    /dataset sales is not configured, so nothing would run it; put sales\.yaml back/,
  );
  const unsettled = await bench.journal.settle(bench.at('b.csv'));
  await bench.journal.unsettle(unsettled.id, 'the file is gone', Date.now());
  await assert.rejects(bench.replay(unsettled), /ended before its file was complete; copy the file again/);
  assert.equal((await bench.journal.runs({ states: ['queued'] })).items.length, 0);
});

test('a backed-up file is read where it lies, if it still is what was backed up', async t => {
  const bench = setUp(t);
  const run = await bench.load('sub/a.csv', 'one');
  const place = await bench.moveAway(run, 'backup');
  const again = await bench.replay(run);
  assert.deepEqual([again?.readFrom, again?.file, again?.replayOf], [place, 'sub/a.csv', run.id]);
  assert.equal((await bench.journal.knownFile('sales', 'sub/a.csv'))?.present, false);
  await bench.end();
  // As a copy on another disk has it.
  rmSync(place);
  writeFileSync(place, 'one');
  assert.deepEqual((await bench.replay(run))?.fileVersion, versionOf(statSync(place, { bigint: true })));
  await bench.end();
  writeFileSync(place, 'edited');
  await assert.rejects(
    bench.replay(run),
    /a\.csv is gone, and .*backup\/sales\/sub\/a\.csv is not what was backed up there/,
  );
  rmSync(place);
  symlinkSync('/etc/passwd', place);
  await assert.rejects(bench.replay(run), /can't be read .*link/);
  rmSync(dirname(place), { recursive: true });
  await assert.rejects(bench.replay(run), /is gone, too: copy the file there again/);
});

test('below a folder that others can write a backup is reached through no link', async t => {
  const bench = setUp(t);
  const run = await bench.load('sub/a.csv', 'one');
  const place = await bench.moveAway(run, 'backup');
  chmodSync(join(bench.dataDir, 'backup'), 0o777);
  const elsewhere = join(bench.dataDir, 'elsewhere');
  mkdirSync(elsewhere);
  linkSync(place, join(elsewhere, 'a.csv'));
  rmSync(dirname(place), { recursive: true });
  symlinkSync(elsewhere, dirname(place));
  await assert.rejects(bench.replay(run), { kind: 'never' });
});

test('with ON_CHANGE: replace an older backup does not take the place of newer rows by a replay; with append it stands beside them', async t => {
  for (const ON_CHANGE of ['replace', 'append'] as const) {
    const bench = setUp(t, { ON_CHANGE });
    const older = await bench.load('a.csv', 'one');
    const place = await bench.moveAway(older, 'backup');
    const newer = await bench.load('a.csv', 'two');
    await bench.moveAway(newer, 'backup', 'a.2.csv');
    if (ON_CHANGE === 'append') assert.equal((await bench.replay(older))?.readFrom, place);
    else
      await assert.rejects(bench.replay(older), new RegExp(`run ${newer.id} loaded a newer a.csv.*copy ${place} to`));
  }
});

test('a quarantined file is put back from where the journal says, and is loaded as it is by now, since people mend it there', async t => {
  const bench = setUp(t);
  const run = await bench.load('a.csv', 'one', { to: 'quarantined', rows: null, error: 'bad' });
  const place = await bench.moveAway(run, 'quarantine', 'a.csv', 'former-quarantine');
  writeFileSync(`${place}.error.json`, JSON.stringify({ run: run.id }));
  writeFileSync(place, 'mended');
  const again = await bench.replay(run);
  const { fileVersion, contentHash, readFrom } = again as Run;
  assert.deepEqual([fileVersion, contentHash, readFrom], [bench.versionOf('a.csv'), hashOf('mended'), null]);
});

test('run recognises a file of the backup or the quarantine as the one it is, also once its runs were pruned', async t => {
  const bench = setUp(t, { ON_CHANGE: 'append' });
  const run = await bench.load('sub/a.csv', 'one');
  const place = await bench.moveAway(run, 'backup', `sub/a.${run.id}.csv`);
  const again = await bench.submit(place);
  assert.deepEqual(
    [again.file, again.root, again.readFrom, again.replayOf],
    ['sub/a.csv', bench.watchDir, place, run.id],
  );
  await assert.rejects(bench.submit(place), /is sub\/a\.csv of dataset sales, of which a run is waiting or running/);
  await bench.end();
  await bench.moveAway(await bench.load('sub/a.csv', 'two'), 'backup');
  await bench.journal.prune({ endedBefore: Date.now() + 1 });
  assert.equal(await bench.journal.run(run.id), undefined);
  const forgotten = await bench.submit(place);
  assert.deepEqual([forgotten.file, forgotten.readFrom, forgotten.contentHash], ['sub/a.csv', place, hashOf('one')]);
  await bench.end();

  for (const other of ['backup/sales/other.csv', 'quarantine/returns/other.csv']) {
    mkdirSync(join(bench.dataDir, dirname(other)), { recursive: true });
    writeFileSync(join(bench.dataDir, other), 'one');
    await assert.rejects(
      bench.submit(join(bench.dataDir, other)),
      /other\.csv lies among the files that were taken away.*is not known as one of dataset sales: copy it into/,
    );
  }
});

test('run recognises a file that was moved to the backup while its dataset had another name', async t => {
  const bench = setUp(t, { ON_CHANGE: 'append' });
  const run = await bench.load('sub/a.csv', 'one');
  const place = await bench.moveAway(run, 'backup', '../former/sub/a.csv');
  assert.equal((await bench.submit(place)).replayOf, run.id);
});
