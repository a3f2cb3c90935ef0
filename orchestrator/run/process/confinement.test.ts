import assert from 'node:assert/strict';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../clock.ts';
import type { Runner } from '../runner.ts';
import { type JobOptions, makeJob, makePlace, type Place, run, silentLogger, uids } from '../testing/attempts.ts';
import { kindOf, messageOf } from '../../errors.ts';
import { launch } from './launcher.ts';
import { ProcessRunner } from './process-runner.ts';
import { livingOf } from './process-table.ts';
import { asRoot } from '../../testing/as-root.ts';

/** What a process of a root orchestrator is kept to. */
describe('a process of a root orchestrator', asRoot, () => {
  let place: Place;
  let runner: Runner;

  before(async () => {
    place = await makePlace();
    // As an administrator who knows nothing of runs would have them.
    await chmod(dirname(place.dataDir), 0o700);
    await chmod(place.dataDir, 0o755);
    runner = runnerAt(place.watchDir);
  });

  after(async () => {
    await runner.close();
    await place.remove();
  });

  function runnerAt(projectDir: string): Runner {
    return new ProcessRunner({
      mask: text => text,
      logger: silentLogger,
      clock: systemClock,
      dataDir: place.dataDir,
      projectDir,
      defaultEtl: [],
      environment: process.env,
    });
  }

  const shell = async (script: string, options: JobOptions = {}) =>
    run(runner, await makeJob(place, { command: ['/bin/sh', '-c', script], ...options }));

  it('has a uid and gid of its own, no other group, no capability, and gains none', async () => {
    const job = await makeJob(place, {
      command: [
        '/bin/sh',
        '-c',
        `id -u; id -g; id -G; grep -E '^(Cap|NoNewPrivs)' /proc/self/status; cat /proc/1/environ`,
      ],
    });
    const { log } = await run(runner, job);
    const { uid } = job.owner;
    assert.notEqual(uid, 0);
    assert.match(log, new RegExp(`^${uid}\n${uid}\n${uid}\n`));
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      assert.match(log, new RegExp(`${set}:\\s+0+\n`));
    assert.match(log, /NoNewPrivs:\s+1\n/);
    assert.match(log, /\/proc\/1\/environ: Permission denied/);
  });

  it('sees of DATA_DIR and of CONFIG_DIR nothing but its own, however open they are', async () => {
    const secret = join(place.dataDir, 'token');
    await writeFile(secret, 'secret', { mode: 0o644 });
    const other = await makeJob(place);
    await writeFile(join(other.workDir, 'rows'), 'rows', { mode: 0o644 });
    await chmod(other.workDir, 0o755);
    const configFolder = join(place.dataDir, 'config', 'sales');
    await mkdir(configFolder, { recursive: true });
    await writeFile(join(configFolder, 'table.csv'), 'table\n');
    await writeFile(join(place.dataDir, 'config', 'other.yaml'), 'password');
    const script = `cat ${secret} ${other.workDir}/rows ${place.dataDir}/config/other.yaml; ls -A ${place.dataDir} ${place.dataDir}/config; cat ${configFolder}/table.csv`;
    const { log } = await shell(script, { configFolder });
    assert.equal(log.match(/No such file or directory/g)?.length, 3);
    assert.doesNotMatch(log, /secret|password|rows$/m);
    assert.match(log, /:\nconfig\nruns\n\n.*config:\nsales\ntable\n$/s);
  });

  it('can write in WORK_DIR and in folders of its own that are gone with it, and nowhere else', async () => {
    await chmod(place.watchDir, 0o777);
    const open = await mkdtemp(join(tmpdir(), 'open-'));
    await chmod(open, 0o777);
    const script = `touch "$WORK_DIR/x" /tmp/x /dev/shm/x && echo written
      for folder in "$DATA" ${place.dataDir} ${open} /usr/bin /etc; do touch $folder/x 2>/dev/null && echo "escaped to $folder"; done; echo $HOME $TMPDIR`;
    const job = await makeJob(place, { command: ['/bin/sh', '-c', script] });
    const { log } = await run(runner, job);
    await rm(open, { recursive: true });
    assert.equal(log, `written\n${job.workDir} ${job.workDir}\n`);
    assert.doesNotMatch((await shell('ls /tmp /dev/shm')).log, /^x$/m);
  });

  it('leaves no program that is run as its uid behind in a folder that everybody can write, wherever that is mounted', async () => {
    const open = await Promise.all(['/var/open-', '/run/open-', '/dev/open-'].map(path => mkdtemp(path)));
    await Promise.all(open.map(folder => chmod(folder, 0o777)));
    const { log } = await shell(
      `for folder in ${open.join(' ')}; do cp /bin/sh $folder/x 2>/dev/null && chmod 4755 $folder/x; done; echo > /dev/null && echo end`,
    );
    const left = await Promise.all(open.map(folder => readdir(folder)));
    await Promise.all(open.map(folder => rm(folder, { recursive: true })));
    assert.deepEqual(left, [[], [], []]);
    assert.equal(log, 'end\n');
  });

  it('a program and its script run from folders that are closed to everybody else, through links too', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'closed-'));
    const project = join(closed, 'project');
    await mkdir(join(project, 'scripts'), { recursive: true });
    await writeFile(join(project, 'scripts', 'more.sh'), 'echo more');
    await writeFile(join(project, 'scripts', 'run.sh'), '#!/bin/sh\n. "$(dirname "$0")/more.sh"\nls ..\n', {
      mode: 0o755,
    });
    await symlink(join(project, 'scripts', 'run.sh'), join(closed, 'link.sh'));
    await writeFile(join(project, '.env'), 'SECRET=1');
    const own = runnerAt(project);
    const outputs = [];
    for (const command of [['./scripts/run.sh'], ['/bin/sh', 'scripts/run.sh'], [join(closed, 'link.sh')]])
      outputs.push((await run(own, await makeJob(place, { command }))).log);
    await rm(closed, { recursive: true });
    assert.match(outputs[0] ?? '', /^more\n/);
    assert.match(outputs[1] ?? '', /^more\n/);
    // By its link the script looks beside the link, where it has nothing.
    assert.match(outputs[2] ?? '', /more\.sh/);
    for (const log of outputs) assert.doesNotMatch(log, /\.env|SECRET/);
  });

  it('is not started where its data folder or its config folder was swapped for a link since they were judged', async () => {
    const home = await mkdtemp(join(tmpdir(), 'home-'));
    const closed = join(home, 'closed');
    await mkdir(closed, { mode: 0o700 });
    await writeFile(join(closed, 'secret'), 'secret');
    await chmod(home, 0o777);
    await symlink(closed, join(home, 'in'));
    const job = await makeJob(place, { command: ['/bin/sh', '-c', 'cat "$DATA"/*'] });
    const swapped = runner.start({ ...job, inputFolder: join(home, 'in') });
    await assert.rejects(swapped, error => kindOf(error) === 'wait' && /link that others/.test(messageOf(error)));
    const whyForbidden = (rule: string, path: string) =>
      rule === 'yaml_folders' && realpathSync(path) === closed ? `is ${closed}, which is forbidden` : null;
    const configFolder = join(home, 'in');
    await assert.rejects(
      runner.start(await makeJob(place, { command: ['/bin/true'], configFolder, whyForbidden })),
      error => kindOf(error) === 'never' && /its folder .+ is .+closed, which is forbidden/.test(messageOf(error)),
    );
    await rm(home, { recursive: true });
  });

  it('a folder that is swapped after it was judged is not shown', async () => {
    const other = await mkdtemp(join(tmpdir(), 'other-'));
    const view = {
      shown: [{ path: other, as: 'data' as const, real: place.watchDir }],
      hidden: [],
      own: [],
      workingDir: '/',
      files: [],
      links: [],
    };
    const request = {
      command: ['/bin/true'],
      environment: {},
      cwd: '/',
      umask: 0o77,
      output: { stdout: 1, stderr: 2 },
      view,
      limits: {},
    };
    await assert.rejects(launch(request), /was swapped for something else/);
    await rm(other, { recursive: true });
  });

  it('a COMMAND that its owner alone can run is an error that says chmod', async () => {
    const script = join(place.watchDir, 'own.sh');
    await writeFile(script, '#!/bin/sh\n', { mode: 0o700 });
    await assert.rejects(
      runner.start(await makeJob(place, { command: ['./own.sh'] })),
      /own\.sh can be run by its owner alone.*chmod o\+rx/,
    );
  });

  it('a COMMAND can read its own YAML, which nobody else can', async () => {
    const yaml = join(place.dataDir, 'sales.yaml');
    await writeFile(yaml, 'WATCH_DIR: x\n', { mode: 0o600 });
    assert.equal((await shell(`cat ${yaml}`)).log, 'WATCH_DIR: x\n');
    await rm(yaml);
  });

  it('what leaves its session and forgets its environment ends with it all the same', async () => {
    const job = await makeJob(place, {
      command: [
        '/bin/sh',
        '-c',
        `setsid env -i /bin/sh -c 'setsid /bin/sleep 60 & touch "$0"' "$WORK_DIR/gone" & while [ ! -e "$WORK_DIR/gone" ]; do sleep 0.02; done`,
      ],
    });
    const { outcome } = await run(runner, job);
    assert.equal(outcome.exitCode, 0);
    assert.deepEqual(livingOf(job.owner.uid), []);
  });

  it('a file larger than WORK_SIZE can’t be written', async () => {
    const { log, outcome } = await shell(`head -c 3000000 /dev/zero > "$WORK_DIR/x"; echo end`, { workSize: '1m' });
    assert.match(log, /File size limit exceeded|File too large/);
    assert.equal(outcome.exitCode, 0);
  });

  it('WATCH_DIR of somebody else, below a folder that only he can enter, is there', async () => {
    const home = await mkdtemp(join(tmpdir(), 'home-'));
    const inbox = join(home, 'inbox');
    await mkdir(inbox);
    await writeFile(join(inbox, 'a.csv'), 'a\n1\n');
    await chown(home, 1234, 1234);
    const job = {
      ...(await makeJob(place, { command: ['/bin/sh', '-c', `cat ${inbox}/a.csv; ls -A ${home}`] })),
      inputFolder: inbox,
    };
    await writeFile(join(home, 'private'), 'private', { mode: 0o644 });
    const { log } = await run(runner, job);
    await rm(home, { recursive: true });
    assert.equal(log, 'a\n1\ninbox\n');
    uids.free(job.workDir);
  });
});
