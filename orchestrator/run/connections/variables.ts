import type { Dataset } from '../../config/dataset.ts';
import type { ElasticsearchSettings } from '../../config/environment.ts';

/** Variables that say where a target is and who asks: they go by file where the dataset says nothing else. */
const NAMES = [
  'ELASTICSEARCH_NODE',
  'ELASTICSEARCH_API_KEY',
  'ELASTICSEARCH_USERNAME',
  'ELASTICSEARCH_PASSWORD',
] as const;

export type ConnectionVariables = Partial<Record<(typeof NAMES)[number], string>>;

/** Those of the orchestrator's own settings. */
export function variablesOf({ nodes, apiKey, username, password }: ElasticsearchSettings): ConnectionVariables {
  return {
    ELASTICSEARCH_NODE: nodes.join(','),
    ...(apiKey === null ? {} : { ELASTICSEARCH_API_KEY: apiKey }),
    ...(username === null ? {} : { ELASTICSEARCH_USERNAME: username }),
    ...(password === null ? {} : { ELASTICSEARCH_PASSWORD: password }),
  };
}

/** Those that a dataset's own ENV says. */
export function variablesIn(env: Dataset['settings']['ENV']): ConnectionVariables {
  const said = NAMES.filter(name => env?.[name] !== undefined);
  return Object.fromEntries(said.map(name => [name, String(env?.[name])]));
}

/** ENV without them. */
export function withoutVariables(env: Dataset['settings']['ENV']): Dataset['settings']['ENV'] {
  if (env === undefined) return env;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !(NAMES as readonly string[]).includes(name)));
}

/** A list of nodes without the users and passwords in their addresses; what is no address is left out. */
export function withoutCredentials(nodes: string): string {
  const urls = nodes.split(',').flatMap(node => URL.parse(node.trim()) ?? []);
  return urls
    .map(url => {
      url.username = '';
      url.password = '';
      return url.href.replace(/\/$/, '');
    })
    .join(',');
}
