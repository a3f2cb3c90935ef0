// Tries, as uid 1234 with the right to write in WATCH_DIR, to have a file read that only root can read: by links, by
// hard links, and by swapping files and folders for links while the orchestrator lists, hashes and runs them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from '../../orchestrator/e2e/harness.ts';
import { asRoot } from '../../orchestrator/testing/as-root.ts';
import { AS_ATTACKER } from './attacker.ts';

const SECRET = 'Tr0ub4dor-the-victims-own';
const RACE_MS = 1500;

const yaml = (name: string, followLinks: boolean) =>
  `WATCH_DIR: '{folder}/${name}'\nRUNNER: process\nLOAD: { target: lake }\nFOLLOW_LINKS: ${followLinks}\nBACKUP_FILE: ${followLinks}\n`;

/** A root orchestrator with two datasets in whose folders anybody may write, and a file that is root's alone beside them. */
async function setUp(): Promise<{ orchestrator: TestOrchestrator; folder: string; victim: string }> {
  const folder = await makeFolder({ plain: yaml('plain', false), links: yaml('links', true) }, 0o755);
  mkdirSync(join(folder, 'victim'), { mode: 0o755 });
  mkdirSync(join(folder, 'closed'), { mode: 0o700 });
  const victim = join(folder, 'victim', 'x.csv');
  for (const path of [victim, join(folder, 'closed', 'x.csv')]) {
    writeFileSync(path, `name\n${SECRET}\n`, { mode: path === victim ? 0o600 : 0o644 });
  }
  for (const name of ['plain', 'links']) {
    mkdirSync(join(folder, name));
    chmodSync(join(folder, name), 0o1777);
  }
  return { orchestrator: await startOrchestrator(folder, { LIST_INTERVAL: '200ms' }), folder, victim };
}

/** Whether the secret, or the hash of the file it is in, is in anything that the orchestrator wrote or answers. */
async function assertKept(orchestrator: TestOrchestrator, folder: string, victim: string): Promise<void> {
  const hash = createHash('sha256').update(readFileSync(victim)).digest('hex');
  const runs = await orchestrator.runs();
  const lakes = await Promise.all(
    ['plain', 'links'].map(name => orchestrator.get(`/api/lake/${name}?limit=1000`).catch(String)),
  );
  const told = JSON.stringify([runs, lakes]) + (await orchestrator.output());
  assert(!told.includes(SECRET) && !told.includes(hash), told.slice(0, 4000));
  const found = spawnSync('grep', ['-rlaE', `${SECRET}|${hash}`, join(folder, 'data')], { encoding: 'utf8' });
  assert.equal(found.stdout, '');
  assert.equal(statSync(victim).uid, 0);
}

test('uid 1234 reads nothing of root by way of a watched folder, and nothing outside it is moved', asRoot, async () => {
  const { orchestrator, folder, victim } = await setUp();
  try {
    const script = `
      for dir in plain links; do cd ${folder}/$dir
        ln -s ../victim/x.csv link.csv; ln -s link.csv second.csv; ln -s ../closed/x.csv closed.csv
        ln -s ../victim folder; ln -s / root; ln -s ${folder}/data/journal.sqlite journal.csv; ln -s /proc/self/environ env.csv
        ln ../victim/x.csv hard.csv 2>/dev/null
        mkfifo fifo.csv; echo "name
      mine" > mine.csv
      done; cd ${folder}/links; ln -s ../plain/mine.csv own.csv; true`;
    const planted = spawnSync('setpriv', [...AS_ATTACKER, 'sh', '-c', script], { encoding: 'utf8' });
    assert.equal(planted.status, 0, planted.stderr);
    for (const name of ['plain', 'links']) {
      await orchestrator.waitForRuns(`dataset=${name}&file=mine.csv`, runs => runs[0]?.state === 'done');
    }
    // A link of his to what he can read himself is followed, and stays with what it leads to.
    await orchestrator.waitForRuns('dataset=links&file=own.csv', runs => runs[0]?.state === 'done');
    const race = spawn('setpriv', [...AS_ATTACKER, process.execPath, '-e', RACE, folder, String(RACE_MS)], {
      stdio: 'inherit',
    });
    const [code] = (await once(race, 'exit')) as [number | null];
    assert.equal(code, 0);
    await orchestrator.waitForRuns('', runs => runs.every(({ endedAt }) => endedAt !== null));
    await assertKept(orchestrator, folder, victim);
    const taken = (await orchestrator.runs()).filter(({ state, rowsLoaded }) => state === 'done' && rowsLoaded);
    const names = new Set(taken.map(({ dataset, file }) => `${dataset}/${file}`));
    for (const name of ['link.csv', 'second.csv', 'closed.csv', 'folder/x.csv', 'journal.csv', 'env.csv', 'hard.csv']) {
      assert(!names.has(`plain/${name}`) && !names.has(`links/${name}`), name);
    }
    assert(existsSync(join(folder, 'plain', 'mine.csv')), 'what a link leads to is not moved');
    assert(readdirSync(join(folder, 'links')).includes('own.csv'));
    assert.match(await orchestrator.output(), /plain\/.*FOLLOW_LINKS: true/);
  } finally {
    await orchestrator.kill('SIGKILL');
    await removeFolder(folder);
  }
});

/** Files and folders that are now his own, now links to the victim's, as fast as they can be swapped. */
const RACE = `
  const fs = require('fs'), path = require('path');
  const [folder, ms] = process.argv.slice(1);
  const until = Date.now() + Number(ms);
  for (let turn = 0; Date.now() < until; turn++) {
    for (const dir of ['plain', 'links']) {
      const at = name => path.join(folder, dir, name);
      try {
        if (turn % 2) fs.symlinkSync('../victim/x.csv', at('.next'));
        else fs.writeFileSync(at('.next'), 'name\\nmine' + turn + '\\n');
        fs.renameSync(at('.next'), at('swapped' + (turn % 2) + '.csv'));
        fs.mkdirSync(at('.real' + turn));
        fs.writeFileSync(at('.real' + turn + '/x.csv'), 'name\\nmine' + turn + '\\n');
        try { fs.renameSync(at('dir'), at('.old' + turn)); } catch {}
        if (turn % 2) fs.symlinkSync('../victim', at('dir'));
        else fs.renameSync(at('.real' + turn), at('dir'));
        fs.rmSync(at('.old' + turn), { recursive: true, force: true });
      } catch (error) { if (!['ENOENT', 'EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(error.code)) throw error; }
    }
  }
  // What is his own in the end is taken.
  for (const dir of ['plain', 'links']) fs.writeFileSync(path.join(folder, dir, 'end.csv'), 'name\\nend\\n');`;
