import type { KibanaSettings } from '../../config/kibana-settings.ts';
import { OrchestratorError } from '../../errors.ts';
import { type Answer, type AnswerBounds, ask, type Question, USUAL_BOUNDS } from './http.ts';
import { importForm } from './import-form.ts';
import { KibanaRefusal, reasonIn, refusalOf } from './refusal.ts';

/** Names one object. */
export interface ObjectName {
  type: string;
  id: string;
}

/** An object as Kibana gives it back. */
export interface FoundObject extends ObjectName {
  attributes: Record<string, unknown>;
  references: ReadonlyArray<{ type: string; id: string; name: string }>;
  /** ISO 8601, by Kibana's clock: of the last write by anybody, which its own migrations are not. */
  updated_at?: string;
  /** Of the last write of the whole object, as an import's is. */
  created_at?: string;
}

/** What became of an import, object by object. */
export interface Imported {
  /** `at`: the id there, which is another one where another space has that id. */
  written: Array<ObjectName & { at: string }>;
  refused: Array<ObjectName & { why: string }>;
}

export interface KibanaState {
  /** Such as 9.5.0; null where it tells that to nobody it does not know. */
  version: string | null;
}

/**
 * The few requests of Kibana's HTTP API that a push needs, each made once and bounded. All throw an OrchestratorError
 * of kind `wait` where Kibana is away or starting, and a KibanaRefusal where it says no.
 */
export class Kibana {
  readonly settings: KibanaSettings;
  readonly #signal: AbortSignal | undefined;
  readonly #bounds: AnswerBounds;

  constructor(settings: KibanaSettings, { signal, bounds }: { signal?: AbortSignal; bounds?: AnswerBounds } = {}) {
    this.settings = settings;
    this.#signal = signal;
    this.#bounds = bounds ?? USUAL_BOUNDS;
  }

  /** Throws `wait` until it is ready. */
  async state(): Promise<KibanaState> {
    const answer = await this.#ask({ method: 'GET', path: '/api/status' });
    if (answer.status !== 200) throw refusalOf(answer, this.settings, 'be asked for its status');
    const state = this.#json<{ version?: { number?: unknown }; status?: unknown }>(answer, 'its status');
    if (typeof state.status !== 'object' || state.status === null) throw noKibana(this.settings, 'its status');
    const version = state.version?.number;
    return { version: typeof version === 'string' && /^[\w.-]{1,40}$/.test(version) ? version : null };
  }

  /**
   * Throws where the space is not there, or closed to who asks. An import does not tell: what it writes into a space
   * that is not there nobody finds.
   */
  async assertSpace(): Promise<void> {
    const { space } = this.settings;
    if (space === 'default') return;
    const answer = await this.#ask({ method: 'GET', path: `/api/spaces/space/${encodeURIComponent(space)}` });
    if (answer.status === 200) return;
    const refusal = refusalOf(answer, this.settings, `look for the space ${space}`);
    if (answer.status !== 404) throw refusal;
    throw new KibanaRefusal(404, `Kibana at ${this.settings.url} has no space ${space}; make it, or set KIBANA_SPACE`);
  }

  /**
   * Those of the objects that are there, and the server's clock at that moment, in milliseconds since 1970-01-01 UTC.
   * Whatever else there is, is not asked for.
   */
  async read(names: readonly ObjectName[]): Promise<{ found: FoundObject[]; servedAt: number | null }> {
    const all: FoundObject[] = [];
    let servedAt: number | null = null;
    for (let from = 0; from < Math.max(names.length, 1); from += MOST_OBJECTS) {
      const { found, answer } = await this.#export(names.slice(from, from + MOST_OBJECTS));
      all.push(...found);
      servedAt ??= answer?.servedAt ?? null;
    }
    return { found: all, servedAt };
  }

  /** Asked a second time where objects are missing, for one that is makes Kibana refuse all. */
  async #export(names: readonly ObjectName[], isAgain = false): Promise<{ found: FoundObject[]; answer?: Answer }> {
    if (names.length === 0) return { found: [] };
    const objects = names.map(({ type, id }) => ({ type, id }));
    const answer = await this.#post('_export', { objects, includeReferencesDeep: false, excludeExportDetails: true });
    if (answer.status === 200) return { found: this.#lines(answer), answer };
    const missing = answer.status === 400 ? missingIn(answer.text) : null;
    if (missing === null || isAgain) throw refusalOf(answer, this.settings, 'export dashboards');
    const rest = names.filter(name => !missing.has(keyOf(name)));
    const again = await this.#export(rest, true);
    return { found: again.found, answer };
  }

  /** Objects of types that show data which refer to this one, whoever made them. */
  async referringTo({ type, id }: ObjectName): Promise<FoundObject[]> {
    const answer = await this.#post('_export', {
      type: REFERRING,
      hasReference: { type, id },
      includeReferencesDeep: false,
      excludeExportDetails: true,
    });
    if (answer.status !== 200) throw refusalOf(answer, this.settings, 'tell what uses a data view');
    return this.#lines(answer);
  }

  /**
   * Writes objects, all at one moment. Those that are there are refused unless `overwrite` is told, and so are those of
   * which somebody made a copy there, which an import would write over instead.
   */
  async import(ndjson: string, { overwrite }: { overwrite: boolean }): Promise<Imported> {
    const form = importForm(ndjson);
    const answer = await this.#ask({
      method: 'POST',
      path: this.#inSpace(`/api/saved_objects/_import?overwrite=${overwrite}`),
      ...form,
    });
    if (answer.status !== 200) throw refusalOf(answer, this.settings, 'import dashboards');
    return importedOf(this.#json<ImportAnswer>(answer, 'what became of an import'));
  }

  /** Whether it was there. */
  async remove({ type, id }: ObjectName): Promise<boolean> {
    const path = this.#inSpace(`/api/saved_objects/${encodeURIComponent(type)}/${encodeURIComponent(id)}`);
    const answer = await this.#ask({ method: 'DELETE', path });
    if (answer.status === 200) return true;
    if (answer.status === 404 && reasonIn(answer.text).startsWith('Saved object')) return false;
    throw refusalOf(answer, this.settings, `remove a ${type}`);
  }

  #post(operation: string, body: object): Promise<Answer> {
    return this.#ask({
      method: 'POST',
      path: this.#inSpace(`/api/saved_objects/${operation}`),
      contentType: 'application/json',
      body: JSON.stringify(body),
    });
  }

  #ask(question: Question): Promise<Answer> {
    return ask(this.settings, question, { ...(this.#signal && { signal: this.#signal }), bounds: this.#bounds });
  }

  #inSpace(path: string): string {
    const { space } = this.settings;
    return space === 'default' ? path : `/s/${encodeURIComponent(space)}${path}`;
  }

  #json<Value extends object>({ text }: Answer, what: string): Value {
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null) return value as Value;
    } catch {
      // Told below.
    }
    throw noKibana(this.settings, what);
  }

  #lines(answer: Answer): FoundObject[] {
    const lines = answer.text.split('\n').filter(line => line.trim() !== '');
    return lines.map(text => {
      const object = this.#json<FoundObject>({ ...answer, text }, 'an object');
      const { type, id, attributes, references } = object as Partial<FoundObject>;
      const isObject = typeof type === 'string' && typeof id === 'string' && typeof attributes === 'object';
      if (!isObject || attributes === null) throw noKibana(this.settings, 'an object');
      return { ...object, references: Array.isArray(references) ? references : [] };
    });
  }
}

/** What names an object among those of all types. */
export function keyOf({ type, id }: ObjectName): string {
  return `${type}/${id}`;
}

/** As many as Kibana imports or exports at once unless savedObjects.maxImportExportSize says else are ten times that. */
const MOST_OBJECTS = 1000;
/** Types that may refer to a data view or a saved search, exportable in every version. */
const REFERRING = ['dashboard', 'lens', 'map', 'search', 'visualization'];

interface ImportAnswer {
  successResults?: Array<ObjectName & { destinationId?: string }>;
  errors?: Array<ObjectName & { error?: ImportError }>;
}

interface ImportError {
  type?: string;
  message?: string;
  destinationId?: string;
  references?: ObjectName[];
}

/** Of one of these Kibana writes nothing at all, and counts the others as written all the same (create_saved_objects.ts). */
const OF_ALL = ['conflict', 'ambiguous_conflict', 'missing_references'];

function importedOf({ successResults = [], errors = [] }: ImportAnswer): Imported {
  const refused = errors.map(({ type, id, error = {} }) => ({ type, id, why: whyRefused(error) }));
  if (!errors.some(({ error }) => OF_ALL.includes(error?.type ?? '')))
    return {
      written: successResults.map(({ type, id, destinationId }) => ({ type, id, at: destinationId ?? id })),
      refused,
    };
  const others = successResults.map(({ type, id }) => ({
    type,
    id,
    why: 'another object that it was sent with was refused',
  }));
  return { written: [], refused: [...refused, ...others] };
}

function whyRefused({ type = 'unknown', message, destinationId, references = [] }: ImportError): string {
  if (type === 'missing_references') {
    const names = references.slice(0, 5).map(({ type: kind, id }) => `${kind} ${id}`);
    return `what it refers to is not there: ${names.join(', ')}`;
  }
  if (type === 'conflict' && destinationId === undefined) return 'it was made there meanwhile';
  if (type === 'conflict' || type === 'ambiguous_conflict')
    return 'somebody made a copy of it there, which would be overwritten; remove the copy, or use --force';
  if (type === 'unsupported_type') return 'this Kibana has no such type of object';
  return (message ?? type).slice(0, 300);
}

/** Of an export that was refused because of them; null where it was refused for something else. */
function missingIn(text: string): Set<string> | null {
  try {
    const { attributes } = JSON.parse(text) as {
      attributes?: { objects?: Array<ObjectName & { error?: { statusCode?: number } }> };
    };
    const objects = attributes?.objects ?? [];
    if (objects.length === 0 || objects.some(({ error }) => error?.statusCode !== 404)) return null;
    return new Set(objects.map(keyOf));
  } catch {
    return null;
  }
}

function noKibana({ url }: KibanaSettings, what: string): OrchestratorError {
  return new OrchestratorError(
    'never',
    `what answers at ${url} does not tell ${what} as Kibana does; is KIBANA_URL a Kibana’s?`,
  );
}
