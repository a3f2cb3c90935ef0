import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { systemClock } from '../../clock.ts';
import type { Journal } from '../../journal/journal.ts';
import { openSqliteJournal } from '../../journal/sqlite/sqlite-journal.ts';
import type { Api, ApiOptions, ServiceStatus } from '../options.ts';
import { startApi } from '../server.ts';
import { API_OPTIONS } from '../testing/api-options.ts';

const TOKEN = 'T'.repeat(43);
const BEARER = { authorization: `Bearer ${TOKEN}` };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
let dataDir: string;
let journal: Journal;
let api: Api;
let now: number;
let told: string[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'auth-'));
  journal = openSqliteJournal({ path: join(dataDir, 'journal.sqlite'), clock: systemClock });
  now = Date.now();
  told = [];
  api = await start();
});
afterEach(async () => {
  await api.stop();
  await journal.close();
  await rm(dataDir, { recursive: true });
});

const PATHS = [
  '/',
  '/metrics',
  '/docs',
  '/docs/json',
  '/api/events',
  '/api/datasets',
  '/api/runs',
  '/api/actor',
  '/none',
];

test('nothing but whether it is up is told to who shows neither token nor session', async () => {
  for (const path of PATHS) {
    const { status, headers, body } = await ask('GET', path);
    assert.equal(status, 401, path);
    assert.equal(headers['www-authenticate'], 'Bearer');
    assert.match(body, /DATA_DIR\/token.*orchestrator sign-in/, path);
    assert.ok(!body.includes(dataDir));
  }
  for (const path of ['/api/runs/x/cancel', '/api/datasets/sales/pause', '/api/sign-in-links', '/api/sign-out'])
    assert.equal((await ask('POST', path)).status, 401, path);
  assert.deepEqual(JSON.parse((await ask('GET', '/api/health')).body), { status: 'ok' });
  assert.ok('parts' in JSON.parse((await ask('GET', '/api/health', BEARER)).body));
});

test('a wrong token is refused whatever it looks like, also beside a good session, and told once a minute', async () => {
  const cookie = await signIn();
  const wrong = [
    'Bearer',
    'Bearer x',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    `Basic ${btoa(`:${TOKEN}`)}`,
    TOKEN,
  ];
  for (const authorization of wrong) {
    const { status, headers } = await ask('GET', '/api/runs', { authorization, cookie });
    assert.deepEqual([status, headers['www-authenticate']], [401, 'Bearer error="invalid_token"'], authorization);
  }
  assert.equal((await ask('GET', '/api/runs', { authorization: `bearer  ${TOKEN}` })).status, 200);
  assert.equal(told.filter(text => text.includes('a wrong token was sent by 127.0.0.1')).length, 1);
  now += MINUTE;
  await ask('GET', '/api/runs', { authorization: 'Bearer x' });
  assert.match(told.at(-1) ?? '', /a wrong token was sent by 127\.0\.0\.1, the last of 6 since/);
});

test('a browser without a session is shown a page that says how to get one', async () => {
  for (const path of ['/', '/docs/', '/metrics']) {
    const { status, headers, body } = await ask('GET', path, { accept: 'text/html,*/*' });
    assert.deepEqual([status, headers['content-type']], [401, 'text/html; charset=utf-8']);
    assert.match(headers['content-security-policy'] ?? '', /default-src 'none'; script-src '(sha256-|self)/);
    assert.match(body, /npx --no orchestrator sign-in/);
  }
  assert.equal((await ask('GET', '/sign-in')).status, 200);
});

test('a link signs in once, within 15 minutes, and its code is nowhere but behind the #', async () => {
  const link = new URL(api.signInLink());
  assert.deepEqual([link.origin, link.pathname, link.search], [api.url, '/sign-in', '']);
  const first = await useCode(link.hash.slice(1));
  assert.equal(first.status, 200);
  assert.match(
    first.headers['set-cookie']?.[0] ?? '',
    /^orchestrator-[0-9a-f]{8}=[^;]+; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
  );
  assert.equal((await useCode(link.hash.slice(1))).status, 401);
  const late = new URL(api.signInLink());
  now += 15 * MINUTE;
  assert.equal((await useCode(late.hash.slice(1))).status, 401);
  assert.equal((await useCode('')).status, 401);
  assert.ok(told.some(text => text.includes('a wrong or used code of a link was sent by 127.0.0.1')));
});

test('a session opens everything until it ends, is signed out, or the token is another; not by a restart', async () => {
  const cookie = await signIn();
  for (const path of PATHS.slice(0, 4)) assert.equal((await ask('GET', path, { cookie })).status, 200, path);
  const { kind, until } = JSON.parse((await ask('GET', '/api/actor', { cookie })).body);
  assert.deepEqual([kind, until], ['session', new Date(now + 7 * DAY).toISOString()]);
  await restart({});
  assert.equal((await ask('GET', '/api/runs', { cookie })).status, 200);
  await restart({ token: 'U'.repeat(43) });
  assert.equal((await ask('GET', '/api/runs', { cookie })).status, 401);
  await restart({});
  const out = await ask('POST', '/api/sign-out', { cookie });
  assert.match(out.headers['set-cookie']?.[0] ?? '', /=; Path=\/; Max-Age=0;/);
  assert.equal((await ask('GET', '/api/runs', { cookie })).status, 401);
  const other = await signIn();
  now += 7 * DAY;
  assert.equal((await ask('GET', '/api/runs', { cookie: other })).status, 401);
});

test('a session can’t be made or lengthened by hand', async () => {
  const [name = '', value = ''] = (await signIn()).split('=');
  const [id, until, mac] = value.split('.');
  const forged = [
    `${id}.${Number(until) + 1}.${mac}`,
    `${id}x.${until}.${mac}`,
    `${id}.${until}.${'A'.repeat(43)}`,
    `${id}.${until}.`,
    `${id}.${until}`,
    '',
    '..',
  ];
  for (const text of forged)
    assert.equal((await ask('GET', '/api/runs', { cookie: `${name}=${text}` })).status, 401, text);
  assert.equal((await ask('GET', '/api/runs', { cookie: `a=b; ${name}=${value};c` })).status, 200);
});

test('where the page was opened by https the cookie is for https and this one name alone', async () => {
  const https = { 'x-forwarded-proto': 'https', origin: 'https://localhost', 'sec-fetch-site': 'same-origin' };
  const { headers } = await useCode(new URL(api.signInLink()).hash.slice(1), https);
  const [cookie = ''] = headers['set-cookie'] ?? [];
  assert.match(
    cookie,
    /^__Host-orchestrator-[0-9a-f]{8}=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict; Secure$/,
  );
  assert.equal((await ask('GET', '/api/runs', { cookie: cookie.split(';')[0]! })).status, 200);
});

test('a page from elsewhere makes a signed-in browser neither write nor fetch; a token needs no origin', async () => {
  const cookie = await signIn();
  const path = '/api/sign-in-links';
  const elsewhere = [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:9999' },
  ];
  for (const headers of elsewhere) {
    assert.equal((await ask('POST', path, { cookie, ...headers })).status, 403);
    assert.equal((await ask('POST', path, { ...BEARER, ...headers })).status, 200);
  }
  const image = { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' };
  assert.equal((await ask('GET', '/metrics', { cookie, ...image })).status, 403);
  assert.equal((await ask('GET', '/metrics', { cookie, ...image, 'sec-fetch-mode': 'navigate' })).status, 200);
  assert.equal((await ask('POST', path, { cookie, 'sec-fetch-site': 'same-origin' })).status, 200);
});

test('names that are not ours are refused whatever the address it listens on; addresses, and names that are, are not', async () => {
  for (const host of ['0.0.0.0', '127.0.0.1']) {
    await restart({ host, allowedHosts: ['etl.example.org'], publicUrl: 'https://proxy.example.org' });
    const status = async (name: string) => (await ask('GET', '/api/runs', { ...BEARER, host: name })).status;
    for (const name of [
      'evil.example',
      'evil.example:8080',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'localhost@evil.example',
      'etl.example.org.',
      '127.0.0.1/',
    ])
      assert.equal(await status(name), 403, `${host} ${name}`);
    for (const name of [
      'localhost:9999',
      'a.localhost',
      '127.0.0.1',
      '[::1]:80',
      '192.168.0.7:8080',
      'ETL.example.org',
      'proxy.example.org:443',
    ])
      assert.equal(await status(name), 200, `${host} ${name}`);
  }
  assert.match(api.signInLink(), /^https:\/\/proxy\.example\.org\/sign-in#/);
});

test('with AUTH off everything is anybody’s, and nobody needs to sign in', async () => {
  await restart({ token: null });
  for (const path of PATHS.slice(0, 4)) assert.equal((await ask('GET', path)).status, 200, path);
  assert.equal(JSON.parse((await ask('GET', '/api/actor')).body).kind, 'anonymous');
  assert.ok('parts' in JSON.parse((await ask('GET', '/api/health')).body));
  assert.equal((await ask('POST', '/api/sign-in-links')).status, 409);
  assert.equal(api.signInLink(), api.url);
});

test('an address that is refused gets nothing, not even with the token', async () => {
  const asked: string[] = [];
  await restart({ isRefused: address => asked.push(address) > 0 });
  assert.equal((await ask('GET', '/api/runs', BEARER)).status, 403);
  assert.equal((await ask('GET', '/api/health')).status, 403);
  assert.deepEqual(asked, ['127.0.0.1', '127.0.0.1']);
});

test('the log says who changed something, and not what came of what was refused', async () => {
  await journal.pause('sales', true);
  await ask('POST', '/api/datasets/sales/resume', { cookie: await signIn() });
  await ask('POST', '/api/datasets/sales/pause', BEARER);
  await ask('POST', '/api/datasets/unknown/pause', BEARER);
  await ask('POST', '/api/datasets/sales/pause');
  const writes = told.filter(text => text.includes('/api/datasets'));
  assert.match(writes[0] ?? '', /^POST \/api\/datasets\/sales\/resume by session [\w-]{6} from 127\.0\.0\.1$/);
  assert.match(writes[1] ?? '', /^POST \/api\/datasets\/sales\/pause by the token from 127\.0\.0\.1$/);
  assert.equal(writes.length, 2);
});

function start(options: Partial<ApiOptions> = {}): Promise<Api> {
  const tell = (text: string) => void told.push(text);
  const logger = { ...API_OPTIONS.logger, info: tell, warn: tell };
  const actions = { ...API_OPTIONS.actions, pause: (name: string, paused: boolean) => journal.pause(name, paused) };
  const own = { journal, dataDir, logger, actions, status: () => service, now: () => now, token: TOKEN };
  return startApi({ ...API_OPTIONS, ...own, ...options });
}

async function restart(options: Partial<ApiOptions>): Promise<void> {
  await api.stop();
  api = await start(options);
}

/** The cookie of a new session. */
async function signIn(): Promise<string> {
  const { headers } = await useCode(new URL(api.signInLink()).hash.slice(1));
  return headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

function useCode(code: string, headers: Record<string, string> = {}) {
  return ask('POST', '/api/sign-in', { 'content-type': 'application/json', ...headers }, JSON.stringify({ code }));
}

const service: ServiceStatus = {
  runnerParts: [],
  elasticsearch: null,
  kibana: null,
  config: { errors: [], warnings: [], lastGoodAt: null },
  schedule: { waiting: null, running: 0, recovering: 0 },
  disposals: [],
  disk: { freeBytes: 9e9, floorBytes: 1e9, isLow: false },
  datasets: [],
};

interface Answer {
  status: number;
  headers: Record<string, string | undefined> & { 'set-cookie'?: string[] };
  body: string;
}

/** fetch() does not let a Host or an Origin be chosen. */
function ask(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  const { port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, response => {
      const parts: Buffer[] = [];
      const done = () => {
        response.destroy();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers as never,
          body: Buffer.concat(parts).toString(),
        });
      };
      response.on('data', (part: Buffer) => parts.push(part)).on('end', done);
      if (response.headers['content-type'] === 'text/event-stream') done();
    });
    asked.on('error', reject).end(body);
  });
}
