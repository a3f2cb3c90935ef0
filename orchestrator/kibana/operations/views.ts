import type { DataView, FieldFormat } from '../dashboard.ts';

export interface ViewsOptions {
  /** Where browsers reach the orchestrator's page, without a slash at its end; null: runs have no links. */
  pageUrl: string | null;
}

const WHOLE: FieldFormat = { as: 'number', pattern: '0,0' };
const MILLISECONDS: FieldFormat = { as: 'duration', unit: 'milliseconds' };

/**
 * Runs that ended (`event.kind: event`), and how datasets stand (`event.kind: state`): telemetry/README.md says what
 * each field means. Every dashboard that shows them has this very view.
 */
export function runsView({ pageUrl }: ViewsOptions): DataView {
  return {
    key: 'operations/runs',
    pattern: 'metrics-orchestrator.runs-default',
    name: 'Orchestrator: runs',
    timeField: '@timestamp',
    types: {
      '@timestamp': 'date',
      'event.duration': 'long',
      'file.size': 'long',
      ...longs('orchestrator.run', [
        'attempts',
        'retries',
        'rows.read',
        'rows.loaded',
        'rows.rejected',
        'rows.filtered',
        'rows.deleted',
        'values_left_out',
        'wait_ms',
        'duration_ms',
      ]),
      ...longs('orchestrator.dataset', ['settling', 'queued', 'running', 'failed', 'to_check', 'rows', 'rows_to_mend']),
      'orchestrator.dataset.paused': 'boolean',
      'orchestrator.dataset.last_load': 'date',
    },
    formats: {
      'file.size': { as: 'bytes' },
      'orchestrator.run.wait_ms': MILLISECONDS,
      'orchestrator.run.duration_ms': MILLISECONDS,
      'orchestrator.run.rows.read': WHOLE,
      'orchestrator.run.rows.loaded': WHOLE,
      'orchestrator.run.rows.rejected': WHOLE,
      'orchestrator.run.rows.filtered': WHOLE,
      'orchestrator.run.rows.deleted': WHOLE,
      'orchestrator.dataset.rows': WHOLE,
      'orchestrator.dataset.rows_to_mend': WHOLE,
      ...linkToRun('orchestrator.run.id', pageUrl),
      ...linkToRun('orchestrator.run.replay_of', pageUrl),
    },
  };
}

/** The log of the orchestrator, and what runs printed. */
export function logView({ pageUrl }: ViewsOptions): DataView {
  return {
    key: 'operations/log',
    pattern: 'logs-orchestrator-default',
    name: 'Orchestrator: log',
    timeField: '@timestamp',
    types: { '@timestamp': 'date', message: 'text', 'event.duration': 'long', 'event.sequence': 'long' },
    formats: linkToRun('labels.run_id', pageUrl),
  };
}

function longs(above: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map(name => [`${above}.${name}`, 'long']));
}

function linkToRun(field: string, pageUrl: string | null): Record<string, FieldFormat> {
  return pageUrl === null ? {} : { [field]: { as: 'url', template: `${pageUrl}/#run={{value}}`, label: '{{value}}' } };
}
