import type { Clock } from '../clock.ts';
import type { Dataset } from '../config/dataset.ts';
import type { Environment } from '../config/environment.ts';
import type { Finish, Journal, Run } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import type { Connections, Refreshes, Runner, RunUids } from '../run/runner.ts';

/** Who runs what. */
export interface Runners {
  /** The dataset's, and why it is this one. Throws `wait` where none can be had now, `never` where none ever can. */
  for(dataset: Dataset): Promise<{ runner: Runner; reason: string }>;
  /** The one that an attempt was started with. */
  of(kind: string): Runner;
  all(): Runner[];
}

/** What is done with a file once its run has ended. */
export interface Disposer {
  /** Writes down what will become of the file if the run ends like this; nothing is touched before it has. */
  intend(run: Run, dataset: Dataset, finish: Finish): Promise<void>;
  /** The run has ended: what was written down for it is carried out, soon. */
  ended(run: Run, dataset: Dataset): void;
  /**
   * Resolves once nothing that had the path of this run before is just being taken away: until that is written down,
   * its rows count as replaced by the run's.
   */
  released(run: Run): Promise<void>;
}

/** What every part of the scheduler is given. */
export interface ScheduleContext {
  journal: Journal;
  runners: Runners;
  uids: RunUids;
  /** What attempts connect to their target with. */
  connections: Connections;
  refreshes: Refreshes;
  /** What is configured now, by name. */
  datasets: () => ReadonlyMap<string, Dataset>;
  /** Names this orchestrator process in leases. */
  holder: string;
  environment: Pick<Environment, 'dataDir' | 'elasticsearch' | 'concurrency' | 'minFreeBytes'>;
  disposer: Disposer;
  clock: Clock;
  logger: Logger;
}

/** A lease is prolonged three times in this while. */
export const LEASE_MS = 30_000;
