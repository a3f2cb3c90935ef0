import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Journal } from '../journal.ts';
import { T0, rowsRead, done, type Hand, isKind, type Bench } from './hand.ts';

export function attemptsTests(bench: Bench): void {
  describe('attempts', () => {
    let journal: Journal;
    let hand: Hand;
    beforeEach(() => {
      ({ journal, hand } = bench);
    });

    it('what an attempt tells is kept, and its end closes it', async () => {
      await hand.arrive('a.csv');
      const run = await hand.claimOne();
      await journal.started(run, 'docker', 'container-1');
      await journal.progress(run, { rows: 5, bytes: 50, totalBytes: 100 });
      const running = await journal.run(run.id);
      assert.deepEqual(running?.progress, { rows: 5, bytes: 50, totalBytes: 100 });
      assert.equal(running?.handle, 'container-1');
      hand.now = T0 + 9;
      const ended = await journal.finish(run, { to: 'done', rows: rowsRead(7, 2), error: null }, hand.now, 0);
      assert.deepEqual(ended.rows, rowsRead(7, 2));
      assert.equal(ended.progress, null);
      assert.equal(ended.leaseHolder, null);
      const [attempt] = await journal.attempts(run.id);
      assert.equal(attempt?.outcome, 'done');
      assert.equal(attempt?.exitCode, 0);
      assert.equal(attempt?.endedAt, T0 + 9);
    });

    it('retries are counted, waits are not, and a retry ends a row of waits', async () => {
      await hand.arrive('a.csv');
      const again = async (counts: boolean) =>
        hand.finish(await hand.claimOne(), { to: 'queued', dueAt: T0, counts, error: 'again' });
      assert.equal((await again(false)).waits, 1);
      assert.equal((await again(false)).waits, 2);
      const retried = await again(true);
      assert.equal(retried.waits, 0);
      assert.equal(retried.retriesUsed, 1);
      assert.equal(retried.attempt, 3);
      assert.deepEqual(
        (await journal.attempts(retried.id)).map(attempt => attempt.outcome),
        ['wait', 'wait', 'retry'],
      );
    });

    it('rule 2: an attempt that ends while a newer version waits does not come back', async () => {
      await hand.arrive('a.csv', 1);
      const old = await hand.claimOne();
      const newer = await hand.arrive('a.csv', 2);
      const ended = await hand.finish(old, { to: 'queued', dueAt: T0, counts: true, error: 'exit code 1' });
      assert.equal(ended.state, 'skipped');
      assert.match(ended.error ?? '', new RegExp(newer.id));
      assert.match(ended.error ?? '', /exit code 1/);
    });

    it('rule 7: rows that do not add up are not done', async () => {
      await hand.arrive('a.csv');
      const run = await hand.claimOne();
      const rows = { ...rowsRead(3), loaded: 2 };
      await assert.rejects(hand.finish(run, { to: 'done', rows, error: null }), isKind('bug'));
      assert.equal((await journal.run(run.id))?.state, 'running');
      assert.equal((await journal.attempts(run.id))[0]?.endedAt, null);
    });

    it('a call that a run’s state does not allow changes nothing', async () => {
      const settling = await hand.settle('a.csv');
      await assert.rejects(journal.started(settling, 'docker', 'x'), isKind('bug'));
      await assert.rejects(journal.finish(settling, done(1), T0), isKind('bug'));
      await hand.arrive('a.csv');
      const run = await hand.claimOne();
      await assert.rejects(journal.finish({ ...run, attempt: 2 }, done(1), T0), isKind('bug'));
      await assert.rejects(journal.unsettle(run.id, 'gone', T0), isKind('bug'));
      await hand.finish(run, done(1));
      await assert.rejects(hand.finish(run, done(1)), isKind('bug'));
      await assert.rejects(journal.reserve(run, 1), isKind('bug'));
      assert.equal((await journal.run(run.id))?.state, 'done');
    });
  });
}
