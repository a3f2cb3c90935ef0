import { join } from 'node:path';
import type { Reject } from '../../default-etl/contract/contract.ts';
import type { Clock } from '../clock.ts';
import type { Dataset } from '../config/dataset.ts';
import { messageOf } from '../errors.ts';
import { isSameVersion } from '../files/version.ts';
import { type Disposal, FINAL_STATES, type Finish, type Journal, type Run, knownRoot } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import { isAwaited } from './awaited.ts';
import { type CarryOut, type Carried, carryOut, forgetWitness, type HasWriter } from './carry-out.ts';
import { firstRejects } from '../rejects/open-rejects.ts';
import { MOST_REJECTS, NOTE_ENDINGS, writeError, writeReceipt } from './notes.ts';
import { type Spot, withSource, withTarget } from './places.ts';
import { type Intent, planDisposal } from './plan.ts';

export interface DisposerOptions {
  journal: Journal;
  datasets: () => ReadonlyMap<string, Dataset>;
  /** Every dataset that would take a file at this absolute path. */
  datasetsMatching: (path: string) => Dataset[];
  hasWriter: HasWriter;
  clock: Clock;
  logger: Logger;
  dataDir: string;
  /** MIN_FREE: what a copy leaves free on the disk of DATA_DIR. */
  minFreeBytes: number;
}

/** A file that is still to be moved or removed. */
export interface PendingDisposal {
  runId: string;
  dataset: string;
  file: string;
  kind: Disposal['kind'];
  /** Why it could not be done when it was last tried, or null. */
  error: string | null;
}

export interface FileDisposer {
  intend(run: Run, dataset: Dataset, finish: Finish): Promise<void>;
  ended(run: Run, dataset: Dataset): void;
  released(run: Run): Promise<void>;
  pending(): PendingDisposal[];
  /** Resolves when all that can be done now is done. */
  idle(): Promise<void>;
  /** Finishes the file at hand; the rest is for the next start. */
  stop(): Promise<void>;
}

interface Pending {
  intent: Intent;
  error: string | null;
  failures: number;
  /** Not before; by `clock.elapsed()`. */
  dueAt: number;
  /**
   * While its file has perhaps been taken and that is not written down: resolved when it is, or the file has its name.
   * Else null.
   */
  taking: PromiseWithResolvers<void> | null;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;
const POLL_MS = 1000;
/** What waits for a run to end is looked at when one of the path does, and, should that go unseen, this often. */
const AWAITED_POLL_MS = 30_000;

/**
 * Backs up, removes and quarantines files once their runs have ended (rule 8). Carries out first what an earlier orchestrator
 * wrote down and didn't get to.
 */
export async function startDisposer(options: DisposerOptions): Promise<FileDisposer> {
  const disposer = new Disposing(options);
  await disposer.begin();
  return disposer;
}

class Disposing implements FileDisposer {
  readonly #options: DisposerOptions;
  readonly #carryOut: Omit<CarryOut, 'known'>;
  readonly #pending = new Map<string, Pending>();
  readonly #receipts = new Set<Promise<void>>();
  #working: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #off: () => void = () => undefined;
  #callOffTimer: () => void = () => undefined;

  constructor(options: DisposerOptions) {
    this.#options = options;
    this.#carryOut = {
      hasWriter: options.hasWriter,
      witnessDir: join(options.dataDir, 'removed'),
      room: { dataDir: options.dataDir, minFreeBytes: options.minFreeBytes },
    };
  }

  async begin(): Promise<void> {
    const { journal } = this.#options;
    for (const { state: _, error, ...intent } of await journal.intents()) {
      // An earlier orchestrator may have been killed at any step of it.
      const taking = Promise.withResolvers<void>();
      this.#pending.set(intent.runId, { intent, error, failures: 0, dueAt: 0, taking });
    }
    this.#off = journal.onChange(run => this.#hear(run));
    this.#wake();
  }

  async intend(run: Run, dataset: Dataset, { to }: Finish): Promise<void> {
    const { journal, dataDir } = this.#options;
    // Of an attempt that a crash cut short: this one may end in another way.
    if (this.#pending.delete(run.id)) {
      await journal.closeDisposal(run.id, 'abandoned', 'the run went on after it was written down');
    }
    const intent = await planDisposal(run, dataset, to, dataDir);
    if (!intent) return;
    await journal.intend(intent);
    this.#pending.set(run.id, { intent, error: null, failures: 0, dueAt: 0, taking: null });
  }

  ended(run: Run, dataset: Dataset): void {
    const pending = this.#pending.get(run.id);
    if (pending) return this.#retry([pending]);
    // A deletion has no file any more, and a mend is about some rows of one that has its receipt.
    if (run.state !== 'done' || run.action === 'delete' || run.action === 'mend' || run.readFrom !== null) return;
    const writing = this.#receipt(run, dataset, null).then(() => {
      this.#receipts.delete(writing);
    });
    this.#receipts.add(writing);
  }

  async released({ root, file, fileVersion }: Run): Promise<void> {
    if (this.#pending.size === 0) return;
    const path = join(root, file);
    const others = [...this.#pending.values()].filter(
      ({ intent }) => intent.source === path && !isSameVersion(intent.fileVersion, fileVersion),
    );
    // rule 3: also where the next file comes while it is being taken away
    await Promise.all(others.map(async ({ taking }) => taking?.promise));
  }

  pending(): PendingDisposal[] {
    return [...this.#pending.values()].map(({ intent: { runId, kind, source }, error }) => {
      const dataset = this.#owner(source)?.name ?? '';
      return { runId, dataset, file: source, kind, error };
    });
  }

  async idle(): Promise<void> {
    while (this.#working || this.#receipts.size > 0) await Promise.all([this.#working, ...this.#receipts]);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#off();
    this.#callOffTimer();
    await this.idle();
  }

  /** The end of one dataset's run may be what another's disposal of the same file waits for. */
  #hear(run: Run): void {
    if (this.#pending.size === 0 || !FINAL_STATES.includes(run.state)) return;
    const path = join(run.root, run.file);
    this.#retry([...this.#pending.values()].filter(({ intent }) => intent.source === path));
  }

  #retry(waiting: Pending[]): void {
    for (const pending of waiting) pending.dueAt = 0;
    if (waiting.length > 0) this.#wake();
  }

  #wake(): void {
    this.#again = true;
    if (this.#stopped || this.#working) return;
    this.#callOffTimer();
    this.#working = this.#work().finally(() => {
      this.#working = null;
      if (this.#stopped) return;
      if (this.#again) this.#wake();
      else if (this.#pending.size > 0) this.#callOffTimer = this.#options.clock.after(POLL_MS, () => this.#wake());
    });
  }

  async #work(): Promise<void> {
    this.#again = false;
    for (const pending of this.#pending.values()) {
      if (this.#stopped) return;
      if (pending.dueAt > this.#options.clock.elapsed()) continue;
      await this.#try(pending);
    }
  }

  async #try(pending: Pending): Promise<void> {
    const { intent } = pending;
    pending.taking ??= Promise.withResolvers<void>();
    try {
      await this.#dispose(pending);
    } catch (error) {
      await this.#postpone(pending, messageOf(error)).catch((failure: unknown) => {
        this.#options.logger.error(`${intent.source}: ${messageOf(failure)}`, { run: intent.runId });
      });
    } finally {
      pending.taking.resolve();
      pending.taking = null;
    }
  }

  async #dispose(pending: Pending): Promise<void> {
    const { journal, datasets, clock } = this.#options;
    const { intent } = pending;
    pending.dueAt = clock.elapsed() + AWAITED_POLL_MS;
    const run = await journal.run(intent.runId);
    // rule 8: an intent waits for the end of its run
    if (!run || !FINAL_STATES.includes(run.state)) return;
    // rule 8: nothing is touched unless the run is done
    if (run.state !== (intent.kind === 'quarantine' ? 'quarantined' : 'done')) {
      return this.#close(intent, { state: 'abandoned', error: `the run is ${run.state}` });
    }
    // rule 8: disposal waits for every dataset that matches
    if (await isAwaited(this.#options, intent, run)) return;
    if (intent.kind === 'quarantine' && (await this.#isReplaced(run))) {
      return this.#close(intent, { state: 'abandoned', error: 'a later run of the file is done' });
    }
    const carried = await carryOut({ ...intent, state: 'intended', error: null }, run, {
      ...this.#carryOut,
      known: await knownRoot(run, journal, datasets().get(run.dataset)),
    });
    if (carried.state === 'disposed') await this.#leaveNote(run, carried.target, datasets().get(run.dataset));
    await this.#close(intent, carried);
  }

  async #close(intent: Intent, carried: Carried): Promise<void> {
    const { journal, logger } = this.#options;
    const error = carried.state === 'disposed' ? null : carried.error;
    const target = carried.state === 'disposed' ? carried.target : null;
    await journal.closeDisposal(intent.runId, carried.state, error, target);
    this.#pending.delete(intent.runId);
    if (intent.target === null) await forgetWitness(intent.runId, this.#carryOut);
    if (carried.state === 'disposed') logger.debug(`${intent.source}: ${intent.kind} done`, { run: intent.runId });
    else logger.warn(`${intent.source}: no ${intent.kind}: ${carried.error}`, { run: intent.runId });
  }

  /** Done stays done; the error is there to be seen, and it is tried again, ever more rarely. */
  async #postpone(pending: Pending, error: string): Promise<void> {
    const { journal, logger, clock } = this.#options;
    const { intent } = pending;
    pending.dueAt = clock.elapsed() + Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** pending.failures);
    pending.failures++;
    if (pending.error === error) return;
    pending.error = error;
    logger.warn(`${intent.source}: the ${intent.kind} must wait: ${error}`, { run: intent.runId });
    await journal.closeDisposal(intent.runId, 'intended', error);
  }

  /** A replay of the very version came to another end: it says what becomes of the file. */
  async #isReplaced(run: Run): Promise<boolean> {
    const latest = await this.#options.journal.latest(run.dataset, run.file);
    return latest !== undefined && latest.id !== run.id && latest.state === 'done' && latest.action !== 'mend';
  }

  async #leaveNote(run: Run, target: string | null, dataset: Dataset | undefined): Promise<void> {
    if (run.state === 'quarantined' && target !== null) {
      const rejects = await this.#firstRejects(run);
      await withTarget(target, run, spot => writeError(spot, run, rejects)).catch((error: unknown) => {
        this.#options.logger.warn(`${target}: no note of why it is there: ${messageOf(error)}`, { run: run.id });
      });
    } else if (dataset) await this.#receipt(run, dataset, target);
  }

  /** Beside its backup (`target`), else beside the file. A folder that can't be written is no failure of the run. */
  async #receipt(run: Run, dataset: Dataset, target: string | null): Promise<void> {
    const file = target ?? join(run.root, run.file);
    if (!dataset.settings.RECEIPT || file.endsWith(NOTE_ENDINGS.receipt)) return;
    const rejects = await this.#firstRejects(run);
    const write = async (spot: Spot | undefined) => spot && writeReceipt(spot, run, rejects);
    const known = await knownRoot(run, this.#options.journal, dataset);
    await (target === null ? withSource(run, known, write) : withTarget(target, run, write)).catch((error: unknown) => {
      this.#options.logger.warn(`${file}: no receipt: ${messageOf(error)}`, { dataset: run.dataset, run: run.id });
    });
  }

  /** None where they can't be read: they are there only to be looked at. */
  #firstRejects(run: Run): Promise<Reject[]> {
    return firstRejects(this.#options.dataDir, run, MOST_REJECTS).catch(() => []);
  }

  #owner(source: string): Dataset | undefined {
    return [...this.#options.datasets().values()].find(({ watchDir }) => source.startsWith(`${watchDir}/`));
  }
}
