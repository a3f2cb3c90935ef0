import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Disposal, Journal, KnownFile, QueueRequest, Run, SettleRequest } from '../../journal/journal.ts';

/** What the watcher told the journal, in order. */
export interface Told {
  what: 'settled' | 'queued' | 'unsettled' | 'ignored' | 'absent';
  file: string;
  dataset: string;
  hash?: string;
  sizeBytes?: number;
  remove?: boolean;
  reason?: string;
  at: number;
}

type WatchCalls = Pick<
  Journal,
  'knownFiles' | 'firstWatch' | 'settle' | 'queue' | 'unsettle' | 'ignore' | 'absent' | 'intents' | 'runs' | 'latest' | 'run'
>;

/** The watcher's side of a journal, in memory: it writes down what it is told, and tests wait for that. */
export class MemoryJournal extends EventEmitter implements WatchCalls {
  readonly told: Told[] = [];
  readonly disposals: Disposal[] = [];
  readonly #files = new Map<string, KnownFile & { dataset: string }>();
  readonly #runs = new Map<string, Run>();
  readonly #watched = new Set<string>();

  async knownFiles(dataset: string): Promise<KnownFile[]> {
    return [...this.#files.values()].filter(file => file.dataset === dataset).map(file => ({ ...file }));
  }

  async firstWatch(dataset: string): Promise<boolean> {
    const isFirst = !this.#watched.has(dataset);
    this.#watched.add(dataset);
    return isFirst;
  }

  async settle({ dataset, file, root, now }: SettleRequest): Promise<Run> {
    const found = [...this.#runs.values()].find(
      run => run.dataset === dataset && run.file === file && run.state === 'settling',
    );
    const run = found ?? ({ id: randomUUID(), dataset, file, root, state: 'settling', seenAt: now } as Run);
    this.#runs.set(run.id, run);
    const known = this.#files.get(`${dataset} ${file}`);
    this.#files.set(`${dataset} ${file}`, { dataset, path: file, present: true, version: known?.version ?? null });
    this.#tell({ what: 'settled', dataset, file });
    return run;
  }

  async queue({ runId, fileVersion, contentHash }: QueueRequest): Promise<Run> {
    const run = this.#runs.get(runId);
    if (run?.state !== 'settling') throw new Error(`run ${runId} is not settling`);
    Object.assign(run, { state: 'queued', fileVersion, contentHash });
    const { dataset, file } = run;
    this.#files.set(`${dataset} ${file}`, { dataset, path: file, present: true, version: fileVersion });
    this.#tell({ what: 'queued', dataset, file, hash: contentHash, sizeBytes: fileVersion.sizeBytes });
    return run;
  }

  async unsettle(runId: string, reason: string): Promise<void> {
    const run = this.#runs.get(runId);
    if (run?.state !== 'settling') return;
    run.state = 'cancelled';
    this.#tell({ what: 'unsettled', dataset: run.dataset, file: run.file, reason });
  }

  async ignore(dataset: string, file: string, version: KnownFile['version']): Promise<void> {
    this.#files.set(`${dataset} ${file}`, { dataset, path: file, present: true, version });
    this.#tell({ what: 'ignored', dataset, file });
  }

  async absent({ dataset, file, remove }: SettleRequest & { remove: boolean }): Promise<undefined> {
    const known = this.#files.get(`${dataset} ${file}`);
    if (known?.present) known.present = false;
    this.#tell({ what: 'absent', dataset, file, remove });
  }

  async intents(): Promise<Disposal[]> {
    return this.disposals.filter(disposal => disposal.state === 'intended');
  }

  async runs({ dataset, states }: { dataset?: string; states?: string[] }): Promise<{ items: Run[]; nextCursor: null }> {
    const items = [...this.#runs.values()].filter(
      run => (dataset === undefined || run.dataset === dataset) && (!states || states.includes(run.state)),
    );
    return { items: items.toReversed(), nextCursor: null };
  }

  async latest(dataset: string, file: string): Promise<Run | undefined> {
    return [...this.#runs.values()].findLast(run => run.dataset === dataset && run.file === file && run.fileVersion);
  }

  async run(id: string): Promise<Run | undefined> {
    return this.#runs.get(id);
  }

  /** As closeDisposal() does to the path. */
  markDisposed(dataset: string, file: string): void {
    const known = this.#files.get(`${dataset} ${file}`);
    if (known) known.present = false;
    for (const disposal of this.disposals) disposal.state = 'disposed';
  }

  /** What was told of a file, without the hash. */
  of(file: string): string[] {
    return this.told.filter(each => each.file === file).map(each => each.what);
  }

  count(what: Told['what']): number {
    return this.told.reduce((sum, each) => sum + (each.what === what ? 1 : 0), 0);
  }

  #tell(told: Omit<Told, 'at'>): void {
    this.told.push({ ...told, at: performance.now() });
    this.emit('told');
  }
}
