// Tries to read the passwords of docker-compose.yml in the arguments of the programs that its services run.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { parse } from 'yaml';

const ELASTIC = String.raw`el"as\tic $1'&%s`;
const KIBANA = String.raw`ki\"bana %d'$$`;
const ORCHESTRATOR = String.raw`or\"ch %d'$$`;
const DASHBOARDS = String.raw`da\"sh %d'$$`;

interface Compose {
  services: Record<string, { command?: string[]; healthcheck?: { test: string[] } }>;
}

let folder: string;
let services: Compose['services'];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'compose-curl-'));
  const compose = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));
  ({ services } = parse(await readFile(compose, 'utf8'), { merge: true }) as Compose);
});
after(() => rm(folder, { recursive: true }));

test('the healthcheck signs in, and its password is in no argument', async () => {
  const { request, words } = await askedBy('/bin/sh', services['elasticsearch']?.healthcheck?.test[1]);
  assert.equal(request.headers.authorization, `Basic ${Buffer.from(`elastic:${ELASTIC}`).toString('base64')}`);
  assertHidden(words);
});

test('so does what makes the orchestrator’s roles and users', async () => {
  const role = roleFile('orchestrator-role');
  const kibanaRole = roleFile('orchestrator-kibana-role');
  const script = services['orchestrator-user']?.command?.[0]
    ?.replace('/orchestrator-role.json', role)
    .replace('/orchestrator-kibana-role.json', kibanaRole);
  const { all, words } = await askedBy('/bin/bash', script);
  const elastic = `Basic ${Buffer.from(`elastic:${ELASTIC}`).toString('base64')}`;
  assert.deepEqual(
    all.map(({ request, body }) => [request.method, request.url, request.headers.authorization, JSON.parse(body)]),
    [
      ['PUT', '/_security/role/orchestrator', elastic, JSON.parse(await readFile(role, 'utf8'))],
      ['PUT', '/_security/user/orchestrator', elastic, { password: ORCHESTRATOR, roles: ['orchestrator'] }],
      ['PUT', '/_security/role/orchestrator-kibana', elastic, JSON.parse(await readFile(kibanaRole, 'utf8'))],
      ['PUT', '/_security/user/orchestrator-kibana', elastic, { password: DASHBOARDS, roles: ['orchestrator-kibana'] }],
    ],
  );
  assertHidden(words);
});

test('so does what sets Kibana’s password, and neither of the two is in an argument', async () => {
  const { request, body, words } = await askedBy('/bin/bash', services['kibana-password']?.command?.[0]);
  assert.equal(request.headers.authorization, `Basic ${Buffer.from(`elastic:${ELASTIC}`).toString('base64')}`);
  assert.deepEqual([request.method, JSON.parse(body)], ['POST', { password: KIBANA }]);
  assertHidden(words);
});

function roleFile(name: string): string {
  return fileURLToPath(new URL(`../../docker/elasticsearch/${name}.json`, import.meta.url));
}

interface Asked {
  request: IncomingMessage;
  body: string;
}

/** What a script of the file sends, its curl led to a server of ours, and the words that curl was started with. */
async function askedBy(shell: string, script = ''): Promise<Asked & { all: Asked[]; words: string }> {
  const all: Asked[] = [];
  const server = createServer((request, response) => {
    void text(request).then(body => {
      all.push({ request, body });
      response.end('{}');
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as { port: number };
    const words = join(folder, 'words');
    await rm(words, { force: true });
    const curl = `#!/bin/sh\nprintf '%s\\n' "$@" >> ${words}\nexec /usr/bin/curl --connect-to ::127.0.0.1:${port} "$@"\n`;
    await writeFile(join(folder, 'curl'), curl, { mode: 0o755 });
    const env = {
      PATH: `${folder}:${process.env['PATH']}`,
      ELASTIC_PASSWORD: ELASTIC,
      KIBANA_SYSTEM_PASSWORD: KIBANA,
      ORCHESTRATOR_PASSWORD: ORCHESTRATOR,
      ORCHESTRATOR_KIBANA_PASSWORD: DASHBOARDS,
    };
    // Compose makes one `$` of two.
    await execa(shell, ['-c', script.replaceAll('$$', '$')], { env, stdin: 'ignore', timeout: 20_000 });
    const [first] = all;
    assert.ok(first);
    return { ...first, all, words: await readFile(words, 'utf8') };
  } finally {
    server.close();
  }
}

function assertHidden(words: string): void {
  for (const secret of ['el"as', 'tic $1', 'bana %d', 'ch %d', 'sh %d']) assert.ok(!words.includes(secret), words);
}
