import type { Message } from '../../default-etl/contract/contract.ts';
import { isAway, retryWhile, type RetryOptions } from '../async/retry-while.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { AttemptRef, Outcome, Runner, StopReason } from '../run/runner.ts';
import { unstarted } from './ending.ts';

/** How often a log that can't be read is asked for after its attempt was stopped. */
const FOLLOWED_DEAD = 2;

export interface StartedOptions {
  runner: Runner;
  handle: string;
  attempt: AttemptRef;
  /** While the engine is away, it is waited for. */
  patience: RetryOptions;
  logger: Logger;
}

/** An attempt that a runner has started, until it is seen dead. */
export class StartedAttempt {
  readonly runner: Runner;
  readonly handle: string;
  readonly #options: StartedOptions;
  #stopReason: StopReason | null = null;
  /** Seen so after it was to be stopped. */
  #isDead = false;

  constructor(options: StartedOptions) {
    this.#options = options;
    this.runner = options.runner;
    this.handle = options.handle;
  }

  /** Resolves when it has ended. Once it was stopped and is dead, what it said is not asked for without end. */
  async follow(onMessage: (message: Message) => void): Promise<Outcome> {
    const { runner, handle, attempt, patience } = this.#options;
    let left = FOLLOWED_DEAD;
    const isWorthIt = (error: unknown): boolean => isAway(error) && (!this.#isDead || left-- > 0);
    try {
      return await retryWhile(() => runner.follow(handle, attempt, onMessage), { ...patience, isWorthIt });
    } catch (error) {
      if (!this.#isDead || !isAway(error) || patience.signal.aborted) throw error;
      return unstarted(this.#stopReason as StopReason);
    }
  }

  /** Resolves when it is seen dead. */
  async kill(reason: StopReason): Promise<void> {
    const { runner, handle, attempt, patience } = this.#options;
    await retryWhile(() => runner.stop(handle, attempt, reason), patience);
  }

  /** Asks for its end; follow() tells it. */
  stop(reason: StopReason): void {
    this.#stopReason = reason;
    this.kill(reason).then(
      () => (this.#isDead = true),
      (error: unknown) => {
        const { attempt, patience, logger } = this.#options;
        // Then it is for the next start to find.
        if (patience.signal.aborted) return;
        logger.error(`run ${attempt.runId} could not be stopped: ${messageOf(error)}`, { error });
      },
    );
  }
}
