import type { Grouping } from '../dashboard.ts';

/** KQL: documents of runs that ended. */
export const RUNS = 'event.kind: "event"';
/** KQL: snapshots of datasets. */
export const STATES = 'event.kind: "state"';

export const EACH_DATASET: Grouping & { by: 'values' } = {
  by: 'values',
  field: 'event.dataset',
  label: 'Dataset',
  size: 100,
  others: false,
  order: 'value',
};

/** Runs, by the hour. */
export const EACH_HOUR: Grouping = { by: 'time', field: '@timestamp', label: 'Hour', interval: '1h' };

/** KQL: runs of which some file's rows were loaded. */
export const LOADED = 'orchestrator.run.state: "done" and not event.action: "delete"';
