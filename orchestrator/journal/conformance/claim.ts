import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { DatasetSlots, Journal, Run } from '../journal.ts';
import { T0, HOLDER, done, slotsOf, type Hand, files, type Bench } from './hand.ts';

export function claimTests(bench: Bench): void {
  describe('claim', () => {
    let journal: Journal;
    let hand: Hand;
    beforeEach(() => {
      ({ journal, hand } = bench);
    });

    it('a claimed run is running, leased, and its attempt recorded', async () => {
      await hand.arrive('a.csv');
      const run = await hand.claimOne();
      assert.equal(run.state, 'running');
      assert.equal(run.attempt, 1);
      assert.equal(run.leaseHolder, HOLDER);
      assert.equal(run.dueAt, null);
      const [attempt] = await journal.attempts(run.id);
      assert.deepEqual(attempt, {
        runId: run.id,
        attempt: 1,
        runner: null,
        handle: null,
        startedAt: T0,
        endedAt: null,
        exitCode: null,
        outcome: null,
        error: null,
      });
      assert.deepEqual(await hand.claim(), []);
    });

    it('no more than the free slots of a dataset, nor than the limit', async () => {
      for (const file of ['a', 'b', 'c', 'd']) await hand.arrive(file);
      assert.deepEqual(files(await hand.claim({ free: 2 })), ['a', 'b']);
      assert.deepEqual(files(await hand.claim({ free: 2 }, 1)), ['c']);
    });

    it('each order is kept: arrival, name, mtime', async () => {
      for (const dataset of ['arrival', 'name', 'mtime']) {
        await hand.arrive('b', 3, 'h', dataset);
        await hand.arrive('c', 1, 'h', dataset);
        await hand.arrive('a', 2, 'h', dataset);
      }
      assert.deepEqual(files(await hand.claim({ order: 'arrival' }, 9, 'arrival')), ['b', 'c', 'a']);
      assert.deepEqual(files(await hand.claim({ order: 'name' }, 9, 'name')), ['a', 'b', 'c']);
      assert.deepEqual(files(await hand.claim({ order: 'mtime' }, 9, 'mtime')), ['c', 'a', 'b']);
    });

    it('the highest priority goes first, across datasets and within one', async () => {
      await hand.arrive('low', 1, 'h', 'one', 0);
      await hand.arrive('middle', 1, 'h', 'two', 5);
      await hand.arrive('high', 1, 'h', 'one', 9);
      const claimed = await hand.claimOf([slotsOf('one'), slotsOf('two')]);
      assert.deepEqual(files(claimed), ['high', 'middle', 'low']);
    });

    it('of equal priority each dataset has its turn before another has a second one, whatever came first', async () => {
      for (const file of ['a1', 'a2', 'a3', 'a4', 'a5', 'a6']) await hand.arrive(file, 1, 'h', 'a');
      for (const file of ['b1', 'b2']) await hand.arrive(file, 1, 'h', 'b');
      await hand.arrive('c1', 1, 'h', 'c');
      const all = ['a', 'b', 'c'].map(each => slotsOf(each));
      assert.deepEqual(files(await hand.claimOf(all, 5)), ['a1', 'b1', 'c1', 'a2', 'b2']);
      assert.deepEqual(files(await hand.claimOf(all, 5)), ['a3', 'a4', 'a5', 'a6']);
    });

    it('the next slot is for the dataset with the fewest runs going on, then for the one whose turn was longest ago', async () => {
      for (const file of ['a1', 'a2', 'a3']) await hand.arrive(file, 1, 'h', 'a');
      for (const file of ['b1', 'b2', 'b3']) await hand.arrive(file, 1, 'h', 'b');
      const next = async (a: Partial<DatasetSlots>, b: Partial<DatasetSlots>) =>
        files(await hand.claimOf([slotsOf('a', a), slotsOf('b', b)], 1))[0];
      assert.equal(await next({ running: 2, lastStartAt: 1 }, { running: 1, lastStartAt: 9 }), 'b1');
      assert.equal(await next({ running: 1, lastStartAt: 5 }, { running: 1, lastStartAt: 4 }), 'b2');
      assert.equal(await next({ running: 0, lastStartAt: 4 }, { running: 0, lastStartAt: 5 }), 'a1');
      assert.equal(await next({}, {}), 'a2');
    });

    it('a lower priority waits, yet not for ever: after ten minutes without a start it has its turn', async () => {
      for (const file of ['low1', 'low2']) await hand.arrive(file, 1, 'h', 'low', 0);
      for (const file of ['high1', 'high2', 'high3', 'high4']) await hand.arrive(file, 1, 'h', 'high', 5);
      const next = async (lastStartAt = 0) =>
        files(
          await hand.claimOf(
            [slotsOf('low', { lastStartAt }), slotsOf('high', { running: 7, lastStartAt: hand.now })],
            1,
          ),
        )[0];
      assert.equal(await next(), 'high1');
      hand.now += 10 * 60_000 - 1;
      assert.equal(await next(), 'high2');
      hand.now += 1;
      assert.equal(await next(hand.now - 1), 'high3');
      assert.equal(await next(), 'low1');
      assert.equal(await next(hand.now), 'high4');
    });

    it('a run is not claimed before it is due, and nextDueAt says when it is', async () => {
      await hand.arrive('a.csv');
      const run = await hand.claimOne();
      await hand.finish(run, { to: 'queued', dueAt: T0 + 5000, counts: true, error: 'exit code 1' });
      assert.equal(await journal.nextDueAt(T0), T0 + 5000);
      assert.deepEqual(await hand.claim(), []);
      hand.now = T0 + 5000;
      assert.equal((await hand.claimOne()).attempt, 2);
      assert.equal(await journal.nextDueAt(hand.now), null);
    });

    it('an error of pages is kept by its beginning and its length', async () => {
      await hand.arrive('a.csv');
      const run = await hand.claimOne();
      const error = 'x'.repeat(200_000);
      const failed = await hand.finish(run, { to: 'failed', rows: null, error });
      assert.ok((failed.error ?? '').length < 20_100 && failed.error?.endsWith('x… (200000 characters)'));
      assert.equal((await journal.attempts(run.id))[0]?.error, failed.error);
    });

    it('a clock that was set back makes no pause longer: what was given back later than now is due, and no other', async () => {
      for (const file of ['a.csv', 'b.csv']) await hand.arrive(file);
      const [first, second] = [await hand.claimOne(), await hand.claimOne()];
      await hand.finish(first, { to: 'queued', dueAt: T0 + 5000, counts: true, error: 'exit code 1' });
      hand.now = T0 + 3_600_000;
      await hand.finish(second, { to: 'queued', dueAt: hand.now + 5000, counts: false, error: 'away' });
      assert.equal(await journal.hasten(hand.now), 0);
      hand.now = T0 + 10;
      assert.equal(await journal.hasten(hand.now), 1);
      const again = await hand.claimOne();
      assert.deepEqual([again.id, again.attempt, again.retriesUsed], [second.id, 2, 0]);
      assert.deepEqual(await hand.claim(), []);
    });

    it('strict: a run that waits holds back those behind it, in each order', async () => {
      for (const order of ['arrival', 'name', 'mtime'] as const) {
        hand.now = T0;
        await hand.arrive('a', 1, 'h', order);
        await hand.arrive('b', 2, 'h', order);
        const strict = { strict: true, free: 1, order };
        const [[first]] = (await hand.claim(strict, 1, order)) as [[Run]];
        assert.deepEqual(await hand.claim(strict, 1, order), []);
        await hand.finish(first, { to: 'queued', dueAt: T0 + 1000, counts: true, error: 'again' });
        assert.deepEqual(await hand.claim(strict, 1, order), []);
        hand.now = T0 + 1000;
        assert.deepEqual(files(await hand.claim(strict, 1, order)), ['a']);
      }
    });

    it('not strict: a run that waits holds back nobody', async () => {
      await hand.arrive('a');
      await hand.arrive('b');
      const run = await hand.claimOne();
      await hand.finish(run, { to: 'queued', dueAt: T0 + 1000, counts: false, error: 'away' });
      assert.deepEqual(files(await hand.claim()), ['b']);
    });

    it('a paused dataset starts nothing', async () => {
      await hand.arrive('a');
      await journal.pause('sales', true);
      assert.deepEqual(await hand.claim(), []);
      assert.equal((await journal.summaries())[0]?.paused, true);
      await journal.pause('sales', false);
      assert.deepEqual(files(await hand.claim()), ['a']);
    });

    it('an exclusive dataset runs one at a time', async () => {
      await hand.arrive('a');
      await hand.arrive('b');
      assert.deepEqual(files(await hand.claim({ exclusive: true })), ['a']);
      assert.deepEqual(files(await hand.claim({ exclusive: true })), []);
    });

    it('per folder: all that is due is one batch, and there is one batch at a time', async () => {
      for (const file of ['b', 'a', 'c']) await hand.arrive(file);
      const [batch, ...others] = await hand.claim({ perFolder: true, order: 'name', free: 1 });
      assert.deepEqual(others, []);
      assert.deepEqual(
        batch?.map(run => run.file),
        ['a', 'b', 'c'],
      );
      assert.deepEqual(new Set(batch?.map(run => run.batch)), new Set([batch?.[0]?.id]));
      await hand.arrive('d');
      assert.deepEqual(await hand.claim({ perFolder: true }), []);
      for (const run of batch ?? []) await hand.finish(run, done(1));
      assert.deepEqual(files(await hand.claim({ perFolder: true })), ['d']);
    });

    it('a limit counts batches, not runs', async () => {
      for (const file of ['a', 'b']) await hand.arrive(file);
      assert.deepEqual(
        (await hand.claim({ perFolder: true }, 1)).map(batch => batch.length),
        [2],
      );
    });
  });
}
