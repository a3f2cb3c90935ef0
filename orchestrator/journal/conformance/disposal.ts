import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Journal } from '../journal.ts';
import { done, type Hand, isKind, type Bench } from './hand.ts';

export function disposalTests(bench: Bench): void {
  describe('disposal', () => {
    let journal: Journal;
    let hand: Hand;
    beforeEach(() => {
      ({ journal, hand } = bench);
    });

    it('rule 8: an intent is kept until it is closed', async () => {
      const run = await hand.load('a.csv');
      await hand.intend(run);
      await hand.intend(run);
      const [intent, ...others] = await journal.intents();
      assert.deepEqual(others, []);
      assert.equal(intent?.source, '/in/a.csv');
      assert.deepEqual(intent?.fileVersion, run.fileVersion);
      await journal.closeDisposal(run.id, 'intended', 'the backup folder is full');
      assert.deepEqual(
        (await journal.intents()).map(({ error }) => error),
        ['the backup folder is full'],
      );
      await journal.closeDisposal(run.id, 'put-back', 'changed meanwhile');
      assert.deepEqual(await journal.intents(), []);
      await assert.rejects(journal.closeDisposal(run.id, 'disposed', null), isKind('bug'));
    });

    it('rule 8: our own moves are no deletions, whether seen before or after they are closed', async () => {
      const run = await hand.load('a.csv');
      await hand.intend(run);
      assert.equal(await hand.absent('a.csv'), undefined);
      await journal.closeDisposal(run.id, 'disposed', null);
      assert.equal(await hand.absent('a.csv'), undefined);
      assert.equal((await journal.knownFiles('sales'))[0]?.present, false);
    });

    it('rule 8: where a file of a path and content was moved is remembered, once it is on its way', async () => {
      const run = await hand.load('a.csv');
      const hash = run.contentHash ?? '';
      assert.deepEqual(await journal.moves('sales', 'a.csv', hash), []);
      await hand.dispose(run);
      const [move, ...others] = await journal.moves('sales', 'a.csv', hash);
      assert.deepEqual([move?.source, others], [`${run.root}/a.csv`, []]);
      assert.deepEqual(await journal.moves('sales', 'a.csv', 'another'), []);
      assert.deepEqual(await journal.moves('sales', 'b.csv', hash), []);
    });

    it('rule 8: a file disposed of is absent to every dataset that knows it', async () => {
      await hand.arrive('a.csv', 1, 'same', 'other');
      await hand.finish(await hand.claimOne('other'), done(1));
      await hand.dispose(await hand.load('a.csv', 1));
      assert.equal((await journal.knownFiles('other'))[0]?.present, false);
      assert.equal(await journal.absent([{ ...hand.at('a.csv', 'other'), remove: true }]).then(all => all.length), 0);
    });

    it('rule 3: a file disposed of keeps its rows in every dataset that appended them', async () => {
      await hand.arrive('a.csv', 1, 'same', 'other');
      const other = await hand.claimOne('other');
      await hand.ledger(other, 'other-1', true);
      await hand.finish(other, done(10));
      await hand.dispose(await hand.load('a.csv', 1));
      await hand.arrive('a.csv', 2, 'next', 'other');
      assert.deepEqual((await hand.ledger(await hand.claimOne('other'), 'other-2', true)).replaces, []);
    });

    it('rule 8: a file that takes the name of one being moved away is an arrival', async () => {
      const run = await hand.load('a.csv', 1, { content: 'same' });
      await hand.intend(run);
      const arrived = await hand.arrive('a.csv', 2, 'same');
      assert.equal(arrived.state, 'queued');
      assert.equal(arrived.action, 'add');
      await journal.closeDisposal(run.id, 'disposed', null);
      assert.equal((await journal.knownFiles('sales'))[0]?.present, true);
    });
  });
}
