import type { Readable } from 'node:stream';
import type { Dataset } from '../config/dataset.ts';
import { OrchestratorError } from '../errors.ts';
import type { Journal, Run } from '../journal/journal.ts';
import { mendRejects } from './mend.ts';
import { replayRun } from './replay.ts';

export interface ActionsOptions {
  journal: Journal;
  /** What is configured now, by name. */
  datasets(): ReadonlyMap<string, Dataset>;
  dataDir: string;
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
}

/** What people may ask the service for, as the API has it. Refusals are errors of kind `never`. */
export function createActions({ journal, datasets, dataDir, now }: ActionsOptions) {
  return {
    cancel: (id: string) => journal.cancel(id, now()),
    async replay(id: string) {
      const run = await journal.run(id);
      if (run === undefined) throw new OrchestratorError('never', `there is no run ${id}`);
      return replayRun(run, { journal, dataset: datasets().get(run.dataset), dataDir, now: now() });
    },
    mend: (run: Run, content: Readable, signal: AbortSignal) =>
      mendRejects({ journal, dataDir, run, content, now: now(), signal }),
    pause: (dataset: string, paused: boolean) => journal.pause(dataset, paused),
    acknowledge: (id: string) => journal.acknowledge(id, now()),
    acknowledgeAll: (dataset: string) => journal.acknowledgeAll(dataset, now()),
  };
}
