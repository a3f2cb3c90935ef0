import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isHolderAlive, ownHolderId } from '../holder.ts';
import { lockDataDir, lockJournal } from './lock.ts';

const CHILD = join(import.meta.dirname, 'testing', 'lock-holder.ts');

describe('lock of DATA_DIR', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lock-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('a folder is kept by one, and free again once given back', () => {
    const dataDir = join(folder, 'one');
    const release = lockDataDir(dataDir);
    assert.throws(() => lockDataDir(dataDir), new RegExp(`in use by another orchestrator \\(pid ${process.pid} on `));
    release();
    release();
    lockDataDir(dataDir)();
  });

  it('another process is named, and its death, even by SIGKILL, frees the folder', async t => {
    const dataDir = join(folder, 'two');
    const child = spawn(process.execPath, ['--expose-gc', CHILD, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const holder = line.toString().split('\n', 1)[0] ?? '';
    await once(child.stdout, 'data');
    assert.throws(() => lockDataDir(dataDir), new RegExp(`pid ${child.pid} `));
    assert.equal(isHolderAlive(holder), true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockDataDir(dataDir)();
    assert.equal(isHolderAlive(holder), false);
  });

  it('rule 10: a journal outside of DATA_DIR is kept by one, too', () => {
    const [one, two] = [join(folder, 'data-1'), join(folder, 'data-2')];
    const journal = join(folder, 'shared', 'journal.sqlite');
    const release = lockJournal({ dataDir: one, journal });
    assert.throws(() => lockJournal({ dataDir: two, journal }), /shared is in use by another orchestrator/);
    lockDataDir(two)();
    release();
    lockJournal({ dataDir: two, journal })();
    lockJournal({ dataDir: one, journal: join(one, 'journal.sqlite') })();
  });

  it('a folder that can’t be made is an error that says so', () => {
    assert.throws(() => lockDataDir(join(import.meta.filename, 'data')), /DATA_DIR .*data can’t be locked/);
  });

  it('a holder is known by its pid, start time and boot: a pid used again is another', () => {
    const own = ownHolderId();
    assert.equal(isHolderAlive(own), true);
    const [pid, ticks, boot] = own.split(':');
    assert.equal(isHolderAlive(`${pid}:${Number(ticks) - 1}:${boot}`), false);
    assert.equal(isHolderAlive(`${pid}:${ticks}:another-boot`), false);
    assert.equal(isHolderAlive(''), false);
  });
});
