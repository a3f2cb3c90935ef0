import { EXIT, type Message } from '../../default-etl/contract/contract.ts';
import type { Dataset } from '../config/dataset.ts';
import { kindOf, messageOf } from '../errors.ts';
import type { Owner } from '../files/rights.ts';
import { FINAL_STATES, type Finish, type Run, knownRoot } from '../journal/journal.ts';
import { buildJob, inputFolderOf, type JobFile } from '../run/job.ts';
import type { Ahead, AttemptRef, Outcome, Runner, StopReason } from '../run/runner.ts';
import { Asides } from './progress-recorder.ts';
import { RUNNER_WAIT } from './backoff.ts';
import { conclude, type Conclusion } from './conclude.ts';
import type { ScheduleContext } from './context.ts';
import { decide, decideMoved, decideRunnerError, endingOf, NO_ROWS, type Situation, unstarted } from './decide.ts';
import { at, persist } from '../async/pause.ts';
import { FileMoved } from './input.ts';
import { isLakeDeletion } from './lake.ts';
import { LongRun } from './long-run.ts';
import { pathNow } from './path-now.ts';
import { hasCertificate, makeFolders, withInput, withLedger, withoutLedger } from './prepare.ts';
import { watchWorkSize } from './work-size.ts';
import { takeBackWorkDir, type Tidying, tidyWorkDir } from './left.ts';
import { attemptPaths } from './work-dir.ts';

/** How often a log that can't be read is asked for after its attempt was stopped. */
const FOLLOWED_DEAD = 2;
/** Where nothing ran there are no new rows. */
const NEVER_RAN = { exitCode: null, searchable: Promise.resolve() };

type Choice = Awaited<ReturnType<ScheduleContext['runners']['for']>>;

export interface AttemptOptions {
  context: ScheduleContext;
  /** As it was when the attempt began: a reload changes nothing of it. */
  dataset: Dataset;
  /** Leased to us. More than one only with RUN_PER: folder. */
  runs: readonly [Run, ...Run[]];
  attempt: AttemptRef;
  /** Aborted when the orchestrator leaves for good: what goes on then is for its next start to find. */
  leave: AbortSignal;
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
  #started: { runner: Runner; handle: string } | null = null;
  #startedAt: number | null = null;
  /** What waited for it. */
  #ahead: Ahead | undefined;
  /** Seen so after it was to be stopped. */
  #isDead = false;
  readonly #asides: Asides;
  readonly #long: LongRun;
  readonly #over = Promise.withResolvers<void>();
  #isOver = false;

  constructor(options: AttemptOptions) {
    this.#options = options;
    this.#asides = new Asides(options.context, () => this.#files);
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
      for (const run of this.#options.runs) await this.#admit(run, runner);
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
      for (const run of runs) this.#files.push(await this.#patiently(() => withLedger(context, dataset, run)));
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
    if (this.#started) this.#halt(reason);
  }

  async #guarded(life: () => Promise<void>): Promise<void> {
    const { context, leave } = this.#options;
    try {
      await life();
    } catch (error) {
      if (leave.aborted) return;
      const { runId, attempt, datasetName: dataset } = this.ref;
      const message = `attempt ${attempt} of run ${runId} could not be recorded: ${messageOf(error)}`;
      context.logger.error(message, { dataset, run: runId, error });
    } finally {
      this.#end();
      // Left for the next start to find, it may still go on.
      if (!leave.aborted) context.uids.free(this.ref.workDir);
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#over.resolve();
  }

  /** A run whose path holds something else by now ends here; the others get their key. */
  async #admit(run: Run, runner: Runner | undefined): Promise<void> {
    const { context, dataset, leave } = this.#options;
    let file: JobFile;
    await context.disposer.released(run);
    try {
      [file] = await this.#patiently(() =>
        Promise.all([withLedger(context, dataset, run), runner && this.#recordStart(run, runner, '')]),
      );
    } catch (error) {
      if (leave.aborted) throw error;
      await this.#conclude(withoutLedger(run), situation =>
        decideRunnerError(kindOf(error), messageOf(error), situation),
      );
      return;
    }
    const path = await pathNow(dataset, run, await knownRoot(run, context.journal, dataset));
    const sentRows = run.attempt > 1 && file.ledger.fileRows > 0;
    const moved = decideMoved(null, { run, path, sentRows });
    if (!moved && path === 'unknown') return this.#waitForRoot(file);
    if (!moved && isLakeDeletion(dataset, run)) {
      await this.#conclude(file, () => ({ to: 'done', rows: NO_ROWS, error: null }));
      return;
    }
    if (moved) await this.#conclude(file, () => moved);
    else this.#files.push(file);
  }

  /** A container would be given an empty folder in its place. */
  async #waitForRoot(file: JobFile): Promise<void> {
    const { root, readFrom } = file.run;
    const problem =
      readFrom === null
        ? `WATCH_DIR ${root} is not there, is another folder than was watched, or can't be looked into; mount it,`
        : `${readFrom} can't be looked at: mount its folder,`;
    const error = `${problem} or give uid ${process.getuid?.()} read access`;
    await this.#conclude(file, situation => decideRunnerError('wait', error, situation));
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
    const reach = (nodes: readonly string[]) => runner.reach(dataset, nodes);
    const connections = await context.connections.open({
      attempt,
      dataset,
      owner,
      ledgers: files.map(({ ledger }) => ledger),
      runner: runner.kind,
      reach,
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
        const wait = (situation: Situation) => decideRunnerError('wait', messageOf(error), situation);
        await this.#conclude(file, situation => decideMoved(null, situation) ?? wait(situation));
      }
    }
  }

  #running(runner: Runner, handle: string): void {
    this.#started = { runner, handle };
    if (this.#stopReason) this.#halt(this.#stopReason);
  }

  /** Before anything of it is there, so that whoever comes after a crash knows where to look for it; `handle`: once it has one. */
  #recordStart(run: Run, { kind }: Runner, handle: string): Promise<void> {
    return this.#patiently(() => this.#options.context.journal.started(run, kind, handle));
  }

  async #followToEnd(startedAt: number): Promise<void> {
    const { context, dataset, attempt, leave } = this.#options;
    const { runner, handle } = this.#started as { runner: Runner; handle: string };
    this.#startedAt = startedAt;
    const callOff = at(context.clock, startedAt + dataset.timeoutMs, () => this.stop('timeout'));
    const unwatch = this.#watchWorkSize();
    this.#long.begin();
    try {
      if (runner.adopts) for (const { run } of this.#files) await this.#recordStart(run, runner, handle);
      const outcome = await this.#heardOut(() => runner.follow(handle, attempt, message => this.#hear(message)));
      this.#end();
      this.#long.end();
      await this.#asides.end();
      await this.#concludeAll(outcome);
    } catch (error) {
      if (leave.aborted || this.#files.length === 0) throw error;
      // Lost: nothing may start for these paths before it is seen dead.
      await this.#patiently(() => runner.stop(handle, attempt, 'shutdown'));
      await this.#concludeFailed(error);
    } finally {
      callOff();
      unwatch();
      this.#long.end();
    }
  }

  #hear(message: Message): void {
    this.#asides.hear(message);
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
  #patiently<T>(action: () => Promise<T>, again = isAway): Promise<T> {
    const { context, leave } = this.#options;
    return persist(action, {
      clock: context.clock,
      backoff: RUNNER_WAIT,
      signal: leave,
      again,
      onWait: warnOnce(context, this.ref),
    });
  }

  /** Once it was stopped and is dead, what it said is not asked for without end. */
  async #heardOut(follow: () => Promise<Outcome>): Promise<Outcome> {
    let left = FOLLOWED_DEAD;
    try {
      return await this.#patiently(follow, error => isAway(error) && (!this.#isDead || left-- > 0));
    } catch (error) {
      if (!this.#isDead || !isAway(error) || this.#options.leave.aborted) throw error;
      return unstarted(this.#stopReason as StopReason);
    }
  }

  #halt(reason: StopReason): void {
    const { runner, handle } = this.#started as { runner: Runner; handle: string };
    this.#patiently(() => runner.stop(handle, this.ref, reason)).then(
      () => (this.#isDead = true),
      (error: unknown) => {
        // Then it is for the next start to find.
        if (this.#options.leave.aborted) return;
        const message = `run ${this.ref.runId} could not be stopped: ${messageOf(error)}`;
        this.#options.context.logger.error(message, { error });
      },
    );
  }

  async #concludeAll(outcome: Outcome): Promise<void> {
    const folder = this.#options.dataset.settings.RUN_PER === 'folder';
    const searchable = this.#makeSearchable(outcome);
    await this.#concludeEach(
      file => {
        const ending = endingOf(outcome, folder ? file.run.file : null);
        // One file of a folder was cancelled: the others start over.
        const bystander = ending.stopped === 'cancel' && this.#cancelled.size > 0 && !this.#cancelled.has(file.run.id);
        const own = bystander ? { ...ending, stopped: 'shutdown' as const } : ending;
        return { exitCode: own.exitCode, judge: situation => decide(own, situation) };
      },
      { searchable },
    );
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
    const kind = kindOf(error);
    const { runId, datasetName: dataset } = this.ref;
    if (kind === 'bug') this.#options.context.logger.error(messageOf(error), { dataset, run: runId, error });
    await this.#concludeEach(() => ({
      exitCode: null,
      judge: situation => decideRunnerError(kind, messageOf(error), situation),
    }));
  }

  async #concludeEach(
    ending: (file: JobFile) => { exitCode: number | null; judge: (situation: Situation) => Finish },
    { searchable }: Pick<Conclusion, 'searchable'> = NEVER_RAN,
  ): Promise<void> {
    await this.#options.context.connections.close(this.ref);
    await takeBackWorkDir(this.ref.workDir);
    let keepRejects = false;
    let allRecorded = true;
    for (let file = this.#files.shift(); file; file = this.#files.shift()) {
      const { exitCode, judge } = ending(file);
      const ended = await this.#conclude(file, judge, { exitCode, searchable });
      if (ended?.id === this.ref.runId) keepRejects = FINAL_STATES.includes(ended.state);
      allRecorded &&= ended !== undefined;
    }
    // The next start reads there what may have been sent.
    if (allRecorded) await tidyWorkDir(this.ref.workDir, keepRejects, this.#tidying());
  }

  #tidying(): Tidying {
    const { context, dataset, attempt, leave } = this.#options;
    const warn = (text: string) => context.logger.warn(text, { dataset: dataset.name, run: attempt.runId });
    const ahead = this.#ahead;
    return { warn, signal: leave, ...(ahead && { take: workDir => ahead.takeWorkDir(workDir) }) };
  }

  /** One file that can't be concluded doesn't keep the others from it. */
  async #conclude(
    file: JobFile,
    judge: (situation: Situation) => Finish,
    { exitCode, searchable }: Pick<Conclusion, 'exitCode' | 'searchable'> = NEVER_RAN,
  ): Promise<Run | undefined> {
    const { context, dataset, attempt, leave } = this.#options;
    try {
      const ranMs = this.#startedAt === null ? 0 : context.clock.now() - this.#startedAt;
      const decisions = this.#asides.decisionsOf(file.run.id);
      const toCheck = this.#asides.toCheckOf(file.run.id);
      const sketch = this.#asides.sketchOf(file.run.id);
      const said = { exitCode, searchable, decisions, toCheck, sketch };
      return await conclude({ context, dataset, attempt, file, ...said, ranMs, judge, leave });
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

function isAway(error: unknown): boolean {
  return kindOf(error) === 'wait';
}
