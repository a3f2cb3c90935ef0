import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from '../../clock.ts';
import { connectEngine } from './engine.ts';
import { findOwnContainer, idInMounts } from './own-container.ts';

const ID = 'f0'.repeat(32);

it('the own container’s id is read from the mounts that the engine made', () => {
  const line = `1200 1190 254:1 /var/lib/docker/containers/${ID}/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw`;
  assert.equal(idInMounts(`24 1 254:1 / / rw - ext4 /dev/vda1 rw\n${line}\n`), ID);
});

it('a machine that runs an engine is not in one of its containers', () => {
  const line = `900 24 0:60 / /var/lib/docker/containers/${ID}/mounts/shm rw - tmpfs shm rw`;
  assert.equal(idInMounts(line), undefined);
});

it('outside of a container there is none', async () => {
  const engine = connectEngine(process.env['DOCKER_HOST'] ?? null, systemClock);
  assert.equal(await findOwnContainer(engine), null);
});
