import { resolve } from 'node:path';

/** How Kibana is reached, and as whom. */
export interface KibanaSettings {
  /** KIBANA_URL, with its path (server.basePath) and without a slash at its end. */
  url: string;
  /** KIBANA_PUBLIC_URL: where browsers reach it, as `url`; the same unless set. */
  publicUrl: string;
  apiKey: string | null;
  username: string | null;
  password: string | null;
  /** KIBANA_CA: path of a PEM file, absolute. */
  ca: string | null;
  /** KIBANA_SPACE, default. */
  space: string;
}

export const KIBANA_VARIABLES = {
  KIBANA_URL: {
    type: 'an http or https URL, with the path of server.basePath where there is one',
    default: 'none: nothing is written to a Kibana',
    description:
      'Kibana that gets a data view and a dashboard for each dataset whose rows are in Elasticsearch, and one of the runs, as soon as there are rows, and again where their fields or LOAD.dashboard change. What a person changed there stays.',
  },
  KIBANA_PUBLIC_URL: {
    type: 'an http or https URL, as KIBANA_URL',
    default: 'KIBANA_URL',
    description: 'Where browsers reach that Kibana, for links from the page and the API.',
  },
  KIBANA_API_KEY: {
    type: 'text',
    default: 'none',
    description:
      'API key of Elasticsearch, encoded, instead of user name and password. Its role may read the datasets’ indices and change dashboards, data views, Discover sessions and tags in KIBANA_SPACE, as docker/elasticsearch/orchestrator-kibana-role.json does.',
  },
  KIBANA_USERNAME: { type: 'text', default: 'none', description: 'User name.' },
  KIBANA_PASSWORD: { type: 'text', default: 'none', description: 'Password of KIBANA_USERNAME.' },
  KIBANA_CA: {
    type: 'the path of a PEM file',
    default: 'the system’s',
    description: 'Certificate authority that signed Kibana’s certificate. Certificates are always checked.',
  },
  KIBANA_SPACE: {
    type: 'the identifier of a space, of a-z, 0-9, - and _',
    default: 'default',
    description: 'Space that dashboards are written to. It must be there.',
  },
} as const;

type Name = keyof typeof KIBANA_VARIABLES;
type Source = Readonly<Record<string, string | undefined>>;

/** As spaces/server/lib/space_schema.ts of Kibana has it. */
const SPACE = /^[a-z0-9_-]+$/;

/** Null where KIBANA_URL is not set. Mistakes are whole parts of a sentence and show no secret. */
export function readKibanaSettings(env: Source, cwd: string): { settings: KibanaSettings | null; mistakes: string[] } {
  const text = (name: Name) => env[name]?.trim() || null;
  const [url, publicUrl, ca] = [text('KIBANA_URL'), text('KIBANA_PUBLIC_URL'), text('KIBANA_CA')];
  if (url === null) return { settings: null, mistakes: [] };
  const settings: KibanaSettings = {
    url: withoutSlash(url),
    publicUrl: withoutSlash(publicUrl ?? url),
    apiKey: text('KIBANA_API_KEY'),
    username: text('KIBANA_USERNAME'),
    // Blanks may belong to it.
    password: env['KIBANA_PASSWORD'] || null,
    ca: ca === null ? null : resolve(cwd, ca),
    space: text('KIBANA_SPACE') ?? 'default',
  };
  const mistakes = [
    ...addressMistakes('KIBANA_URL', url),
    ...(publicUrl === null ? [] : addressMistakes('KIBANA_PUBLIC_URL', publicUrl)),
    ...credentialMistakes(settings),
  ];
  if (!SPACE.test(settings.space)) {
    mistakes.push(
      `KIBANA_SPACE=${JSON.stringify(settings.space)}, which must be ${KIBANA_VARIABLES.KIBANA_SPACE.type}`,
    );
  }
  return { settings, mistakes };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

/** The address itself is not repeated: a password may stand in it. */
function addressMistakes(name: Name, given: string): string[] {
  const url = /^https?:\/\//i.test(given) ? URL.parse(given) : null;
  if (url === null) return [`${name}=(not shown), which must be ${KIBANA_VARIABLES[name].type}`];
  if (url.username !== '' || url.password !== '') {
    return [`${name} with a user or password in it; set KIBANA_USERNAME and KIBANA_PASSWORD instead`];
  }
  if (/[?#]/.test(given)) return [`${name} with a ? or # in it; end it before that`];
  if (/\/app(\/|$)/.test(url.pathname)) return [`${name} with the path of a page in it; end it before /app`];
  if (/\/s\/[^/]+\/?$/.test(url.pathname)) {
    return [`${name} with a space in it; end it before /s/ and set KIBANA_SPACE instead`];
  }
  return [];
}

function credentialMistakes({ apiKey, username, password }: KibanaSettings): string[] {
  if (apiKey !== null && username !== null)
    return ['KIBANA_API_KEY and KIBANA_USERNAME, which exclude each other; unset one'];
  if (apiKey !== null && !/^[\w+/=:.-]+$/.test(apiKey))
    return ['KIBANA_API_KEY with characters that no API key has; give it as Elasticsearch showed it, encoded'];
  if ((username === null) !== (password === null) && apiKey === null)
    return ['only one of KIBANA_USERNAME and KIBANA_PASSWORD; set both or none'];
  if (username?.includes(':') === true) return ['KIBANA_USERNAME with a colon in it, which HTTP can’t send'];
  return [];
}
