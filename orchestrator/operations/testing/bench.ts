import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '../../clock.ts';
import { datasetOf } from '../../config/testing/dataset.ts';
import { versionOf } from '../../files/version.ts';
import type { Disposal, Finish, Run } from '../../journal/journal.ts';
import { openSqliteJournal } from '../../journal/sqlite/sqlite-journal.ts';
import { replayRun } from '../replay.ts';
import { submitFile } from '../submit.ts';

const ROWS = { read: 1, loaded: 1, rejected: 0, filtered: 0, deleted: 0 };
const DONE: Finish = { to: 'done', rows: ROWS, error: null };

export function hashOf(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A dataset whose runs end as they are told to. */
export function setUp(t: TestContext, settings: Parameters<typeof datasetOf>[2] = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), 'find-file-'));
  const journal = openSqliteJournal({ path: join(dataDir, 'journal.sqlite'), clock: systemClock });
  t.after(async () => {
    await journal.close();
    rmSync(dataDir, { recursive: true });
  });
  const watchDir = join(dataDir, 'in');
  const dataset = datasetOf('sales', watchDir, settings);
  const append = dataset.settings.ON_CHANGE === 'append';
  const at = (file: string) => ({ dataset: 'sales', file, root: watchDir, priority: 0, now: Date.now() });
  const path = (file: string) => join(watchDir, file);
  const fileVersionOf = (file: string) => versionOf(statSync(path(file), { bigint: true }));
  const slot = { dataset: 'sales', free: 1, strict: false, order: 'arrival' as const, perFolder: false };

  async function arrive(file: string, content: string, { isTouched = false } = {}): Promise<Run> {
    mkdirSync(dirname(path(file)), { recursive: true });
    if (!isTouched) writeFileSync(path(file), content);
    const { id } = await journal.settle(at(file));
    const what = { fileVersion: fileVersionOf(file), contentHash: hashOf(content) };
    return journal.queue({ runId: id, ...what, now: Date.now() });
  }

  async function end(how = DONE): Promise<Run> {
    const request = { holder: 't', leaseMs: 60_000, now: Date.now(), slots: [slot], limit: 1 };
    const [[run] = []] = await journal.claim(request);
    assert(run);
    const fileKey = append ? `${run.file} ${run.contentHash}` : run.file;
    await journal.ledger(run, { fileKey, append, rebuilds: false, indexFor: () => 'sales' });
    return journal.finish(run, how, Date.now());
  }

  async function load(file: string, content: string, how = DONE): Promise<Run> {
    await arrive(file, content);
    return end(how);
  }

  /** As the disposer does it. */
  async function moveAway(run: Run, kind: Disposal['kind'], name = run.file, folder: string = kind): Promise<string> {
    const [source, target] = [path(run.file), join(dataDir, folder, 'sales', name)];
    const fileVersion = fileVersionOf(run.file);
    await journal.intend({
      runId: run.id,
      kind,
      source,
      hidden: `${source}.hidden`,
      target,
      fileVersion,
      marker: null,
    });
    mkdirSync(dirname(target), { recursive: true });
    linkSync(source, target);
    rmSync(source);
    await journal.closeDisposal(run.id, 'disposed', null, target);
    return target;
  }

  async function remove(run: Run): Promise<void> {
    const source = path(run.file);
    const disposal = { runId: run.id, kind: 'remove' as const, source, fileVersion: fileVersionOf(run.file) };
    await journal.intend({ ...disposal, hidden: `${source}.hidden`, target: null, marker: null });
    rmSync(source);
    await journal.closeDisposal(run.id, 'disposed', null);
  }

  const replay = (run: Run) => replayRun(run, { journal, dataset, dataDir, now: Date.now() });
  const submit = (file: string) => submitFile(file, { journal, dataset, dataDir, now: Date.now() });
  return {
    journal,
    dataset,
    dataDir,
    watchDir,
    at,
    path,
    versionOf: fileVersionOf,
    arrive,
    load,
    end,
    moveAway,
    remove,
    replay,
    submit,
  };
}
