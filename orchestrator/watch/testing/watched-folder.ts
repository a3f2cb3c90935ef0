import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../clock.ts';
import type { KeptFolder } from '../../config/kept-folders.ts';
import { datasetOf } from '../../config/testing/dataset.ts';
import type { Settings } from '../../config/schema.ts';
import type { Finish, Journal, Run } from '../../journal/journal.ts';
import { openSqliteJournal } from '../../journal/sqlite/sqlite-journal.ts';
import type { Logger } from '../../log.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { type DatasetWatch, watchDataset } from '../watch-dataset.ts';

const DONE: Finish = {
  to: 'done',
  rows: { read: 1, loaded: 1, rejected: 0, filtered: 0, deleted: 0 },
  error: null,
};

/** A folder, a real journal, and watchers of the folder: everything a test of watching needs, and takes away again. */
export class WatchedFolder implements AsyncDisposable {
  readonly base: string;
  readonly root: string;
  readonly journal: Journal;
  readonly log: string[] = [];
  /** All changes of runs, in order. */
  readonly changes: Run[] = [];
  readonly #watches: DatasetWatch[] = [];
  readonly #writers: ChildProcess[] = [];

  constructor(base: string) {
    this.base = base;
    this.root = join(base, 'in');
    this.journal = openSqliteJournal({ path: join(base, 'journal.sqlite'), clock: systemClock });
    this.journal.onChange(run => this.changes.push(run));
  }

  static async make(parent = tmpdir()): Promise<WatchedFolder> {
    const folder = new WatchedFolder(await mkdtemp(join(parent, 'watch-')));
    await mkdir(folder.root);
    return folder;
  }

  path(...names: string[]): string {
    return join(this.root, ...names);
  }

  async watch(settings: Partial<Settings> = {}, more: WatchMore = {}): Promise<DatasetWatch> {
    const watch = await watchDataset({
      dataset: datasetOf(more.name ?? 'sales', more.root ?? this.root, settings),
      journal: this.journal,
      logger: this.#logger(),
      clock: systemClock,
      kept: more.kept ?? (() => []),
      listIntervalMs: more.listIntervalMs ?? null,
    });
    this.#watches.push(watch);
    return watch;
  }

  /** Resolves once a listing that began after this call has ended. */
  async listed(watch: DatasetWatch, times = 1): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      const before = watch.status().lastListingAt;
      await waitFor('a listing', () => watch.status().lastListingAt !== before);
    }
  }

  async runs(file: string, dataset = 'sales'): Promise<Run[]> {
    const { items } = await this.journal.runs({ dataset, file, limit: 1000 });
    return items.filter(run => run.file === file).toReversed();
  }

  /** States of the file's runs, oldest first. */
  async states(file: string, dataset = 'sales'): Promise<string[]> {
    return (await this.runs(file, dataset)).map(run => run.state);
  }

  async untilStates(file: string, states: string[], dataset = 'sales'): Promise<Run[]> {
    const isSo = async () => (await this.states(file, dataset)).join() === states.join();
    await waitFor(`${file} is ${states.join(', ')}`, isSo, { tell: () => this.states(file, dataset) });
    return this.runs(file, dataset);
  }

  /** Claims what is queued, and ends the run of a file as the scheduler would. */
  async finish(file: string, how: Finish = DONE): Promise<Run> {
    const slots = [{ dataset: 'sales', free: 1000, strict: false, order: 'arrival' as const, perFolder: false }];
    await this.journal.claim({ holder: 'test', leaseMs: 60_000, now: Date.now(), slots, limit: 1000 });
    return this.end(file, how);
  }

  /** Ends the running run of a file. */
  async end(file: string, how: Finish = DONE): Promise<Run> {
    const run = (await this.runs(file)).find(each => each.state === 'running');
    if (!run) throw new Error(`no running run of ${file}`);
    return this.journal.finish(run, how, Date.now());
  }

  /** A process that does what the script says; `$FILE` is the file. Its first line of output says that it has begun. */
  async writer(file: string, script: string): Promise<ChildProcess> {
    const writer = spawn('bash', ['-c', script], { env: { ...process.env, FILE: this.path(file) }, stdio: 'pipe' });
    this.#writers.push(writer);
    await once(writer.stdout, 'data');
    return writer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#watches.map(watch => watch.stop()));
    for (const writer of this.#writers) {
      if (writer.exitCode !== null || writer.signalCode !== null) continue;
      writer.kill('SIGKILL');
      await once(writer, 'exit');
    }
    await this.journal.close();
    await rm(this.base, { recursive: true, force: true });
  }

  #logger(): Logger {
    const write = (message: string) => void this.log.push(message);
    const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => logger };
    return logger;
  }
}

interface WatchMore {
  name?: string;
  /** Another WATCH_DIR. */
  root?: string;
  kept?: () => readonly KeptFolder[];
  listIntervalMs?: number;
}
