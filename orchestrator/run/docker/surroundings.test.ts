import assert from 'node:assert/strict';
import { it } from 'node:test';
import { surroundingsOf } from './surroundings.ts';

const own = { id: 'f0', paths: [{ from: '/data', to: '/srv/data' }], network: 'etl' };

it('outside of a container paths are what they are', async () => {
  assert.deepEqual(await surroundingsOf(async () => null, null)(), { hostPaths: null, ownNetwork: null });
});

it('in a container its mounts and its network count, and HOST_PATH_MAP before the mounts', async () => {
  assert.deepEqual(await surroundingsOf(async () => own, null)(), { hostPaths: own.paths, ownNetwork: 'etl' });
  const map = [{ from: '/in', to: '/host/in' }];
  assert.deepEqual(await surroundingsOf(async () => own, map)(), { hostPaths: map, ownNetwork: 'etl' });
});

it('an engine that is away is asked again, one that has answered is not', async () => {
  const answers = [() => assert.fail('away'), () => own, () => assert.fail('asked once more')];
  const surroundings = surroundingsOf(async () => answers.shift()!(), null);
  await assert.rejects(surroundings(), /away/);
  for (const _ of [1, 2]) assert.equal((await surroundings()).ownNetwork, 'etl');
});
