import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Journal, RunFilter } from '../journal.ts';
import { cursorOf, T0, type OpenJournal, done, type Hand, isKind, type Bench } from './hand.ts';

export function readingTests(bench: Bench): void {
  describe('reading', () => {
    let opened: OpenJournal;
    let journal: Journal;
    let hand: Hand;
    beforeEach(() => {
      ({ opened, journal, hand } = bench);
    });

    it('pages go from new to old and are not moved by new runs', async () => {
      for (let n = 0; n < 7; n++) await hand.arrive(`f${n}`);
      const first = await journal.runs({ limit: 3 });
      assert.deepEqual(
        first.items.map(run => run.file),
        ['f6', 'f5', 'f4'],
      );
      await hand.arrive('late');
      const second = await journal.runs({ limit: 3, ...cursorOf(first.nextCursor) });
      assert.deepEqual(
        second.items.map(run => run.file),
        ['f3', 'f2', 'f1'],
      );
      const third = await journal.runs({ limit: 3, ...cursorOf(second.nextCursor) });
      assert.deepEqual(
        third.items.map(run => run.file),
        ['f0'],
      );
      assert.equal(third.nextCursor, null);
      await assert.rejects(journal.runs({ cursor: 'x' }), isKind('never'));
    });

    it('of the Greek sigma either small form finds the other one, and the capital', async () => {
      for (const file of ['ΟΔΟΣ/1', 'οδος/2', 'οδοσ/3', 'οδο/4']) await hand.load(file);
      for (const file of ['ΟΔΟΣ', 'οδος', 'οδοσ', 'ος/'])
        assert.deepEqual(
          (await journal.runs({ file })).items.map(run => run.file),
          ['οδοσ/3', 'οδος/2', 'ΟΔΟΣ/1'],
          file,
        );
    });

    it('runs are found by dataset, state and a part of the path in any case', async () => {
      await hand.load('in/Été-2024.csv');
      await hand.settle('other.csv');
      await hand.settle('third.csv', 'stock');
      const found = async (filter: Parameters<Journal['runs']>[0]) =>
        (await journal.runs(filter)).items.map(run => run.file);
      assert.deepEqual(await found({ file: 'éTÉ' }), ['in/Été-2024.csv']);
      assert.deepEqual(await found({ states: ['settling'] }), ['third.csv', 'other.csv']);
      assert.deepEqual(await found({ states: ['settling', 'done'], dataset: 'sales' }), [
        'other.csv',
        'in/Été-2024.csv',
      ]);
      assert.deepEqual(await found({ dataset: 'stock' }), ['third.csv']);
      assert.deepEqual(await found({ file: '%' }), []);
    });

    it('what ran the newest run of a dataset is known, also once it waits again; and what ran the newest of all', async () => {
      await hand.arrive('a.csv');
      const run = await hand.claimOne();
      assert.equal(await journal.lastRunner('sales'), null);
      await journal.started(run, 'docker', 'h');
      await journal.finish(run, { to: 'queued', dueAt: 9e9, counts: false, error: 'away' }, 10);
      assert.equal(await journal.lastRunner('sales'), 'docker');
      assert.equal(await journal.lastRunner('never-ran'), null);
      assert.equal(await journal.lastRunner(null), 'docker');
    });

    it('what was decided about a file stays with its run; what is said last counts', async () => {
      await hand.arrive('a.csv');
      const run = await hand.claimOne();
      assert.deepEqual(await journal.decisions(run.id), []);
      const decision = { name: 'delimiter', value: ';', confidence: 0.98, reason: 'found in the first rows' };
      await journal.decided(run, [{ ...decision, value: ',' }]);
      await journal.decided(run, [decision]);
      await hand.ledger(run);
      await hand.finish(run, done(1));
      assert.deepEqual(await journal.decisions(run.id), [decision]);
      await assert.rejects(journal.decided(run, []), isKind('bug'));
    });

    it('rule 5: rows that could not be taken out stay known, and are to be replaced by the next version', async () => {
      await hand.load('a.csv', 1, { rows: 10 });
      await hand.arrive('a.csv', 2);
      const other = await hand.claimOne();
      const { replaces } = await hand.ledger(other, 'key-a.csv', false, 'elsewhere');
      assert.deepEqual(
        replaces.map(({ FILE_ROWS }) => FILE_ROWS),
        [10],
      );
      const left = replaces.map(({ index, FILE_KEY }) => ({ index, FILE_KEY }));
      await hand.finish(other, { ...done(3), left });
      await hand.arrive('a.csv', 3);
      const next = await hand.claimOne();
      const entry = await hand.ledger(next, 'key-a.csv', false, 'elsewhere');
      assert.deepEqual([entry.replaces, entry.fileRows], [replaces, 3]);
      const own = { index: 'elsewhere', FILE_KEY: replaces[0]?.FILE_KEY ?? '' };
      await hand.finish(next, { ...done(2), left: [own] });
      await hand.arrive('a.csv', 4);
      const last = await hand.ledger(await hand.claimOne(), 'key-a.csv', false, 'elsewhere');
      assert.deepEqual([last.replaces, last.fileRows], [[], 3], 'its own are kept, the others were taken out');
    });

    it('values that were left out of fields stay with their run, and are summed up', async () => {
      for (const [file, valuesLeftOut] of [
        ['a', 3],
        ['b', 0],
        ['c', 4],
      ] as const) {
        await hand.arrive(file);
        const run = await hand.finish(await hand.claimOne(), { ...done(1), valuesLeftOut });
        assert.equal((await journal.run(run.id))?.valuesLeftOut, valuesLeftOut);
      }
      assert.equal((await journal.summaries())[0]?.valuesLeftOut, 7);
    });

    it('what is to be checked stays with a run that is done, and such runs are found and counted', async () => {
      const sentences = ['the sheet is a guess', '“é” was left out'];
      await hand.load('a.csv', 1);
      await hand.arrive('b.csv');
      const run = await hand.finish(await hand.claimOne(), { ...done(1), toCheck: sentences });
      assert.deepEqual(run.toCheck, sentences);
      assert.deepEqual((await journal.run(run.id))?.toCheck, sentences);
      const found = async (filter: RunFilter) => (await journal.runs({ toCheck: true, ...filter })).items;
      for (const filter of [{}, { dataset: 'sales' }, { file: 'B' }, { states: ['failed', 'done'] }] as RunFilter[])
        assert.deepEqual(
          (await found(filter)).map(({ id }) => id),
          [run.id],
          JSON.stringify(filter),
        );
      for (const filter of [{ dataset: 'costs' }, { file: 'a' }, { states: ['failed'] }] as RunFilter[])
        assert.deepEqual(await found(filter), [], JSON.stringify(filter));
      assert.equal((await journal.summaries())[0]?.runsToCheck, 1);
    });

    it('runs that have something to check are given page by page', async () => {
      for (const file of ['a', 'b', 'c']) {
        await hand.arrive(file);
        await hand.finish(await hand.claimOne(), { ...done(1), toCheck: [file] });
      }
      const first = await journal.runs({ toCheck: true, limit: 2 });
      const cursor = first.nextCursor as string;
      const second = await journal.runs({ toCheck: true, limit: 2, cursor });
      const texts = [first, second].map(({ items }) => items.flatMap(({ toCheck }) => toCheck));
      assert.deepEqual([texts, second.nextCursor], [[['c', 'b'], ['a']], null]);
    });

    it('summaries count the runs of each state and the rows', async () => {
      await hand.load('a.csv', 1, { rows: 10 });
      await hand.load('b.csv', 1, { rows: 5 });
      await hand.settle('c.csv');
      const [summary] = await journal.summaries();
      assert.equal(summary?.counts.done, 2);
      assert.equal(summary?.counts.settling, 1);
      assert.equal(summary?.counts.queued, 0);
      assert.equal(summary?.rowsLoaded, 15);
      assert.equal(summary?.lastEndedAt, T0);
    });

    it('summaries count rows that were filtered, and rows that were rejected with the whole file', async () => {
      await hand.reject('a.csv');
      await hand.arrive('b.csv');
      const rows = { read: 9, loaded: 4, rejected: 2, filtered: 3, deleted: 0 };
      const run = await hand.finish(await hand.claimOne(), { to: 'done', rows, error: null });
      await journal.mend(run.id, '/m', T0);
      const mended = { read: 2, loaded: 0, rejected: 1, filtered: 1, deleted: 0 };
      await hand.finish(await hand.claimOne(), { to: 'done', rows: mended, error: null });
      const [summary] = await journal.summaries();
      assert.deepEqual([summary?.rowsLoaded, summary?.rowsRejected, summary?.rowsFiltered], [4, 7, 4]);
    });

    it('a listener hears each change of a run, also of another process, until it stops', async () => {
      const other = await opened.again();
      const heard: string[] = [];
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const deadline = setTimeout(() => reject(new Error('nothing was heard of the other process for 5 s')), 5000);
      const stop = journal.onChange(run => {
        heard.push(`${run.file} ${run.state}`);
        if (run.file === 'theirs') resolve();
      });
      await hand.arrive('ours');
      assert.deepEqual(heard, ['ours settling', 'ours queued']);
      await other.settle(hand.at('theirs'));
      await promise;
      clearTimeout(deadline);
      assert.equal(heard.at(-1), 'theirs settling');
      stop();
      await hand.settle('unheard');
      assert.equal(heard.length, 3);
      await other.close();
    });

    it('what another process wrote in between is heard before what comes after it', async () => {
      const other = await opened.again();
      const heard: string[] = [];
      journal.onChange(run => heard.push(run.file));
      await other.settle(hand.at('theirs'));
      await hand.settle('ours');
      assert.deepEqual(heard, ['theirs', 'ours']);
      await other.close();
    });
  });
}
