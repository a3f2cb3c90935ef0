import type { Container } from 'dockerode';
import type { Clock } from '../../clock.ts';
import { statusOf } from '../../errors.ts';
import { isMissing } from './engine-errors.ts';

const ATTEMPTS = 5;
const PAUSE_MS = 200;

/**
 * Removes a container, running or not, with its anonymous volumes, and sees it gone. Throws what the client throws
 * after five attempts.
 */
export async function removeContainer(container: Container, clock: Clock): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await container.remove({ force: true, v: true });
      return;
    } catch (error) {
      if (isMissing(error)) return;
      // No answer at all is for the caller; a conflict is a removal under way.
      if (statusOf(error) === undefined || attempt === ATTEMPTS) throw error;
      await new Promise<void>(resolve => void clock.after(PAUSE_MS * attempt, resolve));
    }
  }
}
