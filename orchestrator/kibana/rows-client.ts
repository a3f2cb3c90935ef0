import type { Client } from '@elastic/elasticsearch';
import type { ElasticsearchSettings } from '../config/environment.ts';
import type { KibanaSettings } from '../config/kibana-settings.ts';
import { connectElasticsearch } from '../elasticsearch.ts';

/**
 * A client of Elasticsearch that may read rows: with Kibana's credentials, which are Elasticsearch's, too, where there
 * are such; the orchestrator's own role may have no right to read. Throws where ELASTICSEARCH_CA can't be read.
 */
export function connectRows(elasticsearch: ElasticsearchSettings, kibana: KibanaSettings | null): Client {
  if (kibana === null || (kibana.apiKey === null && kibana.username === null))
    return connectElasticsearch(elasticsearch);
  const { apiKey, username, password } = kibana;
  return connectElasticsearch({ ...elasticsearch, apiKey, username, password });
}
