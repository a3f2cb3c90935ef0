import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { waitFor } from '../../testing/wait-for.ts';
import { killMembers, type Leader, leaderOf, livingMembers } from './process-group.ts';
import { killAllOf } from './kill-user.ts';
import { readProcess } from './process-table.ts';
import { asRoot } from '../../testing/as-root.ts';

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
  await waitFor('its children are there', () => livingMembers(leader).length >= 2);
  child.kill('SIGKILL');
  await waitFor('it has ended', () => readProcess(leader.pid) === undefined);
  assert.ok((await killMembers(leader)) >= 1);
  assert.deepEqual(livingMembers(leader), []);
});

test('rule 10: without a uid of its own, what has cleared its environment is found by its group', async () => {
  const workDir = `/nowhere/${process.pid}-cleared`;
  const child = spawn('/bin/sh', ['-c', 'env -i sleep 60 & echo $!; wait'], {
    detached: true,
    env: { PATH: process.env['PATH'], WORK_DIR: workDir },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [printed] = (await once(child.stdout, 'data')) as [Buffer];
  await waitFor('its environment is empty', () => readFileSync(`/proc/${Number(printed)}/environ`, 'utf8') === '');
  const leader = leaderOf(child.pid as number, workDir, undefined) as Leader;
  assert.ok((await killMembers(leader)) >= 2);
  assert.ok(readProcess(Number(printed))?.isZombie ?? true);
});

test('without a uid of its own, what takes long to end is waited for though its first process has ended', async () => {
  const workDir = `/nowhere/${process.pid}-slow`;
  // One that has memory to give back takes a while to end.
  const slow = 'const held = Buffer.alloc(600_000_000, 1); console.log(process.pid); setInterval(() => held, 1000);';
  const child = spawn('/bin/sh', ['-c', 'env -i "$0" -e "$1" & wait', process.execPath, slow], {
    detached: true,
    env: { PATH: process.env['PATH'], WORK_DIR: workDir },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [printed] = (await once(child.stdout, 'data')) as [Buffer];
  const leader = leaderOf(child.pid as number, workDir, undefined) as Leader;
  await killMembers(leader);
  assert.ok(readProcess(Number(printed))?.isZombie ?? true);
});

test('without a uid of its own, what went into a session of its own is found, whether its leader lives or has ended', async () => {
  for (const ending of ['wait', 'exit 0']) {
    const workDir = `/nowhere/${process.pid}-${ending.replace(' ', '-')}`;
    const script = `setsid sleep 60 </dev/null >/dev/null 2>&1 & echo $!; read -r go; ${ending}`;
    const child = spawn('/bin/sh', ['-c', script], {
      detached: true,
      env: { PATH: process.env['PATH'], WORK_DIR: workDir },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const [printed] = (await once(child.stdout, 'data')) as [Buffer];
    const pid = Number(printed);
    await waitFor('it leads a session of its own', () => readProcess(pid)?.session === pid);
    const leader = leaderOf(child.pid as number, workDir, undefined) as Leader;
    child.stdin.end('go\n');
    if (ending !== 'wait') await waitFor('it has ended', () => readProcess(leader.pid) === undefined);
    assert.ok(
      livingMembers(leader).some(member => member.pid === pid),
      ending,
    );
    await killMembers(leader);
    assert.ok(readProcess(pid)?.isZombie ?? true);
  }
});

test('rule 10: what forks and ends faster than anybody can look is dead all the same', asRoot, async t => {
  const uid = 71_500;
  t.after(() => killAllOf(uid));
  // A shell calls a function of its own no deeper than a thousand times.
  const script = 'n=0; f() { n=$((n + 1)); if [ $n -lt 500 ]; then f & else /bin/sh -c "$0" "$0" & fi; }; f';
  const gate = `echo ready; read -r go; exec /bin/sh -c "$0" "$0"`;
  const child = spawn('/bin/sh', ['-c', gate, script], {
    detached: true,
    uid,
    gid: uid,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  const leader = leaderOf(child.pid as number, '/nowhere', uid) as Leader;
  child.stdin.end('go\n');
  await once(child, 'exit');
  await killMembers(leader);
  for (let look = 0; look < 20; look++) assert.deepEqual(livingMembers(leader), []);
});

test('a uid is killed whole and nobody else’s processes are, this one’s neither', asRoot, async () => {
  const start = async (uid: number) => {
    const child = spawn('/bin/sh', ['-c', 'echo; read -r end'], { uid, gid: uid });
    await once(child.stdout, 'data');
    return child;
  };
  const [own, other, another] = await Promise.all([start(71_501), start(71_502), start(0)]);
  const gone = once(own, 'exit');
  assert.ok(killAllOf(71_501));
  assert.deepEqual(await gone, [null, 'SIGKILL']);
  assert.equal(process.geteuid?.(), 0);
  for (const child of [other, another]) {
    assert.equal(readProcess(child.pid as number)?.isZombie, false);
    child.stdin.end('\n');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  }
  for (const uid of [-1, 0, 1, 999, 1000.5, 2 ** 32 - 1, Number.NaN])
    assert.throws(() => killAllOf(uid), /is no run's/);
});

test('two that kill at the same moment leave each other alone', asRoot, async () => {
  const module = JSON.stringify(new URL('kill-user.ts', import.meta.url).href);
  const script = `const { killAllOf } = await import(${module}); for (let n = 0; n < 5000; n++) killAllOf(71503);`;
  const killers = [1, 2, 3].map(() =>
    spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' }),
  );
  const endings = await Promise.all(killers.map(killer => once(killer, 'exit')));
  assert.deepEqual(endings, [
    [0, null],
    [0, null],
    [0, null],
  ]);
});
