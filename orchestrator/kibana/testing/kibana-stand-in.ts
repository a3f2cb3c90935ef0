import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KibanaSettings } from '../../config/kibana-settings.ts';
import { Refused } from './refused.ts';
import { type ImportedObject, SavedObjectStore, type StoredObject } from './saved-object-store.ts';
import { type KibanaVersion, VERSIONS } from './versions.ts';

export interface StandInOptions {
  version?: KibanaVersion;
  /** server.basePath with server.rewriteBasePath. */
  basePath?: string;
  spaces?: readonly string[];
  /** By `user:password`, the types that a user may write; null: all. Without any, security is off. */
  users?: Readonly<Record<string, readonly string[] | null>>;
  /** The same by encoded API key. */
  apiKeys?: Readonly<Record<string, readonly string[] | null>>;
  port?: number;
}

/** What a test does to the next request that it is asked about; `pass`: nothing. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => 'pass' | 'done';

interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  space: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
  /** Types that may be written; null: all. */
  rights: readonly string[] | null;
}

/** `savedObjects.maxImportPayloadBytes`. */
const MOST_BYTES = 26_214_400;
const TYPES = ['tag', 'index-pattern', 'search', 'dashboard', 'lens'];
/** Exportable in Kibana; here nobody makes any. */
const OTHER_TYPES = ['map', 'visualization'];

/**
 * Kibana's HTTP API as far as a push needs it. It refuses what Kibana refuses; README.md beside this file says where
 * Kibana's source has each rule.
 */
export class KibanaStandIn {
  readonly store: SavedObjectStore;
  /** Requests, such as `POST /api/saved_objects/_import?overwrite=true`. */
  readonly requests: string[] = [];
  /** While true it answers as a Kibana does whose plugins are not there yet. */
  isStarting = false;
  /** Asked before each request, in turn; each is gone once it has done something. */
  readonly faults: Fault[] = [];
  /** Called when an import has been carried out and before it is answered. */
  afterImport: ((response: ServerResponse) => void) | null = null;
  readonly #options: StandInOptions;
  readonly #spaces: Set<string>;
  #server: Server;
  #port = 0;

  static async start(options: StandInOptions = {}): Promise<KibanaStandIn> {
    const standIn = new KibanaStandIn(options);
    await standIn.come();
    return standIn;
  }

  private constructor(options: StandInOptions) {
    this.#options = options;
    this.store = new SavedObjectStore(options.version ?? '9.5.0');
    this.#spaces = new Set(['default', ...(options.spaces ?? [])]);
    this.#port = options.port ?? 0;
    this.#server = createServer();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}${this.#options.basePath ?? ''}`;
  }

  settings(others: Partial<KibanaSettings> = {}): KibanaSettings {
    const unset = { apiKey: null, username: null, password: null, ca: null, space: 'default' };
    return { url: this.url, publicUrl: this.url, ...unset, ...others };
  }

  /** Listens, again on the same port. */
  async come(): Promise<void> {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Nothing listens there any more. */
  async go(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(`${request.method} ${request.url}`);
    for (const fault of this.faults) {
      if (fault(request, response) === 'pass') continue;
      this.faults.splice(this.faults.indexOf(fault), 1);
      return;
    }
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    try {
      await this.#route(request, response, Buffer.concat(parts));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      sendJson(response, error.status, error.body());
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
    if (this.isStarting) {
      response.writeHead(503, { 'retry-after': '30' }).end('Kibana server is not ready yet');
      return;
    }
    const asked = this.#asked(request, body);
    const { method, path, headers } = asked;
    if (method === 'GET' && path === '/api/status') return sendJson(response, 200, this.#status(headers));
    const space = /^\/api\/spaces\/space\/([^/]+)$/.exec(path)?.[1];
    asked.rights = this.#rights(headers);
    if (!['GET', 'HEAD', 'OPTIONS'].includes(method) && !('kbn-xsrf' in headers) && !('kbn-version' in headers)) {
      throw new Refused(400, 'Request must contain a kbn-xsrf header.');
    }
    if (method === 'GET' && space !== undefined)
      return sendJson(response, 200, this.#space(decodeURIComponent(space), headers));
    if (method === 'POST' && path === '/api/saved_objects/_import') {
      const answer = await this.#import(asked);
      this.afterImport?.(response);
      if (!response.destroyed) sendJson(response, 200, answer);
      return;
    }
    if (method === 'POST' && path === '/api/saved_objects/_export') return sendLines(response, this.#export(asked));
    const [, type, id] = /^\/api\/saved_objects\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
    if (method === 'DELETE' && type !== undefined && id !== undefined)
      return sendJson(response, 200, this.#delete(asked, type, id));
    throw new Refused(404, 'Not Found');
  }

  #asked(request: IncomingMessage, body: Buffer): Asked {
    const url = new URL(request.url ?? '/', this.url);
    const base = this.#options.basePath ?? '';
    if (!url.pathname.startsWith(`${base}/`)) throw new Refused(404, 'Not Found');
    const inBase = url.pathname.slice(base.length);
    const [, space = 'default', path = inBase] = /^\/s\/([^/]+)(\/.*)$/.exec(inBase) ?? [];
    const { method = '', headers } = request;
    return { method, path, query: url.searchParams, space: decodeURIComponent(space), headers, body, rights: null };
  }

  #status(headers: IncomingMessage['headers']): object {
    const overall = { level: 'available', summary: 'All services and plugins are available' };
    if (this.#isSecured() && this.#known(headers) === undefined) return { status: { overall: { level: 'available' } } };
    return {
      name: 'kibana',
      uuid: '5b2de169-2785-441b-ae8c-186a1936b17d',
      version: {
        number: this.store.version,
        build_hash: 'x',
        build_number: 1,
        build_snapshot: false,
        build_flavor: 'traditional',
      },
      status: { overall, core: {}, plugins: {} },
    };
  }

  #isSecured(): boolean {
    return this.#options.users !== undefined || this.#options.apiKeys !== undefined;
  }

  #known({ authorization = '' }: IncomingMessage['headers']): readonly string[] | null | undefined {
    const [scheme, value = ''] = authorization.split(' ');
    if (scheme === 'ApiKey') return this.#options.apiKeys?.[value];
    if (scheme === 'Basic') return this.#options.users?.[Buffer.from(value, 'base64').toString()];
    return undefined;
  }

  #rights(headers: IncomingMessage['headers']): readonly string[] | null {
    if (!this.#isSecured()) return null;
    const known = this.#known(headers);
    if (known !== undefined) return known;
    throw new Refused(401, '[security_exception\n\tRoot causes:\n\t\tsecurity_exception: unable to authenticate user]');
  }

  #space(id: string, headers: IncomingMessage['headers']): object {
    const version = headers['elastic-api-version'];
    if (version !== undefined && version !== '2023-10-31') {
      throw new Refused(
        400,
        `No version "${String(version)}" available for [get] [/api/spaces/space/{id}]. Available versions are: 2023-10-31`,
      );
    }
    if (!this.#spaces.has(id)) throw new Refused(404, 'Not Found');
    return { id, name: id, disabledFeatures: [] };
  }

  async #import({ query, space, headers, body, rights }: Asked): Promise<object> {
    if (body.length > MOST_BYTES)
      throw new Refused(413, `Payload content length greater than maximum allowed: ${MOST_BYTES}`);
    const type = headers['content-type'] ?? '';
    if (!type.startsWith('multipart/form-data')) throw new Refused(415, 'Unsupported Media Type');
    const unknown = [...query.keys()].find(
      name => !['overwrite', 'createNewCopies', 'compatibilityMode'].includes(name),
    );
    if (unknown !== undefined) throw new Refused(400, `[request query.${unknown}]: definition for this key is missing`);
    const file = await fileOf(type, body);
    const extension = /\.[^.]*$/.exec(file.name)?.[0].toLowerCase() ?? '';
    if (extension !== '.ndjson') throw new Refused(400, `Invalid file extension ${extension}`);
    const objects = linesOf(file.text);
    assertMay(
      'bulk_create',
      objects.map(object => object.type),
      rights,
    );
    return this.store.import(space, objects, { overwrite: query.get('overwrite') === 'true' });
  }

  #export({ space, headers, body, rights }: Asked): StoredObject[] {
    if (headers['content-type']?.startsWith('application/json') !== true)
      throw new Refused(415, 'Unsupported Media Type');
    const request = JSON.parse(body.toString()) as {
      objects?: Array<{ type: string; id: string }>;
      type?: string[];
      hasReference?: { type: string; id: string };
    };
    const { objects = [], type = [], hasReference } = request;
    if (objects.length === 0 && type.length === 0) throw new Refused(400, 'Either `type` or `objects` are required.');
    const types = [...type, ...objects.map(object => object.type)];
    const strange = types.filter(name => ![...TYPES, ...OTHER_TYPES].includes(name));
    if (strange.length > 0) throw new Refused(400, `Trying to export non-exportable type(s): ${strange.join(', ')}`);
    assertMay(
      'bulk_get',
      objects.map(object => object.type),
      rights,
    );
    const mayFind = type.filter(name => rights === null || rights.includes(name));
    const found =
      hasReference === undefined
        ? this.store.export(space, objects)
        : this.store.referringTo(space, mayFind, hasReference);
    return found;
  }

  #delete({ space, query, rights }: Asked, type: string, id: string): object {
    const name = { type: decodeURIComponent(type), id: decodeURIComponent(id) };
    if (!(name.type in VERSIONS[this.store.version]))
      throw new Refused(404, `Saved object [${name.type}/${name.id}] not found`);
    assertMay('delete', [name.type], rights);
    this.store.remove(space, name, { force: query.get('force') === 'true' });
    return {};
  }
}

function assertMay(action: string, types: readonly string[], rights: readonly string[] | null): void {
  const denied = [...new Set(types)].filter(type => rights !== null && !rights.includes(type)).toSorted();
  if (denied.length > 0) throw new Refused(403, `Unable to ${action} ${denied.join()}`);
}

async function fileOf(type: string, body: Buffer): Promise<{ name: string; text: string }> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } })
    .formData()
    .catch(() => null);
  const file = form?.get('file');
  if (!(file instanceof File))
    throw new Refused(400, '[request body.file]: expected value of type [Stream] but got [undefined]');
  return { name: file.name, text: await file.text() };
}

function linesOf(text: string): ImportedObject[] {
  const lines = text.split('\n').filter(line => line.trim() !== '');
  try {
    const objects = lines.map(line => JSON.parse(line) as ImportedObject & { exportedCount?: number });
    return objects.filter(({ exportedCount }) => exportedCount === undefined);
  } catch (error) {
    throw new Refused(400, String((error as Error).message));
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

function sendLines(response: ServerResponse, objects: readonly StoredObject[]): void {
  const lines = objects.map(({ namespaces: _namespaces, ...object }) => JSON.stringify(object));
  response.writeHead(200, { 'content-type': 'application/ndjson' }).end(lines.join('\n'));
}
