// Tries, as uid 1234 who owns the folder above WATCH_DIR, to have root write in a folder of root's alone: WATCH_DIR is
// swapped for a link to it while a run goes on.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder, removeFolder, startOrchestrator } from '../../orchestrator/e2e/harness.ts';
import { asRoot } from '../../orchestrator/testing/as-root.ts';
import { waitFor } from '../../orchestrator/testing/wait-for.ts';
import { AS_ATTACKER, ATTACKER } from './attacker.ts';

test('a WATCH_DIR that is swapped for a link while a run goes on gets no receipt', asRoot, async () => {
  const script = `touch "$WORK_DIR/started"; while [ ! -e "$WORK_DIR/go" ]; do sleep 0.05; done`;
  const rc = `WATCH_DIR: '{folder}/home/rc'\nRUNNER: process\nRECEIPT: true\nCOMMAND: ['/bin/sh', '-c', '${script}']\n`;
  const folder = await makeFolder({ rc }, 0o755);
  const [home, victim] = [join(folder, 'home'), join(folder, 'victim')];
  for (const path of [home, join(home, 'rc')]) {
    mkdirSync(path);
    chownSync(path, ATTACKER, ATTACKER);
  }
  mkdirSync(victim, { mode: 0o700 });
  const orchestrator = await startOrchestrator(folder, { LIST_INTERVAL: '100ms' });
  const asUploader = (command: string) => {
    const done = spawnSync('setpriv', [...AS_ATTACKER, 'sh', '-c', command]);
    assert.equal(done.status, 0, String(done.stderr));
  };
  try {
    asUploader(`echo x > ${home}/rc/pwn.csv`);
    const [run] = await orchestrator.waitForRuns('dataset=rc', runs => runs[0]?.state === 'running');
    const work = join(folder, 'data', 'runs', run?.id ?? '', '1');
    await waitFor('the program', async () => existsSync(join(work, 'started')));
    asUploader(`mv ${home}/rc ${home}/rc.away; ln -s ${victim} ${home}/rc`);
    writeFileSync(join(work, 'go'), '');
    await orchestrator.waitForRuns('dataset=rc', runs => runs[0]?.state === 'done');
    const refusal = /no receipt: .+rc is not the folder that was watched/;
    await waitFor('the refusal', async () => refusal.test(await orchestrator.output()));
    assert.deepEqual(readdirSync(victim), []);
  } finally {
    await orchestrator.kill('SIGKILL');
    await removeFolder(folder);
  }
});
