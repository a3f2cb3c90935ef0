import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../orchestrator/e2e/harness.ts';
import { waitFor } from '../../orchestrator/testing/wait-for.ts';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const INSTALLED = '/opt/orchestrator-etl';
const unit = readFileSync(new URL('orchestrator-etl.service', import.meta.url), 'utf8').replaceAll(INSTALLED, root);
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

test('systemd takes the unit', { skip: !hasSystemd && 'there is no systemd-analyze' }, t => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'orchestrator-etl.service'), unit);
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', join(folder, 'orchestrator-etl.service')], {
    encoding: 'utf8',
  });
  assert.deepEqual([status, stderr], [0, '']);
});

test('its command line starts the orchestrator with the .env of its folder, and SIGTERM ends it with 0', async t => {
  const folder = makeFolder(t);
  const port = await freePort();
  writeFileSync(join(folder, '.env'), `PORT=${port}\nELASTICSEARCH_NODE=\nDOCKER_HOST=unix://${folder}/none\n`);
  const [program = '', ...args] = /^ExecStart=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? [];
  // What systemd gives to a service, and no more.
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', HOME: folder, LANG: 'C.UTF-8' };
  const child = spawn(program, args, { cwd: folder, env, stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  await waitFor('it is up', () => {
    assert.equal(child.exitCode, null, 'it ended by itself');
    return fetch(`http://127.0.0.1:${port}/api/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  });
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
});

test('what the unit stops after leaves the orchestrator its GRACE', () => {
  assert.match(unit, /^KillMode=mixed$/m);
  assert.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]) >= 45);
});

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'unit-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
