import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { Folder } from '../files/folder.ts';
import { waitFor } from '../testing/wait-for.ts';
import { Settling } from './settling.ts';
import { SharedFolder } from './shared-folder.ts';
import { datasetOf } from '../config/testing/dataset.ts';
import { WatchedFolder } from './testing/watched-folder.ts';

const write = () => undefined;
const silent: Logger = { debug: write, info: write, warn: write, error: write, child: () => silent };

test('rule 1: an open file is tested every 3 ms at first, slowing to 20 ms', async () => {
  const delays = await delaysOfOpenFile(20, () => 0);
  assert.deepEqual(delays, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 20, 20]);
});

test('a clock that is set back by an hour delays no test', async () => {
  const delays = await delaysOfOpenFile(5, tests => (tests === 3 ? 3_600_000 : 0));
  assert.deepEqual(delays, [3, 4, 5, 6, 7]);
});

/** Times between the tests of a file that stays open; `setBack`: ms by which the clock is set back after so many tests. */
async function delaysOfOpenFile(count: number, setBack: (tests: number) => number): Promise<number[]> {
  await using folder = await WatchedFolder.make();
  const writer = openSync(folder.path('a.csv'), 'w');
  const delays: number[] = [];
  let now = Date.now();
  let elapsed = 0;
  let due: (() => void) | undefined;
  const clock: Clock = {
    now: () => now,
    elapsed: () => elapsed,
    after(ms, callback) {
      delays.push(ms);
      due = () => {
        now += ms;
        elapsed += ms;
        callback();
      };
      return () => undefined;
    },
  };
  const dataset = datasetOf('sales', folder.root);
  const onGone = async () => assert.fail('it is there');
  const settling = new Settling({
    dataset,
    journal: folder.journal,
    logger: silent,
    clock,
    root: new SharedFolder(() => Folder.open(folder.root)),
    onQueued: write,
    onGone,
  });
  settling.leases = true;
  await settling.sight('a.csv', { sizeBytes: 0, token: '0.0' });
  for (let tests = 1; tests <= count; tests += 1) {
    await waitFor(`test ${tests}`, () => delays.length === tests);
    now -= setBack(tests);
    due?.();
  }
  closeSync(writer);
  await settling.stop();
  return delays.slice(0, count);
}
