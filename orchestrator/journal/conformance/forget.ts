import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Journal } from '../journal.ts';
import { T0, type Hand, isKind, type Bench } from './hand.ts';

export function forgetTests(bench: Bench): void {
  describe('forget', () => {
    let journal: Journal;
    let hand: Hand;
    beforeEach(() => {
      ({ journal, hand } = bench);
    });

    it('nothing of the dataset is known any more, and all of another one; never while a run goes on or a file is to be moved', async () => {
      const run = await hand.load('a.csv', 1, { rows: 7 });
      await hand.reject('b.csv');
      await hand.arrive('c.csv', 1, 'x', 'other');
      await hand.arrive('d.csv');
      await hand.intend(run);
      await assert.rejects(journal.forget('sales'), isKind('never'));
      await journal.closeDisposal(run.id, 'disposed', null);
      const going = await hand.claimOne();
      await assert.rejects(journal.assertForgettable('sales'), isKind('never'));
      await hand.finish(going, { to: 'queued', dueAt: T0, counts: false, error: 'away' });
      assert.equal((await journal.forget('sales')).length, 3);
      assert.deepEqual(
        (await journal.runs({})).items.map(({ dataset }) => dataset),
        ['other'],
      );
      assert.deepEqual(
        (await journal.summaries()).map(({ dataset }) => dataset),
        ['other'],
      );
      assert.equal(await journal.knownFile('sales', 'a.csv'), undefined);
      assert.deepEqual([await journal.heldKeys('sales'), (await journal.attention({})).items], [[], []]);
      assert.deepEqual(await journal.forget('sales'), []);
      assert.equal((await hand.load('a.csv', 1)).state, 'done', 'it begins anew');
    });

    it('keys with rows are told until they are said to be gone', async () => {
      await hand.load('a.csv', 1, { rows: 7 });
      await hand.load('b.csv', 1, { rows: 0 });
      const held = await journal.heldKeys('sales');
      assert.deepEqual(held, [{ fileKey: 'key-a.csv', index: 'sales', rows: 7 }]);
      const newest = (await journal.latest('sales', 'b.csv'))?.version ?? 0;
      assert.ok((await journal.nextVersion('sales', T0)) > newest);
      await journal.rowsGone('key-a.csv', 'sales');
      assert.deepEqual([await journal.heldKeys('sales'), (await journal.summaries())[0]?.rowsThere], [[], 0]);
    });
  });
}
