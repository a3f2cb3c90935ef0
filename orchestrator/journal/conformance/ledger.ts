import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Journal } from '../journal.ts';
import { T0, rowsRead, done, fileVersion, type Hand, type Bench } from './hand.ts';

export function ledgerTests(bench: Bench): void {
  describe('ledger', () => {
    let journal: Journal;
    let hand: Hand;
    beforeEach(() => {
      ({ journal, hand } = bench);
    });

    it('rule 5: the highest number that may have been sent is kept until done lowers it to the rows read', async () => {
      await hand.arrive('a.csv', 1);
      const first = await hand.claimOne();
      assert.equal((await hand.ledger(first)).fileRows, 0);
      await journal.reserve(first, 200_000);
      await journal.reserve(first, 100_000);
      await hand.finish(first, { to: 'queued', dueAt: T0, counts: true, error: 'killed' });
      const second = await hand.claimOne();
      assert.equal((await hand.ledger(second)).fileRows, 200_000);
      await hand.finish(second, done(150_000));
      await hand.arrive('a.csv', 2);
      assert.equal((await hand.ledger(await hand.claimOne())).fileRows, 150_000);
    });

    it('rule 3: another key of the same path is replaced, once, and one of another path is not', async () => {
      await hand.load('a.csv', 1, { key: 'content-1', append: true, rows: 10 });
      await hand.load('b.csv', 1, { key: 'other-path', append: true, rows: 99 });
      await hand.arrive('a.csv', 2);
      const changed = await hand.claimOne();
      const entry = await hand.ledger(changed, 'content-2', true);
      assert.deepEqual(entry.replaces, [{ index: 'sales', FILE_KEY: 'content-1', FILE_ROWS: 10 }]);
      assert.deepEqual(await hand.ledger(changed, 'content-2', true), entry);
      await hand.finish(changed, done(5));
      await hand.arrive('a.csv', 3);
      const third = await hand.ledger(await hand.claimOne(), 'content-3', true);
      assert.deepEqual(third.replaces, [{ index: 'sales', FILE_KEY: 'content-2', FILE_ROWS: 5 }]);
    });

    it('rule 3: what was replaced stays to be replaced until a run is done', async () => {
      await hand.load('a.csv', 1, { key: 'content-1', rows: 10 });
      await hand.arrive('a.csv', 2);
      const failed = await hand.claimOne();
      await hand.ledger(failed, 'content-2');
      await journal.reserve(failed, 7);
      await hand.finish(failed, { to: 'failed', rows: null, error: 'no' });
      await hand.arrive('a.csv', 3);
      const entry = await hand.ledger(await hand.claimOne(), 'content-3');
      assert.deepEqual(
        new Set(entry.replaces.map(replaced => [replaced.FILE_KEY, replaced.FILE_ROWS].join())),
        new Set(['content-1,10', 'content-2,7']),
      );
    });

    it('rule 3: the rows of an append key stay once the file of its done run was disposed of', async () => {
      const first = await hand.load('a.csv', 1, { key: 'content-1', append: true });
      await hand.dispose(first);
      await hand.arrive('a.csv', 2);
      assert.deepEqual((await hand.ledger(await hand.claimOne(), 'content-2', true)).replaces, []);
    });

    it('rule 3: the rows of an append key whose run was quarantined do not stay', async () => {
      await hand.arrive('a.csv', 1);
      const run = await hand.claimOne();
      await hand.ledger(run, 'content-1', true);
      await journal.reserve(run, 5);
      const bad = await hand.finish(run, { to: 'quarantined', rows: null, error: 'bad' });
      await hand.dispose(bad, 'quarantine');
      await hand.arrive('a.csv', 2);
      const entry = await hand.ledger(await hand.claimOne(), 'content-2', true);
      assert.deepEqual(entry.replaces, [{ index: 'sales', FILE_KEY: 'content-1', FILE_ROWS: 5 }]);
    });

    it('rule 3: the rows of a file that came back and was not disposed of again do not stay', async () => {
      const first = await hand.load('a.csv', 1, { key: 'content-1', append: true });
      await hand.dispose(first);
      await hand.load('a.csv', 2, { key: 'content-1', append: true, content: 'hash1' });
      await hand.arrive('a.csv', 3);
      assert.equal((await hand.ledger(await hand.claimOne(), 'content-3', true)).replaces.length, 1);
    });

    it('rule 3: the rows of a key that is not of the content do not stay', async () => {
      const first = await hand.load('a.csv', 1, { key: 'old-key' });
      await hand.dispose(first);
      await hand.arrive('a.csv', 2);
      assert.equal((await hand.ledger(await hand.claimOne(), 'new-key')).replaces.length, 1);
    });

    it('rule 3: after append, a version with ON_CHANGE: replace takes the place of all former ones of its path, kept or not', async () => {
      await hand.dispose(await hand.load('a.csv', 1, { key: 'content-1', append: true }));
      await hand.dispose(await hand.load('a.csv', 2, { key: 'content-2', append: true }));
      await hand.load('b.csv', 3, { key: 'content-3', append: true });
      const replaces = async () => (await hand.ledger(await hand.claimOne(), 'key')).replaces.map(old => old.FILE_KEY);
      await hand.arrive('a.csv', 4);
      assert.deepEqual(await replaces(), ['content-1', 'content-2']);
    });

    it('rule 3: after replace, what was disposed of stays beside what is appended, and what is still in place does not', async () => {
      await hand.dispose(await hand.load('a.csv', 1, { key: 'key-a' }));
      await hand.load('b.csv', 2, { key: 'key-b' });
      const replaces = async (key: string) => (await hand.ledger(await hand.claimOne(), key, true)).replaces.length;
      await hand.arrive('a.csv', 3);
      assert.equal(await replaces('content-3'), 0);
      await hand.arrive('b.csv', 4);
      assert.equal(await replaces('content-4'), 1);
    });

    it('rule 3: a file that is read from the backup replaces no rows of another one that has its path by now, and stays kept', async () => {
      const first = await hand.load('a.csv', 1, { key: 'content-1', append: true });
      await hand.dispose(first);
      await hand.load('a.csv', 2, { key: 'content-2', append: true });
      const found = { fileVersion: fileVersion(1), contentHash: 'hash1', readFrom: '/backup/a.csv' };
      await journal.replay(first.id, T0, found);
      const again = await hand.claimOne();
      assert.equal(again.readFrom, '/backup/a.csv');
      assert.deepEqual((await hand.ledger(again, 'content-1', true)).replaces, []);
      await hand.finish(again, done(10));
      // It stands between the two, but is none of the path's versions.
      assert.equal((await journal.latestVersion('sales', 'a.csv'))?.contentHash, 'hash2');
      assert.equal((await journal.latestDone('sales', 'a.csv'))?.id, again.id);
      const touched = await hand.arrive('a.csv', 3, 'hash2');
      assert.equal(touched.state, 'skipped');
      await hand.arrive('a.csv', 4);
      const { replaces } = await hand.ledger(await hand.claimOne(), 'content-4', true);
      assert.deepEqual(replaces, [{ index: 'sales', FILE_KEY: 'content-2', FILE_ROWS: 10 }]);
    });

    it('rule 3: read from the backup into another index, a file takes its own rows out of the former one', async () => {
      const first = await hand.load('a.csv', 1, { key: 'content-1', append: true });
      await hand.dispose(first);
      await journal.replay(first.id, T0, {
        fileVersion: fileVersion(1),
        contentHash: 'hash1',
        readFrom: '/backup/a.csv',
      });
      const { replaces } = await hand.ledger(await hand.claimOne(), 'content-1', true, 'renamed');
      assert.deepEqual(replaces, [{ index: 'sales', FILE_KEY: 'content-1', FILE_ROWS: 10 }]);
    });

    it('rule 3: rows in the lake are not replaced by rows in an index, nor the other way round', async () => {
      await hand.arrive('a.csv', 1);
      const first = await hand.claimOne();
      await hand.ledger(first, 'key', false, 'lake:sales');
      await hand.finish(first, done(10));
      await hand.arrive('a.csv', 2);
      assert.deepEqual((await hand.ledger(await hand.claimOne(), 'key')).replaces, []);
    });

    it('rule 3: the very same file under a key of a former ON_CHANGE or dataset is replaced, and not doubled', async () => {
      await hand.dispose(await hand.load('a.csv', 1, { key: 'key-a' }));
      await hand.arrive('a.csv', 2, 'hash1');
      const { replaces } = await hand.ledger(await hand.claimOne(), 'content-1', true);
      assert.deepEqual(
        replaces.map(old => old.FILE_KEY),
        ['key-a'],
      );
    });

    it('a run says beside how many former files of its path its rows stand', async () => {
      const first = await hand.load('a.csv', 1, { key: 'content-1', append: true });
      await hand.dispose(first);
      const second = await hand.load('a.csv', 2, { key: 'content-2', append: true });
      assert.deepEqual([first.beside, second.beside], [0, 1]);
      await hand.dispose(second);
      const replacing = await hand.load('a.csv', 3, { key: 'key' });
      assert.equal(replacing.beside, 0);
    });

    it('the newest former files of a path can be compared with a run, as long as their runs are kept', async () => {
      const sketched = async (n: number, sketch: Uint8Array | null) => {
        await hand.arrive('a.csv', n);
        const run = await hand.claimOne();
        await hand.ledger(run, `content-${n}`, true);
        const former = await journal.deliveries(run.id);
        await hand.dispose(await hand.finish(run, { to: 'done', rows: rowsRead(n), error: null, sketch }));
        return former.map(({ rows, sketch: bytes }) => [rows, bytes.toString()]);
      };
      assert.deepEqual(await sketched(1, Buffer.from('one')), []);
      assert.deepEqual(await sketched(2, null), [[1, 'one']]);
      assert.deepEqual(await sketched(3, Buffer.from('three')), [[1, 'one']]);
      await journal.prune({ endedBefore: T0 + 1 });
      assert.deepEqual(await sketched(4, null), []);
    });

    it('rows with ids of their file go where LOAD.id is new; of those with other ids of their own it is told', async () => {
      const load = async (n: number, ids: string) => {
        await hand.arrive('a.csv', n);
        const run = await hand.claimOne();
        const request = { fileKey: 'key', append: false, rebuilds: false, ids, indexFor: () => 'sales' };
        const { replaces, formerIds } = await journal.ledger(run, request);
        await hand.finish(run, { to: 'done', rows: rowsRead(n), error: null, ids });
        return [replaces, formerIds];
      };
      assert.deepEqual(await load(1, ''), [[], null]);
      assert.deepEqual(await load(2, '["A"]'), [[{ index: 'sales', FILE_KEY: 'key', FILE_ROWS: 1 }], null]);
      assert.deepEqual(await load(3, '["A"]'), [[], null]);
      assert.deepEqual(await load(4, ''), [[], '["A"]']);
    });

    it('what a dataset has loaded is listed by path, counted by index, and carried over to another name', async () => {
      await hand.dispose(await hand.load('a.csv', 1, { key: 'content-1', append: true }));
      await hand.load('a.csv', 2, { key: 'content-2', append: true });
      await hand.load('b.csv', 3, { key: 'content-3', append: true });
      const keys = async (dataset: string, after = '') =>
        (await journal.loadedKeys(dataset, after)).map(({ file, kept, stored, rows }) => [file, kept, stored, rows]);
      const all = [
        ['a.csv', true, '/backup/a.csv', 10],
        ['a.csv', false, null, 10],
        ['b.csv', false, null, 10],
      ];
      assert.deepEqual(await keys('sales'), all);
      assert.deepEqual(await keys('sales', 'a.csv'), all.slice(2));
      assert.deepEqual(await journal.rowsUnder('sales'), [{ index: 'sales', ids: '', files: 3, paths: 2, rows: 30 }]);
      assert.equal(await journal.carryOver('sales', 'shop'), 3);
      assert.deepEqual([await keys('sales'), await keys('shop')], [[], all]);
    });

    it('how rows are loaded is remembered, with what is to be said of it', async () => {
      await journal.setLoads({ dataset: 'sales', loads: '{}', notice: 'look' });
      assert.deepEqual(await journal.loads(), [{ dataset: 'sales', loads: '{}', notice: 'look' }]);
      assert.equal((await journal.summaries())[0]?.loadsNotice, 'look');
    });

    it('where files were moved to is known as long as their rows are there', async () => {
      const first = await hand.load('a.csv', 1, { key: 'content-1', append: true });
      await hand.intend(first);
      await journal.closeDisposal(first.id, 'disposed', null, '/backup/a.1.csv');
      await hand.dispose(await hand.load('a.csv', 2, { key: 'content-2', append: true }));
      const stored = async () =>
        (await journal.stored('sales', 'a.csv')).map(({ place, runId }) => [place, runId === null]);
      assert.deepEqual(await stored(), [
        ['/backup/a.csv', false],
        ['/backup/a.1.csv', false],
      ]);
      await journal.prune({ endedBefore: T0 + 1 });
      assert.deepEqual(await stored(), [
        ['/backup/a.csv', false],
        ['/backup/a.1.csv', true],
      ]);
      assert.deepEqual(await journal.stored('sales', 'b.csv'), []);
    });

    const storedA = (newestId: string | null = null) => ({
      ...hand.at('a.csv'),
      newestId,
      fileVersion: fileVersion(1),
      contentHash: 'hash1',
      readFrom: '/backup/a.csv',
    });

    it('a file of which no run is left is run from the backup, unless a run of its path is under way', async () => {
      const run = await journal.submitStored(storedA());
      assert.deepEqual([run?.state, run?.readFrom], ['queued', '/backup/a.csv']);
      assert.equal(await journal.submitStored(storedA()), null);
      await hand.settle('a.csv');
      assert.equal((await journal.run(run?.id ?? ''))?.state, 'skipped');
    });

    it('a file is not run from the backup once another was loaded under its path', async () => {
      const { id } = await hand.load('a.csv');
      assert.equal(await journal.submitStored(storedA()), null);
      assert.equal((await journal.submitStored(storedA(id)))?.state, 'queued');
    });

    it('a run of a file that came before says as what it came, however often it is run again', async () => {
      const came = await hand.load('a.csv', 1, { content: 'hash1' });
      assert.equal(came.delivered, null);
      let again = came;
      for (const _ of [1, 2]) {
        await journal.replay(again.id, T0);
        again = await hand.finish(await hand.claimOne(), done(1));
        assert.equal(again.delivered, came.version);
      }
      const stored = await journal.submitStored(storedA(again.id));
      assert.equal(stored?.delivered, came.version);
      await hand.finish(await hand.claimOne(), done(1));
      const other = await hand.load('a.csv', 2, { content: 'hash2' });
      assert.equal(other.delivered, null);
    });

    it('a run that reads from the backup is not ended where its path becomes absent', async () => {
      const { id } = await hand.load('a.csv');
      const run = await journal.submitStored(storedA(id));
      await hand.absent('a.csv', false);
      assert.equal((await journal.run(run?.id ?? ''))?.state, 'queued');
    });

    it('rule 11: the index of a key is of when the key was first seen, forever', async () => {
      const month = (seenAt: number) => `sales_${new Date(seenAt).toISOString().slice(0, 7)}`;
      const request = { fileKey: 'k', append: false, rebuilds: false, indexFor: month };
      await hand.arrive('a.csv', 1);
      const first = await hand.claimOne();
      assert.equal((await journal.ledger(first, request)).index, 'sales_2026-01');
      await hand.finish(first, done(1));
      hand.now = Date.UTC(2026, 5, 1);
      await hand.arrive('a.csv', 2);
      const entry = await journal.ledger(await hand.claimOne(), request);
      assert.equal(entry.index, 'sales_2026-01');
      assert.equal(entry.firstSeenAt, T0);
    });

    it('rule 3: an index that was renamed is replaced like a key', async () => {
      await hand.load('a.csv', 1, { rows: 4 });
      await hand.arrive('a.csv', 2);
      const entry = await hand.ledger(await hand.claimOne(), 'key-a.csv', false, 'renamed');
      assert.deepEqual(entry.replaces, [{ index: 'sales', FILE_KEY: 'key-a.csv', FILE_ROWS: 4 }]);
      assert.equal(entry.fileRows, 0);
    });
  });
}
