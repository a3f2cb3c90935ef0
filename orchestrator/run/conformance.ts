import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { BOUNDS } from '../../default-etl/contract/contract.ts';
import { LIMITS } from '../limits.ts';
import { waitFor } from '../testing/wait-for.ts';
import type { Job, Runner } from './runner.ts';
import { type JobOptions, makeJob, makePlace, type Place, run } from './testing/attempts.ts';

/** What a runner must bring to be put to the test. */
export interface Candidate {
  create(place: Place, options?: { mostLogBytes?: number }): Promise<Runner>;
  /** Settings by which the runner runs this shell script (POSIX sh, with sleep, seq, head, tr, cat and ls). */
  shell(script: string): JobOptions;
}

const STAND_IN = fileURLToPath(new URL('testing/start-and-hang.ts', import.meta.url));
const RESULT = { type: 'result', rows_read: 3, rows_loaded: 2, rows_rejected: 1, rows_filtered: 0, rows_deleted: 0 };

/** What every runner does, whatever it runs: to be called from its test file. */
export function runnerConformance(name: string, candidate: Candidate): void {
  describe(`${name} runner`, () => {
    const bench = new Bench(candidate);
    before(() => bench.open());
    after(() => bench.close());
    for (const tests of [endingTests, messageTests, logTests, surroundingsTests, stopTests, recoveryTests])
      tests(bench);
  });
}

/** A runner, with a place for its attempts. */
class Bench {
  readonly candidate: Candidate;
  place!: Place;
  runner!: Runner;

  constructor(candidate: Candidate) {
    this.candidate = candidate;
  }

  async open(): Promise<void> {
    this.place = await makePlace();
    this.runner = await this.candidate.create(this.place);
  }

  async close(): Promise<void> {
    await this.runner?.close();
    await this.place?.remove();
  }

  jobOf(script: string, options: JobOptions = {}): Promise<Job> {
    return makeJob(this.place, { ...this.candidate.shell(script), ...options });
  }

  async runScript(script: string, options?: JobOptions): ReturnType<typeof run> {
    return run(this.runner, await this.jobOf(script, options));
  }
}

/** How an attempt ended. */
function endingTests(bench: Bench): void {
  it('the exit code is the outcome', async () => {
    for (const code of [0, 1, 65, 75]) {
      const { outcome } = await bench.runScript(`exit ${code}`);
      assert.deepEqual(outcome, {
        exitCode: code,
        signal: null,
        outOfMemory: false,
        stopped: null,
        results: [],
        supersededBy: null,
        errorText: '',
      });
    }
  });

  it('a program that a signal ended has no exit code', async () => {
    const { outcome } = await bench.runScript('kill -KILL $$; sleep 60');
    assert.equal(outcome.exitCode, null);
    assert.equal(outcome.signal, 'SIGKILL');
    assert.equal(outcome.stopped, null);
  });

  it('many at once do not mix', async () => {
    const jobs = await Promise.all(Array.from({ length: 6 }, (_, at) => bench.jobOf(`echo ${at}; exit ${at}`)));
    const ran = await Promise.all(jobs.map(job => run(bench.runner, job)));
    assert.deepEqual(
      ran.map(({ outcome, log }) => [outcome.exitCode, log]),
      jobs.map((_, at) => [at, `${at}\n`]),
    );
  });
}

/** What it says in messages. */
function messageTests(bench: Bench): void {
  it('messages are handed on in order, and the result and all text are kept', async () => {
    const { outcome, messages, log } = await bench.runScript(
      `echo hello; echo '{"type":"progress","rows":1}'; echo '{"type":"progress","rows":2}'; echo '${JSON.stringify(RESULT)}'`,
    );
    assert.deepEqual(messages, [{ type: 'progress', rows: 1 }, { type: 'progress', rows: 2 }, RESULT]);
    assert.deepEqual(outcome.results, [RESULT]);
    assert.equal(log.split('\n').length, 5);
    assert.match(log, /^hello\n/);
  });

  it('with several files there is one result a file', async () => {
    const results = ['a.csv', 'b.csv'].map(file => ({ ...RESULT, file, code: 0 }));
    const { outcome } = await bench.runScript(results.map(result => `echo '${JSON.stringify(result)}'`).join('\n'));
    assert.deepEqual(outcome.results, results);
  });

  it('an error line says why, and the last line of text stands in for it', async () => {
    const said = await bench.runScript(`echo '{"type":"error","message":"no column"}'; echo bye; exit 65`);
    assert.equal(said.outcome.errorText, 'no column');
    const unsaid = await bench.runScript('echo first; sleep 0.2; echo last >&2; exit 1');
    assert.equal(unsaid.outcome.errorText, 'last');
  });

  it('a superseded line gives the highest version seen', async () => {
    const { outcome } = await bench.runScript(
      `echo '{"type":"superseded","version":20}'; echo '{"type":"superseded","version":10}'; exit 75`,
    );
    assert.equal(outcome.supersededBy, 20);
  });

  it('what is said of one file of several is kept apart', async () => {
    const lines = [
      { type: 'error', message: 'a is bad', file: 'a.csv' },
      { type: 'superseded', version: 7, file: 'b.csv' },
      { type: 'error', message: 'b is late', file: 'b.csv' },
    ];
    const { outcome } = await bench.runScript(
      `${lines.map(line => `echo '${JSON.stringify(line)}'`).join('; ')}; exit 75`,
    );
    assert.deepEqual(
      outcome.saidOf,
      new Map([
        ['a.csv', { supersededBy: null, errorText: 'a is bad' }],
        ['b.csv', { supersededBy: 7, errorText: 'b is late' }],
      ]),
    );
  });

  it('a message that is nested too deeply to be one is log text, and the attempt ends', async () => {
    const nested = ['[', ']'].map(bracket => `head -c 200000 /dev/zero | tr '\\0' '${bracket}'`).join('; ');
    const { outcome, messages } = await bench.runScript(
      `printf '{"type":"decided","decisions":[{"name":"a","confidence":1,"reason":"","value":'; ${nested}; echo '}]}'; exit 3`,
    );
    assert.deepEqual([outcome.exitCode, messages], [3, []]);
  });

  it('a message counts with CRLF, and without a line break at the end', async () => {
    const { messages, log } = await bench.runScript(
      `printf '{"type":"progress","rows":1}\\r\\n{"type":"progress","rows":2}'`,
    );
    assert.deepEqual(
      messages.map(message => message.type === 'progress' && message.rows),
      [1, 2],
    );
    assert.ok(log.trimEnd().endsWith('"rows":2}'));
  });

  it('a message of 40 kB is read whole, and an error of which so much is said is cut', async () => {
    const { outcome } = await bench.runScript(
      `printf '{"type":"error","message":"'; head -c 40000 /dev/zero | tr '\\0' y; echo '"}'; exit 1`,
    );
    assert.equal(outcome.errorText, `${'y'.repeat(BOUNDS.errorBytes)}…`);
  });

  it('progress arrives while the program runs', async () => {
    const job = await bench.jobOf(
      `echo '{"type":"progress","rows":1}'; while [ ! -e "$WORK_DIR/go" ]; do sleep 0.05; done`,
    );
    const handle = await bench.runner.start(job);
    const seen = Promise.withResolvers<void>();
    const ended = bench.runner.follow(handle, job, () => seen.resolve());
    await seen.promise;
    await writeFile(join(job.workDir, 'go'), '');
    assert.equal((await ended).exitCode, 0);
  });
}

/** What else it prints. */
function logTests(bench: Bench): void {
  it('50,000 lines printed at once are all in the log, in order', async () => {
    const { log, messages } = await bench.runScript(`seq 1 50000; echo '{"type":"progress","rows":50000}'`);
    const expected = Array.from({ length: 50_000 }, (_, index) => index + 1).join('\n');
    assert.equal(log, `${expected}\n{"type":"progress","rows":50000}\n`);
    assert.equal(messages.length, 1);
  });

  it('a line of 1 MB stays one line, and a message after it is read', async () => {
    const { log, messages } = await bench.runScript(
      `head -c 1000000 /dev/zero | tr '\\0' x; echo; echo '{"type":"progress","rows":7}'`,
    );
    const lines = log.split('\n');
    assert.equal(lines[0]?.length, 1_000_000);
    assert.equal(messages.length, 1);
  });

  it('of a long log head and tail are kept, which is said, and all of it is heard', async () => {
    const script = `seq 1 1600000; echo '${JSON.stringify(RESULT)}'; exit 3`;
    const { outcome, log } = await bench.runScript(script);
    assert.deepEqual([outcome.exitCode, outcome.stopped, outcome.results.length], [3, null, 1]);
    assert.match(log.slice(0, 100), /^1\n2\n3\n/);
    assert.match(log.slice(-200), /\n1600000\n\{"type":"result".*\n$/);
    assert.match(log, /\n\(\d\.\d MB of the log are left out here\)\n\d+\n/);
    assert(log.length < LIMITS.logHeadBytes + LIMITS.logTailBytes + 100);
  });

  it('what prints without end is stopped at once, and its log has what came first', async () => {
    const frugal = await bench.candidate.create(bench.place, { mostLogBytes: 500_000 });
    try {
      for (const script of ['echo first; exec seq 1 999999999', 'echo first; exec cat /dev/zero']) {
        const { outcome, log } = await run(frugal, await bench.jobOf(script));
        assert.deepEqual([outcome.exitCode, outcome.stopped], [null, 'output']);
        assert.match(
          log,
          /^first\n[^]*\(it printed more than 256 MB, or than the disk has room for: it was stopped, and what came after was cut\)\n$/,
        );
        assert(log.length < 600_000);
      }
    } finally {
      await frugal.close();
    }
  });
}

/** What it finds, and where it leaves its files. */
function surroundingsTests(bench: Bench): void {
  it('files left in WORK_DIR are in the attempt’s folder', async () => {
    const job = await bench.jobOf(`echo '{"row":1}' > "$WORK_DIR/rejects.ndjson"`);
    const { outcome } = await run(bench.runner, job);
    assert.equal(outcome.exitCode, 0, outcome.errorText);
    assert.equal(readFileSync(join(job.workDir, 'rejects.ndjson'), 'utf8'), '{"row":1}\n');
  });

  it('the watched folder can be read, names with blanks and accents too', async () => {
    const { log } = await bench.runScript('cat "$DATA/jé 1.csv"');
    assert.equal(log, 'a,b\n1,2\n');
  });

  it('values of the environment arrive unchanged, and nothing of ours comes along', async () => {
    process.env['OF_OURS'] = 'secret';
    const nasty = 'a b"c\'d$e\\f=g\nh é';
    const { log } = await bench.runScript(`printf '%s|%s' "$NASTY" "\${OF_OURS-unset}"`, {
      environment: { NASTY: nasty },
    });
    delete process.env['OF_OURS'];
    assert.equal(log.trimEnd(), `${nasty}|unset`);
  });

  it('settings that are too large for a variable come by a file that it can read', async () => {
    const environment = { LARGE: 'x'.repeat(300_000), SMALL: 'y' };
    const script = `echo "small $SMALL, large \${#LARGE}, file $(head -c 20 "$ENVIRONMENT_FILE")"`;
    const { outcome, log } = await bench.runScript(script, { environment });
    assert.equal(outcome.exitCode, 0);
    assert.match(log, /^small y, large 0, file \{"LARGE":"xxxxxxxxxx\n/);
  });
}

/** That it ends, and all that it started. */
function stopTests(bench: Bench): void {
  it('SIGTERM stops a program, and the outcome says who asked', async () => {
    const job = await bench.jobOf(`trap 'echo stopping; exit 7' TERM; echo ready; while :; do sleep 0.05; done`);
    const handle = await bench.runner.start(job);
    const ended = bench.runner.follow(handle, job, () => {});
    await waitFor(
      'the program is ready',
      () => existsSync(job.logFile) && readFileSync(job.logFile, 'utf8').includes('ready'),
    );
    await bench.runner.stop(handle, job, 'cancel');
    await bench.runner.stop(handle, job, 'timeout');
    const outcome = await ended;
    assert.equal(outcome.exitCode, 7);
    assert.equal(outcome.stopped, 'cancel');
    assert.match(readFileSync(job.logFile, 'utf8'), /stopping/);
  });

  it('a program that ignores SIGTERM is killed, its children with it', async () => {
    const job = await bench.jobOf(
      `trap '' TERM; (trap '' TERM; while :; do date +%s%N > "$WORK_DIR/alive"; sleep 0.05; done) & echo ready; wait; sleep 60`,
    );
    const handle = await bench.runner.start(job);
    const ended = bench.runner.follow(handle, job, () => {});
    await waitFor('the grandchild is alive', () => existsSync(join(job.workDir, 'alive')));
    await bench.runner.stop(handle, job, 'timeout');
    const atStop = readFileSync(join(job.workDir, 'alive'), 'utf8');
    const outcome = await ended;
    assert.equal(outcome.exitCode, null);
    assert.equal(outcome.signal, 'SIGKILL');
    assert.equal(outcome.stopped, 'timeout');
    await new Promise(resolve => setTimeout(resolve, 200));
    assert.equal(readFileSync(join(job.workDir, 'alive'), 'utf8'), atStop);
  });

  it('children left behind end with the program', async () => {
    const job = await bench.jobOf(
      `(while :; do date +%s%N > "$WORK_DIR/alive"; sleep 0.05; done) & while [ ! -e "$WORK_DIR/alive" ]; do sleep 0.02; done`,
    );
    const { outcome } = await run(bench.runner, job);
    assert.equal(outcome.exitCode, 0);
    const atEnd = readFileSync(join(job.workDir, 'alive'), 'utf8');
    await new Promise(resolve => setTimeout(resolve, 200));
    assert.equal(readFileSync(join(job.workDir, 'alive'), 'utf8'), atEnd);
  });
}

/** What an orchestrator finds of attempts that are not its own. */
function recoveryTests(bench: Bench): void {
  it('an attempt that never started is dead', async () => {
    assert.deepEqual(await bench.runner.recover(await bench.jobOf('exit 0')), { state: 'dead' });
  });

  it('an attempt that was followed to its end has left nothing', async () => {
    const job = await bench.jobOf('exit 0');
    await run(bench.runner, job);
    assert.deepEqual(await bench.runner.recover(job), { state: 'dead' });
    assert.equal(await bench.runner.sweep(() => false), 0);
  });

  it('sweep ends what nobody knows, and leaves what is known', async () => {
    const [known, unknown] = [await bench.jobOf('sleep 60'), await bench.jobOf('sleep 60')];
    const handles = [await bench.runner.start(known), await bench.runner.start(unknown)] as const;
    const ends = [
      bench.runner.follow(handles[0], known, () => {}),
      bench.runner.follow(handles[1], unknown, () => {}),
    ] as const;
    assert.equal(await bench.runner.sweep(runId => runId === known.runId), 1);
    await ends[1];
    await bench.runner.stop(handles[0], known, 'shutdown');
    assert.equal((await ends[0]).stopped, 'shutdown');
  });

  it('rule 10: what outlives a killed orchestrator is found, and afterwards there is nothing left of it', async () => {
    const script = `while [ ! -e "$WORK_DIR/go" ]; do date +%s%N > "$WORK_DIR/alive"; echo tick; sleep 0.02; done; exit 5`;
    const options = { ...bench.candidate.shell(script), runId: `crash-${process.pid}` };
    const job = await makeJob(bench.place, options);
    const orchestrator = execa(
      process.execPath,
      [STAND_IN, bench.runner.kind, JSON.stringify(bench.place), JSON.stringify(options)],
      {
        reject: false,
      },
    );
    try {
      await outliveAndRecover(bench, job, orchestrator);
    } finally {
      // Whatever failed: neither of them may stay.
      orchestrator.kill('SIGKILL');
      await writeFile(join(job.workDir, 'go'), '');
    }
  });
}

async function outliveAndRecover(
  bench: Bench,
  job: Job,
  orchestrator: PromiseLike<unknown> & { kill(signal: 'SIGKILL'): boolean },
): Promise<void> {
  const linesOf = () => (existsSync(job.logFile) ? readFileSync(job.logFile, 'utf8').split('\n').length : 0);
  await waitFor('it prints', () => linesOf() > 3);
  orchestrator.kill('SIGKILL');
  await orchestrator;
  const alive = join(job.workDir, 'alive');
  const atDeath = readFileSync(alive, 'utf8');
  await waitFor('it goes on after its orchestrator', () => ![atDeath, ''].includes(readFileSync(alive, 'utf8')));

  const recovered = await bench.runner.recover(job);
  if (recovered.state === 'adopt') {
    await writeFile(join(job.workDir, 'go'), '');
    const outcome = await bench.runner.follow(recovered.handle, job, () => {});
    assert.equal(outcome.exitCode, 5);
  }
  const atEnd = readFileSync(alive, 'utf8');
  assert.deepEqual(await bench.runner.recover(job), { state: 'dead' });
  await new Promise(resolve => setTimeout(resolve, 200));
  assert.equal(readFileSync(alive, 'utf8'), atEnd);
}
