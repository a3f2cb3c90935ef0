import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { explainCommand } from '../cli/explain.ts';
import { explain } from './explain.ts';
import { datasetOf } from '../config/testing/dataset.ts';
import { WatchedFolder } from './testing/watched-folder.ts';

test('explain says which name rule keeps a file from being taken', async () => {
  await using folder = await WatchedFolder.make();
  const dataset = datasetOf('sales', folder.root, { WATCH_REGEX: '\\.csv$', READY_MARKER: '.ok' });
  const kept = [{ path: folder.path('backup'), is: 'BACKUP_DIR' }];
  for (const [name, expected] of [
    ['.a.csv', /is hidden/],
    ['a.csv.part', /is named like \*\.part, as downloads/],
    ['#recycle/x/a.csv', /is in #recycle, which is named like #recycle, as folders that a Synology NAS/],
    ['a.csv.receipt.json', /the orchestrator’s own files/],
    ['a.csv.ok', /READY_MARKER/],
    ['a.txt', /is not matched by WATCH_REGEX/],
  ] as const) {
    assert.match((await explain(folder.path(name), [dataset], folder.journal, () => kept)).join('\n'), expected);
  }
  const deep = datasetOf('sales', folder.root);
  const flat = datasetOf('sales', folder.root, { RECURSIVE: false });
  assert.match((await explain(folder.path('sub/a.csv'), [flat], folder.journal)).join(), /RECURSIVE is false/);
  assert.match(
    (await explain(folder.path('backup/a.csv'), [deep], folder.journal, () => kept)).join(),
    /keeps for itself/,
  );
  assert.match(
    (await explain(join(folder.base, 'x'), [dataset], folder.journal)).join(),
    /not below the WATCH_DIR of any/,
  );
});

test('explain names the process that has the file open for writing', async () => {
  await using folder = await WatchedFolder.make();
  const writer = await folder.writer('a.csv', 'exec 3>$FILE; echo open; exec sleep 60');
  const text = (await explain(folder.path('a.csv'), [datasetOf('sales', folder.root)], folder.journal)).join('\n');
  assert.match(text, /a\.csv is not taken yet/);
  assert.match(text, new RegExp(`open for writing by \\w+ \\(pid ${writer.pid}\\)`));
});

test('explain says what misses a marker, waits to be quiet, was taken, has changed, is gone, or never was', async () => {
  await using folder = await WatchedFolder.make();
  const lines: string[] = [];
  const dataset = datasetOf('sales', folder.root);
  const sayOf = async (file: string, settings: Parameters<typeof datasetOf>[2] = {}) => {
    lines.length = 0;
    const { journal } = folder;
    const datasets = [datasetOf('sales', folder.root, settings)];
    await explainCommand({
      file,
      datasets,
      journal,
      explain: path => explain(path, datasets, journal),
      print: line => lines.push(line),
    });
    return lines.join('\n');
  };
  const say = async (settings: Parameters<typeof datasetOf>[2] = {}) => {
    return sayOf(folder.path('a.csv'), settings);
  };
  assert.match(await say(), /a\.csv is not there/);
  await mkdir(folder.path('a.csv'));
  assert.match(await say(), /not a regular file/);
  await rm(folder.path('a.csv'), { recursive: true });
  await writeFile(folder.path('a.csv'), 'x');
  assert.match(await say({ READY_MARKER: '.ok' }), /READY_MARKER .*a\.csv\.ok is missing/);
  assert.match(await say({ SETTLE_MS: 60_000 }), /has not changed for 60000 ms/);
  const watch = await folder.watch();
  await folder.untilStates('a.csv', ['queued']);
  assert.match(await say(), /was taken in the version it has now\.\n.*is queued since/);
  await watch.stop();
  for (const name of ['a.csv', (await folder.journal.runs({ limit: 1 })).items[0]!.id])
    assert.match(
      await sayOf(name),
      /was taken in the version it has now/,
      'by its name or its run’s id, as status tells it',
    );
  assert.match(await sayOf('never-seen.csv'), /not below the WATCH_DIR of any/);
  const slot = { dataset: 'sales', free: 1, strict: false, order: 'arrival' as const, perFolder: false };
  const claim = { holder: 't', leaseMs: 60_000, now: Date.now(), slots: [slot], limit: 1 };
  const [[run] = []] = await folder.journal.claim(claim);
  assert.ok(run);
  const header = { name: 'header', value: true, confidence: 0.5, reason: 'as usual' };
  await folder.journal.decided(run, [header]);
  assert.match(await say(), /It was read with header true \(50 % sure: as usual\)\.$/m);
  await writeFile(folder.path('a.csv'), 'xy');
  assert.match(await say(), /has changed since it was taken/);
  await rm(folder.path('a.csv'));
  const request = { dataset: dataset.name, file: 'a.csv', root: folder.root, priority: 0, now: Date.now() };
  await folder.journal.absent([{ ...request, remove: false }]);
  assert.match(await say(), /no longer there\.$/);
  await folder.journal.finish(run, { to: 'quarantined', rows: null, error: 'bad' }, Date.now());
  assert.match(
    await say(),
    new RegExp(`no longer there: it was moved to the quarantine;.*\`orchestrator replay a\\.csv\``),
  );
});

test('explain says how far a run is, that the dataset is paused, and where the file went', async () => {
  await using folder = await WatchedFolder.make();
  const { journal } = folder;
  const say = async (path = folder.path('a.csv')) =>
    (await explain(path, [datasetOf('sales', folder.root)], journal)).join('\n');
  await writeFile(folder.path('a.csv'), 'x');
  const watch = await folder.watch();
  await folder.untilStates('a.csv', ['queued']);
  await watch.stop();
  await journal.pause('sales', true);
  assert.match(await say(), /The dataset is paused: none of its runs starts until `orchestrator resume sales`\./);
  await journal.pause('sales', false);
  const slot = { dataset: 'sales', free: 1, strict: false, order: 'arrival' as const, perFolder: false };
  const [[run] = []] = await journal.claim({ holder: 't', leaseMs: 60_000, now: Date.now(), slots: [slot], limit: 1 });
  assert.ok(run);
  assert.match(await say(), /is running since \S+, attempt 1\./);
  await journal.progress(run, { rows: 12_345, bytes: 40, totalBytes: 99 });
  assert.match(await say(), /, attempt 1: 12,345 rows so far, 40 % of its bytes\./);
  const rows = { read: 3, loaded: 3, rejected: 0, filtered: 0, deleted: 0 };
  await journal.finish(run, { to: 'done', rows, error: null }, Date.now());
  const target = join(folder.base, 'backup', 'sales', 'a.csv');
  const [source, hidden] = [folder.path('a.csv'), folder.path('.a')];
  await journal.intend({
    runId: run.id,
    kind: 'backup',
    source,
    hidden,
    target,
    fileVersion: run.fileVersion!,
    marker: null,
  });
  assert.match(await say(), /Its file is to be moved to .*backup\/sales\/a\.csv\.$/);
  await journal.closeDisposal(run.id, 'disposed', null);
  await rm(source);
  assert.match(await say(), /no longer there: it was moved to the backup, .*backup\/sales\/a\.csv\.$/);
  assert.match(
    await say(target),
    /^dataset sales: it is what a\.csv was, and was moved here\. Its last run .* is done/,
  );
});
