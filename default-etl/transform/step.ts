import type { Batch } from '../batch/batch.ts';
import type { Job } from '../contract/settings.ts';
import type { CellWriter } from './cell-writer.ts';

/** A step changes a batch, or makes another of it. Rows it takes out are counted in `filtered`, with their numbers. */
export type Step = (batch: Batch) => Batch;

/** Makes the step for one pass over the file: it may remember rows. */
export type NewStep = (writer: CellWriter) => Step;

/** What steps know of the run. */
export interface StepContext {
  job: Job;
  /** Whether later batches may have other columns than the first: then a column that is missing is no error. */
  columnsVary: boolean;
  /** Says something once, to people. */
  warn(text: string): void;
}

/** What becomes of a value that does not fit. */
export type OnError = 'keep' | 'null' | 'reject';
