import type { Clock } from '../clock.ts';
import type { Dataset } from '../config/dataset.ts';
import type { Journal } from '../journal/journal.ts';
import { createYielder } from '../async/yielder.ts';
import type { NameRules } from './names.ts';
import { unsettle } from './unsettle.ts';

export interface LeftoversRequest {
  dataset: Dataset;
  journal: Pick<Journal, 'runs' | 'unsettle'>;
  clock: Clock;
  rules: NameRules;
  /** Whether this process waits for the file. */
  isSettling: (path: string) => boolean;
  signal: AbortSignal;
}

/** Gives up the files that were settling when the last process ended, and are not to be taken now. */
export async function dropLeftovers(request: LeftoversRequest): Promise<void> {
  const { dataset, journal, clock, rules, isSettling, signal } = request;
  const breathe = createYielder();
  let cursor: string | undefined;
  do {
    const page = await journal.runs({
      dataset: dataset.name,
      states: ['settling'],
      limit: 1000,
      ...(cursor && { cursor }),
    });
    for (const run of page.items) {
      await breathe();
      if (run.root !== dataset.watchDir || isSettling(run.file)) continue;
      const reason = rules.refuseFile(run.file);
      await unsettle(journal, run.id, reason === null ? 'the file is gone' : `the file ${reason}`, clock.now());
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && !signal.aborted);
}
