import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import { systemClock } from '../clock.ts';
import type { Dataset } from '../config/dataset.ts';
import { OrchestratorError } from '../errors.ts';
import type { Finish, Journal, Run } from '../journal/journal.ts';
import { openSqliteJournal } from '../journal/sqlite/sqlite-journal.ts';
import type { CommandDeps, ServiceState } from './deps.ts';
import { createProgram } from './program.ts';

let folder: string;
let journal: Journal;
let shown: string;
let interrupt: AbortController;
/** How the stand-in for a scheduler ends each run; null: it leaves them running. */
let finish: Finish | null;
/** Ends of paths that can't be replayed. */
let unreplayable = 'no file';
/** Of the terminal. */
let width: number | null;
let holder: Awaited<ReturnType<CommandDeps['holder']>>;
/** What the running orchestrator says of itself. */
let state: ServiceState | null;
let configErrors: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
  journal = openSqliteJournal({ path: join(folder, 'journal.sqlite'), clock: systemClock });
  shown = '';
  interrupt = new AbortController();
  finish = done(3, 0);
  holder = null;
  state = null;
  configErrors = ['config/bad.yaml:7:3: WATCH_REGX is not a key'];
  width = null;
});

afterEach(async () => {
  await journal.close();
  await rm(folder, { recursive: true });
});

test('sign-in says so where no orchestrator answers', async () => {
  assert.equal(await orchestrator('sign-in'), 1);
  assert.match(shown, /no orchestrator answers at 127\.0\.0\.1:1 .*start it, or set HOST and PORT/);
});

test('each command has a help with an example', async () => {
  for (const command of [
    'start',
    'check',
    'run',
    'preview',
    'rejects',
    'replay',
    'reload',
    'status',
    'acknowledge',
    'runs',
    'logs',
    'sign-in',
    'explain',
    'kibana',
    'import',
    'cancel',
    'forget',
    'pause',
    'resume',
    'accept',
  ]) {
    shown = '';
    assert.equal(await orchestrator(command, '--help'), 0);
    assert.match(shown, new RegExp(`Example:\n  orchestrator ${command}`));
  }
});

test('an unknown command or a missing argument is an error that shows how', async () => {
  assert.equal(await orchestrator('staus'), 1);
  assert.match(shown, /Did you mean status\?/);
  assert.equal(await orchestrator('run', 'sales'), 1);
  assert.match(shown, /missing required argument 'files'.*--help/s);
});

test('status of a fresh project says where to copy a file, and that nothing is running', async () => {
  configErrors = [];
  assert.equal(await orchestrator('status'), 0);
  assert.match(shown, /No orchestrator is running/);
  assert.match(shown, new RegExp(`copy one into ${folder}`));
});

test('status shows what the running orchestrator says, warnings, and files that can’t be moved', async () => {
  await orchestrator('run', 'sales', await file('a.csv'));
  const [run] = (await journal.runs({})).items;
  const source = join(folder, 'a.csv');
  await journal.intend({
    runId: run!.id,
    kind: 'backup',
    source,
    hidden: join(folder, '.a.csv'),
    target: '/backup/a.csv',
    fileVersion: run!.fileVersion!,
    marker: null,
  });
  await journal.closeDisposal(run!.id, 'intended', 'EACCES: /backup');
  holder = { pid: 7, host: 'here' };
  state = {
    datasets: [{ name: 'sales', watchDir: '/in' }],
    errors: [],
    warnings: ['config/sales.yaml:3:1: a warning'],
    troubles: ['sales: /in can’t be listed'],
    notices: ['sales: 3 links are not followed'],
  };
  shown = '';
  assert.equal(await orchestrator('status'), 1);
  assert.match(shown, /An orchestrator is running \(pid 7 on here\)/);
  assert.match(shown, /To look after:\n {2}sales: \/in can’t be listed\n/);
  assert.match(shown, /Configuration warnings:\n {2}config\/sales\.yaml:3:1: a warning\n/);
  assert.match(shown, /Never taken:\n {2}sales: 3 links are not followed\n/);
  assert.ok(shown.includes(`moved or removed yet:\n  ${source} (backup): EACCES: /backup\n`), shown);
});

test('status shows counts, configuration errors, what waits and the newest failures, without colours for a pipe', async () => {
  finish = { to: 'failed', rows: null, error: 'out of\nmemory \u001b[2J' };
  await orchestrator('run', 'sales', await file('a.csv'));
  shown = '';
  await orchestrator('status');
  assert.match(shown, /sales +│ +0 │ +0 │ +0 │ +0 │ +1 │/);
  assert.match(shown, /config\/bad\.yaml:7:3: WATCH_REGX is not a key/);
  assert.match(
    shown,
    /Failed, and not mended since:\n {2}sales a\.csv \(failed [0-9: -]{19}, 1 attempt\): out of · memory \\u001b\[2J/,
  );
  assert.ok(!shown.includes('\u001b'));
});

test('status and run show what is to be checked of files that are done', async () => {
  await queued('a.csv');
  const slot = { dataset: 'sales', free: 9, strict: false, order: 'arrival' as const, perFolder: false };
  const [[run] = []] = await journal.claim({ holder: 't', leaseMs: 60_000, now: Date.now(), slots: [slot], limit: 9 });
  assert(run);
  await journal.finish(run, { ...done(3, 0), toCheck: ['the sheet\nis a guess', 'and more'] }, Date.now());
  finish = { ...done(3, 0), toCheck: ['the delimiter is a guess'] };
  await orchestrator('run', 'sales', await file('b.csv'));
  assert.match(shown, /done, to check: b\.csv: 3 rows loaded\n {2}the delimiter is a guess\n/);
  finish = done(3, 0);
  await orchestrator('run', 'sales', await file('c.csv'));
  shown = '';
  await orchestrator('status');
  assert.match(shown, /sales +│ +0 │ +0 │ +3 │ +2 │ +0 │/);
  assert.match(
    shown,
    /Done, to check:\n {2}sales b\.csv: the delimiter is a guess\n {2}sales a\.csv: the sheet · is a guess\n {2}sales a\.csv: and more\n/,
  );
});

test('status ends with 1 for a file that was left alone, and says why, until it is acknowledged', async () => {
  configErrors = [];
  const { id } = await journal.settle({ dataset: 'sales', file: 'x/a.csv', root: '/in', priority: 0, now: Date.now() });
  const fileVersion = { sizeBytes: 1, token: '1.1' };
  const reason = 'it is the orchestrator’s own copy';
  await journal.leaveAlone({ runId: id, fileVersion, contentHash: 'h', now: Date.now(), reason });
  assert.equal(await orchestrator('status'), 1);
  assert.match(shown, /Left alone, to check:\n {2}sales x\/a\.csv: it is the orchestrator’s own copy\n/);
  assert.doesNotMatch(shown, /Done, to check/);
  await orchestrator('acknowledge', 'a.csv');
  assert.equal(await orchestrator('status'), 0);
});

test('status ends with 1 where something is to be looked after, until it is mended or acknowledged', async () => {
  configErrors = [];
  finish = { to: 'failed', rows: null, error: 'bad' };
  for (const name of ['a.csv', 'b.csv', 'c.csv']) await orchestrator('run', 'sales', await file(name));
  assert.equal(await orchestrator('status'), 1);
  assert.match(
    shown,
    /orchestrator explain, logs or runs c\.csv · replay c\.csv; once you have seen it: acknowledge c\.csv\n$/,
  );
  assert.equal(await orchestrator('acknowledge', 'a.csv', join(folder, 'b.csv')), 0);
  assert.equal(await orchestrator('acknowledge', 'a.csv'), 1);
  assert.match(shown, /sales a\.csv: there is nothing to look after; its last run is failed/);
  assert.equal(await orchestrator('status'), 1, 'c.csv is still there');
  finish = done(3, 0);
  assert.equal(await orchestrator('replay', 'c.csv', '--follow'), 0);
  shown = '';
  assert.equal(await orchestrator('status'), 0);
  assert.match(shown, /sales +│ +0 │ +0 │ +1 │ +0 │ +0 │ +3 │ +0 │/);
  finish = { to: 'failed', rows: null, error: 'bad' };
  await orchestrator('run', 'sales', await file('a.csv'));
  assert.equal(await orchestrator('acknowledge', 'sales'), 0);
  assert.equal(await orchestrator('status'), 0);
});

test('status ends with 1 where files wait and nothing runs that would take them', async () => {
  configErrors = [];
  await queued('a.csv');
  assert.equal(await orchestrator('status'), 1);
  assert.match(shown, /1 file waits for the start of an orchestrator/);
  holder = { pid: 7, host: 'here' };
  assert.equal(await orchestrator('status'), 0);
});

test('runs are listed newest first, of all, a dataset or a file, by where it lies or the end of its path', async () => {
  await orchestrator('run', 'sales', await file('a.csv'));
  finish = { to: 'failed', rows: null, error: 'no header' };
  await orchestrator('run', 'sales', await file('a.csv'), await file('ba.csv'));
  const list = async (...args: string[]) => {
    shown = '';
    assert.equal(await orchestrator('runs', ...args, '--json'), 0);
    return shown
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Run)
      .map(({ file: name, state: is }) => `${name} ${is}`);
  };
  assert.deepEqual(await list(), ['ba.csv failed', 'a.csv failed', 'a.csv done']);
  assert.deepEqual(await list('sales', '--limit', '1'), ['ba.csv failed']);
  assert.deepEqual(await list('sales', '--state', 'done,skipped'), ['a.csv done']);
  assert.deepEqual(await list('a.csv'), ['a.csv failed', 'a.csv done']);
  assert.deepEqual(await list(join(folder, 'ba.csv')), ['ba.csv failed']);
  shown = '';
  assert.equal(await orchestrator('runs'), 0);
  assert.match(shown, /sales +│ a\.csv +│ failed +│ +│ +│ [0-9.]+ s │ change: no header +│/);
  assert.equal(await orchestrator('runs', '--state', 'dead'), 1);
  assert.match(shown, /dead is not a state; there are settling, /);
  assert.equal(await orchestrator('runs', 'none.csv'), 1);
  assert.match(shown, /no run has the id or the file none\.csv/);
});

test('a name that several files have is asked back; more of the path says which is meant', async () => {
  for (const name of ['2025/x.csv', '2026/x.csv']) await queued(name);
  assert.equal(await orchestrator('cancel', 'x.csv'), 1);
  assert.match(shown, /x\.csv matches several files: sales 2026\/x\.csv, sales 2025\/x\.csv; give more of the path/);
  assert.equal(await orchestrator('cancel', '2026/x.csv'), 0);
  assert.deepEqual(
    (await journal.runs({ states: ['cancelled'] })).items.map(run => run.file),
    ['2026/x.csv'],
  );
});

test('a name that several files have is asked back, however many runs came between', async () => {
  await queued('old/x.csv');
  await Promise.all(Array.from({ length: 1000 }, (_, n) => queued(`${n}x.csv`)));
  await queued('new/x.csv');
  assert.equal(await orchestrator('cancel', 'x.csv'), 1);
  assert.match(shown, /x\.csv matches several files: sales new\/x\.csv, sales old\/x\.csv; give more of the path/);
  assert.equal(await orchestrator('cancel', 'old/x.csv'), 0);
});

test('of a file the run is found that is meant, however many came since', async () => {
  await orchestrator('run', 'sales', await file('x.csv'));
  const started = (await journal.latest('sales', 'x.csv'))!.id;
  await mkdir(join(folder, 'data', 'logs', started), { recursive: true });
  await writeFile(join(folder, 'data', 'logs', started, '1.log'), 'it said so\n');
  const sight = { dataset: 'sales', file: 'x.csv', root: folder, priority: 0, now: Date.now() };
  for (let n = 0; n < 1001; n += 1) await journal.unsettle((await journal.settle(sight)).id, 'gone', Date.now());
  shown = '';
  assert.equal(await orchestrator('logs', 'x.csv'), 0);
  assert.match(shown, /: done\n.*it said so/s);
  shown = '';
  assert.equal(await orchestrator('runs', 'x.csv', '--state', 'done', '--json'), 0);
  assert.equal((JSON.parse(shown) as Run).id, started);
  shown = '';
  assert.equal(await orchestrator('cancel', 'x.csv'), 1);
  assert.match(shown, /x\.csv can’t be cancelled: it is cancelled/, 'the newest, where none is meant');
});

test('all that is to be looked after of a file is acknowledged, and any run of it by its id', async () => {
  const failed: string[] = [];
  for (let n = 0; n < 103; n += 1) failed.push(await failedDelivery('a.csv', n));
  assert.equal(await orchestrator('acknowledge', failed[0]!), 0);
  assert.match(shown, /^1 run acknowledged\n/);
  shown = '';
  assert.equal(await orchestrator('acknowledge', 'a.csv'), 0);
  assert.match(shown, /^102 runs acknowledged\n/);
});

test('a file that was moved away is found by where it lies now', async () => {
  await orchestrator('run', 'sales', await file('a.csv'), await file('b.csv'));
  const run = (await journal.latest('sales', 'a.csv'))!;
  const [source, hidden, target] = [join(folder, 'a.csv'), join(folder, '.a'), '/backup/sales/a.csv'];
  await journal.intend({
    runId: run.id,
    kind: 'backup',
    source,
    hidden,
    target,
    fileVersion: run.fileVersion!,
    marker: null,
  });
  await journal.closeDisposal(run.id, 'disposed', null);
  await orchestrator('run', 'sales', await file('a.csv'));
  shown = '';
  await orchestrator('runs', target, '--json');
  assert.deepEqual(
    shown
      .trim()
      .split('\n')
      .map(line => (JSON.parse(line) as Run).id),
    [run.id],
  );
});

test('logs of a file are those of its newest run that was started, without the secrets that it was given', async () => {
  await orchestrator('run', 'sales', await file('a.csv'));
  const run = (await journal.latest('sales', 'a.csv'))!;
  await mkdir(join(folder, 'data', 'logs', run.id), { recursive: true });
  await writeFile(join(folder, 'data', 'logs', run.id, '1.log'), 'it said s3cret\n');
  await queued('a.csv');
  shown = '';
  assert.equal(await orchestrator('logs', 'a.csv'), 0);
  assert.match(
    shown,
    new RegExp(`^sales a\\.csv, run ${run.id}: done\n=== attempt 1 · .* · done\nit said \\*\\*\\*\n$`),
  );
  assert.equal(await orchestrator('logs', 'a.csv', '--attempt', '2'), 1);
  assert.match(shown, /has no attempt 2/);
});

test('status --json is JSON', async () => {
  await orchestrator('status', '--json');
  const status = JSON.parse(shown) as { running: null; datasets: Array<{ name: string }> };
  assert.deepEqual([status.running, status.datasets.map(({ name }) => name)], [null, ['sales']]);
});

test('run ends with 0 when all files are done, with a line for each', async () => {
  assert.equal(await orchestrator('run', 'sales', await file('a.csv'), await file('b.csv')), 0);
  assert.match(shown, /done a\.csv: 3 rows loaded\n/);
  assert.match(shown, /done b\.csv: 3 rows loaded\n/);
});

test('run ends with 1 when a file is quarantined, and says why', async () => {
  finish = { to: 'quarantined', rows: null, error: 'no header' };
  assert.equal(await orchestrator('run', 'sales', await file('a.csv')), 1);
  assert.match(shown, /quarantined a\.csv: no header/);
});

test('run of a file that is not there, or of an unknown dataset, says so', async () => {
  assert.equal(await orchestrator('run', 'sales', join(folder, 'none.csv')), 1);
  assert.match(shown, /none\.csv can't be read \(ENOENT\)/);
  assert.equal(await orchestrator('run', 'salse', await file('a.csv')), 1);
  assert.match(shown, /no dataset salse: there are sales/);
});

test('Ctrl-C ends run with 130 and leaves the runs to go on', async () => {
  finish = null;
  const code = orchestrator('run', 'sales', await file('a.csv'));
  while ((await journal.runs({ states: ['running'] })).items.length === 0) await new Promise(setImmediate);
  interrupt.abort();
  assert.equal(await code, 130);
  assert.match(shown, /1 run not finished/);
});

test('cancel takes a run off the queue; a second time is refused; an unknown run is an error', async () => {
  finish = null;
  const run = await queued('a.csv');
  assert.equal(await orchestrator('cancel', run), 0);
  assert.equal((await journal.run(run))?.state, 'cancelled');
  assert.equal(await orchestrator('cancel', run), 1);
  assert.equal(await orchestrator('cancel', 'x'), 1);
  assert.match(shown, /no run has the id or the file x;/);
});

test('replay --failed takes the latest version of each path, once', async () => {
  finish = { to: 'failed', rows: null, error: 'first' };
  await orchestrator('run', 'sales', await file('a.csv'));
  await orchestrator('run', 'sales', await file('a.csv'));
  finish = done(3, 0);
  shown = '';
  assert.equal(await orchestrator('replay', '--failed', 'sales', '--follow'), 0);
  assert.match(shown, /^1 run queued\ndone a\.csv/);
  shown = '';
  await orchestrator('replay', '--failed', 'sales');
  assert.match(shown, /^0 runs queued/);
  assert.equal(await orchestrator('replay'), 1);
});

test('of many replays one that is refused keeps none of the others from it', async () => {
  finish = { to: 'failed', rows: null, error: 'bad' };
  for (const name of ['c1.csv', 'c2.csv', 'c3.csv']) await orchestrator('run', 'sales', await file(name));
  finish = done(3, 0);
  shown = '';
  unreplayable = 'c2.csv';
  assert.equal(await orchestrator('replay', '--failed', 'sales', '--follow'), 1);
  unreplayable = 'no file';
  assert.match(shown, /c2\.csv is not in quarantine\n2 runs queued/);
});

test('preview shows how a file would be read by the dataset that would take it, and its first rows', async () => {
  const path = join(folder, 'p.csv');
  await writeFile(path, 'a;b;c\n01;x;é\n2;y;z;w\n3;;\n');
  assert.equal(await orchestrator('preview', path, '--rows', '2'), 0);
  assert.match(shown, /^as dataset sales reads it\n/);
  assert.match(shown, /^ {2}delimiter ; \(/m);
  assert.match(shown, /│ row +│ A +│ C +│\n/);
  assert.match(shown, /│ 1 +│ 01 +│ é +│\n/);
  assert.match(shown, /row 2 is rejected: 4 cells, but the header has 3 columns/);
  assert.deepEqual((await journal.runs({})).items, []);
});

test('preview says which columns have decimal commas, and the step that makes numbers of them', async () => {
  const path = join(folder, 'p.csv');
  await writeFile(path, 'a;b;c\nx;y;1,5\nz;w;2,25\n');
  assert.equal(await orchestrator('preview', path), 0);
  assert.match(shown, /^ {2}types \(.*comma.* as in \S+: the step decimal_comma/m);
});

test('preview --json is JSON; a file that no dataset takes is read by the defaults; one that is damaged says why', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'preview-'));
  const path = join(elsewhere, 'p.csv');
  await writeFile(path, 'a,b\n1,2\n');
  assert.equal(await orchestrator('preview', path, '--json'), 0);
  const { dataset, columns, rows } = JSON.parse(shown) as Record<string, unknown>;
  assert.deepEqual([dataset, columns, rows], [null, ['A', 'B'], [{ row: 1, cells: ['1', '2'] }]]);
  await writeFile(path, '');
  assert.equal(await orchestrator('preview', path), 1);
  assert.match(shown, /p\.csv is empty/);
  shown = '';
  assert.equal(await orchestrator('preview', elsewhere), 1);
  assert.match(shown, /preview-\w+ is no regular file; name one\n$/);
  assert.equal(await orchestrator('preview', path, '--rows', 'many'), 1);
  await rm(elsewhere, { recursive: true });
});

test('preview cuts a wide table to the width of the terminal, and names what it leaves out', async () => {
  const path = join(folder, 'wide.csv');
  const names = Array.from({ length: 30 }, (_, column) => `column ${column}`);
  await writeFile(path, `A,C,${names.join(',')}\n${'x'.repeat(60)}${',1'.repeat(31)}\n`);
  width = 80;
  await orchestrator('preview', path);
  assert.ok(
    Math.max(
      ...shown
        .split('\n')
        .filter(line => line.startsWith('│'))
        .map(line => line.length),
    ) <= 80,
    shown,
  );
  width = 40;
  shown = '';
  await orchestrator('preview', path);
  assert.match(shown, /… and 1 more column: C\n/);
});

test('rejects are listed, written as CSV in the dialect of the file, and loaded once mended', async () => {
  const run = await runWithRejects();
  for (const name of ['sales', 'a.csv', run]) {
    shown = '';
    assert.equal(await orchestrator('rejects', name), 0);
  }
  assert.match(shown, /row 2, line 3: 4 cells, but the header has 3 columns\n {2}2;y;z;w\n/);
  assert.match(shown, /sales a\.csv: 2 rows rejected\n$/);

  const path = join(folder, 'mend.csv');
  assert.equal(await orchestrator('rejects', run, '--download', path), 0);
  const csv = await readFile(path, 'latin1');
  assert.equal(
    csv,
    '"_ROW";"_REASON";"a";"\xe9";"c"\r\n"2";"4 cells, but the header has 3 columns";"2";"y";"z";"w"\r\n"5";"not a date";"5";"\xe9";"q;r"\r\n',
  );
  assert.equal(await orchestrator('rejects', run, '--download', path), 1);
  assert.match(shown, /mend\.csv can't be written: it is there already/);
  shown = '';
  assert.equal(await orchestrator('rejects', run, '--download', '-'), 0);
  assert.match(shown, /^"_ROW";"_REASON";"a";/);

  await writeFile(path, csv.replace(';"w"', ''), 'latin1');
  finish = done(1, 0);
  shown = '';
  assert.equal(await orchestrator('rejects', run, '--load', path, '--follow'), 0);
  assert.match(shown, /of 2 rejected rows of run .* 1 are mended\n/);
  const mend = (await journal.mends(run))[0];
  const lines = (await readFile(mend?.mendFile ?? '', 'utf8')).trim().split('\n');
  assert.deepEqual(
    lines.map(line => JSON.parse(line)),
    [
      { row: 2, record: { a: '2', é: 'y', c: 'z' }, raw: '2;y;z' },
      { row: 5, record: { a: '5', é: 'é', c: 'q;r' }, raw: '5;é;"q;r"' },
    ],
  );
});

test('a mended file with a row that was not rejected is refused by its number, and so is one that can’t be read', async () => {
  const run = await runWithRejects();
  const path = join(folder, 'mend.csv');
  await writeFile(path, '_ROW;_REASON;a;é;c\n1;;1;1;1\n2;;2;2;2\n7;;;;\n');
  assert.equal(await orchestrator('rejects', run, '--load', path), 1);
  assert.match(shown, /rows 1, 7 are not rejected, or mended already \(run .*\); take them out/);
  await writeFile(path, 'a;é;c\n1;1;1\n');
  assert.equal(await orchestrator('rejects', run, '--load', path), 1);
  assert.match(shown, /there is no column _ROW/);
  assert.equal(await orchestrator('rejects', run, '--load', join(folder, 'none.csv')), 1);
  assert.match(shown, /none\.csv can't be read \(ENOENT\)/);
  assert.equal(await orchestrator('rejects', run, '--load', folder), 1);
  assert.match(shown, /can't be read \(it is no regular file\)/);
  assert.deepEqual(await journal.mends(run), []);
  assert.deepEqual(await readdir(join(folder, 'data', 'mended', run)), []);
});

test('forget takes what was taken away out of the journal and the lake, and nothing that is configured', async () => {
  await orchestrator('run', 'sales', await file('a.csv'));
  assert.equal(await orchestrator('forget', 'sales'), 1);
  assert.match(shown, /dataset sales is configured: take sales\.yaml away first/);
  const request = { dataset: 'old', file: 'a.csv', root: '/old', priority: 0, now: Date.now() };
  const fileVersion = { sizeBytes: 1, token: '1.1' };
  await journal.submit({ ...request, fileVersion, contentHash: 'x' });
  const slot = { dataset: 'old', free: 1, strict: false, order: 'arrival' as const, perFolder: false };
  const [[run] = []] = await journal.claim({ holder: 't', leaseMs: 60_000, now: Date.now(), slots: [slot], limit: 1 });
  assert(run);
  await journal.ledger(run, {
    fileKey: 'k',
    append: false,
    rebuilds: false,
    indexFor: () => 'lake:old',
    ids: '',
  });
  assert.equal(await orchestrator('forget', 'old'), 1);
  assert.match(shown, /a run of it goes on; cancel it/);
  await journal.finish(run, done(3, 0), Date.now());
  for (const path of [`lake/old`, `lake/sales`, `logs/${run.id}`])
    await mkdir(join(folder, 'data', path), { recursive: true });
  await writeFile(join(folder, 'data', 'lake', 'old', 'a.csv.k.parquet'), 'x');
  shown = '';
  assert.equal(await orchestrator('forget', 'old', '--rows'), 0);
  assert.match(shown, /its files of the lake are removed\ndataset old is forgotten, with 1 run\n$/);
  assert.deepEqual(
    [await readdir(join(folder, 'data', 'lake')), await readdir(join(folder, 'data', 'logs'))],
    [['sales'], []],
  );
  assert.deepEqual(
    (await journal.summaries()).map(({ dataset }) => dataset),
    ['sales'],
  );
  assert.equal(await orchestrator('forget', 'old'), 1);
});

test('pause and resume are remembered; an unknown dataset changes nothing', async () => {
  await queued('a.csv');
  assert.equal(await orchestrator('pause', 'sales'), 0);
  assert.equal((await journal.summaries())[0]?.paused, true);
  assert.equal(await orchestrator('resume', 'sales', 'salse'), 1);
  assert.equal((await journal.summaries())[0]?.paused, true);
});

/** A run of which two rows were rejected. */
async function runWithRejects(): Promise<string> {
  const path = join(folder, 'a.csv');
  await writeFile(path, 'x');
  finish = { to: 'done', rows: { read: 5, loaded: 3, rejected: 2, filtered: 0, deleted: 0 }, error: null };
  await orchestrator('run', 'sales', path);
  shown = '';
  const [run] = (await journal.runs({})).items;
  const work = join(folder, 'data', 'runs', run!.id, '1');
  await mkdir(work, { recursive: true });
  const rejects = [
    { row: 2, line: 3, reason: '4 cells, but the header has 3 columns', raw: '2;y;z;w' },
    { row: 5, line: 6, reason: 'not a date', raw: '5;é;"q;r"' },
  ];
  await writeFile(join(work, 'rejects.ndjson'), rejects.map(reject => `${JSON.stringify(reject)}\n`).join(''));
  const dialect = { delimiter: ';', quote: '"', escape: '', skipsBlanks: false, encoding: 'win1252' };
  const headers = [{ row: 1, columns: ['a', 'é', 'c'] }];
  await writeFile(join(work, 'rejects.json'), JSON.stringify({ dialect, headers }));
  return run!.id;
}

function orchestrator(...args: string[]): Promise<number> {
  return createProgram(dependencies()).run(args);
}

function dependencies(): CommandDeps {
  const show = (text: string | Uint8Array) => void (shown += text.toString());
  return {
    version: '0.0.0',
    terminal: {
      write: show,
      writeContent: show,
      writeError: show,
      isInteractive: false,
      width,
      hasColour: false,
      stderr: new PassThrough(),
    },
    now: Date.now,
    interrupted: interrupt.signal,
    heedInterrupt: () => undefined,
    start: () => Promise.resolve(0),
    check: () => Promise.resolve(0),
    configDir: () => join(folder, 'config'),
    explain: () => Promise.reject(new OrchestratorError('never', 'not asked for')),
    config: () =>
      Promise.resolve({ datasets: [sales()], errors: configErrors, warnings: ['config/sales.yaml:3:1: a warning'] }),
    holder: () => Promise.resolve(holder),
    service: () => ({ host: '127.0.0.1', port: 1, token: 'ours' }),
    state: () => Promise.resolve(state),
    maskOf: () => Promise.resolve(text => text.replaceAll('s3cret', '***')),
    withJournal: work => work(journal),
    withScheduler: async work => {
      const stop = startRunning();
      try {
        return await work(journal);
      } finally {
        await stop();
      }
    },
    dataDir: () => join(folder, 'data'),
    elasticsearch: () => null,
    kibana: () => null,
    publicUrl: () => null,
    takers: path => Promise.resolve(path.startsWith(folder) ? [sales()] : []),
    replay: (opened, run) =>
      run.file.endsWith(unreplayable)
        ? Promise.reject(new OrchestratorError('never', `${run.file} is not in quarantine`))
        : opened.replay(run.id, Date.now()),
  };
}

/** Claims what is queued and ends it as `finish` says: a scheduler without a program to run. */
function startRunning(): () => Promise<void> {
  const stop = new AbortController();
  const slot = { dataset: 'sales', free: 9, strict: false, order: 'arrival' as const, perFolder: false };
  const loop = async () => {
    while (!stop.signal.aborted) {
      const claimed = await journal.claim({ holder: 't', leaseMs: 60_000, now: Date.now(), slots: [slot], limit: 9 });
      for (const run of claimed.flat()) {
        if (!finish) continue;
        const ledger = { fileKey: run.file, append: false, rebuilds: false, indexFor: () => 'sales' };
        await journal.ledger(run, ledger);
        await journal.finish(run, finish, Date.now());
      }
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  };
  const ended = loop();
  return () => {
    stop.abort();
    return ended;
  };
}

function sales(): Dataset {
  return {
    name: 'sales',
    watchDir: folder,
    configFolder: folder,
    settings: { PRIORITY: 0, EXTRACT: { columns: ['A', 'C'] }, LOAD: {} },
  } as Dataset;
}

let filesMade = 0;

/** No two hold the same. */
async function file(name: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `A\n${++filesMade}\n`);
  return path;
}

async function queued(name: string): Promise<string> {
  const fileVersion = { sizeBytes: 1, token: '1.1' };
  const request = { dataset: 'sales', file: name, root: folder, priority: 0, now: Date.now() };
  return (await journal.submit({ ...request, fileVersion, contentHash: 'x' })).id;
}

/** Of a file that is a delivery of its own, so that no later one takes its place. */
async function failedDelivery(name: string, n: number): Promise<string> {
  const fileVersion = { sizeBytes: n, token: '1.1' };
  const request = { dataset: 'sales', file: name, root: folder, priority: 0, now: Date.now() };
  await journal.submit({ ...request, fileVersion, contentHash: String(n) });
  const slot = { dataset: 'sales', free: 1, strict: false, order: 'arrival' as const, perFolder: false };
  const [[run] = []] = await journal.claim({ holder: 't', leaseMs: 60_000, now: Date.now(), slots: [slot], limit: 1 });
  assert(run);
  await journal.ledger(run, { fileKey: `k${n}`, append: true, rebuilds: false, indexFor: () => 'lake:sales' });
  await journal.finish(run, { to: 'failed', rows: null, error: 'bad' }, Date.now());
  return run.id;
}

function done(loaded: number, rejected: number): Extract<Finish, { to: 'done' }> {
  return { to: 'done', rows: { read: loaded, loaded, rejected, filtered: 0, deleted: 0 }, error: null };
}
