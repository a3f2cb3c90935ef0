import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { until } from '../testing/attempts.ts';
import { killMembers, type Leader, leaderOf, livingMembers } from './process-group.ts';
import { readProcess } from './process-table.ts';

test('rule 10: without a uid of its own, a survivor whose first process has ended is found by the rest of its group', async () => {
  const workDir = `/nowhere/${process.pid}`;
  const script = 'sleep 60 & echo ready; wait';
  const child = spawn('/bin/sh', ['-c', script], {
    detached: true,
    env: { PATH: process.env['PATH'], WORK_DIR: workDir },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  const leader = leaderOf(child.pid as number, workDir, undefined) as Leader;
  await until('its children are there', () => livingMembers(leader).length >= 2);
  child.kill('SIGKILL');
  await until('it has ended', () => readProcess(leader.pid) === undefined);
  assert.ok((await killMembers(leader)) >= 1);
  assert.deepEqual(livingMembers(leader), []);
});
