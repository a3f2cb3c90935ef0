import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../clock.ts';
import { Folder } from '../files/folder.ts';
import { Absences } from './absences.ts';
import { KnownFiles } from './known.ts';
import { datasetOf } from '../config/testing/dataset.ts';
import { SharedFolder } from './shared-folder.ts';
import { WatchedFolder } from './testing/watched-folder.ts';

const version = { sizeBytes: 1, mtimeNs: '1', inode: '1' };

/** A dataset whose one file was seen by a listing, and is not there. */
async function missing(folder: WatchedFolder, isRootFine: () => boolean) {
  const { journal, root } = folder;
  const dataset = datasetOf('sales', root, { ON_DELETE: 'remove' });
  const { id } = await journal.settle({ dataset: 'sales', file: 'a.csv', root, priority: 0, now: 1 });
  await journal.queue({ runId: id, fileVersion: version, contentHash: 'x', now: 1 });
  const known = new KnownFiles(await journal.knownFiles('sales'), []);
  const absences = new Absences({
    dataset,
    journal,
    clock: systemClock,
    known,
    root: new SharedFolder(() => Folder.open(root)),
    isRootFine: async () => isRootFine(),
  });
  const isPresent = async () => (await journal.knownFiles('sales'))[0]?.present;
  return { absences, known, isPresent };
}

test('rule 9: two listings count only where they are of the same root', async () => {
  await using folder = await WatchedFolder.make();
  const { absences, isPresent } = await missing(folder, () => true);
  for (const [listing, root] of ['1:1', '1:2', '1:1'].entries())
    assert.equal((await absences.missedBy(listing + 1, new Map(), root)).listAgain, true);
  assert.equal(await isPresent(), true);
  assert.equal((await absences.missedBy(4, new Map(), '1:1')).listAgain, false);
  assert.equal(await isPresent(), false);
});

test('rule 9: nothing is absent while the root is another than was listed', async () => {
  await using folder = await WatchedFolder.make();
  let isFine = false;
  const { absences, isPresent } = await missing(folder, () => isFine);
  for (const listing of [1, 2, 3]) await absences.missedBy(listing, new Map(), '1:1');
  assert.equal(await isPresent(), true);
  isFine = true;
  for (const listing of [4, 5]) await absences.missedBy(listing, new Map(), '1:1');
  assert.equal(await isPresent(), false);
});

test('rule 9: a file whose folder is on another device than it was is missing, not absent', async () => {
  await using folder = await WatchedFolder.make();
  const { absences, known, isPresent } = await missing(folder, () => true);
  known.see('a.csv', version, 7, 0);
  for (const listing of [1, 2, 3]) await absences.missedBy(listing, new Map([['', 8]]), '1:1');
  assert.equal(await isPresent(), true);
  assert.match(absences.error ?? '', /1 files below .* gone together with the folder or device/);
  for (const listing of [4, 5]) await absences.missedBy(listing, new Map([['', 7]]), '1:1');
  assert.equal(await isPresent(), false);
});
