import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Journal } from '../journal.ts';
import { T0, rowsRead, done, type Hand, type Bench } from './hand.ts';

export function rowsThereTests(bench: Bench): void {
  describe('rows that are there', () => {
    let journal: Journal;
    let hand: Hand;
    beforeEach(() => {
      ({ journal, hand } = bench);
    });

    const there = async () => {
      const [summary] = await journal.summaries();
      return [summary?.rowsThere, summary?.rowsToMend];
    };

    it('a version replaces the one before, a deletion takes its rows out', async () => {
      await hand.load('a.csv', 1, { rows: 10 });
      await hand.load('b.csv', 1, { rows: 5 });
      await hand.load('a.csv', 2, { rows: 7 });
      assert.deepEqual(await there(), [12, 0]);
      assert.equal((await journal.summaries())[0]?.rowsLoaded, 22);
      await hand.absent('a.csv');
      const run = await hand.claimOne();
      await hand.ledger(run);
      await hand.finish(run, done(0));
      assert.deepEqual(await there(), [5, 0]);
    });

    it('deliveries of one name stand beside each other (ON_CHANGE: append)', async () => {
      const first = await hand.load('a.csv', 1, { key: 'k1', append: true, rows: 10 });
      await hand.dispose(first);
      await hand.load('a.csv', 2, { key: 'k2', append: true, rows: 5 });
      assert.deepEqual(await there(), [15, 0]);
    });

    it('an index that is built anew holds what built it last', async () => {
      for (const [file, rows] of [
        ['a.csv', 10],
        ['b.csv', 5],
      ] as const) {
        await hand.arrive(file);
        const run = await hand.claimOne();
        await hand.ledger(run, undefined, false, 'sales', true);
        await hand.finish(run, done(rows));
      }
      assert.deepEqual(await there(), [5, 0]);
    });

    it('rejected rows are those of the newest version, less what was mended', async () => {
      for (const n of [1, 2]) {
        await hand.arrive('a.csv', n);
        const run = await hand.claimOne();
        await hand.ledger(run);
        await hand.finish(run, { to: 'done', rows: rowsRead(10, 3), error: null });
      }
      assert.deepEqual(await there(), [7, 3]);
      await journal.mend((await journal.latest('sales', 'a.csv'))!.id, '/m', T0);
      const mend = await hand.claimOne();
      await hand.ledger(mend);
      await hand.finish(mend, { to: 'done', rows: rowsRead(3, 1), error: null });
      assert.deepEqual(await there(), [9, 1]);
    });
  });
}
