import { OrchestratorError } from '../../errors.ts';
import type { KibanaSettings } from '../../config/kibana-settings.ts';
import type { Answer } from './http.ts';

/** Passing states of a server, or of a proxy before it. */
const PASSING = [408, 425, 429, 502, 503, 504];
const LONGEST_REASON = 500;

/** Kibana's role privileges, as its page of roles calls them, by the type of object that they let a user write. */
const PRIVILEGES: Readonly<Record<string, string>> = {
  dashboard: 'Dashboard',
  'index-pattern': 'Data View Management',
  search: 'Discover',
  tag: 'Tag Management',
};

/**
 * Why Kibana did not do what it was asked for: what it is, and what to do. The kind is `wait` where it may do it later.
 */
export class KibanaRefusal extends OrchestratorError {
  readonly status: number;

  constructor(status: number, message: string) {
    super(PASSING.includes(status) ? 'wait' : 'never', message);
    this.status = status;
  }
}

/** `what` goes on from `can't`, such as `import dashboards`. */
export function refusalOf(answer: Answer, settings: KibanaSettings, what: string): KibanaRefusal {
  const { status } = answer;
  return new KibanaRefusal(status, `Kibana at ${settings.url} can't ${what}: ${explain(answer, settings)}`);
}

function explain({ status, text }: Answer, settings: KibanaSettings): string {
  const reason = reasonIn(text);
  const said = reason === '' ? `${status}` : `${status}, ${reason}`;
  if (status === 401) return `it does not know who asks (${said}); ${credentialAdvice(settings)}`;
  if (status === 403) return `who asks may not do that (${said}); ${privilegeAdvice(reason, settings)}`;
  if (status >= 300 && status < 400)
    return `it redirects to another address (${status}), which is not followed; set KIBANA_URL to the address itself, with its path`;
  if (status === 404) return `there is no such address (${said}); does KIBANA_URL have the path of server.basePath?`;
  if (status === 413) return `what is sent is too large for it (${said}); raise savedObjects.maxImportPayloadBytes`;
  if (status === 503) return `it is starting, or its Elasticsearch is away (${said})`;
  if (PASSING.includes(status)) return `it has too much to do, or is away (${said})`;
  return said;
}

function credentialAdvice({ apiKey, username }: KibanaSettings): string {
  if (apiKey !== null) return 'KIBANA_API_KEY is wrong or has expired';
  return username === null ? 'set KIBANA_API_KEY, or KIBANA_USERNAME and KIBANA_PASSWORD' : 'KIBANA_PASSWORD is wrong';
}

/** The server names types, as in `Unable to bulk_create dashboard,index-pattern`. */
function privilegeAdvice(reason: string, { space }: KibanaSettings): string {
  const types = /^Unable to \w+ ([\w,-]+)/.exec(reason)?.[1]?.split(',') ?? [];
  const named = types.flatMap(type => PRIVILEGES[type] ?? []);
  const privileges = named.length > 0 ? named : Object.values(PRIVILEGES);
  return `its role needs the Kibana ${privileges.length === 1 ? 'privilege' : 'privileges'} ${privileges.join(', ')} (all) in the space ${space}`;
}

/** In the server's own words, bounded; those of a proxy may be a page, which is not repeated. */
export function reasonIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? bounded(message) : '';
  } catch {
    return text.startsWith('<') ? '' : bounded(text);
  }
}

function bounded(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)}…` : line;
}
