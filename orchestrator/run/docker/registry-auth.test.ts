import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { systemClock } from '../../clock.ts';
import { kindOf } from '../../errors.ts';
import { connectEngine } from './engine.ts';
import { ImagePuller } from './image.ts';
import { registryAuth } from './registry-auth.ts';

let folder: string;
let file: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-'));
  file = join(folder, 'config.json');
  const auths = {
    'registry.example.org:5000': { auth: btoa('anna:pa:ss') },
    'https://index.docker.io/v1/': { auth: btoa('hub:word') },
    'kept.example.org': {},
  };
  await writeFile(file, JSON.stringify({ auths, credsStore: 'desktop' }));
});

after(() => rm(folder, { recursive: true }));

it('credentials are those of the image’s registry, and of no other', async () => {
  const mine = { username: 'anna', password: 'pa:ss', serveraddress: 'registry.example.org:5000' };
  assert.deepEqual(await registryAuth(file, 'registry.example.org:5000/team/etl:1'), mine);
  assert.equal((await registryAuth(file, 'curlimages/curl'))?.username, 'hub');
  assert.equal((await registryAuth(file, 'postgres:17'))?.username, 'hub');
  for (const image of ['other.example.org/etl', 'kept.example.org/etl', 'localhost/etl']) {
    assert.equal(await registryAuth(file, image), undefined, image);
  }
});

it('without the file there are none; one that can’t be read makes the run wait', async () => {
  assert.equal(await registryAuth(join(folder, 'none.json'), 'a/b'), undefined);
  await writeFile(join(folder, 'broken.json'), '{');
  await assert.rejects(registryAuth(join(folder, 'broken.json'), 'a/b'), error => kindOf(error) === 'wait');
});

it('the engine gets them with the pull', async () => {
  let header: string | undefined;
  const server = createServer((request, response) => {
    header = request.headers['x-registry-auth'] as string;
    response.end('{"status":"done"}\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { docker } = connectEngine(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, systemClock);
  await new ImagePuller(docker, image => registryAuth(file, image)).pull('registry.example.org:5000/etl', () => {});
  server.close();
  assert.equal(JSON.parse(Buffer.from(header ?? '', 'base64').toString()).password, 'pa:ss');
});
