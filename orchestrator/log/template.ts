import type { estypes } from '@elastic/elasticsearch';

/** The data stream of the log, named as Elastic's own are: type, dataset, namespace. */
export const LOG_STREAM = 'logs-orchestrator-default';
export const LOG_TEMPLATE = 'logs-orchestrator';

const keyword = { type: 'keyword', ignore_above: 1024 } as const;
const text = { type: 'text' } as const;

/**
 * Core field types alone, so that every server takes it. Its priority is above that of the built-in template for
 * `logs-*-*` (100). No replicas are asked for: a single node stays green.
 */
export const logTemplate: Omit<estypes.IndicesPutIndexTemplateRequest, 'name'> = {
  index_patterns: ['logs-orchestrator-*'],
  priority: 200,
  data_stream: {},
  template: {
    lifecycle: { data_retention: '30d' },
    settings: { index: { auto_expand_replicas: '0-1' } },
    mappings: {
      dynamic_templates: [{ text_is_keyword: { match_mapping_type: 'string', mapping: keyword } }],
      properties: {
        '@timestamp': { type: 'date' },
        message: text,
        error: { properties: { message: text, stack_trace: { type: 'keyword', index: false, doc_values: false } } },
        event: { properties: { duration: { type: 'long' }, sequence: { type: 'long' }, dataset: keyword } },
        labels: { type: 'object', dynamic: true },
        file: { properties: { path: keyword, size: { type: 'long' } } },
        process: { properties: { pid: { type: 'long' }, exit_code: { type: 'long' } } },
      },
    },
  },
};
