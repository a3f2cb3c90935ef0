import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Journal, Run, RunPage } from '../journal.ts';
import { T0, done, type Hand, type Bench } from './hand.ts';

export function pathTests(bench: Bench): void {
  describe('runs of a path', () => {
    let journal: Journal;
    let hand: Hand;
    beforeEach(() => {
      ({ journal, hand } = bench);
    });

    it('are found by where the file lies, or was moved to', async () => {
      const run = await hand.load('2026/a.csv', 1);
      await hand.settle('b.csv');
      await hand.dispose(run);
      assert.deepEqual(await journal.pathsAt('/in/2026/a.csv'), [
        { dataset: 'sales', file: '2026/a.csv', runId: null },
      ]);
      assert.deepEqual(await journal.pathsAt('/in/b.csv'), [{ dataset: 'sales', file: 'b.csv', runId: null }]);
      assert.deepEqual(await journal.pathsAt('/backup/2026/a.csv'), [
        { dataset: 'sales', file: '2026/a.csv', runId: run.id },
      ]);
      for (const path of ['/elsewhere/a.csv', '/in/2026', '/', '/in/2026/a.csv/'])
        assert.deepEqual(await journal.pathsAt(path), []);
      assert.deepEqual(
        (await journal.disposals(run.id)).map(({ state, target }) => [state, target]),
        [['disposed', '/backup/2026/a.csv']],
      );
    });

    it('the run of a path that is under way is known: the one that waits, else the one that runs', async () => {
      const openRun = async () => (await journal.openRun('sales', 'a'))?.id;
      assert.equal(await openRun(), undefined);
      await hand.arrive('b');
      const settling = await hand.settle('a');
      assert.equal(await openRun(), settling.id);
      await hand.arrive('a');
      assert.equal(await openRun(), settling.id);
      const [running] = (await hand.claim()).flat().filter(({ file }) => file === 'a');
      assert.equal(await openRun(), settling.id);
      const newer = await hand.settle('a');
      assert.equal(await openRun(), newer.id);
      await journal.unsettle(newer.id, 'gone', hand.now);
      assert.equal(await openRun(), running?.id);
      await hand.finish(running as Run, done(1));
      assert.equal(await openRun(), undefined);
    });

    it('are found by the end of the path, each path once, those with the newest runs first', async () => {
      for (const file of ['a.csv', '2025/a.csv', 'ba.csv', '2026/A.csv', 'a.csv/b', '2026/x']) await hand.settle(file);
      await hand.settle('a.csv', 'other');
      for (const n of [1, 2, 3]) await hand.load('a.csv', n);
      const named = async (end: string, most = 10) =>
        (await journal.pathsNamed(end, most)).map(({ dataset, file, runId }) => [dataset, file, runId]);
      assert.deepEqual(await named('a.csv'), [
        ['sales', 'a.csv', null],
        ['other', 'a.csv', null],
        ['sales', '2025/a.csv', null],
      ]);
      assert.deepEqual(await named('a.csv', 1), [['sales', 'a.csv', null]]);
      assert.deepEqual(
        [await named('x'), await named('2025/a.csv')],
        [[['sales', '2026/x', null]], [['sales', '2025/a.csv', null]]],
      );
      for (const none of ['', '/', 'csv', '/a.csv', '%', '5/a.csv', 'A.CSV']) assert.deepEqual(await named(none), []);
    });

    it('are found by the whole path in pages, of the states that are asked for', async () => {
      for (let n = 1; n <= 5; n += 1) {
        await hand.load('a.csv', n);
        await journal.unsettle((await hand.settle('a.csv')).id, 'gone', T0);
      }
      await hand.load('b.csv');
      const filter = { dataset: 'sales', path: 'a.csv', limit: 3 };
      const seen: string[] = [];
      let next: { cursor?: string } | undefined = {};
      while (next !== undefined) {
        const page: RunPage = await journal.runs({ ...filter, ...next });
        seen.push(page.items.map(({ state }) => state).join(' '));
        next = page.nextCursor === null ? undefined : { cursor: page.nextCursor };
      }
      assert.deepEqual(seen, ['cancelled done cancelled', 'done cancelled done', 'cancelled done cancelled', 'done']);
      const { items, nextCursor } = await journal.runs({ ...filter, states: ['done'], limit: 5 });
      assert.deepEqual([items.map(({ state }) => state).join(' '), nextCursor], ['done done done done done', null]);
    });

    it('are found by the whole path, those too that never had a version', async () => {
      await hand.load('1.csv', 1);
      await hand.load('11.csv', 1);
      await hand.arrive('1.csv', 1);
      await hand.settle('1.csv');
      const { items } = await journal.runs({ dataset: 'sales', path: '1.csv' });
      assert.deepEqual(
        items.map(({ file, state }) => [file, state]),
        [
          ['1.csv', 'settling'],
          ['1.csv', 'skipped'],
          ['1.csv', 'done'],
        ],
      );
    });
  });
}
