import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { RunUids } from '../runner.ts';
import { uids } from '../testing/attempts.ts';
import { launchPiped, type Piped } from './piped.ts';
import { isLeading, killMembers, type Leader, leaderOf } from './process-group.ts';
import { type Home, WorkerHomes } from './worker-homes.ts';

const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const nothing = () => undefined;
const shared: RunUids = {
  areOwn: false,
  take: () => owner,
  spare: () => owner,
  recall: nothing,
  forgetOthers: nothing,
  move: nothing,
  free: nothing,
};

/** A process that is at home there, and is told to go on. */
async function settle(t: TestContext, homes: WorkerHomes, isOwn: boolean): Promise<Home & { leader: Leader }> {
  const home = (await homes.make(3)) ?? assert.fail('there is no uid');
  const started: Piped = await launchPiped({
    command: ['/bin/sleep', '600'],
    environment: { WORK_DIR: home.path },
    cwd: '/',
    umask: 0o077,
    limits: {},
    ...(isOwn && { user: home.owner }),
  });
  for (const stream of [started.stdin, started.stdout, started.stderr]) t.after(() => stream.destroy());
  const leader = leaderOf(started.pid, home.path, isOwn ? home.owner.uid : undefined) ?? assert.fail('it has ended');
  t.after(() => killMembers(leader));
  homes.note(home, leader);
  started.go();
  return { ...home, leader };
}

for (const isOwn of [true, false]) {
  const title = isOwn ? 'workers with uids of their own' : 'workers with our uid';
  describe(title, { skip: isOwn && process.getuid?.() !== 0 && 'only root gives uids' }, () => {
    it('rule 10: what an orchestrator left which was killed is found dead, then removed; what is ours lives', async t => {
      const folder = mkdtempSync(join(tmpdir(), 'worker-homes-'));
      t.after(() => rmSync(folder, { recursive: true, force: true }));
      const of = isOwn ? uids : shared;
      const former = new WorkerHomes(folder, of);
      const left = await settle(t, former, isOwn);
      const unfinished = await former.make(3);
      const homes = new WorkerHomes(folder, of);
      const own = await settle(t, homes, isOwn);
      await Promise.all([homes.endLeft(), homes.endLeft()]);
      assert.deepEqual([isLeading(left.leader), isLeading(own.leader)], [false, true]);
      assert.equal(readdirSync(folder).length, 5);
      await homes.sweep();
      assert.deepEqual(readdirSync(folder).toSorted(), [basename(own.path), `${basename(own.path)}.json`]);
      assert.notEqual(unfinished, undefined);
      await homes.remove(own.path);
      assert.deepEqual([isLeading(own.leader), readdirSync(folder)], [false, []]);
    });
  });
}
