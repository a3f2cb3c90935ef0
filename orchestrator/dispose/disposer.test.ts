import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { storedName } from './names.ts';
import { setImmediate } from 'node:timers/promises';
import { systemClock } from '../clock.ts';
import type { Dataset } from '../config/dataset.ts';
import type { Settings } from '../config/schema.ts';
import type { Finish, Journal, Run } from '../journal/journal.ts';
import { openSqliteJournal } from '../journal/sqlite/sqlite-journal.ts';
import type { HasWriter } from './carry-out.ts';
import { type FileDisposer, startDisposer } from './disposer.ts';
import { fileVersionAt } from './testing/file-version.ts';
import { restoreQuarantined } from './restore.ts';

const DONE: Finish = { to: 'done', rows: { read: 1, loaded: 1, rejected: 0, filtered: 0, deleted: 0 }, error: null };
const NEVER: Finish = { to: 'quarantined', rows: null, error: 'row 3 has 5 cells' };
const CONTENT = 'a\n1\n';
const testing = join(import.meta.dirname, 'testing');

test('a backup keeps dataset and path, and never overwrites one that is there', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales', { BACKUP_FILE: true });
  const disposer = await bench.disposer([dataset]);
  await bench.end(disposer, dataset, 'north/a.csv', DONE);
  const second = await bench.end(disposer, dataset, 'north/a.csv', DONE, 'other');
  assert.deepEqual(
    new Map(bench.tree('backup')),
    new Map([
      ['sales/north/a.csv', CONTENT],
      [storedName('sales/north/a.csv', second.id), 'other'],
    ]),
  );
  assert.deepEqual(bench.tree('in'), []);
});

test('REMOVE_FILE takes the file and its marker away after success, and only then', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales', { REMOVE_FILE: true, READY_MARKER: '.ok' });
  const disposer = await bench.disposer([dataset]);
  writeFileSync(join(bench.watchDir, 'a.csv.ok'), '');
  await bench.end(disposer, dataset, 'b.csv', { to: 'failed', rows: null, error: 'no' });
  await bench.end(disposer, dataset, 'a.csv', DONE);
  assert.deepEqual(bench.tree('in'), [['b.csv', CONTENT]]);
});

test('rule 8: nothing is touched before the journal says that the run is done', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales', { REMOVE_FILE: true });
  const run = await bench.running(dataset, 'a.csv');
  const first = await bench.disposer([]);
  await first.intend(run, dataset, DONE);
  await first.stop();
  const second = await bench.disposer([]);
  await second.idle();
  assert.deepEqual(bench.tree('in'), [['a.csv', CONTENT]]);
  await bench.journal.finish(run, { to: 'failed', rows: null, error: 'no' }, Date.now());
  await second.idle();
  assert.deepEqual(bench.tree('in'), [['a.csv', CONTENT]]);
  assert.deepEqual(await bench.journal.intents(), []);
});

test('rule 8: what was written down before a crash is carried out once the run is done', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales', { REMOVE_FILE: true });
  const run = await bench.running(dataset, 'a.csv');
  const first = await bench.disposer([]);
  await first.intend(run, dataset, DONE);
  await first.stop();
  const second = await bench.disposer([]);
  await second.idle();
  await bench.finish(second, dataset, run, DONE);
  assert.deepEqual(bench.tree('in'), []);
});

test('what can never succeed goes to quarantine with its reason beside it; null leaves it in place', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales');
  const stay = bench.dataset('stay', { QUARANTINE_DIR: null });
  const disposer = await bench.disposer([dataset]);
  const run = await bench.end(disposer, dataset, 'a.csv', NEVER);
  await bench.end(disposer, stay, 'b.csv', NEVER);
  const [file, note] = bench.tree('data/quarantine');
  assert.deepEqual(file, ['sales/a.csv', CONTENT]);
  const { run: id, error } = JSON.parse(note?.[1] ?? '{}') as Record<string, string>;
  assert.deepEqual([note?.[0], id, error], ['sales/a.csv.error.json', run.id, 'row 3 has 5 cells']);
  assert.deepEqual(bench.tree('in'), [['b.csv', CONTENT]]);
});

test('a file whose name leaves no place for the ending of a note is quarantined, and can be put back', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales', { RECEIPT: true });
  const disposer = await bench.disposer([dataset]);
  const names = ['1', '2'].map(end => `${'é'.repeat(122)}${end}.csv`);
  const runs = [];
  for (const name of names) runs.push(await bench.end(disposer, dataset, name, NEVER));
  assert.deepEqual(disposer.pending(), []);
  assert.equal(bench.tree('data/quarantine').length, 4);
  for (const run of runs) await restoreQuarantined(run, dataset, { dataDir: join(bench.base, 'data'), known: null });
  assert.deepEqual(
    bench.tree('in').map(([path]) => path),
    names,
  );
  assert.deepEqual(bench.tree('data/quarantine'), []);
});

test('a note that can’t be written keeps no file from being moved', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales');
  const disposer = await bench.disposer([dataset]);
  mkdirSync(join(bench.base, 'data/quarantine/sales/a.csv.error.json/full'), { recursive: true });
  await bench.end(disposer, dataset, 'a.csv', NEVER);
  assert.deepEqual(disposer.pending(), []);
  assert.deepEqual(bench.tree('data/quarantine'), [['sales/a.csv', CONTENT]]);
});

test('what a followed link leads to is neither moved nor removed, and the link stays', async t => {
  const bench = setUp(t);
  for (const [file, settings, how] of [
    ['a.csv', { BACKUP_FILE: true }, DONE],
    ['b.csv', { REMOVE_FILE: true }, DONE],
    ['c.csv', {}, NEVER],
  ] as const) {
    const dataset = bench.dataset('sales', { FOLLOW_LINKS: true, ...settings });
    const run = await bench.running(dataset, file);
    const [path, target] = [join(bench.watchDir, file), join(bench.watchDir, '..', file)];
    renameSync(path, target);
    symlinkSync(target, path);
    const disposer = await bench.disposer([dataset]);
    await bench.finish(disposer, dataset, run, how);
    assert.equal(readFileSync(path, 'utf8'), CONTENT);
    rmSync(path);
  }
  assert.deepEqual([bench.tree('data/backup'), bench.tree('data/quarantine')], [[], []]);
});

test('RECEIPT is written beside the file, or beside its backup', async t => {
  const bench = setUp(t);
  const disposer = await bench.disposer([]);
  const plain = bench.dataset('plain', { RECEIPT: true });
  const backup = bench.dataset('backup', { RECEIPT: true, BACKUP_FILE: true });
  const backing = await bench.disposer([backup]);
  const run = await bench.end(disposer, plain, 'a.csv', DONE);
  await bench.end(backing, backup, 'b.csv', DONE);
  const receipt = JSON.parse(readFileSync(join(bench.watchDir, 'a.csv.receipt.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  assert.deepEqual([receipt['run'], receipt['loaded'], receipt['rejected']], [run.id, 1, 0]);
  assert(existsSync(join(bench.base, 'backup/backup/b.csv.receipt.json')));
});

test('a receipt names the first rejected rows, so does the reason of a quarantine, and a mend leaves it as it is', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales', { RECEIPT: true });
  const disposer = await bench.disposer([dataset]);
  for (const [file, finish] of [
    ['a.csv', { to: 'done', rows: { read: 2, loaded: 1, rejected: 1, filtered: 0, deleted: 0 }, error: null }],
    ['b.csv', NEVER],
  ] as const) {
    const run = await bench.running(dataset, file);
    const work = join(bench.base, 'data/runs', run.id, '1');
    mkdirSync(work, { recursive: true });
    writeFileSync(join(work, 'rejects.ndjson'), '{"row":3,"line":4,"reason":"5 cells","raw":"a,b,c,d,e"}\n');
    await disposer.intend(run, dataset, finish);
    await bench.finish(disposer, dataset, run, finish);
  }
  const receipt = join(bench.watchDir, 'a.csv.receipt.json');
  const [text, note] = [readFileSync(receipt, 'utf8'), bench.tree('data/quarantine')[1]?.[1] ?? ''];
  for (const told of [text, note]) {
    const { first_rejects: rejects } = JSON.parse(told) as Record<string, unknown>;
    assert.deepEqual(rejects, [{ row: 3, line: 4, reason: '5 cells' }]);
  }
  const [origin] = (await bench.journal.runs({ states: ['done'] })).items;
  await bench.journal.mend(origin?.id ?? '', '/m', Date.now());
  const slot = { dataset: 'sales', free: 1, strict: false, order: 'arrival' as const, perFolder: false };
  const claimed = await bench.journal.claim({ holder: 't', leaseMs: 60_000, now: Date.now(), slots: [slot], limit: 1 });
  await bench.finish(disposer, dataset, claimed[0]?.[0] as Run, DONE);
  assert.equal(readFileSync(receipt, 'utf8'), text);
});

test('rule 8: a file that changed after its run is left alone', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales', { REMOVE_FILE: true });
  const disposer = await bench.disposer([dataset]);
  const run = await bench.running(dataset, 'a.csv');
  await disposer.intend(run, dataset, DONE);
  writeFileSync(join(bench.watchDir, 'a.csv'), 'a newer version');
  await bench.finish(disposer, dataset, run, DONE);
  assert.deepEqual(bench.tree('in'), [['a.csv', 'a newer version']]);
  assert.deepEqual(await bench.journal.intents(), []);
});

test('rule 3: a run of a new file waits until it is written down that the former one was taken away', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales', { BACKUP_FILE: true });
  const writing = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const closeDisposal: Journal['closeDisposal'] = async (...closed) => {
    begun.resolve();
    await writing.promise;
    return bench.journal.closeDisposal(...closed);
  };
  const disposer = await bench.disposer([dataset], { journal: { ...bench.journal, closeDisposal } });
  const former = await bench.running(dataset, 'a.csv');
  await disposer.intend(former, dataset, DONE);
  await disposer.released(former);
  disposer.ended(await bench.journal.finish(former, DONE, Date.now()), dataset);
  await begun.promise;
  const run = await bench.running(dataset, 'a.csv', 'a new file');
  const other = await bench.running(dataset, 'b.csv');
  await Promise.all([former, other].map(each => disposer.released(each)));
  const order: string[] = [];
  const released = disposer.released(run).then(() => order.push('released'));
  await setImmediate();
  order.push('written');
  writing.resolve();
  await released;
  assert.deepEqual(order, ['written', 'released']);
  assert.deepEqual(await bench.journal.intents(), []);
});

test('rule 3: after a crash, a run waits for the disposal that was under way, which no newer file keeps waiting', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales', { BACKUP_FILE: true });
  const run = await bench.running(dataset, 'a.csv');
  const before = await bench.disposer([dataset]);
  await before.intend(run, dataset, DONE);
  await before.stop();
  await bench.journal.finish(run, DONE, Date.now());
  const [intent] = await bench.journal.intents();
  renameSync(join(bench.watchDir, 'a.csv'), intent?.hidden as string);
  const next = await bench.running(dataset, 'a.csv', 'a new file');
  const after = await bench.disposer([dataset]);
  await after.released(next);
  assert.deepEqual(await bench.journal.intents(), []);
  assert.deepEqual(bench.tree('in'), [['a.csv', 'a new file']]);
  assert.deepEqual(bench.tree('backup')[0], ['sales/a.csv', CONTENT]);
});

test('rule 8: a file that changes while it is taken is put back, beside a new one that has its name meanwhile', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales', { BACKUP_FILE: true });
  // The last look at writers is the moment between the two names.
  const hasWriter: HasWriter = (_, path) => {
    if (!path.endsWith('.taken')) return 'no';
    writeFileSync(path, 'written to the end');
    writeFileSync(join(bench.watchDir, 'a.csv'), 'a new arrival');
    return 'yes';
  };
  const disposer = await bench.disposer([dataset], {
    hasWriter: (descriptor, path) => (path.endsWith('.taken') ? 'no' : hasWriter(descriptor, path)),
  });
  const busy = await bench.disposer([dataset], { hasWriter });
  const run = await bench.running(dataset, 'a.csv');
  await busy.intend(run, dataset, DONE);
  await bench.finish(busy, dataset, run, DONE);
  await disposer.stop();
  assert.deepEqual(
    new Map(bench.tree('in')),
    new Map([
      [`a.${run.id}.csv`, 'written to the end'],
      ['a.csv', 'a new arrival'],
    ]),
  );
  assert.deepEqual(bench.tree('backup'), []);
});

test('rule 8: a file that is open for writing is left alone until it is closed', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales', { REMOVE_FILE: true });
  let isOpen = true;
  const disposer = await bench.disposer([dataset], { hasWriter: () => (isOpen ? 'yes' : 'no') });
  await bench.end(disposer, dataset, 'a.csv', DONE);
  assert.deepEqual(bench.tree('in'), [['a.csv', CONTENT]]);
  assert.match(disposer.pending()[0]?.error ?? '', /open for writing/);
  isOpen = false;
  await disposer.stop();
  const later = await bench.disposer([dataset]);
  await later.idle();
  assert.deepEqual(bench.tree('in'), []);
});

test('rule 8: disposal waits for every dataset that matches the path', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales', { REMOVE_FILE: true });
  const other = bench.dataset('copy');
  const disposer = await bench.disposer([dataset, other]);
  const theirs = await bench.running(other, 'a.csv');
  const ours = await bench.running(dataset, 'a.csv', null);
  await disposer.intend(ours, dataset, DONE);
  await bench.finish(disposer, dataset, ours, DONE);
  assert.deepEqual(bench.tree('in'), [['a.csv', CONTENT]]);
  await bench.finish(disposer, other, theirs, { to: 'failed', rows: null, error: 'no' });
  assert.deepEqual(bench.tree('in'), []);
  const known = await bench.journal.knownFiles('copy');
  assert.deepEqual(
    known.map(({ path, present }) => [path, present]),
    [['a.csv', false]],
  );
});

test('a target that cannot be written leaves the file where it is, the run done, and the error visible; it is tried again', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales', { BACKUP_FILE: true });
  const disposer = await bench.disposer([dataset]);
  writeFileSync(join(bench.base, 'backup'), 'a file where the folder should be');
  const run = await bench.end(disposer, dataset, 'a.csv', DONE);
  assert.equal(run.state, 'done');
  assert.deepEqual(bench.tree('in'), [['a.csv', CONTENT]]);
  assert.match((await bench.journal.intents())[0]?.error ?? '', /ENOTDIR|EEXIST/);
  assert.equal(disposer.pending().length, 1);
  await disposer.stop();
  rmSync(join(bench.base, 'backup'));
  const later = await bench.disposer([dataset]);
  await later.idle();
  assert.deepEqual(bench.tree('backup'), [['sales/a.csv', CONTENT]]);
});

test('a quarantine that had to wait is given up once a later run of the same file is done', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales');
  writeFileSync(join(bench.base, 'data', 'quarantine'), 'a file where the folder should be');
  const disposer = await bench.disposer([dataset]);
  const { id } = await bench.end(disposer, dataset, 'a.csv', NEVER);
  await disposer.stop();
  rmSync(join(bench.base, 'data', 'quarantine'));

  await bench.journal.replay(id, Date.now());
  const slots = [{ dataset: 'sales', free: 1, strict: false, order: 'arrival' as const, perFolder: false }];
  const [[replay] = []] = await bench.journal.claim({
    holder: 'test',
    leaseMs: 60_000,
    now: Date.now(),
    slots,
    limit: 1,
  });
  assert(replay);
  const later = await bench.disposer([dataset]);
  await later.idle();
  await later.intend(replay, dataset, DONE);
  await bench.finish(later, dataset, replay, DONE);
  assert.deepEqual(bench.tree('in'), [['a.csv', CONTENT]]);
  assert.deepEqual(await bench.journal.intents(), []);
});

test('rule 12: a quarantined file goes back to its path, and never over another', async t => {
  const bench = setUp(t);
  const dataset = bench.dataset('sales');
  const disposer = await bench.disposer([dataset]);
  const run = await bench.end(disposer, dataset, 'a.csv', NEVER);
  const dataDir = join(bench.base, 'data');
  writeFileSync(join(bench.watchDir, 'a.csv'), 'a newer one');
  await assert.rejects(restoreQuarantined(run, dataset, { dataDir, known: null }), /holds another file/);
  assert.deepEqual(bench.tree('in'), [['a.csv', 'a newer one']]);
  rmSync(join(bench.watchDir, 'a.csv'));
  assert.equal(await restoreQuarantined(run, dataset, { dataDir, known: null }), join(bench.watchDir, 'a.csv'));
  assert.deepEqual(bench.tree('in'), [['a.csv', CONTENT]]);
  assert.deepEqual(bench.tree('data/quarantine'), []);
  assert.equal(statSync(join(bench.watchDir, 'a.csv')).nlink, 1);
});

for (const variant of ['backup', 'remove', 'quarantine across devices'] as const) {
  test(`rule 8: killed at any step, a ${variant} is finished at the next start: no copy more, none less`, async t => {
    const ends = await Promise.all([1, 2].map(part => killAtEachStep(t, variant, part)));
    assert(Math.max(...ends) > 3, 'it was killed in the midst');
  });
}

/** Odd or even steps, until one is beyond the last. Resolves with that step. */
async function killAtEachStep(t: TestContext, variant: string, part: number): Promise<number> {
  for (let step = part; ; step += 2) {
    const bench = setUp(t);
    const kind: Partial<Settings> =
      variant === 'remove' ? { REMOVE_FILE: true } : variant.startsWith('quarantine') ? {} : { BACKUP_FILE: true };
    const dataset = bench.dataset('sales', { ...kind, READY_MARKER: '.ok' });
    const how = variant.startsWith('quarantine') ? NEVER : DONE;
    writeFileSync(join(bench.watchDir, 'a.csv.ok'), 'ok');
    const run = await bench.running(dataset, 'a.csv');
    const idle = await bench.disposer([dataset]);
    await idle.stop();
    await idle.intend(run, dataset, how);
    await bench.journal.finish(run, how, Date.now());
    const killed = await child(bench.base, step, variant.endsWith('across devices'));
    // Half of the time a new file has come by then, under the same name; a removal leaves nothing else to tell it by.
    const arrives = (variant === 'remove' || step % 4 < 2) && !existsSync(join(bench.watchDir, 'a.csv'));
    if (arrives) arrive(bench, 'a new arrival');
    const after = await bench.disposer([dataset]);
    await after.idle();
    await after.stop();
    const where = variant.startsWith('quarantine') ? 'data/quarantine' : 'backup';
    const kept = bench.tree(where).filter(([name]) => !name.endsWith('.json'));
    const expected = [
      ['sales/a.csv', CONTENT],
      ['sales/a.csv.ok', 'ok'],
    ];
    const hint = `${variant}, killed after change ${step}`;
    assert.deepEqual(kept, variant === 'remove' ? [] : expected, hint);
    assert.deepEqual(bench.tree('in'), arrives ? [['a.csv', 'a new arrival']] : [], hint);
    assert.deepEqual(await bench.journal.intents(), [], hint);
    const [known] = await bench.journal.knownFiles('sales');
    assert.equal(known?.present, false, hint);
    if (!killed) return step;
  }
}

function arrive(bench: Bench, content: string): void {
  const path = join(bench.base, 'elsewhere');
  writeFileSync(path, content);
  renameSync(path, join(bench.watchDir, 'a.csv'));
}

/** Resolves with whether the child was killed. */
async function child(base: string, killAt: number, noLinks: boolean): Promise<boolean> {
  const args = ['--import', join(testing, 'kill-at.ts'), join(testing, 'dispose-all.ts'), join(base, 'data')];
  const env = { ...process.env, KILL_AT: String(killAt), NO_LINKS: String(noLinks) };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env }, (error, _, stderr) => {
      if (error === null) resolve(false);
      else if (error.signal === 'SIGKILL') resolve(true);
      else reject(new Error(stderr));
    });
  });
}

interface Bench {
  base: string;
  watchDir: string;
  journal: Journal;
  dataset(name: string, settings?: Partial<Settings>): Dataset;
  disposer(datasets: Dataset[], more?: { hasWriter?: HasWriter; journal?: Journal }): Promise<FileDisposer>;
  /** Writes the file (content null: it is there) and claims its run. */
  running(dataset: Dataset, file: string, content?: string | null): Promise<Run>;
  finish(disposer: FileDisposer, dataset: Dataset, run: Run, finish: Finish): Promise<Run>;
  /** All of it, with what is to be done afterwards. */
  end(disposer: FileDisposer, dataset: Dataset, file: string, finish: Finish, content?: string): Promise<Run>;
  /** Paths below a folder with their contents, sorted. */
  tree(folder: string): Array<[string, string]>;
}

function setUp(t: TestContext): Bench {
  const base = mkdtempSync(join(tmpdir(), 'dispose-'));
  const watchDir = join(base, 'in');
  const dataDir = join(base, 'data');
  mkdirSync(watchDir);
  mkdirSync(dataDir);
  const journal = openSqliteJournal({ path: join(dataDir, 'journal.sqlite'), clock: systemClock });
  const disposers: FileDisposer[] = [];
  t.after(async () => {
    await Promise.all(disposers.map(disposer => disposer.stop()));
    await journal.close();
    rmSync(base, { recursive: true });
  });
  const bench: Bench = {
    base,
    watchDir,
    journal,
    dataset: (name, settings = {}) =>
      ({ name, watchDir, settings: { BACKUP_DIR: join(base, 'backup'), ...settings } }) as Dataset,
    async disposer(datasets, { hasWriter = (): 'no' => 'no', journal: ownJournal = journal } = {}) {
      const disposer = await startDisposer({
        journal: ownJournal,
        datasets: () => new Map(datasets.map(dataset => [dataset.name, dataset])),
        datasetsMatching: () => datasets,
        hasWriter,
        clock: systemClock,
        logger: silent,
        dataDir,
        minFreeBytes: 0,
      });
      disposers.push(disposer);
      return disposer;
    },
    async running(dataset, file, content = CONTENT) {
      const path = join(watchDir, file);
      mkdirSync(join(path, '..'), { recursive: true });
      if (content !== null) writeFileSync(path, content);
      const fileVersion = await fileVersionAt(path);
      const now = Date.now();
      const { id } = await journal.settle({ dataset: dataset.name, file, root: watchDir, priority: 0, now });
      await journal.queue({ runId: id, fileVersion, contentHash: String(content), now });
      const slots = [{ dataset: dataset.name, free: 9, strict: false, order: 'arrival' as const, perFolder: false }];
      const [[run] = []] = await journal.claim({ holder: 'test', leaseMs: 60_000, now, slots, limit: 9 });
      assert(run);
      return run;
    },
    async finish(disposer, dataset, run, finish) {
      const ended = await journal.finish(run, finish, Date.now());
      disposer.ended(ended, dataset);
      await disposer.idle();
      return ended;
    },
    async end(disposer, dataset, file, finish, content = CONTENT) {
      const run = await bench.running(dataset, file, content);
      await disposer.intend(run, dataset, finish);
      return bench.finish(disposer, dataset, run, finish);
    },
    tree(folder) {
      const root = join(base, folder);
      if (!existsSync(root)) return [];
      const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
      const paths = files.map(entry => join(entry.parentPath, entry.name)).sort();
      return paths.map(path => [path.slice(root.length + 1), readFileSync(path, 'utf8')]);
    },
  };
  return bench;
}

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
