import type { estypes } from '@elastic/elasticsearch';

/** Of the data stream metrics-orchestrator.runs-default. */
export const METRICS_TEMPLATE = 'metrics-orchestrator.runs';
/** TELEMETRY_RETENTION unless it is set. */
export const USUAL_RETENTION = '30d';

const keyword = { type: 'keyword', ignore_above: 1024 } as const;
const long = { type: 'long' } as const;
const date = { type: 'date' } as const;
const boolean = { type: 'boolean' } as const;

type Properties = Record<string, estypes.MappingProperty>;

const of = (properties: Properties): estypes.MappingProperty => ({ properties });

const run = of({
  id: keyword,
  state: keyword,
  runner: keyword,
  attempts: long,
  retries: long,
  rows: of({ read: long, loaded: long, rejected: long, filtered: long, deleted: long }),
  values_left_out: long,
  to_check: keyword,
  wait_ms: long,
  duration_ms: long,
  index: keyword,
  replay_of: keyword,
});

const dataset = of({
  settling: long,
  queued: long,
  running: long,
  paused: boolean,
  waits_for: keyword,
  failed: long,
  to_check: long,
  rows: long,
  rows_to_mend: long,
  last_load: date,
});

/**
 * Core field types alone, so that every server takes it, and no field but these, whatever a document holds. Its
 * priority is above that of the built-in template for `metrics-*-*` (100). No replicas are asked for: a single node
 * stays green. README.md says what each field means.
 */
export const metricsTemplate: Omit<estypes.IndicesPutIndexTemplateRequest, 'name'> = {
  index_patterns: ['metrics-orchestrator.runs-*'],
  priority: 200,
  data_stream: {},
  template: {
    lifecycle: { data_retention: USUAL_RETENTION },
    settings: { index: { auto_expand_replicas: '0-1' } },
    mappings: {
      dynamic: false,
      properties: {
        '@timestamp': date,
        data_stream: of({ type: keyword, dataset: keyword, namespace: keyword }),
        ecs: of({ version: keyword }),
        error: of({ message: keyword }),
        event: of({
          action: keyword,
          dataset: keyword,
          duration: long,
          end: date,
          kind: keyword,
          outcome: keyword,
          start: date,
        }),
        file: of({ path: keyword, size: long }),
        host: of({ name: keyword }),
        orchestrator: of({ run, dataset }),
        service: of({ name: keyword, version: keyword }),
      },
    },
  },
};
