import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../clock.ts';
import { chooseSeed, createRandom } from '../../testing/random.ts';
import { openSqliteJournal } from './sqlite-journal.ts';
import { brokenInvariants } from './testing/invariants.ts';

const WRITER = join(import.meta.dirname, 'testing', 'writer.ts');
const KILLS = 4;

describe('journal: crash', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'journal-crash-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('rule 10: killed at any moment while it writes, the journal is whole and holds all it said was done', async t => {
    const random = createRandom(chooseSeed(t));
    const path = join(folder, 'journal.sqlite');
    for (let kill = 0; kill < KILLS; kill++) {
      const said = await runUntilKilled(path, 3 + Math.floor(random() * 30));
      await assertWhole(path, said);
    }
  });
});

/** Kills the writer after so many lines; returns the whole ones it printed. */
async function runUntilKilled(path: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [WRITER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.split('\n').length > lines) child.kill('SIGKILL');
  });
  const [, signal] = await once(child, 'close');
  assert.equal(signal, 'SIGKILL', 'the writer ended by itself');
  return text.split('\n').slice(0, -1);
}

async function assertWhole(path: string, said: string[]): Promise<void> {
  const journal = openSqliteJournal({ path, clock: systemClock });
  for (const id of said) assert.equal((await journal.run(id))?.state, 'done');
  // What the dead one ran goes back into the line, as a scheduler does at its start.
  await journal.endOtherLeases('me');
  for (const run of await journal.takeOver({ holder: 'me', leaseMs: 1000, now: Date.now() })) {
    const how = { to: 'queued', dueAt: Date.now(), counts: false, error: 'the orchestrator was killed' } as const;
    await journal.finish(run, how, Date.now());
  }
  await journal.close();
  const database = new DatabaseSync(path);
  assert.equal(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
  assert.deepEqual(database.prepare('PRAGMA foreign_key_check').all(), []);
  assert.deepEqual(brokenInvariants(database), []);
  database.close();
}
