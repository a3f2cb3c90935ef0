import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../clock.ts';
import { codeOf } from '../../errors.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { giveUpRoom, keepRoom } from './room.ts';
import { openSqliteJournal } from './sqlite-journal.ts';

test('rule 13: on a disk without a byte left the journal goes on, and opens; its place is held again once there is room', async t => {
  const disk = mkdtempSync(join(tmpdir(), 'journal-room-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', disk]);
  t.after(() => {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });
  const path = join(disk, 'journal.sqlite');
  const room = `${path}-room`;
  // What is looked at once a minute is looked at all the time.
  const clock = { ...systemClock, after: (_: number, act: () => void) => systemClock.after(10, act) };
  const first = openSqliteJournal({ path, clock: systemClock });
  t.after(keepRoom({ journal: path, minFreeBytes: 0, clock }));
  assert.ok(existsSync(room));
  const filler = join(disk, 'filler');
  fill(filler);
  const watch = (journal: typeof first, name: string) =>
    Promise.all(Array.from({ length: 200 }, (_, n) => journal.firstWatch(`${name}-${n}`, 1)));
  await watch(first, 'a');
  assert.ok(!existsSync(room));
  await first.close();

  const second = openSqliteJournal({ path, clock: systemClock });
  await watch(second, 'b');
  await second.close();
  rmSync(filler);
  await waitFor('the room is kept again', () => existsSync(room));
  assert.ok(giveUpRoom(path));
});

/** To the last byte. */
function fill(path: string): void {
  const block = Buffer.alloc(4096, 1);
  try {
    for (;;) writeFileSync(path, block, { flag: 'a' });
  } catch (error) {
    assert.equal(codeOf(error), 'ENOSPC');
  }
}
