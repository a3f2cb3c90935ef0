// Tries to leave the service behind, with DATA_DIR locked, by ending the npm that started it: by SIGTERM, by SIGKILL,
// and by Ctrl-C, which comes twice.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort, makeFolder, removeFolder, withoutServices } from '../../orchestrator/e2e/harness.ts';
import { readHolder } from '../../orchestrator/journal/sqlite/lock.ts';
import { waitFor } from '../../orchestrator/testing/wait-for.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SLOW = `WATCH_DIR: '{folder}/in'
COMMAND: [/bin/sh, -c, 'echo begun; sleep 2']
`;

interface Npm {
  child: ChildProcess;
  said(): string;
}

let folder: string;
let npm: Npm;
before(async () => {
  folder = await makeFolder({ slow: SLOW });
  await mkdir(join(folder, 'in'));
});
afterEach(() => {
  const holder = readHolder(join(folder, 'data'));
  if (holder !== null) process.kill(holder.pid, 'SIGKILL');
});
after(() => removeFolder(folder));

test('SIGTERM to npm alone stops the service in order, and npm ends after it', async () => {
  npm = await npmStart(['start']);
  const exit = once(npm.child, 'exit');
  npm.child.kill('SIGTERM');
  await exit;
  assert.equal(readHolder(join(folder, 'data')), null);
  assert.match(npm.said(), /SIGTERM: stopping/);
});

test('SIGKILL to npm alone stops the service in order, and another start works', async () => {
  npm = await npmStart(['start']);
  npm.child.kill('SIGKILL');
  await waitFor('DATA_DIR is free', async () => readHolder(join(folder, 'data')) === null, { timeoutMs: 10_000 });
  assert.match(npm.said(), /SIGTERM \(what started this has ended\): stopping/);
  npm = await npmStart(['start']);
  const exit = once(npm.child, 'exit');
  npm.child.kill('SIGTERM');
  await exit;
});

test('so does SIGKILL to npx, which keeps its shell', async () => {
  npm = await npmStart(['exec', '--', 'orchestrator', 'start']);
  npm.child.kill('SIGKILL');
  await waitFor('DATA_DIR is free', async () => readHolder(join(folder, 'data')) === null, { timeoutMs: 10_000 });
});

test('Ctrl-C, which reaches the service twice, does not take from a running file its time to finish', async () => {
  npm = await npmStart(['start']);
  await writeFile(join(folder, 'in', 'a.csv'), 'A\n1\n');
  const logs = join(folder, 'data', 'logs');
  const texts = () => readdirSync(logs).map(run => readFileSync(join(logs, run, '1.log'), 'utf8'));
  const hasBegun = async () => existsSync(logs) && texts().includes('begun\n');
  await waitFor('the file runs', hasBegun, { timeoutMs: 20_000 });
  const exit = once(npm.child, 'exit');
  process.kill(-npm.child.pid!, 'SIGINT');
  await exit;
  assert.equal(npm.said().match(/SIGINT/g)?.length, 1, npm.said());
  assert.match(npm.said(), /a\.csv: done/);
});

/** In a group of its own, as a terminal or a supervisor has it; resolves when the service answers. */
async function npmStart(words: string[]): Promise<Npm> {
  const port = String(await freePort());
  const child = spawn('npm', words, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      CONFIG_DIR: join(folder, 'config'),
      DATA_DIR: join(folder, 'data'),
      PORT: port,
      ...withoutServices(folder),
    },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await waitFor(
    'the service answers',
    () =>
      fetch(`http://127.0.0.1:${port}/api/health`).then(
        response => response.ok,
        () => false,
      ),
    { tell: () => text },
  );
  return { child, said: () => text };
}
