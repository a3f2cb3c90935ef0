import type { Parameters, Transactions } from '../rules/tx.ts';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Run } from '../journal.ts';
import { type RunRow, RUN_COLUMNS, toRun } from '../rules/run-row.ts';
import { giveUpRoom } from './room.ts';
import { isFull, journalError } from './sqlite-errors.ts';
import { openWalFile, type WalFile } from './wal-file.ts';

/** More writes than this are not put into one transaction, so that the event loop is not held for long. */
const GROUP_MAX = 256;

/** What has been committed this long without a sync is synced, whoever waits for it. */
const UNSYNCED_MS = 2;

interface Write {
  alone: boolean;
  /** Told at its commit. */
  early: boolean;
  work(): unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A transaction that is not on disk yet. */
interface Committed {
  changeNumber: number;
  /** Runs that it changed. */
  noted: Run[];
  group: Write[];
  /** Tell its writes' results. */
  settled: Array<() => void>;
}

/**
 * The database with its prepared statements and its one writer. Writes that come in the same turn of the event loop, or
 * while the ones before are synced, share a transaction, and so one fsync (it is most of what a write costs), each
 * inside a savepoint of its own: one that fails takes nothing back but itself. A write's promise resolves once the
 * transaction is on disk.
 */
export class Store implements Transactions {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #wal: WalFile;
  readonly #statements = new Map<string, StatementSync>();
  #waiting: Write[] = [];
  /** Runs changed by the transaction that is open, in order; one may stand there more than once. */
  #noted: Run[] = [];
  #changeNumber = 0;
  /** In order. */
  #unsynced: Committed[] = [];
  /** Resolves when what was committed last is on disk, and told. */
  #syncing: Promise<void> | undefined;
  #syncSoon: NodeJS.Timeout | undefined;
  #isScheduled = false;
  /** Called after each commit, with its number and what it changed, in order. */
  onCommit: (changeNumber: number, runs: Run[]) => void = () => {};

  constructor(path: string, database: DatabaseSync, wal: WalFile = openWalFile(path, database)) {
    this.path = path;
    this.#database = database;
    this.#wal = wal;
  }

  get<Row>(sql: string, parameters: Parameters = {}): Row | undefined {
    return this.#statement(sql).get(parameters) as Row | undefined;
  }

  all<Row>(sql: string, parameters: Parameters = {}): Row[] {
    return this.#statement(sql).all(parameters) as Row[];
  }

  /** Returns how many rows were changed. */
  execute(sql: string, parameters: Parameters = {}): number {
    return Number(this.#statement(sql).run(parameters).changes);
  }

  /** Runs that fulfil a condition, with whatever follows it (ORDER BY…). */
  selectRuns(where: string, parameters: Parameters = {}): Run[] {
    return this.all<RunRow>(`SELECT ${RUN_COLUMNS} FROM runs WHERE ${where}`, parameters).map(toRun);
  }

  /** Only inside a write: `set` is what follows SET. Returns the runs as they are now. */
  updateRuns(set: string, where: string, parameters: Parameters): Run[] {
    const sql = `UPDATE runs SET ${set}, changed = $changed WHERE ${where} RETURNING ${RUN_COLUMNS}`;
    return this.#noteAll(this.all<RunRow>(sql, { ...parameters, changed: this.#changeNumber }));
  }

  updateRun(id: string, set: string, parameters: Parameters): Run {
    return this.updateRuns(set, 'id = $id', { ...parameters, id })[0] as Run;
  }

  /** Only inside a write. The parameters' names are the columns'. */
  insertRun(values: Parameters): Run {
    const columns = Object.keys(values);
    const names = columns.map(column => `$${column}`).join(', ');
    const sql = `INSERT INTO runs (${columns.join(', ')}, changed) VALUES (${names}, $changed) RETURNING ${RUN_COLUMNS}`;
    return this.#noteAll(this.all<RunRow>(sql, { ...values, changed: this.#changeNumber }))[0] as Run;
  }

  /** Does the work in a transaction; all of it or nothing. */
  write<Result>(work: () => Result): Promise<Result> {
    return this.#enqueue(work, { alone: false, early: false });
  }

  /**
   * As write(), in a transaction of its own, for work of many statements: inside a savepoint SQLite's note of what to take back
   * grows with every statement and is walked at each (33,000 runs leased in one savepoint: 106 s).
   */
  writeAlone<Result>(work: () => Result): Promise<Result> {
    return this.#enqueue(work, { alone: true, early: false });
  }

  /**
   * As writeAlone(), but resolves at the commit, for what counts only with a later write: that one's sync covers this
   * one. It is synced, and the listeners hear of it, within some milliseconds in any case.
   */
  writeEarly<Result>(work: () => Result): Promise<Result> {
    return this.#enqueue(work, { alone: true, early: true });
  }

  /** A read, or several that see the same state, which is on disk and was told; errors are told as the journal's. */
  async read<Result>(work: () => Result): Promise<Result> {
    this.#beginSync();
    await this.#syncing;
    return this.#telling(work);
  }

  /** A read of what is committed, on disk or not, for what is looked at again in any case. */
  async glance<Result>(work: () => Result): Promise<Result> {
    return this.#telling(work);
  }

  /** Writes what waits first. */
  async close(): Promise<void> {
    while (this.#waiting.length > 0 || this.#unsynced.length > 0 || this.#syncing) {
      this.#flush();
      this.#beginSync();
      await this.#syncing;
    }
    await this.#wal.close();
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #enqueue<Result>(work: () => Result, how: Pick<Write, 'alone' | 'early'>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ work, ...how, resolve: value => resolve(value as Result), reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#syncing || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  /** Commits what waits, and begins to sync it; harmless when nothing does, or something is still synced. */
  #flush(): void {
    if (this.#syncing) return;
    const group = this.#takeGroup();
    const [first] = group;
    if (first === undefined) return;
    this.#noted = [];
    try {
      const settled = this.#transaction(group);
      const committed = { changeNumber: this.#changeNumber, noted: this.#noted, group, settled };
      this.#unsynced.push(committed);
      if (!first.early) return this.#beginSync();
      for (const settle of committed.settled.splice(0)) settle();
      this.#syncSoon ??= setTimeout(() => this.#beginSync(), UNSYNCED_MS);
    } catch (error) {
      if (isFull(error) && giveUpRoom(this.path)) this.#waiting.unshift(...group);
      else this.#refuse(group, error);
    }
    this.#schedule();
  }

  /** Harmless where nothing is to be synced. */
  #beginSync(): void {
    clearTimeout(this.#syncSoon);
    this.#syncSoon = undefined;
    if (this.#unsynced.length > 0) this.#syncing ??= this.#sync(this.#unsynced.splice(0));
  }

  async #sync(all: readonly Committed[]): Promise<void> {
    const isSynced = await this.#wal.sync().then(
      () => true,
      (error: unknown) =>
        this.#refuse(
          all.flatMap(({ group }) => group),
          error,
        ),
    );
    this.#syncing = undefined;
    this.#schedule();
    if (!isSynced) return;
    for (const { changeNumber, noted, settled } of all) {
      for (const settle of settled) settle();
      this.onCommit(changeNumber, noted);
    }
  }

  #refuse(group: readonly Write[], error: unknown): false {
    const told = journalError(this.path, error);
    for (const write of group) write.reject(told);
    return false;
  }

  #takeGroup(): Write[] {
    const firstAlone = this.#waiting.findIndex(write => write.alone);
    const upTo = firstAlone < 0 ? GROUP_MAX : Math.min(Math.max(firstAlone, 1), GROUP_MAX);
    return this.#waiting.splice(0, upTo);
  }

  #transaction(group: Write[]): Array<() => void> {
    this.#statement('BEGIN IMMEDIATE').run();
    try {
      this.#changeNumber = this.get<{ last: number }>('UPDATE feed SET last = last + 1 RETURNING last')?.last ?? 0;
      const settled = group.length === 1 ? group.map(doWrite) : group.map(write => this.#inSavepoint(write));
      this.#statement('COMMIT').run();
      return settled;
    } catch (error) {
      // rule 2: a file’s version and its run are one transaction
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #inSavepoint(write: Write): () => void {
    const before = this.#noted.length;
    this.#statement('SAVEPOINT one').run();
    try {
      const settle = doWrite(write);
      this.#statement('RELEASE one').run();
      return settle;
    } catch (error) {
      // A full disk has ended the whole transaction already, or does so to all of it.
      if (!this.#database.isTransaction || isFull(error)) throw error;
      // rule 2: also where calls share a transaction
      this.#database.exec('ROLLBACK TO one; RELEASE one');
      this.#noted.length = before;
      return () => write.reject(journalError(this.path, error));
    }
  }

  #noteAll(rows: RunRow[]): Run[] {
    const runs = rows.map(toRun);
    this.#noted.push(...runs);
    return runs;
  }

  #telling<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw journalError(this.path, error);
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Returns how to tell the result, once it is on disk. */
function doWrite(write: Write): () => void {
  const result = write.work();
  return () => write.resolve(result);
}
