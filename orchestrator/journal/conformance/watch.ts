import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { OrchestratorError } from '../../errors.ts';
import type { Journal, KnownFilesPage } from '../journal.ts';
import { T0, done, fileVersion, type Hand, type Bench } from './hand.ts';

export function watchTests(bench: Bench): void {
  describe('watch', () => {
    let journal: Journal;
    let hand: Hand;
    beforeEach(() => {
      ({ journal, hand } = bench);
    });

    it('a file goes from settling to queued, with its version kept to the last digit', async () => {
      const settling = await hand.settle('a.csv');
      assert.equal(settling.state, 'settling');
      assert.equal(settling.version, null);
      const queued = await hand.arrive('a.csv', 7);
      assert.equal(queued.id, settling.id);
      assert.equal(queued.state, 'queued');
      assert.equal(queued.action, 'add');
      assert.deepEqual(queued.fileVersion, fileVersion(7));
      assert.deepEqual(await journal.knownFiles('sales'), [
        { path: 'a.csv', present: true, version: fileVersion(7), doubted: null },
      ]);
    });

    it('settling twice is one run', async () => {
      const [one, two] = await Promise.all([hand.settle('a.csv'), hand.settle('a.csv')]);
      assert.equal(one.id, two.id);
    });

    it('a dataset is watched for the first time once', async () => {
      assert.equal(await journal.firstWatch('sales', T0), T0);
      assert.equal(await journal.firstWatch('sales', T0 + 1), T0);
      await journal.existingKnown('sales');
      assert.equal(await journal.firstWatch('sales', T0 + 2), null);
      assert.equal(await journal.firstWatch('other', T0), T0);
    });

    it('an ignored file is known, has no run, and its next version is a change', async () => {
      await journal.ignore('sales', 'old.csv', fileVersion(1));
      assert.deepEqual(await journal.knownFiles('sales'), [
        { path: 'old.csv', present: true, version: fileVersion(1), doubted: null },
      ]);
      assert.deepEqual((await journal.runs({})).items, []);
      assert.equal((await hand.arrive('old.csv', 2)).action, 'change');
    });

    it('rule 2: a newer version makes the queued one skipped', async () => {
      const first = await hand.arrive('a.csv', 1);
      const second = await hand.settle('a.csv');
      assert.equal((await journal.run(first.id))?.state, 'skipped');
      assert.match((await journal.run(first.id))?.error ?? '', /newer version of the file is arriving/);
      assert.notEqual(second.id, first.id);
    });

    it('rule 2: a version that arrives while another runs says what it waits for, and is not claimed before that one ends', async () => {
      await hand.arrive('a.csv', 1);
      const running = await hand.claimOne();
      const settling = await hand.settle('a.csv');
      assert.match(settling.error ?? '', new RegExp(`waits for run ${running.id}`));
      const queued = await hand.arrive('a.csv', 2);
      assert.match(queued.error ?? '', new RegExp(`waits for run ${running.id}`));
      assert.deepEqual(await hand.claim(), []);
      await hand.finish(running, done(1));
      assert.equal((await hand.claimOne()).id, queued.id);
    });

    it('rule 2: the version of a file and its run are written together, or not at all', async () => {
      const settling = await hand.settle('a.csv');
      const impossible = { ...fileVersion(1), sizeBytes: -1 };
      const request = { runId: settling.id, fileVersion: impossible, contentHash: 'x', now: T0 };
      await assert.rejects(journal.queue(request), OrchestratorError);
      // Beside another call, whose transaction it shares.
      await Promise.all([assert.rejects(journal.queue(request), OrchestratorError), journal.pause('sales', false)]);
      assert.equal((await journal.run(settling.id))?.state, 'settling');
      assert.deepEqual(await journal.knownFiles('sales'), [
        { path: 'a.csv', present: true, version: null, doubted: null },
      ]);
    });

    it('rule 6: equal content after a version that is done is skipped, and its version known', async () => {
      const first = await hand.load('a.csv', 1, { content: 'same' });
      const touched = await hand.arrive('a.csv', 2, 'same');
      assert.equal(touched.state, 'skipped');
      assert.match(touched.error ?? '', /^unchanged/);
      assert.deepEqual((await journal.knownFiles('sales'))[0]?.version, fileVersion(2));
      assert.equal((await journal.latest('sales', 'a.csv'))?.id, first.id);
      assert.equal((await hand.arrive('a.csv', 3, 'same')).state, 'skipped');
    });

    it('rule 6: equal content is not skipped unless the version just before is done', async () => {
      await hand.load('a.csv', 1, { content: 'same' });
      await hand.arrive('a.csv', 2, 'other');
      const failed = await hand.claimOne();
      await hand.finish(failed, { to: 'failed', rows: null, error: 'no' });
      assert.equal((await hand.arrive('a.csv', 3, 'same')).state, 'queued');
      await hand.finish(await hand.claimOne(), { to: 'failed', rows: null, error: 'no' });
      assert.equal((await hand.arrive('a.csv', 4, 'same')).state, 'queued');
    });

    it('rule 3: a path that was absent and is back is an arrival, even unchanged', async () => {
      await hand.load('a.csv', 1, { content: 'same' });
      await hand.absent('a.csv', false);
      assert.equal((await journal.knownFiles('sales'))[0]?.present, false);
      const back = await hand.arrive('a.csv', 1, 'same');
      assert.equal(back.state, 'queued');
      assert.equal(back.action, 'add');
    });

    it('a settling file that is gone is cancelled, and giving it up twice is harmless', async () => {
      const run = await hand.settle('a.csv');
      await journal.unsettle(run.id, 'no longer matched', T0);
      await journal.unsettle(run.id, 'no longer matched', T0);
      const ended = await journal.run(run.id);
      assert.equal(ended?.state, 'cancelled');
      assert.equal(ended?.error, 'no longer matched');
    });

    it('a file that vanishes cancels what waits for it', async () => {
      const settling = await hand.settle('a.csv');
      const queued = await hand.arrive('b.csv');
      await hand.absent('a.csv');
      await hand.absent('b.csv');
      assert.equal((await journal.run(settling.id))?.state, 'cancelled');
      assert.equal((await journal.run(queued.id))?.state, 'cancelled');
    });

    it('rule 9: a deletion is queued only where the target may hold rows', async () => {
      await hand.arrive('never-ran.csv');
      assert.equal(await hand.absent('never-ran.csv'), undefined);
      await hand.load('a.csv');
      const deletion = await hand.absent('a.csv');
      assert.equal(deletion?.action, 'delete');
      assert.equal(deletion?.contentHash, '');
      assert.equal(deletion?.fileVersion, null);
      assert.equal(await hand.absent('a.csv'), undefined);
    });

    it('rule 9: rows stay where they are to be kept', async () => {
      await hand.load('a.csv');
      assert.equal(await hand.absent('a.csv', false), undefined);
    });

    it('rule 9: the files of a folder that is another one are doubted until they are trusted, absent or new', async () => {
      assert.equal(await journal.place('sales'), null);
      const at = (root: string) => ({ root, mounts: { sub: 7 } });
      await journal.recordPlace('sales', at('1:1'), []);
      for (const file of ['a.csv', 'sub/b.csv', 'sub/c.csv', 'subs/d.csv', 'away.csv']) await hand.load(file);
      await hand.absent('away.csv', false);
      await journal.recordPlace('sales', at('1:1'), ['sub']);
      await journal.recordPlace('sales', at('1:2'), ['']);
      assert.deepEqual(await journal.place('sales'), at('1:2'));
      const doubted = async () =>
        (await journal.knownFiles('sales')).flatMap(file =>
          file.doubted === null ? [] : [`${file.path} because of ${file.doubted}/`],
        );
      assert.deepEqual(await doubted(), [
        'a.csv because of /',
        'sub/b.csv because of sub/',
        'sub/c.csv because of sub/',
        'subs/d.csv because of /',
      ]);
      assert.deepEqual(await journal.suspects('sales'), ['', 'sub']);
      await hand.absent('a.csv', false);
      await hand.arrive('sub/b.csv', 2);
      assert.equal(await journal.clearSuspects('sales', ''), 1);
      assert.deepEqual(await doubted(), ['sub/c.csv because of sub/']);
      assert.deepEqual(await journal.suspects('sales'), ['sub']);
      assert.equal(await journal.clearSuspects('sales', null), 1);
      assert.deepEqual(await doubted(), []);
      assert.deepEqual(await journal.suspects('sales'), []);
    });

    it('many files are absent together, all of them or none', async () => {
      const names = ['a.csv', 'b.csv', 'c.csv'];
      for (const file of names) await hand.load(file);
      const requests = names.map(file => ({ ...hand.at(file), remove: file === 'b.csv' }));
      const impossible = { ...requests[1]!, priority: 'x' as unknown as number };
      const present = async () => (await journal.knownFiles('sales', { present: true })).map(({ path }) => path);
      await assert.rejects(journal.absent([requests[0]!, impossible]), OrchestratorError);
      assert.deepEqual(await present(), names);
      await journal.absent(requests);
      assert.deepEqual(await present(), []);
      const deletions = (await journal.runs({ states: ['queued'] })).items;
      assert.deepEqual(
        deletions.map(({ file, action }) => [file, action]),
        [['b.csv', 'delete']],
      );
    });

    it('many files are doubted, and trusted, in steps; what WATCH_DIR is changes with the last of them', async () => {
      const names = Array.from({ length: 2500 }, (_, number) => `${number}.csv`);
      await Promise.all(names.map(file => journal.ignore('sales', file, fileVersion(1))));
      const doubted = async () => {
        const known = await journal.knownFiles('sales', { limit: 3000 });
        return known.filter(file => file.doubted !== null).length;
      };
      const stopped = AbortSignal.abort();
      await journal.recordPlace('sales', { root: '1:1', mounts: {} }, []);
      await journal.recordPlace('sales', { root: '1:2', mounts: {} }, [''], stopped);
      assert.equal((await journal.place('sales'))?.root, '1:1');
      await journal.recordPlace('sales', { root: '1:2', mounts: {} }, ['']);
      assert.equal((await journal.place('sales'))?.root, '1:2');
      assert.equal(await doubted(), 2500);
      assert.equal(await journal.clearSuspects('sales', null), 2500);
      assert.equal(await doubted(), 0);
    });

    it('known files are read in pages, by the bytes of their paths: all, those present, those below a folder', async () => {
      const names = ['a-b/1.csv', 'a/1.csv', 'a/2.csv', 'a/b/3.csv', 'a0.csv', 'é.csv', '😀.csv'];
      for (const file of names) await journal.ignore('sales', file, fileVersion(1));
      await hand.absent('a/2.csv');
      const paths = async (page: KnownFilesPage) => (await journal.knownFiles('sales', page)).map(({ path }) => path);
      assert.deepEqual(await paths({}), names);
      assert.deepEqual(await paths({ present: true, limit: 2 }), ['a-b/1.csv', 'a/1.csv']);
      assert.deepEqual(await paths({ present: true, after: 'a/1.csv', limit: 2 }), ['a/b/3.csv', 'a0.csv']);
      assert.deepEqual(await paths({ below: 'a' }), ['a/1.csv', 'a/2.csv', 'a/b/3.csv']);
      assert.deepEqual(await paths({ below: 'a', present: true, after: 'a/1.csv' }), ['a/b/3.csv']);
      const [none, some] = await journal.knownAt('sales', ['none', 'a/2.csv']);
      assert.deepEqual([none, some?.present], [undefined, false]);
    });

    it('a version whose path was found to hold something else is not known any more, but for a newer one', async () => {
      for (const [file, newer] of [
        ['a.csv', false],
        ['b.csv', true],
      ] as const) {
        await hand.arrive(file, 1);
        const run = await hand.claimOne();
        if (newer) await hand.arrive(file, 2);
        await hand.finish(run, { to: 'cancelled', rows: null, error: 'the file is gone', lookAgain: true });
      }
      assert.deepEqual(await journal.knownFile('sales', 'a.csv'), {
        path: 'a.csv',
        present: true,
        version: null,
        doubted: null,
      });
      assert.deepEqual((await journal.knownFile('sales', 'b.csv'))?.version, fileVersion(2));
      assert.equal(await journal.knownFile('sales', 'c.csv'), undefined);
    });

    it('a deletion that is done leaves nothing to delete', async () => {
      await hand.load('a.csv', 1, { rows: 10 });
      await hand.absent('a.csv');
      const deletion = await hand.claimOne();
      assert.equal((await hand.ledger(deletion)).fileRows, 10);
      await hand.finish(deletion, done(0));
      await hand.arrive('a.csv', 2);
      assert.equal((await hand.ledger(await hand.claimOne())).fileRows, 0);
    });

    it('a file whose settling run a person cancelled is known, not taken again', async () => {
      const run = await hand.settle('a.csv');
      await journal.cancel(run.id, T0);
      const answer = await journal.queue({ runId: run.id, fileVersion: fileVersion(1), contentHash: 'x', now: T0 });
      assert.equal(answer.state, 'cancelled');
      assert.deepEqual((await journal.knownFiles('sales'))[0]?.version, fileVersion(1));
    });

    it('a file run by hand while it settled is not run twice, and a newer version of it is', async () => {
      const settling = await hand.settle('a.csv');
      const submitted = await journal.submit({ ...hand.at('a.csv'), fileVersion: fileVersion(1), contentHash: 'x' });
      const same = await journal.queue({
        runId: settling.id,
        fileVersion: fileVersion(1),
        contentHash: 'x',
        now: T0,
      });
      assert.equal(same.id, submitted.id);
      const newer = await journal.queue({
        runId: settling.id,
        fileVersion: fileVersion(2),
        contentHash: 'y',
        now: T0,
      });
      assert.equal(newer.state, 'queued');
      assert.equal((await journal.run(submitted.id))?.state, 'skipped');
    });
  });
}
