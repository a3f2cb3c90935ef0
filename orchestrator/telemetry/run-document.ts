import type { Run, RunState } from '../journal/journal.ts';
import { common, type Origin } from './origin.ts';
import type { Document } from './sender.ts';
import { shortened } from './shortened.ts';

export interface RunDocumentOptions {
  origin: Origin;
  /** Takes the dataset's secrets out of a text. */
  mask(text: string, dataset: string): string;
}

/** Characters. */
const LONGEST_ERROR = 1000;
const LONGEST_SENTENCE = 500;
const MOST_SENTENCES = 20;
const NANOSECONDS_PER_MS = 1_000_000;

const OUTCOMES: Partial<Record<RunState, string>> = { done: 'success', failed: 'failure', quarantined: 'failure' };

/** A run that has ended. Its id is the document's: a run ends once. */
export function runDocument(run: Run, { origin, mask }: RunDocumentOptions): Document {
  const text = (value: string, most: number) => shortened(mask(value, run.dataset), most);
  const durationMs = between(run.startedAt, run.endedAt);
  const source = {
    '@timestamp': isoTime(run.endedAt),
    ...common(origin),
    event: {
      kind: 'event',
      dataset: run.dataset,
      action: run.action,
      outcome: OUTCOMES[run.state] ?? 'unknown',
      start: isoTime(run.startedAt),
      end: isoTime(run.endedAt),
      duration: durationMs === null ? null : durationMs * NANOSECONDS_PER_MS,
    },
    file: { path: text(run.file, LONGEST_ERROR), size: run.fileVersion?.sizeBytes ?? null },
    ...(run.error !== null && { error: { message: text(run.error, LONGEST_ERROR) } }),
    orchestrator: {
      run: {
        id: run.id,
        state: run.state,
        runner: run.runner,
        attempts: run.attempt,
        retries: run.retriesUsed,
        rows: run.rows,
        values_left_out: run.valuesLeftOut,
        to_check: run.toCheck.slice(0, MOST_SENTENCES).map(sentence => text(sentence, LONGEST_SENTENCE)),
        wait_ms: between(run.queuedAt, run.startedAt),
        duration_ms: durationMs,
        index: run.index,
        replay_of: run.replayOf,
      },
    },
  };
  return { id: run.id, json: JSON.stringify(source) };
}

/** Milliseconds; none are less than 0, though clocks are set back. */
function between(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : Math.max(0, to - from);
}

function isoTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
