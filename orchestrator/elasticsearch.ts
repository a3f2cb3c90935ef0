import { readFileSync } from 'node:fs';
import { Client } from '@elastic/elasticsearch';
import type { ElasticsearchSettings } from './config/environment.ts';

/** A client of Elasticsearch with the configured credentials. Throws where ELASTICSEARCH_CA can't be read. */
export function connectElasticsearch({ nodes, apiKey, username, password, ca }: ElasticsearchSettings): Client {
  return new Client({
    nodes,
    ...(apiKey === null ? {} : { auth: { apiKey } }),
    ...(apiKey === null && username !== null ? { auth: { username, password: password ?? '' } } : {}),
    ...(ca === null ? {} : { tls: { ca: readFileSync(ca) } }),
  });
}
