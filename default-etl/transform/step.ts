import type { Batch } from '../batch.ts';

/** A step changes a batch, or makes another of it. Rows it takes out are counted in `filtered`, with their numbers. */
export type Step = (batch: Batch) => Batch;
