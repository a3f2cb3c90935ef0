import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { test } from 'node:test';
import { systemClock } from '../clock.ts';
import { Folder } from '../files/folder.ts';
import { waitFor } from '../testing/wait-for.ts';
import { Absences } from './absences.ts';
import { KnownFiles } from './known.ts';
import { datasetOf } from '../config/testing/dataset.ts';
import { RealNames } from './real-names.ts';
import { SharedFolder } from './shared-folder.ts';
import { WatchedFolder } from './testing/watched-folder.ts';

const NEVER = new AbortController().signal;
const version = { sizeBytes: 1, token: '1.1' };

/** A dataset whose one file was seen by a listing, and is not there. */
async function missing(
  folder: WatchedFolder,
  { isRootFine = (): boolean => true, isSettling = false, signal = NEVER } = {},
) {
  const { journal, root } = folder;
  const dataset = datasetOf('sales', root, { ON_DELETE: 'remove' });
  const { id } = await journal.settle({ dataset: 'sales', file: 'a.csv', root, priority: 0, now: 1 });
  await journal.queue({ runId: id, fileVersion: version, contentHash: 'x', now: 1 });
  const known = new KnownFiles('sales', journal);
  const request = {
    dataset,
    journal,
    clock: systemClock,
    known,
    root: new SharedFolder(() => Folder.open(root)),
    names: new RealNames(),
    isRootFine: async () => isRootFine(),
    isSettling: () => isSettling,
    signal,
  };
  const absences = new Absences(request);
  const isPresent = async () => (await journal.knownFiles('sales'))[0]?.present;
  return { absences, known, isPresent, request };
}

test('rule 9: two listings count only where they are of the same root', async () => {
  await using folder = await WatchedFolder.make();
  const { absences, isPresent } = await missing(folder);
  for (const root of ['1:1', '1:2', '1:1']) assert.equal((await absences.missedBy(new Map(), root)).listAgain, true);
  assert.equal(await isPresent(), true);
  assert.equal((await absences.missedBy(new Map(), '1:1')).listAgain, false);
  assert.equal(await isPresent(), false);
});

test('rule 9: nothing is absent while the root is another than was listed', async () => {
  await using folder = await WatchedFolder.make();
  let isFine = false;
  const { absences, isPresent } = await missing(folder, { isRootFine: () => isFine });
  for (const _ of [1, 2, 3]) await absences.missedBy(new Map(), '1:1');
  assert.equal(await isPresent(), true);
  isFine = true;
  for (const _ of [4, 5]) await absences.missedBy(new Map(), '1:1');
  assert.equal(await isPresent(), false);
});

test('rule 9: a file whose folder is on another device than it was is missing, not absent', async () => {
  await using folder = await WatchedFolder.make();
  const { absences, known, isPresent } = await missing(folder);
  const device = (await stat(folder.root)).dev;
  known.saw('a.csv', device + 1);
  for (const _ of [1, 2, 3]) await absences.missedBy(new Map([['', device]]), '1:1');
  assert.equal(await isPresent(), true);
  assert.match(absences.error ?? '', /1 files below .* gone together with the folder or device/);
  known.saw('a.csv', device);
  for (const _ of [4, 5]) await absences.missedBy(new Map([['', device]]), '1:1');
  assert.equal(await isPresent(), false);
});

test('a file that is back and settles is not told to be absent', async () => {
  await using folder = await WatchedFolder.make();
  const { absences, isPresent } = await missing(folder, { isSettling: true });
  for (const _ of [1, 2, 3]) await absences.missedBy(new Map(), '1:1');
  await absences.vanished(['a.csv']);
  assert.equal(await isPresent(), true);
  assert.equal(absences.isPending('a.csv'), false);
});

test('a stop in the middle of many absences leaves the rest to the next start', async () => {
  await using folder = await WatchedFolder.make();
  const { journal } = folder;
  const stop = new AbortController();
  const { absences, request } = await missing(folder, { signal: stop.signal });
  const files = Array.from({ length: 1500 }, (_, number) => `b${number}.csv`);
  await Promise.all(files.map(file => journal.ignore('sales', file, version)));
  const count = async () => (await journal.knownFiles('sales', { present: true, limit: 2000 })).length;
  await absences.missedBy(new Map(), '1:1');
  const ending = absences.missedBy(new Map(), '1:1');
  await waitFor('some are absent', async () => (await count()) < 1501);
  stop.abort();
  await ending;
  const left = await count();
  assert.ok(left > 0 && left < 1501, `${left} are left`);
  const next = new Absences({ ...request, known: new KnownFiles('sales', journal), signal: NEVER });
  for (const _ of [1, 2]) await next.missedBy(new Map(), '1:1');
  assert.equal(await count(), 0);
});

test('others have their turn while many files are compared with what a listing has met, though none is missing', async () => {
  await using folder = await WatchedFolder.make();
  const { journal } = folder;
  const { absences, known } = await missing(folder);
  const files = Array.from({ length: 20_000 }, (_, number) => `b${number}.csv`);
  await Promise.all(files.map(file => journal.ignore('sales', file, version)));
  known.beginListing();
  for (const file of ['a.csv', ...files]) known.saw(file, null);
  let turns = 0;
  const count = setInterval(() => (turns += 1), 0);
  await absences.missedBy(new Map(), '1:1');
  clearInterval(count);
  assert.ok(turns > 1, `${turns} turns`);
});
