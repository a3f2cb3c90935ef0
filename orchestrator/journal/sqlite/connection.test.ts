import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../clock.ts';
import { codeOf, OrchestratorError } from '../../errors.ts';
import { versionOf } from '../../files/version.ts';
import { asRoot } from '../../testing/as-root.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { openDatabase } from './connection.ts';
import type { DatasetSummary } from '../journal.ts';
import { openSqliteJournal } from './sqlite-journal.ts';

const MIGRATIONS = join(import.meta.dirname, 'migrations');

/** Until the disk is full. */
function fillDisk(path: string): void {
  for (const bytes of [65_536, 4096, 1]) {
    try {
      for (;;) appendFileSync(path, Buffer.alloc(bytes));
    } catch (error) {
      assert.equal(codeOf(error), 'ENOSPC');
    }
  }
}

describe('journal: the SQLite file', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'journal-file-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('is WAL, whose commits the store syncs, with foreign keys', () => {
    const database = openDatabase(join(folder, 'pragmas.sqlite'));
    const pragma = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    assert.equal(pragma('journal_mode'), 'wal');
    assert.equal(pragma('synchronous'), 1);
    assert.equal(pragma('foreign_keys'), 1);
    database.close();
  });

  it('on a full disk can be read by who asks for that, whether somebody has it open or not', asRoot, async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', disk]);
    try {
      const path = join(disk, 'journal.sqlite');
      openDatabase(path).close();
      fillDisk(join(disk, 'all the rest'));
      assert.throws(() => openDatabase(path), /its disk is full/);
      const alone = openSqliteJournal({ path, clock: systemClock, aloneWhenFull: true });
      assert.deepEqual(await alone.summaries(), []);
      await alone.close();
      rmSync(join(disk, 'all the rest'));
      const owner = openDatabase(path);
      owner.exec("INSERT INTO datasets (name) VALUES ('sales')");
      fillDisk(join(disk, 'all the rest'));
      const beside = openSqliteJournal({ path, clock: systemClock, aloneWhenFull: true });
      assert.deepEqual(
        (await beside.summaries()).map(({ dataset }) => dataset),
        ['sales'],
      );
      await beside.close();
      owner.close();
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  it('opened twice is migrated once', () => {
    const path = join(folder, 'twice.sqlite');
    const one = openDatabase(path);
    const two = openDatabase(path);
    assert.equal(two.prepare('SELECT count(*) AS n FROM feed').get()?.['n'], 1);
    one.close();
    two.close();
  });

  it('rule 2: refuses a second running run of a path, a second one that waits, and a second open attempt', () => {
    const database = openDatabase(join(folder, 'unique.sqlite'));
    database.exec("INSERT INTO datasets (name) VALUES ('sales')");
    const run = (id: string, state: 'queued' | 'running') => {
      const [due, ready, attempt, started] = state === 'queued' ? ['1', '1', '0', 'NULL'] : ['NULL', 'NULL', '1', '1'];
      const lease = state === 'running' ? "'me', 1" : 'NULL, NULL';
      database.exec(`INSERT INTO runs (id, dataset, file, file_folded, root, state, action, priority, version, size_bytes, mtime_ns,
          token, content_hash, attempt, seen_at, queued_at, due_at, ready, started_at, lease_holder, lease_until, changed)
        VALUES ('${id}', 'sales', 'a', 'a', '/in', '${state}', 'add', 0, 1, 1, 1, '1', 'x', ${attempt}, 1, 1, ${due}, ${ready}, ${started}, ${lease}, 1)`);
    };
    const start = (attempt: number) =>
      database.exec(`INSERT INTO attempts (run_id, attempt, started_at) VALUES ('1', ${attempt}, 1)`);
    run('1', 'running');
    run('2', 'queued');
    start(1);
    assert.throws(() => run('3', 'running'), /UNIQUE constraint failed: runs\.dataset, runs\.file/);
    assert.throws(() => run('4', 'queued'), /UNIQUE constraint failed: runs\.dataset, runs\.file/);
    assert.throws(() => start(2), /UNIQUE constraint failed: attempts\.run_id/);
    database.close();
  });

  it('of a former schema is brought up to date, and its runs stay as they were', async () => {
    const path = join(folder, 'former.sqlite');
    const former = formerDatabase(path, 3);
    former.exec(`INSERT INTO datasets (name, last_version, rows_loaded, rows_rejected) VALUES ('sales', 2, 6, 2);
      INSERT INTO runs (id, dataset, file, file_folded, root, state, action, priority, version, size_bytes, mtime_ns, inode, content_hash,
        attempt, seen_at, queued_at, ended_at, rows_read, rows_loaded, rows_rejected, rows_filtered, rows_deleted, error, changed, file_key, index_name)
      VALUES ('1', 'sales', 'a', 'a', '/in', 'done', 'add', 0, 1, 1, 1, '1', 'x', 1, 1, 1, 2, 9, 6, 2, 1, 0, NULL, 1, 'k', 'sales'),
        ('2', 'sales', 'b', 'b', '/in', 'quarantined', 'add', 0, 2, 1, 1, '1', 'x', 1, 1, 1, 2, 5, 0, 5, 0, 0, 'all rejected', 1, 'k', 'sales');
      INSERT INTO ledger (file_key, index_name, dataset, path, rows, first_seen_at) VALUES ('k', 'sales', 'sales', 'a', 9, 1)`);
    former.close();
    const journal = openSqliteJournal({ path, clock: systemClock });
    const run = await journal.run('1');
    assert.deepEqual([run?.state, run?.rows?.rejected, run?.rowsMended], ['done', 2, 0]);
    const [summary] = (await journal.summaries()) as [DatasetSummary];
    const { rowsLoaded, rowsRejected, rowsMended, rowsFiltered, rowsThere, rowsToMend } = summary;
    assert.deepEqual([rowsLoaded, rowsRejected, rowsMended, rowsFiltered], [6, 2 + 5, 0, 1]);
    assert.deepEqual([await journal.decisions('1'), run?.toCheck], [[], []]);
    assert.deepEqual([rowsThere, rowsToMend], [6, 2]);
    assert.deepEqual(
      (await journal.attention({})).items.map(({ id }) => id),
      ['2'],
    );
    assert.equal((await journal.mend('1', '/mended', Date.UTC(2026, 0, 1))).replayOf, '1');
    await journal.close();
  });

  it('of a former schema knows as what a file came that was run again', async () => {
    const path = join(folder, 'delivered.sqlite');
    const former = formerDatabase(path, 15);
    former.exec("INSERT INTO datasets (name, last_version) VALUES ('sales', 9)");
    const add = former.prepare(
      `INSERT INTO runs (id, dataset, file, file_folded, root, read_from, state, action, priority, version, size_bytes, mtime_ns, token, content_hash, attempt, seen_at, queued_at, ended_at,
         replay_of, rows_read, rows_loaded, rows_rejected, rows_filtered, rows_deleted, changed)
       VALUES ($id, 'sales', 'a', 'a', '/in', $from, 'done', 'change', 0, $id, 1, 1, '1.1', $hash, 1, 1, 1, 2, $of, 0, 0, 0, 0, 0, 1)`,
    );
    const runs = [
      { hash: 'x', of: null, from: null, delivered: null },
      { hash: 'y', of: null, from: null, delivered: null },
      { hash: 'x', of: '1', from: null, delivered: 1 },
      { hash: 'y', of: null, from: '/backup/a', delivered: 2 },
      { hash: 'x', of: '3', from: null, delivered: 1 },
      { hash: 'z', of: '0', from: null, delivered: null },
    ];
    for (const [n, { hash, of, from }] of runs.entries()) add.run({ id: String(n + 1), hash, of, from });
    former.close();
    const journal = openSqliteJournal({ path, clock: systemClock });
    const { items } = await journal.runs({ dataset: 'sales' });
    assert.deepEqual(
      items.toReversed().map(({ delivered }) => delivered),
      runs.map(({ delivered }) => delivered),
    );
    await journal.close();
  });

  it('of a former schema knows files in the versions that they have: none is loaded again', async () => {
    const path = join(folder, 'versions.sqlite');
    const former = formerDatabase(path, 13);
    former.exec("INSERT INTO datasets (name, last_version) VALUES ('sales', 9)");
    // Of our time, of 1969, of the last nanosecond of 64 bits, of the next one, and of 2446; inodes up to 64 bits.
    const times = ['1767225600123456789', '-5', '9223372036854775807', '9223372036854775808', '15032385535999999999'];
    const stats = times.map((time, n) => ({ size: BigInt(n), mtimeNs: BigInt(time), ino: 2n ** 64n - BigInt(n + 1) }));
    for (const [n, { size, mtimeNs, ino }] of stats.entries()) {
      const version = { n: String(n), size, mtime: BigInt.asIntN(64, mtimeNs), inode: String(ino) };
      former
        .prepare(
          `INSERT INTO files (dataset, path, root, absolute, present, arriving, size_bytes, mtime_ns, inode) VALUES ('sales', $n, '/in', '/in/' || $n, 1, 0, $size, $mtime, $inode)`,
        )
        .run(version);
      former
        .prepare(
          `INSERT INTO runs (id, dataset, file, file_folded, root, state, action, priority, version, size_bytes, mtime_ns, inode, content_hash, attempt, seen_at, queued_at, ended_at,
             rows_read, rows_loaded, rows_rejected, rows_filtered, rows_deleted, changed)
           VALUES ($n, 'sales', $n, $n, '/in', 'done', 'add', 0, $n + 1, $size, $mtime, $inode, 'x', 1, 1, 1, 2, 0, 0, 0, 0, 0, 1)`,
        )
        .run(version);
      former
        .prepare(
          `INSERT INTO disposals (run_id, kind, source, hidden, size_bytes, mtime_ns, inode) VALUES ($n, 'remove', '/in/' || $n, '', $size, $mtime, $inode)`,
        )
        .run(version);
    }
    former.close();
    const journal = openSqliteJournal({ path, clock: systemClock });
    const versions = stats.map(versionOf);
    assert.deepEqual(
      (await journal.knownFiles('sales')).map(({ version }) => version),
      versions,
    );
    assert.deepEqual(
      (await journal.intents()).map(({ fileVersion }) => fileVersion),
      versions,
    );
    for (const [n, fileVersion] of versions.entries()) {
      const seen = await journal.settle({
        dataset: 'sales',
        file: String(n),
        root: '/in',
        priority: 0,
        now: 5,
        fileVersion,
      });
      assert.deepEqual([seen.id, seen.state, seen.fileVersion], [String(n), 'done', fileVersion]);
    }
    await journal.close();
  });

  it('a run that has ended changes in nothing but the rows mended since, never beyond those rejected', () => {
    const database = openDatabase(join(folder, 'ended.sqlite'));
    database.exec(`INSERT INTO datasets (name) VALUES ('sales');
      INSERT INTO runs (id, dataset, file, file_folded, root, state, action, priority, version, size_bytes, mtime_ns, token, content_hash,
        attempt, seen_at, queued_at, ended_at, rows_read, rows_loaded, rows_rejected, rows_filtered, rows_deleted, changed)
      VALUES ('1', 'sales', 'a', 'a', '/in', 'done', 'add', 0, 1, 1, 1, '1', 'x', 1, 1, 1, 2, 9, 7, 2, 0, 0, 1)`);
    database.exec('UPDATE runs SET rows_mended = 2, changed = 2');
    for (const set of ['rows_mended = 1', 'rows_mended = 3', "error = 'x'", "rows_mended = 2, state = 'failed'"]) {
      assert.throws(() => database.exec(`UPDATE runs SET ${set}`), /a run that has ended does not change/, set);
    }
    database.close();
  });

  it('that a newer program wrote is refused with both numbers', () => {
    const path = join(folder, 'newer.sqlite');
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 999');
    database.close();
    assert.throws(
      () => openDatabase(path),
      refusal(/newer orchestrator \(its schema is 999, this program knows \d+\)/),
    );
  });

  it('that is not a database is refused with what to do', async () => {
    const path = join(folder, 'text.sqlite');
    await writeFile(path, 'this is not a database, but a text that is long enough to be taken for one\n'.repeat(20));
    assert.throws(
      () => openDatabase(path),
      refusal(/text\.sqlite.*damaged, or not a journal; stop the orchestrator, restore/),
    );
  });

  it('in a folder that is missing is refused with what to do', () => {
    assert.throws(
      () => openDatabase(join(folder, 'no', 'journal.sqlite')),
      refusal(/its folder must exist and be writable/),
    );
  });

  it('in a file system that can’t be written is refused', () => {
    assert.throws(() => openDatabase('/proc/journal.sqlite'), refusal(/\/proc\/journal\.sqlite/));
  });

  it('that is full: the call waits for space, nothing of it is kept, and it goes on afterwards', async () => {
    const path = join(folder, 'full.sqlite');
    const database = openDatabase(path);
    const { Store } = await import('./store.ts');
    const store = new Store(path, database);
    database.exec('CREATE TABLE filler (text TEXT)');
    database.exec('PRAGMA max_page_count = 1');
    const fill = (length: number) =>
      store.write(() => store.execute('INSERT INTO filler VALUES ($text)', { text: 'x'.repeat(length) }));
    const filled = await Promise.allSettled([fill(10), fill(1_000_000), fill(10)]);
    assert.ok(filled.some(result => result.status === 'rejected'));
    const refused = filled.find(result => result.status === 'rejected');
    assert.ok(refused?.status === 'rejected' && refused.reason instanceof OrchestratorError);
    assert.equal(refused.reason.kind, 'wait');
    assert.match(refused.reason.message, /its disk is full; free some space/);
    database.exec('PRAGMA max_page_count = 100000');
    await fill(10);
    const kept = filled.filter(result => result.status === 'fulfilled').length;
    assert.equal(store.get<{ n: number }>('SELECT count(*) AS n FROM filler')?.n, kept + 1);
    await store.close();
  });

  it('a call resolves once what it wrote is synced, those that come meanwhile share the next transaction, and one that could not be synced is refused', async () => {
    const { store, syncs, told, untilSyncs } = await openHeld(join(folder, 'synced.sqlite'));
    const ended: string[] = [];
    const add = (name: string) =>
      store
        .write(() => store.execute('INSERT INTO kept VALUES ($name)', { name }))
        .then(
          () => ended.push(name),
          () => ended.push(`${name} refused`),
        );
    const first = add('first');
    await untilSyncs(1);
    const others = [add('second'), add('third')];
    for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve));
    assert.deepEqual([ended, told, syncs.length], [[], [], 1]);
    syncs[0]?.resolve();
    await first;
    await untilSyncs(2);
    assert.deepEqual([ended, told.length], [['first'], 1]);
    syncs[1]?.reject(new Error('EIO'));
    await Promise.all(others);
    assert.deepEqual([ended, told.length], [['first', 'second refused', 'third refused'], 1]);
    await store.close();
  });

  it('an early call resolves at its commit, is told once it is synced, and shares that with the next one', async () => {
    const { store, syncs, told, untilSyncs } = await openHeld(join(folder, 'early.sqlite'));
    const insert = (name: string) => () => store.execute('INSERT INTO kept VALUES ($name)', { name });
    await store.writeEarly(insert('early'));
    const later = store.write(insert('later'));
    await untilSyncs(1);
    assert.deepEqual([told, syncs.length], [[], 1]);
    let wasRead = false;
    const read = store.read(() => store.all<{ name: string }>('SELECT name FROM kept')).finally(() => (wasRead = true));
    const glanced = await store.glance(() => store.all<{ name: string }>('SELECT name FROM kept'));
    assert.deepEqual([glanced.map(({ name }) => name), wasRead], [['early', 'later'], false]);
    syncs[0]?.resolve();
    await later;
    assert.deepEqual([(await read).map(({ name }) => name), told.length], [['early', 'later'], 2]);
    await store.close();
  });

  it('an early call that no other one follows is synced by itself, and before the journal is closed', async () => {
    const { store, syncs, told, untilSyncs } = await openHeld(join(folder, 'alone.sqlite'));
    const insert = () => store.execute(`INSERT INTO kept VALUES ('alone')`);
    await store.writeEarly(insert);
    await untilSyncs(1);
    syncs[0]?.resolve();
    await store.writeEarly(insert);
    const closed = store.close();
    await untilSyncs(2);
    assert.equal(told.length, 1);
    syncs[1]?.resolve();
    await closed;
    assert.equal(told.length, 2);
  });

  it('a call that fails takes nothing back of those that share its transaction', async () => {
    const journal = openSqliteJournal({ path: join(folder, 'group.sqlite'), clock: systemClock });
    const settle = (file: string) => journal.settle({ dataset: 'sales', file, root: '/in', priority: 0, now: 1 });
    const results = await Promise.allSettled([settle('a'), settle(''), settle('b')]);
    assert.deepEqual(
      results.map(result => result.status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(
      (await journal.runs({})).items.map(run => run.file),
      ['b', 'a'],
    );
    await journal.close();
    await journal.close();
    await assert.rejects(settle('c'), /closed|not open/);
  });
});

/** A store of one table, `kept`, whose syncs wait until they are let go. */
async function openHeld(path: string) {
  const { Store } = await import('./store.ts');
  const syncs: Array<PromiseWithResolvers<void>> = [];
  const wal = {
    sync() {
      const next = Promise.withResolvers<void>();
      syncs.push(next);
      return next.promise;
    },
    close: async () => undefined,
  };
  const store = new Store(path, openDatabase(path), wal);
  const told: number[] = [];
  store.onCommit = number => void told.push(number);
  store.execute('CREATE TABLE kept (name TEXT)');
  const untilSyncs = (count: number) => waitFor(`${count} syncs have begun`, () => syncs.length >= count);
  return { store, syncs, told, untilSyncs };
}

function refusal(message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof OrchestratorError);
    assert.equal(error.kind, 'never');
    assert.match(error.message, message);
    return true;
  };
}

/** A journal as it was after so many migrations. */
function formerDatabase(path: string, migrations: number): DatabaseSync {
  const database = new DatabaseSync(path);
  const names = readdirSync(MIGRATIONS).toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  for (const name of names.slice(0, migrations)) database.exec(readFileSync(join(MIGRATIONS, name), 'utf8'));
  database.exec(`PRAGMA user_version = ${migrations}`);
  return database;
}
