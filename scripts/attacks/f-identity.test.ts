// Tries, as another user of this machine (uid 1234) and as a page of another site, to read rows, follow events and
// pause datasets without having been let in, and to put a token of its own in the place of the service's.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from '../../orchestrator/e2e/harness.ts';
import { AS_ATTACKER, ATTACKER } from './attacker.ts';

const WITHOUT_TARGET = { ELASTICSEARCH_NODE: '' };
let folder: string;
let orchestrator: TestOrchestrator;

before(async () => {
  folder = await makeFolder({ rows: 'WATCH_DIR: {folder}/in\nRUNNER: process\nLOAD: { target: lake }\n' }, 0o755);
  orchestrator = await startOrchestrator(folder, WITHOUT_TARGET);
});
after(async () => {
  await orchestrator?.kill('SIGKILL');
  await removeFolder(folder);
});

test('another user of this machine reads neither the token, nor rows, nor anything that tells of them', () => {
  const token = join(folder, 'data', 'token');
  assert.equal(statSync(token).mode & 0o777, 0o600);
  const { status, stderr } = asStranger('cat', token);
  assert.notEqual(status, 0);
  assert.match(stderr, /Permission denied/);
  const log = readFileSync(join(folder, 'orchestrator.log'), 'utf8');
  assert.ok(!log.includes(readFileSync(token, 'utf8').trim()), 'the log does not tell the token');
  for (const path of [
    '',
    '/metrics',
    '/docs/json',
    '/api/datasets',
    '/api/runs',
    '/api/lake/rows',
    '/api/events',
    '/api/actor',
  ])
    assert.equal(statusFor(path), 401, path);
  for (const path of ['/api/datasets/rows/pause', '/api/sign-in-links', '/api/runs/x/replay', '/api/runs/x/mend'])
    assert.equal(statusFor(path, '--request', 'POST', '--data', '{}'), 401, path);
  for (const header of ['Authorization: Bearer x', 'Authorization: Bearer ', 'Cookie: orchestrator-00000000=a.b.c'])
    assert.equal(statusFor('/api/datasets', '--header', header), 401, header);
  assert.equal(asStranger('curl', '-s', `${orchestrator.url}/api/health`).stdout, '{"status":"ok"}');
});

test('a page of another site that points its name here reads nothing, even with the cookie or the token', async () => {
  const known = { authorization: `Bearer ${orchestrator.token}` };
  for (const host of ['evil.example', `evil.example:${new URL(orchestrator.url).port}`, 'localhost.evil.example'])
    assert.equal(await statusUnder(host, known), 403, host);
  assert.equal(await statusUnder('localhost', known), 200);
});

test('a token that another user put in the place of ours is not taken: the service does not start', async () => {
  await orchestrator.kill('SIGTERM');
  const token = join(folder, 'data', 'token');
  renameSync(token, `${token}.kept`);
  writeFileSync(token, `${'x'.repeat(43)}\n`, { mode: 0o600 });
  chownSync(token, ATTACKER, ATTACKER);
  await assert.rejects(startOrchestrator(folder, WITHOUT_TARGET), /it belongs to uid 1234.*remove it/);
  renameSync(`${token}.kept`, token);
  orchestrator = await startOrchestrator(folder, WITHOUT_TARGET);
});

test('nobody is asked with AUTH=off alone, which is refused where other machines reach the port', async () => {
  const elsewhere = { ...WITHOUT_TARGET, DATA_DIR: join(folder, 'other'), AUTH: 'off' };
  await assert.rejects(startOrchestrator(folder, { ...elsewhere, HOST: '0.0.0.0' }), /AUTH=off with HOST=0\.0\.0\.0/);
});

function asStranger(command: string, ...words: string[]) {
  return spawnSync('setpriv', [...AS_ATTACKER, command, ...words], { encoding: 'utf8', timeout: 10_000 });
}

function statusFor(path: string, ...words: string[]): number {
  const { stdout } = asStranger(
    'curl',
    '-s',
    '-m',
    '5',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    ...words,
    orchestrator.url + path,
  );
  return Number(stdout);
}

function statusUnder(host: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`${orchestrator.url}/api/runs`, { headers: { ...headers, host } }, response => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject).end();
  });
}
