import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Journal, Rows, Run } from '../journal.ts';
import { T0, HOLDER, rowsRead, done, fileVersion, type Hand, isKind, type Bench } from './hand.ts';

export function peopleTests(bench: Bench): void {
  describe('people', () => {
    let journal: Journal;
    let hand: Hand;
    beforeEach(() => {
      ({ journal, hand } = bench);
    });

    it('a waiting run is cancelled at once, a running one asked to stop', async () => {
      const queued = await hand.arrive('a.csv');
      assert.equal((await journal.cancel(queued.id, T0)).state, 'cancelled');
      await hand.arrive('b.csv');
      const running = await hand.claimOne();
      assert.equal((await journal.cancel(running.id, T0)).cancelRequested, true);
      assert.deepEqual(
        (await journal.cancelRequests(HOLDER)).map(run => run.id),
        [running.id],
      );
      const ended = await hand.finish(running, { to: 'queued', dueAt: T0, counts: true, error: 'stopped' });
      assert.equal(ended.state, 'cancelled');
      await assert.rejects(journal.cancel(running.id, T0), isKind('never'));
    });

    it('rule 12: a replay is a new run with a new version, of the same file', async () => {
      await hand.arrive('a.csv', 3);
      const failed = await hand.finish(await hand.claimOne(), { to: 'failed', rows: null, error: 'no' });
      const replayed = await journal.replay(failed.id, T0);
      assert.equal(replayed?.replayOf, failed.id);
      assert.equal(replayed?.state, 'queued');
      assert.deepEqual(replayed?.fileVersion, failed.fileVersion);
      assert.ok((replayed?.version ?? 0) > (failed.version ?? 0));
      assert.equal(await journal.replay(failed.id, T0), null);
    });

    it('rule 12: a replay reads what was found, also where its run was skipped as unchanged and has no version', async () => {
      await hand.load('a.csv', 1);
      const skipped = await hand.arrive('a.csv', 2, 'hash1');
      assert.equal(skipped.state, 'skipped');
      const found = { fileVersion: fileVersion(3), contentHash: 'hash1', readFrom: null };
      const replayed = await journal.replay(skipped.id, T0, found);
      assert.deepEqual([replayed?.fileVersion, replayed?.replayOf], [fileVersion(3), skipped.id]);
      assert.deepEqual((await journal.knownFile('sales', 'a.csv'))?.version, fileVersion(3));
      const unsettled = await hand.settle('b.csv');
      await journal.unsettle(unsettled.id, 'gone', T0);
      await assert.rejects(journal.replay(unsettled.id, T0), isKind('never'));
    });

    it('rule 12: a file put back for its replay is no arrival', async () => {
      await hand.arrive('a.csv', 3);
      const bad = await hand.finish(await hand.claimOne(), { to: 'quarantined', rows: null, error: 'bad' });
      await hand.dispose(bad, 'quarantine');
      assert.equal((await journal.knownFiles('sales'))[0]?.present, false);
      await journal.replay(bad.id, T0);
      assert.deepEqual(await journal.knownFiles('sales'), [
        { path: 'a.csv', present: true, version: fileVersion(3), doubted: null },
      ]);
    });

    it('rule 12: a watcher that saw a file put back before it heard of the replay does not end that; another version is an arrival', async () => {
      await hand.arrive('a.csv', 3);
      const bad = await hand.finish(await hand.claimOne(), { to: 'quarantined', rows: null, error: 'bad' });
      await hand.dispose(bad, 'quarantine');
      const [replayed, seen] = await Promise.all([
        journal.replay(bad.id, T0),
        journal.settle({ ...hand.at('a.csv'), fileVersion: fileVersion(3) }),
      ]);
      assert.deepEqual([seen.id, seen.state], [replayed?.id, 'queued']);
      const complete = { fileVersion: fileVersion(3), contentHash: 'hash3', now: T0 };
      assert.equal((await journal.queue({ ...complete, runId: seen.id })).id, replayed?.id);
      const claimed = await hand.claimOne();
      assert.equal(claimed.id, replayed?.id);
      const again = await journal.settle({ ...hand.at('a.csv'), fileVersion: fileVersion(3) });
      assert.equal(again.id, claimed.id);
      const other = await journal.settle({ ...hand.at('a.csv'), fileVersion: fileVersion(4) });
      assert.equal(other.state, 'settling');
    });

    it('rule 12: a deletion is not replayed once the file is back', async () => {
      await hand.load('a.csv');
      await hand.absent('a.csv');
      const deletion = await hand.finish(await hand.claimOne(), done(0));
      await hand.load('a.csv', 2);
      await assert.rejects(journal.replay(deletion.id, T0), isKind('never'));
    });

    it('rule 12: a mend replaces nothing and does not lower the rows', async () => {
      const run = await hand.load('a.csv', 1, { rows: 10 });
      const queued = await journal.mend(run.id, '/mended.ndjson', T0);
      assert.equal(queued.action, 'mend');
      assert.equal(queued.mendFile, '/mended.ndjson');
      const mending = await hand.claimOne();
      const entry = await hand.ledger(mending);
      assert.equal(entry.fileRows, 10);
      assert.deepEqual(entry.replaces, []);
      await hand.finish(mending, done(1));
      await hand.arrive('a.csv', 2);
      assert.equal((await hand.ledger(await hand.claimOne())).fileRows, 10);
    });

    it('rule 12: a mend is refused once the path has a newer version, or one arrives', async () => {
      const run = await hand.load('a.csv', 1);
      const arriving = await hand.settle('a.csv');
      await assert.rejects(journal.mend(run.id, '/m', T0), isKind('never'));
      await journal.unsettle(arriving.id, 'gone', T0);
      await journal.mend(run.id, '/m', T0);
      await hand.finish(await hand.claimOne(), done(1));
      await hand.load('a.csv', 2);
      await assert.rejects(journal.mend(run.id, '/m', T0), isKind('never'));
    });

    it('rule 12: a run whose every row was rejected is mended; the first mend that loads a row replaces the former version', async () => {
      await hand.load('a.csv', 1, { rows: 10, key: 'content-1' });
      const run = await hand.reject('a.csv', 2, 'content-2');
      const entries = [];
      for (const [mendFile, rejected] of [
        ['/still-bad', 1],
        ['/first', 0],
        ['/second', 0],
      ] as const) {
        await journal.mend(run.id, mendFile, T0);
        const mending = await hand.claimOne();
        const { replacesFormer, replaces } = await hand.ledger(mending, 'content-2');
        entries.push([replacesFormer, replaces.map(({ FILE_KEY }) => FILE_KEY)]);
        await hand.finish(mending, { to: 'done', rows: rowsRead(1, rejected), error: null });
      }
      assert.deepEqual(entries, [
        [true, ['content-1']],
        [true, ['content-1']],
        [false, []],
      ]);
      const { state, rowsMended } = (await journal.run(run.id)) as Run;
      assert.deepEqual([state, rowsMended], ['quarantined', 2]);
      await hand.arrive('a.csv', 3);
      const { replaces } = await hand.ledger(await hand.claimOne(), 'content-3');
      assert.deepEqual(
        replaces.map(({ FILE_KEY }) => FILE_KEY),
        ['content-2'],
      );
    });

    it('rule 12: where an index is built anew of a folder, the mended rows of a file stand beside those of the files that were read with it', async () => {
      const arrived = [];
      for (const file of ['a.csv', 'b.csv', 'c.csv']) arrived.push(await hand.arrive(file));
      const newest = arrived.at(-1)?.version;
      const [batch] = await hand.claim({ perFolder: true });
      const rejected = [];
      for (const run of batch ?? []) {
        await hand.ledger(run);
        if (run.file === 'a.csv') await hand.finish(run, { to: 'failed', rows: null, error: 'bad' });
        else rejected.push(await hand.finish(run, { to: 'quarantined', rows: rowsRead(5, 5), error: 'bad' }));
      }
      const entries = [];
      for (const { id } of rejected) {
        await journal.mend(id, `/${id}`, T0);
        const [[mending]] = (await hand.claim({ perFolder: true })) as [[Run]];
        for (const rebuilds of [true, false]) {
          const { replacesFormer, mended } = await hand.ledger(mending, undefined, false, 'sales', rebuilds);
          entries.push([mending.file, replacesFormer, mended?.newest === newest]);
        }
        await hand.finish(mending, done(1));
      }
      assert.deepEqual(entries, [
        ['b.csv', true, true],
        ['b.csv', true, true],
        ['c.csv', false, true],
        ['c.csv', true, true],
      ]);
    });

    it('rule 12: mended rows are known to be there, though the lake reserves none: a newer version replaces them, and a deletion takes them out', async () => {
      await hand.arrive('a.csv', 1);
      const reading = await hand.claimOne();
      await hand.ledger(reading, 'content-1');
      const run = await hand.finish(reading, { to: 'quarantined', rows: rowsRead(5, 5), error: 'bad' });
      await journal.mend(run.id, '/m', T0);
      const mending = await hand.claimOne();
      await hand.ledger(mending, 'content-1');
      await hand.finish(mending, done(2));
      await hand.arrive('a.csv', 2);
      const newer = await hand.claimOne();
      const { replaces } = await hand.ledger(newer, 'content-2');
      assert.deepEqual(replaces, [{ index: 'sales', FILE_KEY: 'content-1', FILE_ROWS: 2 }]);
      await hand.finish(newer, { to: 'failed', rows: null, error: 'bad' });
      assert.equal((await hand.absent('a.csv'))?.action, 'delete');
    });

    it('rule 12: a run that was quarantined for anything else, or that failed, is not mended', async () => {
      for (const [to, rows] of [
        ['quarantined', null],
        ['quarantined', { ...rowsRead(5, 3), loaded: 0 }],
        ['failed', rowsRead(5, 5)],
      ] as const) {
        await hand.arrive('a.csv', 1);
        const run = await hand.finish(await hand.claimOne(), { to, rows, error: 'bad' });
        await assert.rejects(journal.mend(run.id, '/m', T0), isKind('never'));
      }
    });

    it('rule 12: the mended rows of an append key stay, whether its file was quarantined before or since', async () => {
      for (const isBefore of [true, false]) {
        const file = `${isBefore}.csv`;
        const run = await hand.reject(file, 1, file, true);
        if (isBefore) await hand.dispose(run, 'quarantine');
        await journal.mend(run.id, '/m', T0);
        const mending = await hand.claimOne();
        await hand.ledger(mending, file, true);
        await hand.finish(mending, done(1));
        if (!isBefore) await hand.dispose(run, 'quarantine');
        await hand.arrive(file, 2);
        assert.deepEqual((await hand.ledger(await hand.claimOne(), 'other', true)).replaces, []);
      }
    });

    it('rule 12: a mend is not replayed once the path has a newer version', async () => {
      const run = await hand.load('a.csv', 1);
      const mended = await journal.mend(run.id, '/m', T0);
      await hand.finish(await hand.claimOne(), done(1));
      await hand.load('a.csv', 2);
      await assert.rejects(journal.replay(mended.id, T0), isKind('never'));
    });

    it('rule 6: mended rows make no version, so the same content is tried again where it was not loaded', async () => {
      const run = await hand.reject('a.csv', 1);
      await journal.mend(run.id, '/m', T0);
      await hand.finish(await hand.claimOne(), done(1));
      assert.equal((await hand.arrive('a.csv', 2, 'hash1')).state, 'queued');
    });

    it('what mends loaded counts as mended, once, of the run that read the file and of its dataset', async () => {
      await hand.arrive('a.csv');
      const reading = await hand.claimOne();
      await hand.ledger(reading);
      const run = await hand.finish(reading, { to: 'done', rows: rowsRead(10, 4), error: null });
      const mended = async () => [(await journal.run(run.id))?.rowsMended, (await journal.summaries())[0]?.rowsMended];
      assert.deepEqual(await mended(), [0, 0]);

      const load = async (rows: Rows) => hand.finish(await hand.claimOne(), { to: 'done', rows, error: null });
      const first = await journal.mend(run.id, '/first', T0);
      await load(rowsRead(3, 1));
      assert.deepEqual(await mended(), [2, 2]);
      await journal.replay(first.id, T0);
      await load(rowsRead(3, 1));
      assert.deepEqual(await mended(), [2, 2]);

      const second = await journal.mend(first.id, '/second', T0);
      assert.equal(second.replayOf, run.id);
      await load(rowsRead(9));
      assert.deepEqual(await mended(), [4, 4]);
      const mends = await journal.mends(run.id);
      assert.deepEqual(
        mends.map(({ mendFile }) => mendFile),
        ['/first', '/first', '/second'],
      );
      assert.deepEqual(await journal.mends(second.id), []);
      for (const one of [...mends, run]) assert.equal((await journal.origin(one)).id, run.id);
    });

    it('a file run by hand runs even when its content is unchanged', async () => {
      await hand.load('a.csv', 1, { content: 'same' });
      const run = await journal.submit({ ...hand.at('a.csv'), fileVersion: fileVersion(1), contentHash: 'same' });
      assert.equal(run.state, 'queued');
      assert.equal((await hand.claimOne()).id, run.id);
    });

    it('a file run from elsewhere is not known to the watcher', async () => {
      await journal.submit({
        ...hand.at('a.csv'),
        root: '/elsewhere',
        fileVersion: fileVersion(1),
        contentHash: 'x',
      });
      assert.deepEqual(await journal.knownFiles('sales'), []);
    });
  });
}
