import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { KibanaSettings } from '../../config/kibana-settings.ts';
import { kindOf } from '../../errors.ts';
import { ask } from './http.ts';

let folder: string;
let settings: KibanaSettings;
const asked: Array<string | undefined> = [];
const server = (key: string, cert: string) =>
  createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    asked.push(request.headers.authorization);
    response.end('{}');
  });
let running: ReturnType<typeof server>;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kibana-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert];
  execFileSync('openssl', [...words, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'], {
    stdio: 'ignore',
  });
  running = server(key, cert).listen(0, '127.0.0.1');
  await once(running, 'listening');
  const url = `https://localhost:${(running.address() as AddressInfo).port}`;
  settings = { url, publicUrl: url, apiKey: 'a2V5', username: null, password: null, ca: cert, space: 'default' };
});
after(() => {
  running.closeAllConnections();
  running.close();
  rmSync(folder, { recursive: true });
});

const QUESTION = { method: 'GET', path: '/api/status' } as const;

test('a certificate that KIBANA_CA signed is trusted, and the key is sent', async () => {
  assert.equal((await ask(settings, QUESTION)).status, 200);
  assert.deepEqual(asked, ['ApiKey a2V5']);
});

test('another certificate is not, whatever it is for, and nothing is sent', async () => {
  const [{ length }] = [asked];
  const noCa = ask({ ...settings, ca: null }, QUESTION);
  await assert.rejects(
    noCa,
    error => kindOf(error) === 'never' && /is not trusted .* name who signed it by KIBANA_CA/.test(String(error)),
  );
  const otherName = ask({ ...settings, url: settings.url.replace('localhost', '127.0.0.1') }, QUESTION);
  await assert.rejects(
    otherName,
    error =>
      kindOf(error) === 'never' &&
      /is not trusted \(ERR_TLS.*other names; set KIBANA_URL to one of/.test(String(error)),
  );
  assert.equal(asked.length, length);
});

test('a KIBANA_CA that is not there is told', async () => {
  const gone = ask({ ...settings, ca: join(folder, 'gone.pem') }, QUESTION);
  await assert.rejects(gone, /KIBANA_CA .*gone\.pem can't be read \(ENOENT\)/);
});
