import type { Dataset } from '../config/dataset.ts';
import type { JobFile } from '../run/job.ts';
import type { AttemptRef } from '../run/runner.ts';
import type { ScheduleContext } from './context.ts';
import type { End } from './ending.ts';
import type { Said } from './progress-recorder.ts';

/** One file of an attempt that is over, and dead. */
export interface Conclusion {
  context: ScheduleContext;
  dataset: Dataset;
  attempt: AttemptRef;
  file: JobFile;
  end: End;
  said: Said;
  /** Resolves once searches find its rows: nobody hears that it is done before. */
  searchable: Promise<void>;
  /** How long it ran, in milliseconds. */
  ranMs: number;
  /** Gives up on a journal that can't be written. */
  shutdown: AbortSignal;
}
