import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../clock.ts';
import { parseEnvironment } from '../../config/environment.ts';
import { datasetOf } from '../../config/testing/dataset.ts';
import type { InstalledRunner } from '../registry.ts';
import { makePlace, silentLogger, uids } from '../testing/attempts.ts';
import { installDocker } from './install-docker.ts';

async function withoutEngine(t: TestContext): Promise<InstalledRunner> {
  const place = await makePlace();
  const variables = { DATA_DIR: place.dataDir, DOCKER_HOST: `unix://${place.dataDir}/no-engine.sock` };
  const installed = installDocker({
    environment: parseEnvironment(variables, place.dataDir),
    variables,
    projectDir: place.dataDir,
    instance: '12345678-9',
    uids,
    clock: systemClock,
    logger: silentLogger,
    mask: text => text,
  });
  t.after(async () => {
    await installed.close();
    await place.remove();
  });
  return installed;
}

test('a COMMAND is for another runner, and nobody is asked', async t => {
  const { suits } = await withoutEngine(t);
  const lastKind = () => assert.fail('nobody is to be asked');
  const dataset = datasetOf('sales', '/srv/in', { COMMAND: '/bin/true' });
  assert.deepEqual(await suits?.(dataset, { others: [], lastKind }), { suits: false, why: 'COMMAND is set' });
});

test('while the engine is away what ran the last of all counts for a dataset that never had a file', async t => {
  const { suits, status } = await withoutEngine(t);
  const dataset = datasetOf('sales', '/srv/in');
  for (const last of ['docker', 'process']) {
    const answer = await suits?.(dataset, { others: [], lastKind: async of => (of === null ? last : null) });
    assert.equal(answer?.suits, last === 'docker', last);
    assert.match(answer.why, /no Docker Engine answers at unix:.*no-engine\.sock/);
  }
  const { part, isUp, message } = (await status?.()) ?? {};
  assert.deepEqual([part, isUp], ['engine', false]);
  assert.match(message ?? '', /no-engine\.sock/);
});
