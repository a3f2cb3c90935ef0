import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { systemClock } from '../clock.ts';
import { KeptFolders } from '../config/kept-folders.ts';
import { datasetOf } from '../config/testing/dataset.ts';
import type { Logger } from '../log.ts';
import { WatchedFolder } from './testing/watched-folder.ts';
import { Watchers } from './watchers.ts';

const logger: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger };

function watchersOf(folder: WatchedFolder) {
  const dataset = datasetOf('sales', folder.root, {});
  const { journal, base } = folder;
  const kept = new KeptFolders(`${base}/data`, () => [dataset]);
  const options = { journal, logger, clock: systemClock, kept, listIntervalMs: null };
  return { watchers: new Watchers(options), dataset };
}

test('a watch that is being begun ends with a stop, and none is begun after it', async () => {
  await using folder = await WatchedFolder.make();
  for (let number = 0; number < 300; number += 1) await writeFile(folder.path(`${number}.csv`), 'x');
  const { watchers, dataset } = watchersOf(folder);
  const beginning = watchers.begin([dataset]);
  await watchers.stop();
  await beginning;
  assert.equal(watchers.status('sales'), undefined);
  await watchers.begin([dataset]);
  assert.equal(watchers.status('sales'), undefined);
});

test('a stop after a begin ends the watch; a begin without one begins it', async () => {
  await using folder = await WatchedFolder.make();
  const { watchers, dataset } = watchersOf(folder);
  await watchers.begin([dataset]);
  assert.equal(watchers.status('sales')?.mode, 'events');
  await watchers.stop();
  assert.equal(watchers.status('sales'), undefined);
});
