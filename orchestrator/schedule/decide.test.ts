import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decide, decideRunnerError } from './decide.ts';
import { type Ending, endingOf } from './ending.ts';
import type { Situation } from './gather.ts';

const situation: Situation = {
  run: { dataset: 'sales', action: 'add', attempt: 1, retriesUsed: 0, waits: 0, readFrom: null },
  path: 'same',
  sentRows: false,
  mostRows: 1e10,
  retries: 3,
  backoff: { firstMs: 1000, factor: 2, maxMs: 60_000 },
  timeoutMs: 3_600_000,
  memory: '512m',
  workSize: '10g',
  repeatsItself: false,
  now: 1_000_000,
  random: 0,
};
const ending: Ending = {
  exitCode: 0,
  signal: null,
  outOfMemory: false,
  stopped: null,
  result: null,
  supersededBy: null,
  errorText: '',
};
const result = (read: number, loaded: number, rejected: number, filtered: number) =>
  ({
    type: 'result',
    rows_read: read,
    rows_loaded: loaded,
    rows_rejected: rejected,
    rows_filtered: filtered,
    rows_deleted: 0,
  }) as const;
const change = { ...situation.run, action: 'change' } as const;

test('exit 0 with rows that add up is done', () => {
  const finish = decide({ ...ending, result: result(10, 7, 2, 1) }, situation);
  assert.deepEqual(finish, {
    to: 'done',
    rows: { read: 10, loaded: 7, rejected: 2, filtered: 1, deleted: 0 },
    error: null,
  });
});

test('whose rows are left goes with the end of a run that is done, and with no other', () => {
  const left = [{ index: 'sales', FILE_KEY: 'k' }];
  const said = { ...result(10, 7, 2, 1), rows_left: left, values_left_out: 4 };
  const [done, failed] = [0, 3].map(exitCode => decide({ ...ending, exitCode, result: said }, situation));
  assert.deepEqual(done?.to === 'done' && [done.left, done.valuesLeftOut], [left, 4]);
  assert.ok(failed && !('left' in failed));
});

test('a setting that is wrong fails at once, and says what to do: to try again would change nothing', () => {
  const finish = decide({ ...ending, exitCode: 78, errorText: 'LOAD.index is no name' }, situation);
  assert.deepEqual(finish, {
    to: 'failed',
    rows: null,
    error:
      'a setting is wrong (exit code 78): LOAD.index is no name; it is not tried again: correct the setting, then orchestrator replay --failed sales',
  });
});

test('counts and versions that can not be are a breach of the contract, and are not written down', () => {
  const lie = decide({ ...ending, result: result(1e15, 1e15, 0, 0) }, situation);
  assert.deepEqual([lie.to, 'rows' in lie && lie.rows], ['failed', null]);
  assert.match('error' in lie ? (lie.error ?? '') : '', /^contract breach: .*1000000000000000 rows/);
  const raised = decide({ ...ending, exitCode: 75, supersededBy: Number.MAX_SAFE_INTEGER }, situation);
  assert.equal(raised.to, 'failed');
  assert.equal(decide({ ...ending, exitCode: 75, supersededBy: 2 ** 40 }, situation).to, 'superseded');
});

test('a run that is cancelled is, whatever it said', () => {
  const lie = { ...ending, stopped: 'cancel' as const, exitCode: 143, result: result(1e15, 1e15, 0, 0) };
  assert.equal(decide(lie, situation).to, 'cancelled');
});

test('exit 0 with a result line that is none is a breach of the contract; another end is what it is', () => {
  const outcome = { ...ending, results: [], malformed: 'rows_read is "7", no count of rows' };
  const finish = decide(endingOf(outcome, null), situation);
  assert.equal(finish.to, 'failed');
  assert.match(
    'error' in finish ? String(finish.error) : '',
    /contract breach: exit code 0, but its result line can't be read: rows_read is/,
  );
  assert.equal(decide(endingOf({ ...outcome, exitCode: 75 }, null), situation).to, 'queued');
  const own = { ...result(1, 1, 0, 0), file: 'a.csv' };
  assert.equal(decide(endingOf({ ...outcome, results: [own] }, 'a.csv'), situation).to, 'done');
  assert.equal(decide(endingOf({ ...outcome, results: [own] }, 'b.csv'), situation).to, 'failed');
});

test('RUN_PER: folder: of a program that tells of some files, a file that it does not tell of is not done', () => {
  const outcome = { ...ending, results: [{ ...result(1, 1, 0, 0), file: 'a.csv' }] };
  assert.equal(decide(endingOf(outcome, 'b.csv'), situation).to, 'failed');
  assert.equal(decide(endingOf({ ...outcome, results: [] }, 'b.csv'), situation).to, 'done');
});

test('what the engine ended starts over, and no retry is used up; what had loaded all by then is done', () => {
  for (const exitCode of [0, 1, 143]) {
    const finish = decide({ ...ending, exitCode, stopped: 'engine' }, { ...situation, retries: 0 });
    assert.deepEqual([finish.to, 'counts' in finish && finish.counts], ['queued', false]);
  }
  assert.equal(decide({ ...ending, stopped: 'engine', result: result(1, 1, 0, 0) }, situation).to, 'done');
});

test('exit 0 without a result line is done with no rows, so that curl will do', () => {
  assert.equal(decide(ending, situation).to, 'done');
});

test('rule 7: exit 0 with rows that do not add up is a breach of the contract, never done', () => {
  const finish = decide({ ...ending, result: result(10, 7, 2, 0) }, situation);
  assert.equal(finish.to, 'failed');
  assert.match('error' in finish ? String(finish.error) : '', /contract breach.*10 rows read.*7 loaded \+ 2 rejected/);
});

test('rule 7: rows read and none of them loaded or filtered is quarantined, whatever the exit code says', () => {
  assert.equal(decide({ ...ending, result: result(3, 0, 3, 0) }, situation).to, 'quarantined');
  assert.equal(decide({ ...ending, result: result(3, 0, 2, 1) }, situation).to, 'done');
});

test('exit 65 is quarantined with what the program said, no retry', () => {
  const finish = decide({ ...ending, exitCode: 65, errorText: 'row 3 has 5 cells' }, situation);
  assert.deepEqual(finish, {
    to: 'quarantined',
    rows: null,
    error: 'this file can never succeed (exit code 65): row 3 has 5 cells',
  });
});

test('exit 75 waits without using up a retry, at most 5 minutes apart', () => {
  for (const waits of [0, 3, 9, 1000]) {
    const finish = decide({ ...ending, exitCode: 75 }, { ...situation, random: 0.999, run: { ...change, waits } });
    assert(finish.to === 'queued' && !finish.counts);
    assert(finish.dueAt > situation.now && finish.dueAt <= situation.now + 300_000);
  }
});

test('any other code is retried with a growing delay, n + 1 attempts for RETRIES n, then failed', () => {
  const delays = [0, 1, 2].map(retriesUsed => {
    const finish = decide({ ...ending, exitCode: 3 }, { ...situation, run: { ...change, retriesUsed } });
    assert(finish.to === 'queued' && finish.counts);
    return finish.dueAt - situation.now;
  });
  assert.deepEqual(delays, [500, 1000, 2000]);
  const last = decide(
    { ...ending, exitCode: 3, errorText: 'no' },
    { ...situation, run: { ...change, retriesUsed: 3 } },
  );
  assert.deepEqual(last, { to: 'failed', rows: null, error: 'exit code 3: no; gave up after 4 attempts' });
});

test('out of memory is told apart and names the limit', () => {
  const finish = decide({ ...ending, exitCode: 137, outOfMemory: true }, { ...situation, retries: 0 });
  assert.equal(
    'error' in finish && finish.error,
    'ran out of memory (limit 512m); raise DOCKER_OPTIONS.memory; gave up after 1 attempt',
  );
});

test('killed by nobody of ours is most likely out of memory; by TIMEOUT it is not', () => {
  const killed = { ...ending, exitCode: null, signal: 'SIGKILL' };
  const finish = decide(killed, { ...situation, retries: 0 });
  assert.equal(
    'error' in finish && finish.error,
    'killed (SIGKILL), most likely for lack of memory (limit 512m): raise DOCKER_OPTIONS.memory, unless somebody killed it; gave up after 1 attempt',
  );
  const late = decide({ ...killed, stopped: 'timeout' }, { ...situation, retries: 0 });
  assert.match('error' in late ? (late.error ?? '') : '', /^took longer than TIMEOUT/);
});

test('more than WORK_SIZE on the disk, seen by us or by the kernel, is the program’s fault: it is not tried again', () => {
  for (const end of [
    { exitCode: null, signal: 'SIGTERM', stopped: 'disk' as const },
    { exitCode: 1, stopped: 'disk' as const },
    { exitCode: null, signal: 'SIGXFSZ' },
  ]) {
    const finish = decide({ ...ending, ...end }, situation);
    assert.equal(finish.to, 'failed');
    assert.match('error' in finish ? (finish.error ?? '') : '', /WORK_SIZE \(10g\).*not tried again: raise WORK_SIZE/);
  }
});

test('what the default ETL can’t do within its time or memory is not tried again: it would end the same', () => {
  const own = { ...situation, repeatsItself: true };
  const textOf = (end: Partial<Ending>, more: Partial<Situation> = {}) => {
    const finish = decide({ ...ending, exitCode: null, ...end }, { ...own, ...more });
    return [finish.to, 'error' in finish ? finish.error : null];
  };
  const again = '; it is not tried again, as it would end the same: then orchestrator replay --failed sales';
  assert.deepEqual(textOf({ signal: 'SIGTERM', stopped: 'timeout' }), [
    'failed',
    `took longer than TIMEOUT (3600 s); raise it if that is normal${again}`,
  ]);
  assert.deepEqual(textOf({ signal: 'SIGKILL', outOfMemory: true }), [
    'failed',
    `ran out of memory (limit 512m); raise DOCKER_OPTIONS.memory${again}`,
  ]);
  assert.deepEqual(textOf({ signal: 'SIGABRT' }), [
    'failed',
    `ran out of memory (JavaScript's own) (limit 512m); raise DOCKER_OPTIONS.memory, or what ENV.NODE_OPTIONS says (--max-old-space-size, in MB)${again}`,
  ]);
  // Another program's, or a folder's, is tried again, as is what may pass by itself.
  for (const end of [{ stopped: 'timeout' as const }, { outOfMemory: true }, { signal: 'SIGABRT' }])
    assert.equal(textOf(end, { repeatsItself: false })[0], 'queued');
  assert.equal(textOf({ exitCode: 1 })[0], 'queued');
  assert.equal(textOf({ exitCode: 75 })[0], 'queued');
});

test('the default ETL that was killed by nobody of ours is tried once more, not as often as RETRIES says', () => {
  const own = { ...situation, repeatsItself: true };
  const killed = { ...ending, exitCode: null, signal: 'SIGKILL' };
  assert.equal(decide(killed, own).to, 'queued');
  const finish = decide(killed, { ...own, run: { ...change, retriesUsed: 1 } });
  assert.match(
    'error' in finish ? String(finish.error) : '',
    /most likely for lack of memory.*gave up after 2 attempts/,
  );
  assert.equal(decide(killed, { ...own, retries: 0 }).to, 'failed');
});

test('what was cancelled is cancelled; what a shutdown ended is queued at once and counts nothing', () => {
  assert.equal(decide({ ...ending, exitCode: 143, stopped: 'cancel' }, situation).to, 'cancelled');
  const finish = decide({ ...ending, exitCode: 143, stopped: 'shutdown' }, situation);
  assert(finish.to === 'queued' && !finish.counts && finish.dueAt === situation.now);
});

test('a program that is stopped and exits 0 without a result is not done', () => {
  assert.equal(decide({ ...ending, stopped: 'timeout' }, situation).to, 'queued');
  assert.equal(decide({ ...ending, stopped: 'timeout', result: result(1, 1, 0, 0) }, situation).to, 'done');
});

test('rule 6: after any end but 0 a path with another version is skipped, one with none cancelled', () => {
  for (const exitCode of [1, 65, 75, 137, null]) {
    const end = { ...ending, exitCode };
    assert.equal(decide(end, { ...situation, path: 'changed' }).to, 'skipped');
    assert.equal(decide(end, { ...situation, path: 'gone' }).to, 'cancelled');
  }
  assert.equal(decide(ending, { ...situation, path: 'changed' }).to, 'done');
});

test('a mend that is cancelled says what becomes of the rows that it had loaded', () => {
  const mend = { ...situation, run: { ...situation.run, action: 'mend' as const } };
  const text = (sentRows: boolean) => {
    const finish = decide({ ...ending, exitCode: 143, stopped: 'cancel' }, { ...mend, sentRows });
    return 'error' in finish ? finish.error : null;
  };
  assert.equal(text(false), 'cancelled on request');
  assert.match(String(text(true)), /stay, though they count as rejected: mend them again/);
});

test('rule 6: the error says so where rows of the former version were partly overwritten', () => {
  const text = (more: Partial<Situation>) => {
    const finish = decide({ ...ending, exitCode: 75 }, { ...situation, path: 'gone', ...more });
    return 'error' in finish ? finish.error : null;
  };
  assert.match(String(text({ sentRows: true, run: change })), /partly overwritten/);
  assert.doesNotMatch(String(text({ sentRows: false, run: change })), /overwritten/);
  assert.doesNotMatch(String(text({ sentRows: true })), /overwritten/);
});

test('rule 4: a newer version in the index is for the journal to judge', () => {
  const finish = decide({ ...ending, exitCode: 75, supersededBy: 99 }, situation);
  assert.equal(finish.to === 'superseded' && finish.indexVersion, 99);
});

test('rule 4: what is superseded again and again is tried as often as RETRIES says, with backoff', () => {
  const repeated = (retriesUsed: number) => {
    const run = { ...situation.run, retriesUsed };
    const finish = decide({ ...ending, exitCode: 75, supersededBy: 99 }, { ...situation, run });
    assert(finish.to === 'superseded');
    return finish.repeated;
  };
  const again = repeated(0);
  assert(again.to === 'queued' && again.counts && again.dueAt > situation.now);
  const last = repeated(situation.retries);
  assert.equal(last.to, 'failed');
  assert.match(last.error, /version 99, though VERSION was raised .* gave up after 4 attempts/);
});

test('in a run over a folder each file takes its own line, and one without a line the exit code of the whole', () => {
  const outcome = {
    ...ending,
    exitCode: 1,
    results: [{ ...result(1, 1, 0, 0), file: 'a.csv', code: 0 }],
  };
  assert.equal(decide(endingOf(outcome, 'a.csv'), situation).to, 'done');
  assert.equal(decide(endingOf(outcome, 'b.csv'), situation).to, 'queued');
});

test('a file of a folder has its own error and its own superseded version, not another file’s', () => {
  const of = (file: string, code: number) => ({ ...result(0, 0, 0, 0), file, code });
  const outcome = {
    ...ending,
    exitCode: 75,
    results: [of('a.csv', 65), of('b.csv', 75), of('c.csv', 75)],
    supersededBy: 99,
    errorText: 'b is superseded',
    saidOf: new Map([
      ['a.csv', { supersededBy: null, errorText: 'a is empty' }],
      ['b.csv', { supersededBy: 99, errorText: 'b is superseded' }],
    ]),
  };
  const finish = decide(endingOf(outcome, 'a.csv'), situation);
  assert.equal(finish.to, 'quarantined');
  assert.match('error' in finish ? String(finish.error) : '', /a is empty/);
  assert.equal(decide(endingOf(outcome, 'b.csv'), situation).to, 'superseded');
  assert.equal(decide(endingOf(outcome, 'c.csv'), situation).to, 'queued');
  assert.equal(endingOf(outcome, 'crashed.csv').errorText, 'b is superseded');
});

test('an engine that is away is waited for without using up a retry, at most 30 s apart', () => {
  const finish = decideRunnerError('wait', 'no engine', { ...situation, run: { ...change, waits: 50 }, random: 0.9 });
  assert(finish.to === 'queued' && !finish.counts && finish.dueAt <= situation.now + 30_000);
  assert.match(finish.error, /no engine/);
});

test('every ending has exactly one answer, none is lost, and no retry is due in the past', () => {
  const endings = fc.record({
    exitCode: fc.option(fc.oneof(fc.constantFrom(0, 65, 75, 78, 137), fc.integer({ min: 0, max: 255 })), { nil: null }),
    signal: fc.constantFrom(null, 'SIGKILL', 'SIGABRT'),
    outOfMemory: fc.boolean(),
    stopped: fc.constantFrom('timeout' as const, 'cancel' as const, 'shutdown' as const, null),
    result: fc.option(
      fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20), fc.nat(20)).map(rows => result(...rows)),
      { nil: null },
    ),
    supersededBy: fc.option(fc.nat(), { nil: null }),
    errorText: fc.string(),
  });
  const situations = fc.record({
    run: fc.record({
      dataset: fc.constant('sales'),
      action: fc.constantFrom('add' as const, 'change' as const, 'delete' as const, 'mend' as const),
      attempt: fc.integer({ min: 1, max: 50 }),
      retriesUsed: fc.nat(10),
      waits: fc.nat(5000),
      readFrom: fc.constantFrom(null, '/backup/a.csv'),
    }),
    path: fc.constantFrom('same' as const, 'changed' as const, 'gone' as const, 'unknown' as const),
    sentRows: fc.boolean(),
    repeatsItself: fc.boolean(),
    retries: fc.nat(5),
    random: fc.double({ min: 0, max: 0.999, noNaN: true }),
  });
  fc.assert(
    fc.property(endings, situations, (end, some) => {
      const finish = decide(end, { ...situation, ...some });
      if (finish.to === 'done') {
        assert.equal(end.exitCode, 0);
        if (end.result)
          assert.equal(finish.rows.read, finish.rows.loaded + finish.rows.rejected + finish.rows.filtered);
      } else if (finish.to === 'queued') {
        assert(Number.isSafeInteger(finish.dueAt) && finish.dueAt >= situation.now);
        if (finish.counts) assert(some.run.retriesUsed < some.retries);
      } else if (finish.to !== 'superseded') assert(finish.error.length > 0);
    }),
    { numRuns: 2000 },
  );
});
