import type { Panel } from '../dashboard.ts';

const TABLE_HEIGHT = 14;
const CHART_HEIGHT = 8;
const LOG_HEIGHT = 20;

/** Failures, what is to be checked, and the log: rows one below the other. */
export function toLookAt(y: number): Panel[] {
  return [
    {
      key: 'failures',
      title: 'Failures, with their reason',
      place: { x: 0, y, w: 48, h: TABLE_HEIGHT },
      filter: 'event.kind: "event" and event.outcome: "failure"',
      kind: 'documents',
      columns: [
        'event.dataset',
        'file.path',
        'orchestrator.run.state',
        'error.message',
        'orchestrator.run.rows.rejected',
        'orchestrator.run.id',
      ],
      sort: { field: '@timestamp', order: 'desc' },
    },
    {
      key: 'checks',
      title: 'Done, and to check',
      place: { x: 0, y: y + TABLE_HEIGHT, w: 48, h: TABLE_HEIGHT },
      filter: 'event.kind: "event" and orchestrator.run.to_check: *',
      kind: 'documents',
      columns: ['event.dataset', 'file.path', 'orchestrator.run.to_check', 'orchestrator.run.id'],
      sort: { field: '@timestamp', order: 'desc' },
    },
    ...log(y + 2 * TABLE_HEIGHT),
  ];
}

function log(y: number): Panel[] {
  return [
    {
      key: 'log-levels',
      title: 'Lines of the log, by level',
      place: { x: 0, y, w: 48, h: CHART_HEIGHT },
      view: 'operations/log',
      kind: 'chart',
      shape: 'bar',
      groups: { by: 'time', field: '@timestamp', label: 'Time', interval: 'auto' },
      series: { by: 'values', field: 'log.level', label: 'Level', size: 5, others: false, order: 'value' },
      metrics: [{ of: 'count', label: 'Lines' }],
    },
    {
      key: 'log',
      title: 'The log',
      place: { x: 0, y: y + CHART_HEIGHT, w: 48, h: LOG_HEIGHT },
      view: 'operations/log',
      kind: 'documents',
      columns: ['log.level', 'event.dataset', 'file.path', 'message', 'labels.run_id'],
      sort: { field: '@timestamp', order: 'desc' },
    },
  ];
}
