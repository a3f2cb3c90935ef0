import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { execa } from 'execa';
import { systemClock } from '../../clock.ts';
import { kindOf, messageOf } from '../../errors.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { runnerConformance } from '../conformance.ts';
import type { Runner } from '../runner.ts';
import { makeJob, makePlace, type Place, run, silentLogger } from '../testing/attempts.ts';
import { ProcessRunner } from './process-runner.ts';
import { listProcesses, readBootId, readProcess } from './process-table.ts';
import { openRegister } from './register.ts';

function createRunner(place: Place, more: { mostLogBytes?: number } = {}): Runner {
  return new ProcessRunner({
    mask: text => text.replaceAll('hunter22', '***'),
    logger: silentLogger,
    clock: systemClock,
    dataDir: place.dataDir,
    projectDir: place.watchDir,
    defaultEtl: [process.execPath, '--eval', 'console.log("default", ...process.argv.slice(1))'],
    environment: process.env,
    killAfterMs: 300,
    ...more,
  });
}

runnerConformance('process', {
  create: async (place, options) => createRunner(place, options),
  shell: script => ({ command: ['/bin/sh', '-c', script] }),
});

describe('process runner, in particular', () => {
  let place: Place;
  let runner: Runner;

  before(async () => {
    place = await makePlace();
    runner = createRunner(place);
  });

  after(async () => {
    await runner.close();
    await place.remove();
  });

  it('without a COMMAND the default ETL runs', async () => {
    const { log } = await run(runner, await makeJob(place, { args: ['FILE', 'two words'] }));
    assert.equal(log, 'default FILE two words\n');
  });

  it('a script whose first line the system can’t follow is never run, and what to do is said', async () => {
    const script = join(place.watchDir, 'broken.sh');
    const cases: Array<[string, RegExp]> = [
      ['#!/bin/sh\r\necho x\r\n', /has line ends of Windows \(CRLF\).*run: sed -i 's\/\\r\$\/\/' .*broken\.sh$/],
      ['\uFEFF#!/bin/sh\necho x\n', /begins with a byte order mark.*run: sed -i/],
      ['#! /no/such/python3 -u\nprint(1)\n', /is a script for \/no\/such\/python3, which is not there/],
    ];
    for (const [text, sentence] of cases) {
      await writeFile(script, text);
      await chmod(script, 0o755);
      await assert.rejects(run(runner, await makeJob(place, { command: ['./broken.sh'] })), error => {
        assert.deepEqual([kindOf(error), sentence.test(messageOf(error))], ['never', true], messageOf(error));
        return true;
      });
      const advice = /run: (sed .*)$/.exec(
        await run(runner, await makeJob(place, { command: ['./broken.sh'] })).then(() => '', messageOf),
      )?.[1];
      if (advice === undefined) continue;
      execFileSync('sh', ['-c', advice]);
      assert.equal((await run(runner, await makeJob(place, { command: ['./broken.sh'] }))).log, 'x\n');
    }
  });

  it('a COMMAND gets its own arguments, then the job’s four', async () => {
    const script = join(place.watchDir, 'show.sh');
    await writeFile(script, `#!/bin/sh\nfor a in "$@"; do echo "<$a>"; done\n`);
    await chmod(script, 0o755);
    const args = ['/in', 'add', 'jé 1.csv', '/config/sales.yaml'];
    const { log } = await run(runner, await makeJob(place, { command: ['./show.sh', 'own'], args }));
    assert.equal(log, '<own>\n</in>\n<add>\n<jé 1.csv>\n</config/sales.yaml>\n');
  });

  it('a COMMAND writes with the usual rights, however closed the orchestrator’s own files are', async () => {
    const usual = process.umask(0o077);
    try {
      const script = 'echo x > "$WORK_DIR/made"; stat -c %a "$WORK_DIR/made"';
      const { log } = await run(runner, await makeJob(place, { command: ['/bin/sh', '-c', script] }));
      assert.equal(log, '644\n');
    } finally {
      process.umask(usual);
    }
  });

  it('its standard input is empty', async () => {
    const { outcome } = await run(runner, await makeJob(place, { command: ['/bin/sh', '-c', 'read -r x'] }));
    assert.equal(outcome.exitCode, 1);
  });

  it('a COMMAND that is not there can never work, and the error names the file', async () => {
    const job = await makeJob(place, { command: ['./missing.sh'] });
    await assert.rejects(runner.start(job), error => {
      assert.equal(kindOf(error), 'never');
      assert.match(messageOf(error), /dataset sales: COMMAND .*missing\.sh is not there/);
      return true;
    });
    await assert.rejects(runner.start(await makeJob(place, { command: ['no-such-program'] })), /in no folder of PATH/);
  });

  it('a COMMAND that is not executable is an error that says chmod', async () => {
    await writeFile(join(place.watchDir, 'plain.sh'), '#!/bin/sh\n');
    const job = await makeJob(place, { command: ['./plain.sh'] });
    await assert.rejects(runner.start(job), /plain\.sh is not executable; run: chmod \+x .*plain\.sh/);
  });

  it('once it has ended no secret that it printed stands in its log, whatever surrounds it', async () => {
    const script = String.raw`printf 'a hunter22\n\377 hunter22\n'; seq 100000; printf 'hunter'; sleep 0.1; echo '22 b'`;
    const job = await makeJob(place, { command: ['/bin/sh', '-c', script] });
    await run(runner, job);
    const log = readFileSync(job.logFile, 'latin1');
    assert.ok(log.startsWith('a ***\n\u00ff ***\n1\n') && log.endsWith('\n100000\n*** b\n'), log.slice(0, 40));
    assert.equal(existsSync(`${job.logFile}.masked`), false);
  });

  it('nor where a line is so long that its middle is left out, or that it is stopped', async () => {
    const megabytes = (count: number, letter: string) =>
      `head -c ${count * 2 ** 20 - 4} /dev/zero | tr '\\0' ${letter}`;
    const script = `${megabytes(4, 'x')}; printf hunter22; ${megabytes(6, 'y')}; printf hunter22; ${megabytes(4, 'z')}`;
    const job = await makeJob(place, { command: ['/bin/sh', '-c', script] });
    await run(runner, job);
    const log = readFileSync(job.logFile, 'latin1');
    assert.match(log, /x\n\(6\.0 MB of the log are left out here\)\n(\*\*\*)?z/);
    assert.doesNotMatch(log, /[hunter2]{2,}[xyz\n]/);
    const limited = createRunner(place, { mostLogBytes: 2 ** 20 });
    const another = await makeJob(place, {
      command: ['/bin/sh', '-c', `${megabytes(1, 'x')}; printf hunter22; ${megabytes(1, 'y')}; sleep 60`],
    });
    await run(limited, another);
    assert.match(readFileSync(another.logFile, 'latin1'), /x\n\(it printed more than .*\)\n$/);
  });

  it('nor after a crash, in the log of what was killed', async () => {
    const job = await makeJob(place, { command: ['/bin/sh', '-c', 'echo hunter22; sleep 60'] });
    await runner.start(job);
    await waitFor('it has printed', () => readFileSync(job.logFile, 'utf8') !== '');
    await createRunner(place).recover(job);
    assert.equal(readFileSync(job.logFile, 'utf8'), '***\n');
  });

  it('bytes that are no text go to the log as they are', async () => {
    const job = await makeJob(place, { command: ['/bin/sh', '-c', String.raw`printf '\377\376\001{\n'`] });
    await run(runner, job);
    assert.deepEqual([...readFileSync(job.logFile)], [0xff, 0xfe, 1, 0x7b, 10]);
  });

  it('rule 10: a process leads a session of its own: what ends the orchestrator’s does not end it', async () => {
    const { log } = await run(runner, await makeJob(place, { command: ['/bin/sh', '-c', 'cat /proc/$$/stat'] }));
    const [pid, , , , group, session] = log.split(' ');
    assert.deepEqual([group, session], [pid, pid]);
  });

  it('rule 10: a survivor whose first process has ended is found by the rest of its group', async () => {
    const script = `echo '{"type":"progress","rows":1}'; (while :; do sleep 0.05; done) & wait`;
    const job = await makeJob(place, { command: ['/bin/sh', '-c', script] });
    const handle = await runner.start(job);
    const leader = Number(handle.split('-')[0]);
    const membersOf = () => listProcesses().filter(entry => entry.group === leader && !entry.isZombie);
    await waitFor('the child is there', () => membersOf().length >= 2 && existsSync(job.logFile));
    process.kill(leader, 'SIGKILL');
    await waitFor('the first process has ended', () => readProcess(leader) === undefined);
    assert.ok(membersOf().length > 0);
    assert.deepEqual(await createRunner(place).recover(job), { state: 'dead' });
    assert.deepEqual(membersOf(), []);
  });

  it('rule 10: a pid that belongs to another process by now is left alone', async () => {
    const job = await makeJob(place);
    const stranger = execa('sleep', ['60'], { detached: true, reject: false });
    const pid = stranger.pid as number;
    const leader = { pid, startTime: '1', bootId: readBootId(), workDir: job.workDir };
    await openRegister(place.dataDir).write({ runId: job.runId, attempt: job.attempt, leader });
    assert.deepEqual(await runner.recover(job), { state: 'dead' });
    assert.ok(readProcess(pid));
    stranger.kill('SIGKILL');
    await stranger;
  });

  it('rule 10: a program whose orchestrator died before its pid was on disk never runs', async () => {
    const blocked = await makePlace();
    await writeFile(join(blocked.dataDir, 'pids'), 'a file where the folder should be');
    const job = await makeJob(blocked, { command: ['/bin/sh', '-c', 'echo ran > "$WORK_DIR/ran"'] });
    await assert.rejects(createRunner(blocked).start(job), error => kindOf(error) === 'retry');
    assert.equal(existsSync(join(job.workDir, 'ran')), false);
    await blocked.remove();
  });

  it('the log is appended to, never truncated', async () => {
    const job = await makeJob(place, { command: ['/bin/sh', '-c', 'echo new'] });
    await writeFile(job.logFile, 'before\n{"type":"progress","rows":9}\n');
    const { log, messages } = await run(runner, job);
    assert.equal(log, 'before\n{"type":"progress","rows":9}\nnew\n');
    assert.deepEqual(messages, []);
  });
});
