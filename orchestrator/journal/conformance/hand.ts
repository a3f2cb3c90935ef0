import assert from 'node:assert/strict';
import { OrchestratorError } from '../../errors.ts';
import type { DatasetSlots, Finish, Journal, QueueRequest, Rows, Run } from '../journal.ts';

/** 2026-01-01 UTC. */
export const T0 = Date.UTC(2026, 0, 1);
export const HOLDER = '1:1:boot';
export const LEASE_MS = 30_000;
export const LATER = { to: 'queued', dueAt: T0 + 5_000, counts: true, error: 'again' } as const;

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
export class Hand {
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

export function files(batches: Run[][]): string[] {
  return batches.flat().map(run => run.file);
}

export function isKind(kind: OrchestratorError['kind']) {
  return (error: unknown) => error instanceof OrchestratorError && error.kind === kind;
}

export function cursorOf(cursor: string | null): { cursor?: string } {
  return cursor === null ? {} : { cursor };
}

/** What the tests of a topic work on: of each test its own. */
export interface Bench {
  opened: OpenJournal;
  journal: Journal;
  hand: Hand;
}
