import { kqlValue } from '../escape.ts';
import { runsView } from '../operations/views.ts';
import type { Language } from './formats.ts';
import type { Unplaced } from './layout.ts';
import { WORDS } from './words.ts';

const LAST_30_DAYS = { from: 'now-30d', to: 'now' };

/** When the dataset was last loaded, and what went wrong since: of the data stream of runs (telemetry/README.md). */
export function runsPanels(dataset: string, language: Language): Unplaced[] {
  const words = WORDS[language];
  const runs = `event.kind: event and event.dataset: ${kqlValue(dataset)}`;
  const view = runsView({ pageUrl: null }).key;
  const common = { kind: 'figure', view, timeRange: LAST_30_DAYS, ignoresFilters: true } as const;
  return [
    {
      ...common,
      key: 'last-load',
      title: words.lastLoad,
      filter: `${runs} and event.outcome: success`,
      metric: { label: words.lastLoad, of: 'max', field: '@timestamp' },
    },
    {
      ...common,
      key: 'rejected-rows',
      title: words.rejectedRows,
      filter: runs,
      metric: {
        label: words.rejectedRows,
        of: 'sum',
        field: 'orchestrator.run.rows.rejected',
        format: { as: 'number', pattern: '0,0' },
      },
    },
    {
      ...common,
      key: 'failed-runs',
      title: words.failedRuns,
      filter: `${runs} and event.outcome: failure`,
      metric: { label: words.failedRuns, of: 'count', format: { as: 'number', pattern: '0,0' } },
    },
  ];
}
