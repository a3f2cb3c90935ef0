import { RUNNER_WAIT } from '../async/backoff.ts';
import { retryWhile } from '../async/retry-while.ts';
import type { Dataset } from '../config/dataset.ts';
import { messageOf } from '../errors.ts';
import type { AttemptRef, Runner } from '../run/runner.ts';
import type { ScheduleContext } from './context.ts';
import type { Places } from './places.ts';
import { type Orphan, recoverOrphan, requeueDead, takeOrphans } from './recover.ts';

export interface RecoveryOptions {
  context: ScheduleContext;
  /** What goes on keeps its place. */
  places: Places;
  /** Follows an attempt that goes on as if we had started it. */
  follow(orphan: Orphan, dataset: Dataset, how: { runner: Runner; handle: string }): void;
  /** Whether an attempt is one of ours. */
  isLive(runId: string, attempt: number): boolean;
  /** Of an orphan it is known what became of it. */
  onRecovered(): void;
}

/** Looks after what an earlier orchestrator left. */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #orphans = new Set<Orphan>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Attempts of which it isn't known yet what became of them. */
  get orphans(): ReadonlySet<Orphan> {
    return this.#orphans;
  }

  /** Resolves once it is known what there is to look after; nothing may be started before. */
  async begin(): Promise<void> {
    const { context, places } = this.#options;
    const { uids, environment, runners, connections } = context;
    const orphans = await takeOrphans(context);
    // Who goes on keeps its uid, whatever became of the memory of it.
    for (const { ref } of orphans) uids.recall(ref.workDir);
    uids.forgetOthers(environment.dataDir);
    for (const orphan of orphans) {
      this.#orphans.add(orphan);
      const { promise, resolve } = Promise.withResolvers<void>();
      places.occupy(orphan.ref.datasetName, promise);
      this.#lookAfter(this.#recover(orphan).then(resolve));
    }
    for (const runner of runners.all()) this.#lookAfter(this.#sweep(runner));
    this.#lookAfter(connections.sweep(this.#isKnown));
  }

  /** Waits for nothing that is away any more; the rest is for the next start. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Resolves when nothing is under way. */
  async ended(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #lookAfter(work: Promise<void>): void {
    const ended = work.catch((error: unknown) => {
      if (this.#stopping.signal.aborted) return;
      const { logger } = this.#options.context;
      logger.error(`what an earlier orchestrator left can't be cleared: ${messageOf(error)}`, { error });
    });
    this.#underWay.add(ended);
    void ended.then(() => this.#underWay.delete(ended));
  }

  async #recover(orphan: Orphan): Promise<void> {
    const { context, follow, onRecovered } = this.#options;
    const { ref, runs, runner } = orphan;
    const recovered = await recoverOrphan(context, orphan, this.#stopping.signal);
    const dataset = context.datasets().get(ref.datasetName);
    // rule 10: the scheduler goes on with what is adopted
    if (runner && recovered.state === 'adopt' && dataset) {
      for (const run of runs) await context.journal.adopt(run);
      this.#tellAdopted(orphan, runner);
      follow(orphan, dataset, { runner, handle: recovered.handle });
    } else {
      // Nobody can say any more what its end would mean.
      if (runner && recovered.state === 'adopt') await endAdoptable(runner, recovered.handle, ref);
      await requeueDead(context, orphan, this.#stopping.signal);
    }
    this.#orphans.delete(orphan);
    onRecovered();
  }

  #tellAdopted({ ref, runs }: Orphan, { kind }: Runner): void {
    const where = kind === 'docker' ? 'its container' : 'what ran it';
    const file = `${runs[0].file}${runs.length > 1 ? ` and ${runs.length - 1} more` : ''}`;
    this.#options.context.logger.info(`${file}: ${where} went on while no orchestrator ran, and is followed again`, {
      dataset: ref.datasetName,
      run: ref.runId,
    });
  }

  /** Whether this attempt goes on, or may do. */
  readonly #isKnown = (runId: string, attempt: number): boolean =>
    this.#options.isLive(runId, attempt) ||
    [...this.#orphans].some(({ ref }) => ref.runId === runId && ref.attempt === attempt);

  async #sweep(runner: Runner): Promise<void> {
    const { clock, logger } = this.#options.context;
    const patience = { clock, backoff: RUNNER_WAIT, signal: this.#stopping.signal };
    const removed = await retryWhile(() => runner.sweep(this.#isKnown), patience);
    if (removed > 0) logger.info(`what was left of earlier attempts was removed (${runner.kind}, ${removed})`);
  }
}

async function endAdoptable(runner: Runner, handle: string, ref: AttemptRef): Promise<void> {
  await runner.stop(handle, ref, 'shutdown');
  await runner.follow(handle, ref, () => undefined);
}
