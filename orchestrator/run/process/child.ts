import type { Message } from '../../../default-etl/contract/contract.ts';
import type { Outcome } from '../runner.ts';
import { killMembers, type Leader } from './process-group.ts';

/** What was started for an attempt, until it has been followed to its end. */
export interface Child {
  leader: Leader;
  /** Resolves when it has ended, its log is complete, and nothing of it is left. */
  hearOut(onMessage: (message: Message) => void): Promise<Heard>;
  /** Its job is over, and whatever its leader does now is none of its doing. */
  isOver: boolean;
  stopped: Outcome['stopped'];
  unref(): void;
}

/** How it ended, and what it said. */
export type Heard = Omit<Outcome, 'outOfMemory' | 'stopped'>;

/**
 * It has printed too much. At once: in the time of a gentle end it would print more. Where that fails, it is seen when
 * it has ended.
 */
export function stopPrinting(child: Child): void {
  child.stopped ??= 'output';
  if (!child.isOver) void killMembers(child.leader).catch(() => undefined);
}
