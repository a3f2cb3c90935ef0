import { kindOf } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';

/**
 * Gives up a settling run. Nothing happens where it has been queued meanwhile, by another process or by this one: it is
 * no longer a matter of its file's settling.
 */
export async function unsettle(
  journal: Pick<Journal, 'unsettle'>,
  runId: string,
  reason: string,
  now: number,
): Promise<void> {
  try {
    await journal.unsettle(runId, reason, now);
  } catch (error) {
    if (kindOf(error) !== 'bug') throw error;
  }
}
