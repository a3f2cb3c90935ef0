import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Journal } from '../journal.ts';
import { done, files, type Bench, type Hand } from './hand.ts';

const BEGINNING = { changed: 0, seq: 0 };

export function tellingTests(bench: Bench): void {
  describe('telling', () => {
    let journal: Journal;
    let hand: Hand;
    beforeEach(() => {
      ({ journal, hand } = bench);
    });

    /** All there is behind a place, so many changes at a time. */
    async function allBehind(place = BEGINNING, most = 2): Promise<{ told: string[]; next: typeof BEGINNING }> {
      const told: string[] = [];
      for (let next = place; ; ) {
        const page = await journal.endedBehind(next, most);
        told.push(...files([page.runs]));
        next = page.next;
        if (page.isLast) return { told, next };
      }
    }

    it('runs are told in the order in which they ended, each once, in pages of any size', async () => {
      for (const name of ['c', 'a', 'b', 'd']) await hand.load(name);
      await hand.arrive('waits', 1, 'hash', 'stock');
      for (const most of [1, 2, 3, 100])
        assert.deepEqual((await allBehind(BEGINNING, most)).told, ['c', 'a', 'b', 'd']);
      const { next } = await allBehind();
      await hand.load('e');
      assert.deepEqual((await allBehind(next)).told, ['e']);
    });

    it('runs that end in one transaction are all told, wherever a page ends', async () => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) await hand.arrive(name);
      const claimed = (await hand.claim()).flat();
      await Promise.all(claimed.map(run => hand.ledger(run)));
      await Promise.all(claimed.map(run => hand.finish(run, done(1))));
      for (const most of [1, 2, 3])
        assert.deepEqual((await allBehind(BEGINNING, most)).told, ['a', 'b', 'c', 'd', 'e']);
    });

    it('a run that waited long is told once it ends, behind what was told before', async () => {
      await hand.arrive('slow');
      const slow = await hand.claimOne();
      await hand.load('quick');
      const { told, next } = await allBehind();
      assert.deepEqual(told, ['quick']);
      await hand.ledger(slow);
      await hand.finish(slow, done(1));
      assert.deepEqual((await allBehind(next)).told, ['slow']);
    });

    it('a run of which rows were mended since keeps its place: it is told once', async () => {
      const rejected = await hand.reject('bad');
      const before = await allBehind();
      assert.deepEqual(before.told, ['bad']);
      await journal.mend(rejected.id, '/mended.ndjson', hand.now);
      const mend = await hand.claimOne();
      await hand.ledger(mend);
      await hand.finish(mend, done(3));
      assert.equal((await journal.run(rejected.id))?.rowsMended, 3);
      const page = await journal.endedBehind(before.next, 100);
      assert.deepEqual(
        page.runs.map(({ id }) => id),
        [mend.id],
      );
      for (const most of [1, 2, 100]) assert.deepEqual((await allBehind(BEGINNING, most)).told, ['bad', 'bad']);
    });

    it('each reader has its own place, which is there after the journal is opened again', async () => {
      assert.deepEqual(await journal.toldTo('metrics'), BEGINNING);
      await journal.setTold('metrics', { changed: 7, seq: 3 });
      await journal.setTold('metrics', { changed: 9, seq: 4 });
      await journal.setTold('log', { changed: 2, seq: 1 });
      const other = await bench.opened.again();
      assert.deepEqual(await other.toldTo('metrics'), { changed: 9, seq: 4 });
      assert.deepEqual(await other.toldTo('log'), { changed: 2, seq: 1 });
      await other.close();
    });
  });
}
