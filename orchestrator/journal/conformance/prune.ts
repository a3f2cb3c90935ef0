import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Journal } from '../journal.ts';
import { T0, fileVersion, type Hand, type Bench } from './hand.ts';

export function pruneTests(bench: Bench): void {
  describe('prune', () => {
    let journal: Journal;
    let hand: Hand;
    beforeEach(() => {
      ({ journal, hand } = bench);
    });

    it('rule 13: old runs are forgotten, but each path’s latest version, its rows and first sight stay', async () => {
      const old = await hand.load('a.csv', 1, { rows: 10 });
      const skipped = await hand.arrive('a.csv', 1, 'hash1');
      const last = await hand.load('a.csv', 2, { rows: 20 });
      hand.now = T0 + 1000;
      assert.deepEqual(await journal.prune({ endedBefore: T0 }), []);
      const forgotten = await journal.prune({ endedBefore: T0 + 1000 });
      assert.deepEqual(new Set(forgotten), new Set([old.id, skipped.id]));
      assert.equal(await journal.run(old.id), undefined);
      assert.deepEqual(await journal.attempts(old.id), []);
      assert.equal((await journal.latest('sales', 'a.csv'))?.id, last.id);
      assert.equal((await journal.summaries())[0]?.counts.done, 1);
      await hand.arrive('a.csv', 3);
      const entry = await hand.ledger(await hand.claimOne());
      assert.equal(entry.fileRows, 20);
      assert.equal(entry.firstSeenAt, T0);
    });

    it('rule 13: a run whose file is still to be disposed of is not forgotten', async () => {
      const old = await hand.load('a.csv', 1);
      await hand.intend(old);
      await hand.load('a.csv', 2);
      assert.deepEqual(await journal.prune({ endedBefore: T0 + 1000 }), []);
    });

    it('more runs than a slice are forgotten in one call', async () => {
      const ids = await Promise.all(Array.from({ length: 1200 }, (_, n) => hand.settle(`f${n}`)));
      await Promise.all(ids.map(run => journal.unsettle(run.id, 'gone', T0)));
      assert.deepEqual(await journal.prune({ endedBefore: T0 + 1, signal: AbortSignal.abort() }), []);
      assert.equal((await journal.prune({ endedBefore: T0 + 1 })).length, 1200);
    });

    it('what is to be forgotten is found behind more runs that are to stay than are looked at in one turn', async () => {
      const stay = await Promise.all(Array.from({ length: 1200 }, (_, n) => hand.settle(`f${n}`)));
      await Promise.all(
        stay.map((run, n) =>
          journal.queue({ runId: run.id, fileVersion: fileVersion(n), contentHash: 'x', now: hand.now }),
        ),
      );
      await Promise.all(stay.map(run => journal.cancel(run.id, T0)));
      const old = await hand.settle('old.csv');
      await journal.unsettle(old.id, 'gone', T0 + 1);
      assert.deepEqual(await journal.prune({ endedBefore: T0 + 2 }), [old.id]);
    });
  });
}
