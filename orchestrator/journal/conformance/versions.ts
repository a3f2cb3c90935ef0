import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Journal, Retry } from '../journal.ts';
import { T0, LATER, type Hand, type Bench } from './hand.ts';

export function versionsTests(bench: Bench): void {
  describe('versions', () => {
    let journal: Journal;
    let hand: Hand;
    beforeEach(() => {
      ({ journal, hand } = bench);
    });

    it('rule 4: a clock that was once set beyond 2049 leaves versions with which LOAD.id works', async () => {
      const now = hand.now;
      hand.now = Date.UTC(2060, 0, 1);
      const first = await hand.arrive('a.csv');
      hand.now = now;
      const second = await hand.arrive('b.csv');
      assert.equal(second.version, (first.version ?? 0) + 1);
      assert.ok(BigInt(second.version ?? 0) * 10n ** 8n < 2n ** 63n - 10n ** 17n);
    });

    it('rule 4: a version is hundredths of a second since 2020, and grows within a dataset', async () => {
      const first = await hand.arrive('a.csv');
      assert.equal(first.version, (T0 - Date.UTC(2020, 0, 1)) / 10);
      assert.equal((await hand.arrive('b.csv')).version, (first.version ?? 0) + 1);
      hand.now = T0 - 86_400_000;
      assert.equal((await hand.arrive('c.csv')).version, (first.version ?? 0) + 2);
      hand.now = T0 + 1000;
      assert.equal((await hand.arrive('d.csv')).version, (first.version ?? 0) + 100);
    });

    it('rule 4: a retry keeps its version', async () => {
      await hand.arrive('a.csv');
      const run = await hand.claimOne();
      await hand.finish(run, { to: 'queued', dueAt: T0, counts: true, error: 'exit code 1' });
      assert.equal((await hand.claimOne()).version, run.version);
    });

    it('rule 4: superseded by a version the journal knows is skipped, and says by which run', async () => {
      await hand.arrive('a.csv', 1);
      const old = await hand.claimOne();
      const newer = await hand.arrive('a.csv', 2);
      const ended = await hand.finish(old, { to: 'superseded', indexVersion: newer.version ?? 0, repeated: LATER });
      assert.equal(ended.state, 'skipped');
      assert.match(ended.error ?? '', new RegExp(newer.id));
      await journal.cancel(newer.id, T0);
      await hand.arrive('b.csv', 1);
      const other = await hand.claimOne();
      const given = await hand.arrive('b.csv', 2);
      await journal.cancel(given.id, T0);
      const last = await hand.finish(other, { to: 'superseded', indexVersion: given.version ?? 0, repeated: LATER });
      assert.equal(last.state, 'skipped');
    });

    it('rule 4: superseded by a version the journal does not know is queued again above it, without a retry', async () => {
      await hand.arrive('a.csv', 1);
      const run = await hand.claimOne();
      const raised = await hand.finish(run, { to: 'superseded', indexVersion: 50_000_000_000, repeated: LATER });
      assert.equal(raised.state, 'queued');
      assert.equal(raised.version, 50_000_000_001);
      assert.equal(raised.retriesUsed, 0);
      assert.equal((await hand.claimOne()).version, 50_000_000_001);
      assert.equal((await hand.arrive('b.csv')).version, 50_000_000_002);
    });

    it('rule 4: superseded once more in the same run counts as a failure, until that is given up', async () => {
      await hand.arrive('a.csv', 1);
      const finish = async (indexVersion: number, repeated: Retry) =>
        hand.finish(await hand.claimOne(), { to: 'superseded', indexVersion, repeated });
      await finish(50_000_000_000, LATER);
      const repeated = await finish(60_000_000_000, LATER);
      assert.deepEqual([repeated.state, repeated.retriesUsed, repeated.dueAt], ['queued', 1, LATER.dueAt]);
      assert.equal(repeated.version, 60_000_000_001);
      hand.now = LATER.dueAt;
      const last = await finish(70_000_000_000, { to: 'failed', rows: null, error: 'gave up after 2 attempts' });
      assert.deepEqual([last.state, last.error], ['failed', 'gave up after 2 attempts']);
    });
  });
}
