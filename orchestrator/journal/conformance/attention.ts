import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Finish, Journal } from '../journal.ts';
import { cursorOf, T0, done, fileVersion, type Hand, isKind, type Bench } from './hand.ts';

export function attentionTests(bench: Bench): void {
  describe('to look after', () => {
    let journal: Journal;
    let hand: Hand;
    beforeEach(() => {
      ({ journal, hand } = bench);
    });

    const FAILED: Finish = { to: 'failed', rows: null, error: 'bad' };
    const failures = async () => (await journal.attention({})).items.map(run => run.id);
    const fail = async (file: string, n = 1, append = false, content = `hash${n}`) => {
      await hand.arrive(file, n, content);
      const run = await hand.claimOne();
      await hand.ledger(run, append ? `key-${content}` : undefined, append);
      return hand.finish(run, FAILED);
    };

    it('are failed and quarantined runs, newest first, in pages', async () => {
      const one = await fail('a.csv');
      const two = await hand.reject('b.csv');
      await hand.load('c.csv');
      assert.deepEqual(await failures(), [two.id, one.id]);
      const page = await journal.attention({ limit: 1 });
      assert.deepEqual(
        page.items.map(({ id }) => id),
        [two.id],
      );
      const next = await journal.attention({ limit: 1, ...cursorOf(page.nextCursor) });
      assert.deepEqual([next.items.map(({ id }) => id), next.nextCursor], [[one.id], null]);
      assert.deepEqual((await journal.attention({ dataset: 'other' })).items, []);
      assert.equal((await journal.summaries())[0]?.runsFailed, 2);
    });

    it('so is a file that was left alone, once, until a run of it has ended', async () => {
      const leave = async (n: number) => {
        const { id } = await hand.settle('a.csv');
        const request = { runId: id, fileVersion: fileVersion(n), contentHash: 'same', now: T0 };
        for (const reason of ['it is a copy', 'again'])
          await journal.leaveAlone({ ...request, reason: `${reason} ${n}` });
        return id;
      };
      const ids = [await leave(1), await leave(2)];
      assert.deepEqual(await failures(), [ids[1]]);
      const run = await journal.run(ids[1] ?? '');
      assert.deepEqual([run?.state, run?.error, run?.version], ['cancelled', 'it is a copy 2', null]);
      assert.deepEqual((await journal.knownFile('sales', 'a.csv'))?.version, fileVersion(2));
      assert.deepEqual((await journal.attention({ kind: 'failed' })).items, []);
      assert.equal((await journal.summaries())[0]?.runsToCheck, 1);
      await hand.load('a.csv', 3, { content: 'same' });
      assert.deepEqual(await failures(), []);
    });

    it('a run that a person cancelled while its file settled is none, though the file is to be left alone', async () => {
      const { id } = await hand.settle('a.csv');
      await journal.cancel(id, T0);
      const known = fileVersion(1);
      await journal.leaveAlone({ runId: id, fileVersion: known, contentHash: 'same', now: T0, reason: 'a copy' });
      assert.deepEqual(await failures(), []);
      assert.deepEqual((await journal.knownFile('sales', 'a.csv'))?.version, known);
    });

    it('a failure that a later run of the file mended is none; one that fails again is one', async () => {
      await fail('a.csv', 1);
      const again = await fail('a.csv', 2);
      assert.deepEqual(await failures(), [again.id]);
      await journal.replay(again.id, T0);
      assert.deepEqual(await failures(), [again.id], 'not before it has ended');
      const run = await hand.claimOne();
      await hand.ledger(run);
      await hand.finish(run, { to: 'cancelled', rows: null, error: 'by hand' });
      assert.deepEqual(await failures(), [again.id], 'and not by a run that loaded nothing');
      await hand.load('a.csv', 3);
      assert.deepEqual(await failures(), []);
    });

    it('a delivery that failed is not mended by the next one of its name (ON_CHANGE: append), but by its own replay', async () => {
      const first = await fail('daily.csv', 1, true);
      await hand.load('daily.csv', 2, { key: 'key-hash2', append: true });
      assert.deepEqual(await failures(), [first.id]);
      await journal.replay(first.id, T0);
      const run = await hand.claimOne();
      await hand.ledger(run, 'key-hash1', true);
      await hand.finish(run, done(5));
      assert.deepEqual(await failures(), []);
    });

    it('a file that was wholly rejected is no longer among them once all its rows are mended', async () => {
      const run = await hand.reject('a.csv');
      for (const [mended, rows, left] of [
        ['/m1', 2, 1],
        ['/m2', 3, 0],
      ] as const) {
        await journal.mend(run.id, mended, T0);
        const mend = await hand.claimOne();
        await hand.ledger(mend);
        await hand.finish(mend, done(rows));
        assert.equal((await failures()).length, left);
      }
      const [summary] = await journal.summaries();
      assert.deepEqual([summary?.rowsThere, summary?.rowsToMend], [5, 0]);
    });

    it('what was acknowledged is not told again, until it happens again', async () => {
      const run = await fail('a.csv');
      await fail('b.csv');
      await journal.acknowledge(run.id, T0);
      await journal.acknowledge(run.id, T0 + 1);
      assert.equal((await failures()).length, 1);
      assert.equal(await journal.acknowledgeAll('sales', T0), 1);
      assert.deepEqual([await failures(), (await journal.summaries())[0]?.runsFailed], [[], 0]);
      const again = await fail('a.csv', 2);
      assert.deepEqual(await failures(), [again.id]);
      const well = await hand.load('c.csv');
      await assert.rejects(journal.acknowledge(well.id, T0), isKind('never'));
    });

    it('queued runs that say what they wait for wait, but for those that wait for their own file', async () => {
      await hand.arrive('a.csv', 1);
      await hand.arrive('b.csv', 1);
      const run = await hand.claimOne();
      await hand.finish(run, { to: 'queued', dueAt: T0 + 5, counts: false, error: 'Docker is away' });
      await hand.claimOne();
      await hand.arrive('b.csv', 2);
      const waiting = async () => (await journal.waiting({})).items.map(({ id }) => id);
      assert.deepEqual(await waiting(), [run.id]);
      await journal.acknowledge(run.id, T0);
      assert.deepEqual(await waiting(), []);
      hand.now = T0 + 10;
      const second = await hand.claimOne();
      assert.equal(second.id, run.id);
      await hand.finish(second, FAILED);
      assert.deepEqual(await failures(), [run.id], 'that it waited was acknowledged, not that it failed');
    });

    it('of each dataset the first queued run that gives a reason tells what its runs wait for', async () => {
      const wait = async (dataset: string, error: string) => {
        const run = await hand.claimOne(dataset);
        await hand.finish(run, { to: 'queued', dueAt: T0 + 5, counts: false, error });
      };
      assert.deepEqual(await journal.waitReasons(), []);
      for (const dataset of ['sales', 'other', 'idle']) await hand.arrive('a.csv', 1, 'x', dataset);
      await wait('sales', 'Docker is away');
      await wait('other', 'Elasticsearch is away');
      for (const file of ['b.csv', 'c.csv']) await hand.arrive(file);
      await wait('sales', 'another reason');
      assert.deepEqual(await journal.waitReasons(), [
        { dataset: 'other', reason: 'Elasticsearch is away' },
        { dataset: 'sales', reason: 'Docker is away' },
      ]);
      hand.now = T0 + 10;
      await hand.finish(await hand.claimOne('other'), FAILED);
      assert.deepEqual(
        (await journal.waitReasons()).map(({ dataset }) => dataset),
        ['sales'],
      );
    });

    it('goes with the run', async () => {
      await fail('a.csv', 1);
      await hand.load('a.csv', 2);
      await fail('b.csv');
      await journal.prune({ endedBefore: T0 + 1 });
      assert.equal((await failures()).length, 1);
    });
  });
}
