import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Journal, Run } from '../journal.ts';
import { T0, HOLDER, LEASE_MS, LATER, type OpenJournal, done, slotsOf, type Hand, type Bench } from './hand.ts';

export function leasesTests(bench: Bench): void {
  describe('leases', () => {
    let opened: OpenJournal;
    let journal: Journal;
    let hand: Hand;
    beforeEach(() => {
      ({ opened, journal, hand } = bench);
    });

    const OTHER = '2:2:boot';

    it('rule 10: a run belongs to its holder until its lease has ended; then another one takes it over, once, and its attempt goes on', async () => {
      await hand.arrive('a.csv');
      await hand.arrive('b.csv');
      const [a, b] = (await hand.claim()).flat() as [Run, Run];
      assert.deepEqual(await hand.takeOver(OTHER, T0 + LEASE_MS - 1), []);
      assert.deepEqual(await hand.takeOver(HOLDER, T0 + LEASE_MS), [], 'who is alive recovers nothing of its own');
      const taken = await hand.takeOver(OTHER, T0 + LEASE_MS);
      assert.deepEqual(
        taken.map(run => [run.id, run.leaseHolder, run.attempt]),
        [
          [a.id, OTHER, 1],
          [b.id, OTHER, 1],
        ],
      );
      assert.deepEqual(await hand.takeOver('3:3:boot', T0 + LEASE_MS), []);
      await journal.adopt(taken[0] as Run);
      await hand.finish(taken[0] as Run, done(1));
      assert.deepEqual(
        (await journal.attempts(a.id)).map(attempt => attempt.outcome),
        ['adopted, done'],
      );
    });

    it('rule 10: a heartbeat prolongs the leases of its holder, and of no other', async () => {
      await hand.arrive('a.csv');
      await hand.arrive('b.csv');
      const own = await hand.claimOne();
      const [other] = (
        await journal.claim({ holder: OTHER, leaseMs: LEASE_MS, now: T0, slots: [slotsOf('sales')], limit: 1 })
      ).flat();
      await journal.heartbeat({ holder: HOLDER, leaseMs: LEASE_MS, now: T0 + 1 });
      const idsOf = async (now: number) => (await hand.takeOver('3:3:boot', now)).map(({ id }) => id);
      assert.deepEqual(await idsOf(T0 + LEASE_MS), [other?.id]);
      assert.deepEqual(await idsOf(T0 + LEASE_MS + 1), [own.id]);
    });

    it('rule 10: who lost its lease can say nothing of the run any more, whatever became of it', async () => {
      await hand.arrive('a.csv');
      const lost = await hand.claimOne();
      await hand.ledger(lost);
      const [taken] = await hand.takeOver(OTHER, T0 + LEASE_MS);
      const refused = async () => {
        const before = [await journal.run(lost.id), await journal.attempts(lost.id), await journal.decisions(lost.id)];
        for (const call of [
          hand.finish(lost, done(1)),
          hand.ledger(lost),
          journal.started(lost, 'docker', 'x'),
          journal.progress(lost, { rows: 1, bytes: null, totalBytes: null }),
          journal.decided(lost, [{ name: 'header', value: true, confidence: 1, reason: 'said' }]),
          journal.reserve(lost, 9),
          journal.adopt(lost),
        ]) {
          await assert.rejects(call, {
            kind: 'never',
            message: new RegExp(`orchestrator ${OTHER} took the run over`),
          });
        }
        const after = [await journal.run(lost.id), await journal.attempts(lost.id), await journal.decisions(lost.id)];
        assert.deepEqual(after, before);
      };
      await refused();
      await hand.finish(taken as Run, LATER);
      await refused();
      hand.now = T0 + LEASE_MS;
      const next = await hand.claimOne();
      await refused();
      assert.equal((await hand.ledger(next)).fileRows, 0);
      await hand.finish(next, done(1));
      await refused();
    });

    it('rule 10: of two holders of one journal one has each run, at any moment', async () => {
      const other = await opened.again();
      try {
        for (let n = 0; n < 20; n++) await hand.arrive(`${n}.csv`);
        const claim = (of: Journal, holder: string) =>
          of.claim({ holder, leaseMs: LEASE_MS, now: T0, slots: [slotsOf('sales', { free: 15 })], limit: 15 });
        const claimed = (await Promise.all([claim(journal, HOLDER), claim(other, OTHER)])).map(runs => runs.flat());
        assert.equal(new Set(claimed.flat().map(({ id }) => id)).size, 20);
        const now = T0 + LEASE_MS;
        const takeOver = (of: Journal, holder: string) => of.takeOver({ holder, leaseMs: LEASE_MS, now });
        const taken = await Promise.all([takeOver(journal, '3:3:boot'), takeOver(other, '4:4:boot')]);
        assert.equal(taken.flat().length, 20);
        assert.equal(new Set(taken.flat().map(({ id }) => id)).size, 20);
        for (const run of taken.flat()) await other.finish(run, done(1), now);
      } finally {
        await other.close();
      }
    });

    it('rule 10: the runs of holders that are seen dead are taken over at once, though the clock was set back', async () => {
      await hand.arrive('a.csv');
      const run = await hand.claimOne();
      await journal.endOtherLeases(HOLDER);
      const hourBefore = T0 - 3_600_000;
      assert.deepEqual(await hand.takeOver(OTHER, hourBefore), []);
      await journal.endOtherLeases(OTHER);
      const [taken] = await hand.takeOver(OTHER, hourBefore);
      assert.equal(taken?.id, run.id);
      // The next one dies, too.
      await journal.endOtherLeases('3:3:boot');
      assert.equal((await hand.takeOver('3:3:boot', hourBefore - 1))[0]?.id, run.id);
    });

    it('a clock that is set back ends no lease, and a heartbeat lets none last longer for it', async () => {
      await hand.arrive('a.csv');
      const run = await hand.claimOne();
      const now = T0 - 3_600_000;
      assert.deepEqual(await hand.takeOver(OTHER, now), []);
      await journal.heartbeat({ holder: HOLDER, leaseMs: LEASE_MS, now });
      assert.deepEqual(await hand.takeOver(OTHER, now + LEASE_MS - 1), []);
      assert.equal((await hand.takeOver(OTHER, now + LEASE_MS))[0]?.id, run.id);
    });
  });
}
