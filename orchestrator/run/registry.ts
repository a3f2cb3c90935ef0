import type { Dataset } from '../config/dataset.ts';
import type { Environment } from '../config/environment.ts';
import type { RunnerPart } from '../config/runners.ts';
import type { Clock } from '../clock.ts';
import { OrchestratorError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Runner, RunUids } from './runner.ts';

/** What runners are made of. */
export interface RunnerContext {
  environment: Environment;
  /** All variables; processes inherit a few of them. */
  variables: Readonly<Record<string, string | undefined>>;
  /** Absolute: the project's root. */
  projectDir: string;
  /** readInstance(DATA_DIR). */
  instance: string;
  uids: RunUids;
  clock: Clock;
  logger: Logger;
  /** Takes secrets out of what a dataset's run has printed. */
  mask(text: string, dataset: string): string;
}

/** A runner, with what it needs beside attempts. None of it throws. */
export interface InstalledRunner {
  readonly runner: Runner;
  /** How its runs are run, for the log: `runs in containers`. */
  readonly manner: string;
  /** Whether RUNNER: auto means this runner. Without it, only a RUNNER that names it does. */
  suits?(dataset: Dataset, question: SuitsQuestion): Promise<Suitability>;
  /** What it depends on, and whether that answers. */
  status?(): Promise<RunnerStatus>;
  /**
   * After each change of the configuration: makes ahead what runs of `chosen`, which this runner would run now, would
   * wait for.
   */
  prepare?(chosen: readonly Dataset[], configured: readonly Dataset[]): Promise<void>;
  /** Why it can't run the dataset, as far as prepare() has found out; else null. */
  problem?(dataset: Dataset): string | null;
  /** Whether a request comes from one of its runs, which the API refuses. */
  isRefused?(address: string): boolean;
  /** Before anything is recovered: what outlived the last orchestrator finds Elasticsearch where it found it. */
  resume?(): Promise<void>;
  /** Closes the runner, and what it needs. Running attempts go on. */
  close(): Promise<void>;
}

export interface Suitability {
  suits: boolean;
  /** For the log: why, or why not. */
  why: string;
}

export interface SuitsQuestion {
  /** Why those that were asked before don't suit. */
  others: readonly string[];
  /** The kind that ran the newest run of a dataset, or of all (null); null where there is none. */
  lastKind(dataset: Dataset | null): Promise<string | null>;
}

export interface RunnerStatus {
  part: RunnerPart;
  isUp: boolean;
  /** Why it is not up, and what to do. */
  message: string | null;
}

export interface RunnerChoice {
  kind: string;
  /** For the log: why, and what would make it another one. */
  reason: string;
}

/** All runners there are, and the choice between them. */
export class RunnerRegistry {
  readonly #installed: ReadonlyMap<string, InstalledRunner>;
  readonly #lastRunner: (dataset: string | null) => Promise<string | null>;
  /** By dataset, the kind that was chosen last. */
  readonly #last = new Map<string, string>();

  /** RUNNER: auto asks them in this order. `lastRunner`: what the journal knows. */
  constructor(installed: readonly InstalledRunner[], lastRunner: (dataset: string | null) => Promise<string | null>) {
    this.#installed = new Map(installed.map(each => [each.runner.kind, each]));
    this.#lastRunner = lastRunner;
  }

  all(): Runner[] {
    return [...this.#installed.values()].map(({ runner }) => runner);
  }

  /** Throws `never` where there is none of this kind. */
  of(kind: string): Runner {
    return this.#of(kind).runner;
  }

  /** The one to start an attempt of the dataset with, and why. */
  async for(dataset: Dataset): Promise<{ runner: Runner; reason: string }> {
    const { kind, reason } = await this.choice(dataset);
    this.#last.set(dataset.name, kind);
    return { runner: this.of(kind), reason };
  }

  /** What a dataset would be run by now, and why. */
  async choice(dataset: Dataset): Promise<RunnerChoice> {
    const { RUNNER } = dataset.settings;
    if (RUNNER !== 'auto') return choiceOf(this.#of(RUNNER), 'RUNNER says so');
    const others: string[] = [];
    const question: SuitsQuestion = { others, lastKind: of => this.#lastKind(of) };
    for (const installed of this.#installed.values()) {
      const answer = await installed.suits?.(dataset, question);
      if (answer?.suits === true) return choiceOf(installed, answer.why);
      if (answer !== undefined) others.push(answer.why);
    }
    throw new OrchestratorError('never', `dataset ${dataset.name}: ${others.join('; ')}; set RUNNER`);
  }

  /** To be called with all that is configured, after each change. */
  async prepare(configured: readonly Dataset[]): Promise<void> {
    const choices = await Promise.all(configured.map(dataset => this.choice(dataset)));
    for (const [kind, installed] of this.#installed) {
      const chosen = configured.filter((_, place) => choices[place]?.kind === kind);
      await installed.prepare?.(chosen, configured);
    }
  }

  /** Why the dataset's runs can't work, as far as is known; else null. */
  problem(dataset: Dataset): string | null {
    for (const installed of this.#installed.values()) {
      const problem = installed.problem?.(dataset) ?? null;
      if (problem !== null) return problem;
    }
    return null;
  }

  /** Of those that depend on something, whether that answers. */
  async status(): Promise<Array<RunnerStatus & { kind: string }>> {
    const asked = [...this.#installed].map(async ([kind, installed]) => {
      const status = await installed.status?.();
      return status === undefined ? [] : [{ kind, ...status }];
    });
    return (await Promise.all(asked)).flat();
  }

  isRefused(address: string): boolean {
    return [...this.#installed.values()].some(each => each.isRefused?.(address) === true);
  }

  async resume(): Promise<void> {
    for (const each of this.#installed.values()) await each.resume?.();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#installed.values()].map(each => each.close()));
  }

  #of(kind: string): InstalledRunner {
    const found = this.#installed.get(kind);
    if (found !== undefined) return found;
    throw new OrchestratorError(
      'never',
      `there is no runner ${kind}; there are ${[...this.#installed.keys()].join(', ')}`,
    );
  }

  async #lastKind(dataset: Dataset | null): Promise<string | null> {
    if (dataset === null) return this.#lastRunner(null);
    const last = this.#last.get(dataset.name) ?? (await this.#lastRunner(dataset.name));
    if (last !== null) this.#last.set(dataset.name, last);
    return last;
  }
}

function choiceOf({ runner, manner }: InstalledRunner, why: string): RunnerChoice {
  return { kind: runner.kind, reason: `${manner}: ${why}` };
}
