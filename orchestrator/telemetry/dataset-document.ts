import type { DatasetSummary } from '../journal/journal.ts';
import { common, type Origin } from './origin.ts';
import type { Document } from './sender.ts';
import { shortened } from './shortened.ts';

/** How a dataset stands. */
export interface Standing {
  summary: DatasetSummary;
  /** What the first of its waiting runs waits for; null where none says so. */
  waitsFor: string | null;
  /** When a run of it was last done, in milliseconds since 1970-01-01 UTC. */
  lastLoad: number | null;
}

const LONGEST_REASON = 1000;

/** Whether something of it waits or runs. */
export function isBusy({ summary: { counts } }: Standing): boolean {
  return counts.settling + counts.queued + counts.running > 0;
}

/** `orchestrator.dataset` of its document. */
export function datasetFields({ summary, waitsFor, lastLoad }: Standing): Record<string, unknown> {
  const { counts, paused, runsFailed, runsToCheck, rowsThere, rowsToMend } = summary;
  return {
    settling: counts.settling,
    queued: counts.queued,
    running: counts.running,
    paused,
    // Never none: a dashboard's last value is that of the last document that has one.
    waits_for: waitsFor === null ? 'nothing' : shortened(waitsFor, LONGEST_REASON),
    failed: runsFailed,
    to_check: runsToCheck,
    rows: rowsThere,
    rows_to_mend: rowsToMend,
    last_load: lastLoad === null ? null : new Date(lastLoad).toISOString(),
  };
}

/** It has no id: it is sent once, and the next one follows soon. */
export function datasetDocument(standing: Standing, { origin, now }: { origin: Origin; now: number }): Document {
  const source = {
    '@timestamp': new Date(now).toISOString(),
    ...common(origin),
    event: { kind: 'state', dataset: standing.summary.dataset },
    orchestrator: { dataset: datasetFields(standing) },
  };
  return { id: null, json: JSON.stringify(source) };
}
