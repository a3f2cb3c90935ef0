import type { Environment } from '../../contract/settings.ts';
import type { ConnectionKind } from '../target.ts';

/** Where an Elasticsearch is, and as whom it is asked. */
export interface ConnectionSettings {
  nodes: string[];
  apiKey: string | undefined;
  username: string | undefined;
  password: string | undefined;
  /** Path of a PEM file. */
  caFile: string | undefined;
}

export const ELASTICSEARCH: ConnectionKind = { variable: 'ELASTICSEARCH_NODE' };

export const VARIABLES = {
  ELASTICSEARCH_NODE: 'such as http://localhost:9200; without it the rows go to WORK_DIR/out.parquet',
  ELASTICSEARCH_API_KEY: 'or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD; ELASTICSEARCH_CA: path of a PEM file',
};

export function readConnectionSettings(env: Environment): ConnectionSettings {
  return {
    nodes: (env.ELASTICSEARCH_NODE ?? '')
      .split(',')
      .map(node => node.trim())
      .filter(Boolean),
    apiKey: env.ELASTICSEARCH_API_KEY || undefined,
    username: env.ELASTICSEARCH_USERNAME || undefined,
    password: env.ELASTICSEARCH_PASSWORD || undefined,
    caFile: env.ELASTICSEARCH_CA || undefined,
  };
}
