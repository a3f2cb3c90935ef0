import assert from 'node:assert/strict';
import { test } from 'node:test';
import { datasetOf } from '../../config/testing/dataset.ts';
import { runnerConformance } from '../conformance.ts';
import { RunnerRegistry } from '../registry.ts';
import { makePlace } from './attempts.ts';
import { InlineRunner, installInline } from './inline-runner.ts';

runnerConformance('inline', {
  create: async ({ dataDir }, options) => new InlineRunner({ dataDir, killAfterMs: 300, ...options }),
  shell: script => ({ command: ['/bin/sh', '-c', script] }),
});

test('RUNNER chooses a runner that was added by its name', async t => {
  const place = await makePlace();
  t.after(() => place.remove());
  const inline = installInline({ dataDir: place.dataDir, killAfterMs: 300 });
  const registry = new RunnerRegistry([inline], async () => null);
  const dataset = { ...datasetOf('sales', '/srv/in'), settings: { RUNNER: 'inline' } as never };
  const { runner, reason } = await registry.for(dataset);
  assert.equal(runner, inline.runner);
  assert.equal(reason, 'runs without any confinement: RUNNER says so');
  await registry.close();
});
