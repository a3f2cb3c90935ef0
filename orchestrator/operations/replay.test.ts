import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../clock.ts';
import { datasetOf } from '../config/testing/dataset.ts';
import { openSqliteJournal } from '../journal/sqlite/sqlite-journal.ts';
import { replayRun } from './replay.ts';

test('a quarantined file whose mended rows wait to be loaded is not put back', async t => {
  const { journal, run, replay, quarantined } = await setUp(t);
  const mend = await journal.mend(run.id, '/mended.ndjson', Date.now());
  assert.equal(await replay(), null);
  assert.equal((await journal.run(mend.id))?.state, 'queued');
  assert(existsSync(quarantined));
});

test('where the watcher takes a quarantined file that was put back before its replay is queued, that run is the replay', async t => {
  const { journal, run, replay, file } = await setUp(t);
  const journalReplay = journal.replay.bind(journal);
  journal.replay = async (id, now) => {
    assert(existsSync(file));
    const { dataset, root } = run;
    await journal.settle({ dataset, root, file: run.file, priority: 0, now });
    return journalReplay(id, now);
  };
  assert.equal((await replay())?.state, 'settling');
});

test('a mend that failed for good is replayed, and the file stays in quarantine', async t => {
  const { journal, run, quarantined, claim, replay } = await setUp(t);
  await journal.mend(run.id, '/mended.ndjson', Date.now());
  const mend = await journal.finish(await claim(), { to: 'quarantined', rows: null, error: 'bad' }, Date.now());
  const again = await replay(mend);
  assert.deepEqual([again?.action, again?.mendFile, again?.state], ['mend', '/mended.ndjson', 'queued']);
  assert(existsSync(quarantined));
});

/** A file in quarantine, of which every row was rejected. */
async function setUp(t: TestContext) {
  const dataDir = mkdtempSync(join(tmpdir(), 'replay-'));
  const journal = openSqliteJournal({ path: join(dataDir, 'journal.sqlite'), clock: systemClock });
  t.after(async () => {
    await journal.close();
    rmSync(dataDir, { recursive: true });
  });
  const dataset = datasetOf('sales', join(dataDir, 'in'));
  const at = { dataset: 'sales', file: 'a.csv', root: dataset.watchDir, priority: 0, now: Date.now() };
  const fileVersion = { sizeBytes: 1, token: '1.1' };
  await journal.submit({ ...at, fileVersion, contentHash: 'x' });
  const slot = { dataset: 'sales', free: 1, strict: false, order: 'arrival' as const, perFolder: false };
  const claim = async () => {
    const request = { holder: 't', leaseMs: 60_000, now: Date.now(), slots: [slot], limit: 1 };
    const [[claimed] = []] = await journal.claim(request);
    assert(claimed);
    return claimed;
  };
  const rows = { read: 1, loaded: 0, rejected: 1, filtered: 0, deleted: 0 };
  const run = await journal.finish(await claim(), { to: 'quarantined', rows, error: 'bad' }, Date.now());
  const quarantined = join(dataDir, 'quarantine/sales/a.csv');
  mkdirSync(join(quarantined, '..'), { recursive: true });
  mkdirSync(dataset.watchDir);
  writeFileSync(quarantined, 'x');
  writeFileSync(`${quarantined}.error.json`, JSON.stringify({ run: run.id }));
  const source = join(dataset.watchDir, 'a.csv');
  const disposal = { runId: run.id, kind: 'quarantine' as const, source, target: quarantined, fileVersion };
  await journal.intend({ ...disposal, hidden: `${source}.hidden`, marker: null });
  await journal.closeDisposal(run.id, 'disposed', null);
  const replay = (which = run) => replayRun(which, { journal, dataset, dataDir, now: Date.now() });
  return { journal, run, claim, replay, quarantined, file: join(dataset.watchDir, 'a.csv') };
}
