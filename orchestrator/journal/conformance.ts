import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { OrchestratorError } from '../errors.ts';
import type {
  DatasetSlots,
  Finish,
  Journal,
  KnownFilesPage,
  QueueRequest,
  Retry,
  Rows,
  Run,
  RunFilter,
} from './journal.ts';

/** 2026-01-01 UTC. */
export const T0 = Date.UTC(2026, 0, 1);
export const HOLDER = '1:1:boot';
const LEASE_MS = 30_000;
const LATER = { to: 'queued', dueAt: T0 + 5_000, counts: true, error: 'again' } as const;

/** An empty journal, and another connection to it as another process would have it. */
export interface OpenJournal {
  journal: Journal;
  again(): Promise<Journal>;
  remove(): Promise<void>;
}

export function rowsRead(read: number, rejected = 0): Rows {
  return { read, loaded: read - rejected, rejected, filtered: 0, deleted: 0 };
}

export function done(read: number): Extract<Finish, { to: 'done' }> {
  return { to: 'done', rows: rowsRead(read), error: null };
}

export function slotsOf(dataset: string, slots: Partial<DatasetSlots> = {}): DatasetSlots {
  return { dataset, free: 100, strict: false, order: 'arrival', perFolder: false, ...slots };
}

export function fileVersion(n: number): QueueRequest['fileVersion'] {
  return {
    sizeBytes: n,
    token: `176722560012345678${n % 10}.${18_446_744_073_709_000_000n + BigInt(n)}`,
  };
}

/** The calls of a journal with everything that a test does not care about filled in. */
class Hand {
  readonly journal: Journal;
  now = T0;

  constructor(journal: Journal) {
    this.journal = journal;
  }

  at(file: string, dataset = 'sales', priority = 0) {
    return { dataset, file, root: '/in', priority, now: this.now };
  }

  settle(file: string, dataset?: string, priority?: number): Promise<Run> {
    return this.journal.settle(this.at(file, dataset, priority));
  }

  /** Settled and queued; `n` makes the version, `content` its hash. */
  async arrive(file: string, n = 1, content = `hash${n}`, dataset?: string, priority?: number): Promise<Run> {
    const run = await this.settle(file, dataset, priority);
    return this.journal.queue({ runId: run.id, fileVersion: fileVersion(n), contentHash: content, now: this.now });
  }

  claim(slots: Partial<DatasetSlots> = {}, limit = 100, dataset = 'sales'): Promise<Run[][]> {
    return this.claimOf([slotsOf(dataset, slots)], limit);
  }

  takeOver(holder: string, now = this.now): Promise<Run[]> {
    return this.journal.takeOver({ holder, leaseMs: LEASE_MS, now });
  }

  claimOf(slots: DatasetSlots[], limit = 100): Promise<Run[][]> {
    return this.journal.claim({ holder: HOLDER, leaseMs: LEASE_MS, now: this.now, slots, limit });
  }

  async claimOne(dataset = 'sales'): Promise<Run> {
    const run = (await this.claim({ free: 1 }, 1, dataset))[0]?.[0];
    assert.ok(run, `nothing to claim in ${dataset}`);
    return run;
  }

  ledger(run: Run, fileKey = `key-${run.file}`, append = false, index = 'sales', rebuilds = false) {
    return this.journal.ledger(run, { fileKey, append, rebuilds, indexFor: () => index });
  }

  finish(run: Run, how: Finish): Promise<Run> {
    return this.journal.finish(run, how, this.now);
  }

  /** The whole life of one version. */
  async load(
    file: string,
    n = 1,
    options: { key?: string; append?: boolean; rows?: number; content?: string } = {},
  ): Promise<Run> {
    await this.arrive(file, n, options.content);
    const run = await this.claimOne();
    await this.ledger(run, options.key, options.append);
    return this.finish(run, done(options.rows ?? 10));
  }

  /** A version of which every row, five, is rejected. */
  async reject(file: string, n = 1, key = `key-${file}`, append = false): Promise<Run> {
    await this.arrive(file, n);
    const run = await this.claimOne();
    await this.ledger(run, key, append);
    await this.journal.reserve(run, 5);
    return this.finish(run, { to: 'quarantined', rows: rowsRead(5, 5), error: 'bad' });
  }

  async absent(file: string, remove = true): Promise<Run | undefined> {
    return (await this.journal.absent([{ ...this.at(file), remove }]))[0];
  }

  async dispose(run: Run, kind: 'backup' | 'quarantine' = 'backup'): Promise<void> {
    await this.intend(run, kind);
    await this.journal.closeDisposal(run.id, 'disposed', null);
  }

  async intend(run: Run, kind: 'backup' | 'quarantine' = 'backup'): Promise<void> {
    await this.journal.intend({
      runId: run.id,
      kind,
      source: `/in/${run.file}`,
      hidden: `/in/.${run.file}.${run.id}`,
      target: `/backup/${run.file}`,
      fileVersion: run.fileVersion ?? fileVersion(1),
      marker: null,
    });
  }
}

function files(batches: Run[][]): string[] {
  return batches.flat().map(run => run.file);
}

function isKind(kind: OrchestratorError['kind']) {
  return (error: unknown) => error instanceof OrchestratorError && error.kind === kind;
}

/** What every journal must do, whatever holds it. */
export function journalConformance(name: string, open: () => Promise<OpenJournal>): void {
  describe(`journal: ${name}`, () => {
    let opened: OpenJournal;
    let journal: Journal;
    let hand: Hand;
    beforeEach(async () => {
      opened = await open();
      journal = opened.journal;
      hand = new Hand(journal);
    });
    afterEach(async () => {
      await journal.close();
      await opened.remove();
    });

    describe('watch', () => {
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

    describe('versions', () => {
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

    describe('claim', () => {
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

    describe('attempts', () => {
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

    describe('leases', () => {
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
          const before = [
            await journal.run(lost.id),
            await journal.attempts(lost.id),
            await journal.decisions(lost.id),
          ];
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

    describe('ledger', () => {
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
        const replaces = async () =>
          (await hand.ledger(await hand.claimOne(), 'key')).replaces.map(old => old.FILE_KEY);
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

    describe('people', () => {
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
        const mended = async () => [
          (await journal.run(run.id))?.rowsMended,
          (await journal.summaries())[0]?.rowsMended,
        ];
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

    describe('disposal', () => {
      it('rule 8: an intent is kept until it is closed', async () => {
        const run = await hand.load('a.csv');
        await hand.intend(run);
        await hand.intend(run);
        const [intent, ...others] = await journal.intents();
        assert.deepEqual(others, []);
        assert.equal(intent?.source, '/in/a.csv');
        assert.deepEqual(intent?.fileVersion, run.fileVersion);
        await journal.closeDisposal(run.id, 'intended', 'the backup folder is full');
        assert.deepEqual(
          (await journal.intents()).map(({ error }) => error),
          ['the backup folder is full'],
        );
        await journal.closeDisposal(run.id, 'put-back', 'changed meanwhile');
        assert.deepEqual(await journal.intents(), []);
        await assert.rejects(journal.closeDisposal(run.id, 'disposed', null), isKind('bug'));
      });

      it('rule 8: our own moves are no deletions, whether seen before or after they are closed', async () => {
        const run = await hand.load('a.csv');
        await hand.intend(run);
        assert.equal(await hand.absent('a.csv'), undefined);
        await journal.closeDisposal(run.id, 'disposed', null);
        assert.equal(await hand.absent('a.csv'), undefined);
        assert.equal((await journal.knownFiles('sales'))[0]?.present, false);
      });

      it('rule 8: where a file of a path and content was moved is remembered, once it is on its way', async () => {
        const run = await hand.load('a.csv');
        const hash = run.contentHash ?? '';
        assert.deepEqual(await journal.moves('sales', 'a.csv', hash), []);
        await hand.dispose(run);
        const [move, ...others] = await journal.moves('sales', 'a.csv', hash);
        assert.deepEqual([move?.source, others], [`${run.root}/a.csv`, []]);
        assert.deepEqual(await journal.moves('sales', 'a.csv', 'another'), []);
        assert.deepEqual(await journal.moves('sales', 'b.csv', hash), []);
      });

      it('rule 8: a file disposed of is absent to every dataset that knows it', async () => {
        await hand.arrive('a.csv', 1, 'same', 'other');
        await hand.finish(await hand.claimOne('other'), done(1));
        await hand.dispose(await hand.load('a.csv', 1));
        assert.equal((await journal.knownFiles('other'))[0]?.present, false);
        assert.equal(await journal.absent([{ ...hand.at('a.csv', 'other'), remove: true }]).then(all => all.length), 0);
      });

      it('rule 3: a file disposed of keeps its rows in every dataset that appended them', async () => {
        await hand.arrive('a.csv', 1, 'same', 'other');
        const other = await hand.claimOne('other');
        await hand.ledger(other, 'other-1', true);
        await hand.finish(other, done(10));
        await hand.dispose(await hand.load('a.csv', 1));
        await hand.arrive('a.csv', 2, 'next', 'other');
        assert.deepEqual((await hand.ledger(await hand.claimOne('other'), 'other-2', true)).replaces, []);
      });

      it('rule 8: a file that takes the name of one being moved away is an arrival', async () => {
        const run = await hand.load('a.csv', 1, { content: 'same' });
        await hand.intend(run);
        const arrived = await hand.arrive('a.csv', 2, 'same');
        assert.equal(arrived.state, 'queued');
        assert.equal(arrived.action, 'add');
        await journal.closeDisposal(run.id, 'disposed', null);
        assert.equal((await journal.knownFiles('sales'))[0]?.present, true);
      });
    });

    describe('reading', () => {
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

    describe('prune', () => {
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

    describe('forget', () => {
      it('nothing of the dataset is known any more, and all of another one; never while a run goes on or a file is to be moved', async () => {
        const run = await hand.load('a.csv', 1, { rows: 7 });
        await hand.reject('b.csv');
        await hand.arrive('c.csv', 1, 'x', 'other');
        await hand.arrive('d.csv');
        await hand.intend(run);
        await assert.rejects(journal.forget('sales'), isKind('never'));
        await journal.closeDisposal(run.id, 'disposed', null);
        const going = await hand.claimOne();
        await assert.rejects(journal.assertForgettable('sales'), isKind('never'));
        await hand.finish(going, { to: 'queued', dueAt: T0, counts: false, error: 'away' });
        assert.equal((await journal.forget('sales')).length, 3);
        assert.deepEqual(
          (await journal.runs({})).items.map(({ dataset }) => dataset),
          ['other'],
        );
        assert.deepEqual(
          (await journal.summaries()).map(({ dataset }) => dataset),
          ['other'],
        );
        assert.equal(await journal.knownFile('sales', 'a.csv'), undefined);
        assert.deepEqual([await journal.heldKeys('sales'), (await journal.attention({})).items], [[], []]);
        assert.deepEqual(await journal.forget('sales'), []);
        assert.equal((await hand.load('a.csv', 1)).state, 'done', 'it begins anew');
      });

      it('keys with rows are told until they are said to be gone', async () => {
        await hand.load('a.csv', 1, { rows: 7 });
        await hand.load('b.csv', 1, { rows: 0 });
        const held = await journal.heldKeys('sales');
        assert.deepEqual(held, [{ fileKey: 'key-a.csv', index: 'sales', rows: 7 }]);
        const newest = (await journal.latest('sales', 'b.csv'))?.version ?? 0;
        assert.ok((await journal.nextVersion('sales', T0)) > newest);
        await journal.rowsGone('key-a.csv', 'sales');
        assert.deepEqual([await journal.heldKeys('sales'), (await journal.summaries())[0]?.rowsThere], [[], 0]);
      });
    });

    describe('to look after', () => {
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

      it('goes with the run', async () => {
        await fail('a.csv', 1);
        await hand.load('a.csv', 2);
        await fail('b.csv');
        await journal.prune({ endedBefore: T0 + 1 });
        assert.equal((await failures()).length, 1);
      });
    });

    describe('rows that are there', () => {
      const there = async () => {
        const [summary] = await journal.summaries();
        return [summary?.rowsThere, summary?.rowsToMend];
      };

      it('a version replaces the one before, a deletion takes its rows out', async () => {
        await hand.load('a.csv', 1, { rows: 10 });
        await hand.load('b.csv', 1, { rows: 5 });
        await hand.load('a.csv', 2, { rows: 7 });
        assert.deepEqual(await there(), [12, 0]);
        assert.equal((await journal.summaries())[0]?.rowsLoaded, 22);
        await hand.absent('a.csv');
        const run = await hand.claimOne();
        await hand.ledger(run);
        await hand.finish(run, done(0));
        assert.deepEqual(await there(), [5, 0]);
      });

      it('deliveries of one name stand beside each other (ON_CHANGE: append)', async () => {
        const first = await hand.load('a.csv', 1, { key: 'k1', append: true, rows: 10 });
        await hand.dispose(first);
        await hand.load('a.csv', 2, { key: 'k2', append: true, rows: 5 });
        assert.deepEqual(await there(), [15, 0]);
      });

      it('an index that is built anew holds what built it last', async () => {
        for (const [file, rows] of [
          ['a.csv', 10],
          ['b.csv', 5],
        ] as const) {
          await hand.arrive(file);
          const run = await hand.claimOne();
          await hand.ledger(run, undefined, false, 'sales', true);
          await hand.finish(run, done(rows));
        }
        assert.deepEqual(await there(), [5, 0]);
      });

      it('rejected rows are those of the newest version, less what was mended', async () => {
        for (const n of [1, 2]) {
          await hand.arrive('a.csv', n);
          const run = await hand.claimOne();
          await hand.ledger(run);
          await hand.finish(run, { to: 'done', rows: rowsRead(10, 3), error: null });
        }
        assert.deepEqual(await there(), [7, 3]);
        await journal.mend((await journal.latest('sales', 'a.csv'))!.id, '/m', T0);
        const mend = await hand.claimOne();
        await hand.ledger(mend);
        await hand.finish(mend, { to: 'done', rows: rowsRead(3, 1), error: null });
        assert.deepEqual(await there(), [9, 1]);
      });
    });

    describe('runs of a path', () => {
      it('are found by where the file lies, or was moved to', async () => {
        const run = await hand.load('2026/a.csv', 1);
        await hand.settle('b.csv');
        await hand.dispose(run);
        assert.deepEqual(await journal.pathsAt('/in/2026/a.csv'), [
          { dataset: 'sales', file: '2026/a.csv', runId: null },
        ]);
        assert.deepEqual(await journal.pathsAt('/in/b.csv'), [{ dataset: 'sales', file: 'b.csv', runId: null }]);
        assert.deepEqual(await journal.pathsAt('/backup/2026/a.csv'), [
          { dataset: 'sales', file: '2026/a.csv', runId: run.id },
        ]);
        for (const path of ['/elsewhere/a.csv', '/in/2026', '/', '/in/2026/a.csv/'])
          assert.deepEqual(await journal.pathsAt(path), []);
        assert.deepEqual(
          (await journal.disposals(run.id)).map(({ state, target }) => [state, target]),
          [['disposed', '/backup/2026/a.csv']],
        );
      });

      it('the run of a path that is under way is known: the one that waits, else the one that runs', async () => {
        const openRun = async () => (await journal.openRun('sales', 'a'))?.id;
        assert.equal(await openRun(), undefined);
        await hand.arrive('b');
        const settling = await hand.settle('a');
        assert.equal(await openRun(), settling.id);
        await hand.arrive('a');
        assert.equal(await openRun(), settling.id);
        const [running] = (await hand.claim()).flat().filter(({ file }) => file === 'a');
        assert.equal(await openRun(), settling.id);
        const newer = await hand.settle('a');
        assert.equal(await openRun(), newer.id);
        await journal.unsettle(newer.id, 'gone', hand.now);
        assert.equal(await openRun(), running?.id);
        await hand.finish(running as Run, done(1));
        assert.equal(await openRun(), undefined);
      });

      it('are found by the whole path, those too that never had a version', async () => {
        await hand.load('1.csv', 1);
        await hand.load('11.csv', 1);
        await hand.arrive('1.csv', 1);
        await hand.settle('1.csv');
        const { items } = await journal.runs({ dataset: 'sales', path: '1.csv' });
        assert.deepEqual(
          items.map(({ file, state }) => [file, state]),
          [
            ['1.csv', 'settling'],
            ['1.csv', 'skipped'],
            ['1.csv', 'done'],
          ],
        );
      });
    });

    it('what was written is there after it is closed and opened again', async () => {
      const run = await hand.load('a.csv', 1);
      const other = await opened.again();
      assert.deepEqual(await other.run(run.id), run);
      await other.close();
    });
  });
}

function cursorOf(cursor: string | null): { cursor?: string } {
  return cursor === null ? {} : { cursor };
}
