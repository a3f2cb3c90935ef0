import { EXIT, type Message } from '../../default-etl/contract/contract.ts';
import { RUNNER_WAIT } from '../async/backoff.ts';
import { at } from '../async/pause.ts';
import { retryWhile, type RetryOptions } from '../async/retry-while.ts';
import type { Dataset } from '../config/dataset.ts';
import { kindOf, messageOf } from '../errors.ts';
import type { Owner } from '../files/rights.ts';
import { FINAL_STATES, type Run } from '../journal/journal.ts';
import { buildJob, inputFolderOf, type JobFile } from '../run/job.ts';
import type { Ahead, AttemptRef, Outcome, Runner, StopReason } from '../run/runner.ts';
import { admit } from './admit.ts';
import { conclude } from './conclude.ts';
import type { ScheduleContext } from './context.ts';
import { brokenBy, type End, type Ending, endingOf, unstarted } from './ending.ts';
import { FileMoved } from './input.ts';
import { takeBackWorkDir, type Tidying, tidyWorkDir } from './left.ts';
import { LongRun } from './long-run.ts';
import { hasCertificate, makeFolders, withInput, withLedger } from './prepare.ts';
import { ProgressRecorder } from './progress-recorder.ts';
import { StartedAttempt } from './started-attempt.ts';
import { attemptPaths } from './work-dir.ts';
import { watchWorkSize } from './work-size.ts';

type Choice = Awaited<ReturnType<ScheduleContext['runners']['for']>>;

export interface AttemptOptions {
  context: ScheduleContext;
  /** As it was when the attempt began: a reload changes nothing of it. */
  dataset: Dataset;
  /** Leased to us. More than one only with RUN_PER: folder. */
  runs: readonly [Run, ...Run[]];
  attempt: AttemptRef;
  /** Aborted when the orchestrator leaves for good: what goes on then is for its next start to find. */
  shutdown: AbortSignal;
}

/** The attempt of a run, or of all runs of its batch. */
export function attemptOf(dataDir: string, runId: string, attempt: number, dataset: string): AttemptRef {
  return { runId, attempt, datasetName: dataset, ...attemptPaths(dataDir, runId, attempt) };
}

/** One attempt from its claim, or its adoption, to its recorded end. */
export class LiveAttempt {
  readonly #options: AttemptOptions;
  readonly #cancelled = new Set<string>();
  #files: JobFile[] = [];
  #stopReason: StopReason | null = null;
  readonly #stopping = new AbortController();
  #started: StartedAttempt | null = null;
  #startedAt: number | null = null;
  /** What waited for it. */
  #ahead: Ahead | undefined;
  readonly #progress: ProgressRecorder;
  readonly #long: LongRun;
  readonly #over = Promise.withResolvers<void>();
  #isOver = false;

  constructor(options: AttemptOptions) {
    this.#options = options;
    this.#progress = new ProgressRecorder(options.context, () => this.#files);
    this.#long = new LongRun(options.context, () => this.#files);
  }

  get dataset(): string {
    return this.#options.dataset.name;
  }

  get ref(): AttemptRef {
    return this.#options.attempt;
  }

  /** What has started it; null before that. */
  get runner(): Runner | null {
    return this.#started?.runner ?? null;
  }

  /** Whether it runs on when the orchestrator stops, for the next start to adopt. */
  get isLeft(): boolean {
    const { STOP = 'leave' } = this.#options.dataset.settings;
    return STOP === 'leave' && this.runner?.adopts === true && !this.#stopReason && !this.#isOver;
  }

  /** Whether it has no time to finish when the orchestrator stops. */
  get endsAtOnce(): boolean {
    return this.#options.dataset.settings.STOP === 'kill';
  }

  /** Resolves when nothing of it runs any more, though its end may not be recorded yet. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  has(runId: string): boolean {
    return this.#options.runs.some(run => run.id === runId);
  }

  /** Starts it and resolves once its end is recorded. Never throws. */
  async start(): Promise<void> {
    const { context, dataset } = this.#options;
    await this.#guarded(async () => {
      const choice = context.runners.for(dataset);
      // That there is none is told only of a file that is to run.
      const runner = await choice.then(
        chosen => chosen.runner,
        () => undefined,
      );
      for (const run of this.#options.runs) {
        const { file, end } = await admit(run, { context, dataset, runner, patience: this.#patience });
        if (end === null) this.#files.push(file);
        else await this.#conclude(file, end);
      }
      if (this.#files.length === 0) return;
      if (this.#stopReason) return this.#concludeAll(unstarted(this.#stopReason));
      try {
        await this.#begin(await choice);
      } catch (error) {
        return await this.#concludeUnstarted(error);
      } finally {
        this.#ahead?.giveBack();
      }
      if (this.#started) await this.#followToEnd(this.#options.context.clock.now());
    });
  }

  /** Takes over what an earlier orchestrator started at `startedAt`. Resolves once its end is recorded. Never throws. */
  async adopt(runner: Runner, handle: string, startedAt: number): Promise<void> {
    await this.#guarded(async () => {
      const { context, dataset, runs } = this.#options;
      for (const run of runs)
        this.#files.push(await retryWhile(() => withLedger(context, dataset, run), this.#patience));
      this.#running(runner, handle);
      await this.#followToEnd(startedAt);
    });
  }

  /** Asks for its end. The first reason counts; `runId`: the one run of the batch that is to be cancelled. */
  stop(reason: StopReason, runId?: string): void {
    if (runId !== undefined) this.#cancelled.add(runId);
    if (this.#stopReason) return;
    this.#stopReason = reason;
    this.#stopping.abort();
    this.#started?.stop(reason);
  }

  async #guarded(life: () => Promise<void>): Promise<void> {
    const { context, shutdown } = this.#options;
    try {
      await life();
    } catch (error) {
      if (shutdown.aborted) return;
      const { runId, attempt, datasetName: dataset } = this.ref;
      const message = `attempt ${attempt} of run ${runId} could not be recorded: ${messageOf(error)}`;
      context.logger.error(message, { dataset, run: runId, error });
    } finally {
      this.#end();
      // Left for the next start to find, it may still go on.
      if (!shutdown.aborted) context.uids.free(this.ref.workDir);
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#over.resolve();
  }

  async #begin({ runner, reason }: Choice): Promise<void> {
    const { context, dataset, attempt } = this.#options;
    const [first] = this.#files as [JobFile, ...JobFile[]];
    this.#ahead = runner.ahead?.({ dataset, inputFolder: inputFolderOf(dataset, first.run) });
    this.#files = await makeFolders(context, dataset, attempt, this.#files, this.#ahead);
    const owner = this.#ahead?.owner ?? context.uids.take(attempt.workDir);
    await this.#placeInputs(owner);
    if (this.#files.length === 0) return tidyWorkDir(attempt.workDir, false, this.#tidying());
    // Ours shrinks as its files are concluded.
    const files = [...this.#files] as [JobFile, ...JobFile[]];
    const connections = await context.connections.open({
      attempt,
      dataset,
      owner,
      ledgers: files.map(({ ledger }) => ledger),
      runner,
    });
    const handle = await runner.start(
      buildJob({
        dataset,
        connections,
        hasCertificate: hasCertificate(context),
        attempt,
        files,
        owner,
        ahead: this.#ahead,
        isRefreshedLater: context.refreshes.cover(dataset),
      }),
    );
    this.#running(runner, handle);
    context.logger.debug(`${dataset.name}/${first.run.file}: attempt ${attempt.attempt} started, ${reason}`, {
      dataset: dataset.name,
      run: attempt.runId,
    });
  }

  /** What is another version by now ends here, as if that had been seen before. */
  async #placeInputs(owner: Owner): Promise<void> {
    const { context, dataset, attempt } = this.#options;
    const { signal } = this.#stopping;
    for (const file of this.#files.slice()) {
      const place = this.#files.indexOf(file);
      try {
        this.#files[place] = await withInput(context, dataset, attempt, file, { owner, signal });
      } catch (error) {
        if (!(error instanceof FileMoved)) throw error;
        this.#files.splice(place, 1);
        await this.#conclude(file, { how: 'changed', error: messageOf(error) });
      }
    }
  }

  #running(runner: Runner, handle: string): void {
    const { attempt, context } = this.#options;
    this.#started = new StartedAttempt({ runner, handle, attempt, patience: this.#patience, logger: context.logger });
    if (this.#stopReason) this.#started.stop(this.#stopReason);
  }

  async #followToEnd(startedAt: number): Promise<void> {
    const { context, dataset, shutdown } = this.#options;
    const started = this.#started as StartedAttempt;
    this.#startedAt = startedAt;
    const callOff = at(context.clock, startedAt + dataset.timeoutMs, () => this.stop('timeout'));
    const unwatch = this.#watchWorkSize();
    this.#long.begin();
    try {
      if (started.runner.adopts) await this.#recordHandle(started);
      const outcome = await started.follow(message => this.#hear(message));
      this.#end();
      this.#long.end();
      await this.#progress.end();
      await this.#concludeAll(outcome);
    } catch (error) {
      if (shutdown.aborted || this.#files.length === 0) throw error;
      // Lost: nothing may start for these paths before it is seen dead.
      await started.kill('shutdown');
      await this.#concludeFailed(error);
    } finally {
      callOff();
      unwatch();
      this.#long.end();
    }
  }

  /** By which the next start finds it. */
  async #recordHandle({ runner, handle }: StartedAttempt): Promise<void> {
    const { journal } = this.#options.context;
    for (const { run } of this.#files) {
      await retryWhile(() => journal.started(run, runner.kind, handle), this.#patience);
    }
  }

  #hear(message: Message): void {
    this.#progress.hear(message);
    if (message.type === 'progress') this.#long.hear(message);
  }

  /** A copy of the file that lies there is not its doing. */
  #watchWorkSize(): () => void {
    const { context, dataset, attempt } = this.#options;
    const copies = this.#files.map(({ run }) => run.fileVersion?.sizeBytes ?? 0);
    const mostBytes = copies.reduce((sum, bytes) => sum + bytes, dataset.limits.workBytes);
    const { workDir } = attempt;
    return watchWorkSize({ workDir, mostBytes, clock: context.clock, onExceeded: () => this.stop('disk') });
  }

  /** While the engine is away, it is waited for. */
  get #patience(): RetryOptions {
    const { context, shutdown } = this.#options;
    return { clock: context.clock, backoff: RUNNER_WAIT, signal: shutdown, onWait: warnOnce(context, this.ref) };
  }

  async #concludeAll(outcome: Outcome): Promise<void> {
    const searchable = this.#makeSearchable(outcome);
    await this.#concludeEach(file => ({ how: 'ran', ending: this.#endingOf(file, outcome) }), searchable);
  }

  #endingOf({ run }: JobFile, outcome: Outcome): Ending {
    const ending = endingOf(outcome, this.#options.dataset.settings.RUN_PER === 'folder' ? run.file : null);
    // One file of a folder was cancelled: the others start over.
    const isBystander = ending.stopped === 'cancel' && this.#cancelled.size > 0 && !this.#cancelled.has(run.id);
    return isBystander ? { ...ending, stopped: 'shutdown' } : ending;
  }

  /** Meanwhile its end is made ready to be recorded. A run of some files may have failed in others. */
  async #makeSearchable({ exitCode, results }: Outcome): Promise<void> {
    const { context, dataset } = this.#options;
    if (!context.refreshes.cover(dataset) || (exitCode !== EXIT.done && results.length === 0)) return;
    const indices = new Set(this.#files.map(({ ledger }) => ledger.index));
    await Promise.all([...indices].map(index => context.refreshes.refresh(index)));
  }

  async #concludeUnstarted(error: unknown): Promise<void> {
    if (!this.#stopping.signal.aborted) return this.#concludeFailed(error);
    await this.#concludeAll(unstarted(this.#stopReason as StopReason));
  }

  async #concludeFailed(error: unknown): Promise<void> {
    const { runId, datasetName: dataset } = this.ref;
    if (kindOf(error) === 'bug') {
      this.#options.context.logger.error(messageOf(error), { dataset, run: runId, error });
    }
    await this.#concludeEach(() => brokenBy(error));
  }

  async #concludeEach(endOf: (file: JobFile) => End, searchable?: Promise<void>): Promise<void> {
    await this.#options.context.connections.close(this.ref);
    await takeBackWorkDir(this.ref.workDir);
    let keepRejects = false;
    let allRecorded = true;
    for (let file = this.#files.shift(); file; file = this.#files.shift()) {
      const ended = await this.#conclude(file, endOf(file), searchable);
      if (ended?.id === this.ref.runId) keepRejects = FINAL_STATES.includes(ended.state);
      allRecorded &&= ended !== undefined;
    }
    // The next start reads there what may have been sent.
    if (allRecorded) await tidyWorkDir(this.ref.workDir, keepRejects, this.#tidying());
  }

  #tidying(): Tidying {
    const { context, dataset, attempt, shutdown } = this.#options;
    const warn = (text: string) => context.logger.warn(text, { dataset: dataset.name, run: attempt.runId });
    const ahead = this.#ahead;
    return { warn, signal: shutdown, ...(ahead && { take: workDir => ahead.takeWorkDir(workDir) }) };
  }

  /** One file that can't be concluded doesn't keep the others from it. */
  async #conclude(file: JobFile, end: End, searchable: Promise<void> = Promise.resolve()): Promise<Run | undefined> {
    const { context, dataset, attempt, shutdown } = this.#options;
    const ranMs = this.#startedAt === null ? 0 : context.clock.now() - this.#startedAt;
    const said = this.#progress.saidOf(file.run.id);
    try {
      return await conclude({ context, dataset, attempt, file, end, said, searchable, ranMs, shutdown });
    } catch (error) {
      const message = `the end of run ${file.run.id} could not be recorded: ${messageOf(error)}`;
      context.logger.error(message, { dataset: dataset.name, run: file.run.id, error });
      return undefined;
    }
  }
}

function warnOnce(
  { logger }: ScheduleContext,
  { runId, datasetName: dataset }: AttemptRef,
): (error: unknown, failures: number) => void {
  return (error, failures) => {
    if (failures === 1) logger.warn(`run ${runId} waits: ${messageOf(error)}`, { dataset, run: runId });
  };
}
