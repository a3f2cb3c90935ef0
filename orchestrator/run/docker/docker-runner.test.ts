import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, stat, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../clock.ts';
import { kindOf, messageOf, OrchestratorError } from '../../errors.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { runnerConformance } from '../conformance.ts';
import { readInstance } from '../instance.ts';
import type { JobOptions } from '../testing/attempts.ts';
import { makeJob, makePlace, type Place, run } from '../testing/attempts.ts';
import { testDockerRunner } from '../testing/docker-runner.ts';
import { openEngineGate } from '../testing/engine-gate.ts';
import { makeTestImage } from '../testing/image.ts';
import type { DockerRunner, DockerRunnerOptions } from './docker-runner.ts';
import { connectEngine } from './engine.ts';
import { containerName, LABELS } from './names.ts';

const IMAGE = 'orchestrator-run-test:1';
const engine = connectEngine(process.env['DOCKER_HOST'] ?? null, systemClock);

function createRunner(place: Place, more: Partial<DockerRunnerOptions> = {}): DockerRunner {
  return testDockerRunner(engine, place, { defaultImage: IMAGE, killAfterSeconds: 1, ...more });
}

const shell = (script: string, docker: JobOptions['docker'] = {}): JobOptions => ({
  image: IMAGE,
  docker: { network: 'none', ...docker, entrypoint: ['/bin/sh', '-c', script] },
});

async function containersOf(place: Place): Promise<string[]> {
  const filters = { label: [`${LABELS.instance}=${readInstance(place.dataDir)}`] };
  return (await engine.docker.listContainers({ all: true, filters })).map(({ Id }) => Id);
}

before(() => makeTestImage(engine.docker, IMAGE));
after(() => engine.docker.getImage(IMAGE).remove({ force: true }));

runnerConformance('docker', {
  create: async (place, options) => createRunner(place, options),
  shell: script => shell(script),
});

describe('docker runner, in particular', () => {
  let place: Place;
  let runner: DockerRunner;

  before(async () => {
    place = await makePlace();
    runner = createRunner(place);
  });

  after(async () => {
    await runner.close();
    assert.deepEqual(await containersOf(place), []);
    await place.remove();
  });

  const jobOf = (script: string, docker?: JobOptions['docker'], more: JobOptions = {}) =>
    makeJob(place, { ...shell(script, docker), ...more });

  it('the container is the owner’s, without capabilities, on a read-only root, with a small /tmp', async () => {
    const script = `exec 2>&1; id -u; id -g; grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status; touch /x || echo read-only;
      touch /data/x || echo data-read-only; touch /tmp/x && touch /work/x && echo written; grep ' /tmp ' /proc/mounts; cat /config/ref.csv; touch /config/x || echo config-read-only`;
    const configFolder = join(place.dataDir, 'config', 'sales');
    await mkdir(configFolder, { recursive: true });
    await writeFile(join(configFolder, 'ref.csv'), 'reference\n');
    const job = await jobOf(script, {}, { owner: { uid: 1234, gid: 2345 }, configFolder });
    const { log } = await run(runner, job);
    assert.match(log, /^1234\n2345\n/);
    assert.match(log, /CapEff:\s+0+\n/);
    assert.match(log, /CapBnd:\s+0+\n/);
    assert.match(log, /NoNewPrivs:\s+1\n/);
    for (const line of ['read-only', 'data-read-only', 'written', 'reference', 'config-read-only']) {
      assert.ok(log.split('\n').includes(line), `${line} in ${log}`);
    }
    assert.match(log, /tmpfs \/tmp tmpfs rw,nosuid,nodev.*size=65536k/);
    assert.equal((await stat(join(job.workDir, 'x'))).uid, 1234);
  });

  it('DOCKER_OPTIONS.user goes before the run’s own uid: uid 0 without capabilities reads a file of root’s', async () => {
    const secret = join(place.watchDir, 'of-root.csv');
    await writeFile(secret, 'rows\n');
    await chown(secret, 0, 0);
    await chmod(secret, 0o600);
    const job = await jobOf(
      'cat /data/of-root.csv; touch /work/x; grep CapEff /proc/self/status',
      { user: '0:0' },
      { owner: { uid: 1234, gid: 1234 } },
    );
    const { log } = await run(runner, job);
    assert.match(log, /^rows\nCapEff:\s+0+\n$/);
  });

  it('a folder for which an image wants a volume is memory, of a limited size; its health check is not run', async () => {
    const image = 'orchestrator-volumes-test:1';
    await makeTestImage(engine.docker, image, [
      'VOLUME ["/cache/", "/data", "/tmp", "/mine"]',
      'HEALTHCHECK --interval=1s CMD touch /work/checked',
    ]);
    try {
      const script = `grep -E ' /(cache|data|tmp|mine) ' /proc/mounts; head -c 2000000 /dev/zero > /cache/x || echo full; sleep 1.5; ls /work`;
      const mine = join(place.dataDir, 'mine');
      await mkdir(mine);
      const job = await jobOf(script, { tmpfs_size: '1m', volumes: [`${mine}:/mine:ro`] }, { image });
      const handle = await runner.start(job);
      const { Mounts } = await engine.docker.getContainer(handle).inspect();
      assert.deepEqual(
        Mounts.filter(({ Type }) => Type === 'volume'),
        [],
      );
      await runner.follow(handle, job, () => {});
      const log = readFileSync(job.logFile, 'utf8');
      assert.match(log, /tmpfs \/cache tmpfs rw,nosuid,nodev.*size=1024k/);
      assert.equal(log.match(/^tmpfs/gm)?.length, 2, log);
      assert.match(log, /^full$/m);
      assert.doesNotMatch(log, /checked/);
    } finally {
      await engine.docker.getImage(image).remove({ force: true });
    }
  });

  it('running out of memory is told apart from failure', async () => {
    // The engine misses some when it is busy: each ends by SIGKILL, and the engine says of one of them at least why.
    let isTold = false;
    for (let turn = 0; turn < 8 && !isTold; turn++) {
      const { outcome } = await run(runner, await jobOf('tail -n 1 /dev/zero', { memory: '16m' }));
      assert.deepEqual([outcome.exitCode, outcome.signal, outcome.stopped], [null, 'SIGKILL', null]);
      isTold = outcome.outOfMemory;
    }
    assert.equal(isTold, true);
    const failed = await run(runner, await jobOf('exit 1', { memory: '16m' }));
    assert.equal(failed.outcome.outOfMemory, false);
  });

  it('rule 10: a container outlives its orchestrator and is adopted, its log read from the first line and not doubled', async () => {
    const job = await jobOf(
      `echo one; printf half; while [ ! -e /work/go ]; do sleep 0.05; done; echo ' two'; echo '{"type":"result","rows_read":1,"rows_loaded":1,"rows_rejected":0,"rows_filtered":0,"rows_deleted":0}'; exit 3`,
    );
    const formerEngine = connectEngine(process.env['DOCKER_HOST'] ?? null, systemClock);
    const former = createRunner(place, { engine: formerEngine });
    const lost = await former.start(job);
    const broken = new Promise<string>(
      resolve =>
        void former
          .follow(lost, job, () => {})
          .then(
            () => resolve('ended'),
            () => resolve('threw'),
          ),
    );
    await waitFor(
      'the first line is in the log',
      () => existsSync(job.logFile) && readFileSync(job.logFile, 'utf8') === 'one\n',
    );
    formerEngine.close();
    const found = await runner.recover(job);
    assert.equal(found.state, 'adopt');
    assert.ok(found.state === 'adopt');
    // What the crashed one had copied stays, and the next one goes on where it ended.
    const cut = await makeCopy(job.logFile);
    const ended = runner.follow(found.handle, { ...job, logFile: cut }, () => {});
    await writeFile(join(job.workDir, 'go'), '');
    const outcome = await ended;
    await broken;
    assert.equal(outcome.exitCode, 3);
    assert.equal(outcome.results.length, 1);
    assert.match(readFileSync(cut, 'utf8'), /^one\nhalf two\n\{"type":"result".*\}\n$/);
  });

  async function makeCopy(path: string): Promise<string> {
    await writeFile(`${path}.copy`, readFileSync(path).subarray(0, 2));
    return `${path}.copy`;
  }

  it('rule 10: a container that ended while nobody looked is adopted with its exit code', async () => {
    const job = await jobOf('echo alone; exit 65');
    const handle = await createRunner(place).start(job);
    await engine.docker.getContainer(handle).wait();
    const found = await runner.recover(job);
    assert.deepEqual(found, { state: 'adopt', handle });
    const outcome = await runner.follow(handle, job, () => {});
    assert.equal(outcome.exitCode, 65);
    assert.equal(readFileSync(job.logFile, 'utf8'), 'alone\n');
  });

  it('rule 10: a long log is read whole after a crash: it does not rotate', async () => {
    const job = await jobOf('i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo line $i of a long log; done');
    const handle = await createRunner(place).start(job);
    await engine.docker.getContainer(handle).wait();
    await runner.recover(job);
    await runner.follow(handle, job, () => {});
    const lines = readFileSync(job.logFile, 'utf8').trimEnd().split('\n');
    assert.deepEqual([lines.length, lines[0]], [5000, 'line 1 of a long log']);
  });

  it('rule 10: a container that was made and never started is removed', async () => {
    const job = await jobOf('exit 0');
    const name = containerName(readInstance(place.dataDir), job);
    const container = await engine.docker.createContainer({
      name,
      Image: IMAGE,
      Labels: { [LABELS.instance]: readInstance(place.dataDir) },
    });
    try {
      assert.deepEqual(await runner.recover(job), { state: 'dead' });
      assert.deepEqual(await containersOf(place), []);
    } finally {
      await container.remove({ force: true }).catch(() => {});
    }
  });

  it('an engine that goes away meanwhile is waited for, and the log is not doubled', async () => {
    const socket = (process.env['DOCKER_HOST'] ?? '/var/run/docker.sock').replace('unix://', '');
    const gate = await openEngineGate(join(place.dataDir, 'docker.sock'), socket);
    const gated = createRunner(place, { engine: connectEngine(gate.host, systemClock) });
    const job = await jobOf('seq 1 500; printf half; while [ ! -e /work/go ]; do sleep 0.05; done; echo; seq 501 1000');
    const handle = await gated.start(job);
    const broken = assert.rejects(
      gated.follow(handle, job, () => {}),
      error => kindOf(error) === 'wait',
    );
    await waitFor('it prints', () => existsSync(job.logFile) && readFileSync(job.logFile, 'utf8').includes('500\n'));
    await gate.shut();
    await broken;
    await assert.rejects(gated.recover(job), error => kindOf(error) === 'wait');
    await assert.rejects(
      gated.follow(handle, job, () => {}),
      error => kindOf(error) === 'wait',
    );
    await gate.open();
    const ended = gated.follow(handle, job, () => {});
    await writeFile(join(job.workDir, 'go'), '');
    assert.equal((await ended).exitCode, 0);
    const numbers = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, at) => from + at).join('\n');
    assert.equal(readFileSync(job.logFile, 'utf8'), `${numbers(1, 500)}\nhalf\n${numbers(501, 1000)}\n`);
    await gate.shut();
  });

  it('another DATA_DIR’s containers are left alone', async () => {
    const other = await makePlace();
    const job = await jobOf('sleep 60');
    const handle = await runner.start(job);
    assert.equal(await createRunner(other).sweep(() => false), 0);
    assert.deepEqual(await containersOf(place), [handle]);
    await runner.stop(handle, job, 'shutdown');
    await runner.follow(handle, job, () => {});
    await other.remove();
  });

  it('an attempt can’t have two containers', async () => {
    const job = await jobOf('sleep 60');
    const handle = await runner.start(job);
    await assert.rejects(runner.start(job), error => kindOf(error) === 'retry');
    await runner.stop(handle, job, 'shutdown');
    await runner.follow(handle, job, () => {});
  });

  it('what somebody starts again is stopped, and the outcome is that of the start that was made', async () => {
    const script =
      'if [ -e /work/again ]; then sleep 60; exit 0; fi; touch /work/again; echo begun; while [ ! -e /work/go ]; do sleep 0.05; done; exit 7';
    const job = await jobOf(script);
    const handle = await runner.start(job);
    await engine.docker.getContainer(handle).update({ RestartPolicy: { Name: 'always' } });
    const ended = runner.follow(handle, job, () => {});
    await waitFor('it is followed', () => existsSync(job.logFile) && readFileSync(job.logFile, 'utf8') === 'begun\n');
    await writeFile(join(job.workDir, 'go'), '');
    const { exitCode, results, stopped } = await ended;
    assert.deepEqual([exitCode, results, stopped], [7, [], null]);
    assert.deepEqual(await containersOf(place), []);
  });

  it('what was started again before anybody looked has failed, though that start ended well', async () => {
    for (const how of ['policy', 'by hand'] as const) {
      const script =
        'if [ -e /work/again ]; then exit 0; fi; touch /work/again; while [ ! -e /work/go ]; do sleep 0.05; done; exit 7';
      const job = await jobOf(script);
      const handle = await runner.start(job);
      const container = engine.docker.getContainer(handle);
      if (how === 'policy') await container.update({ RestartPolicy: { Name: 'always' } });
      const isAgain = async () => (await container.inspect()).RestartCount > 0;
      await writeFile(join(job.workDir, 'go'), '');
      await container.wait();
      if (how === 'by hand') await container.start();
      else await waitFor('it was started again', isAgain);
      const { exitCode, signal, errorText } = await runner.follow(handle, job, () => {});
      assert.deepEqual([exitCode, signal], [null, null], how);
      assert.match(errorText, /its container was started again by somebody else/);
    }
  });

  it('a container that somebody removed is lost, and says so', async () => {
    const job = await jobOf('sleep 60');
    const handle = await runner.start(job);
    const ended = runner.follow(handle, job, () => {});
    await engine.docker.getContainer(handle).remove({ force: true });
    const outcome = await ended;
    assert.notEqual(outcome.exitCode, 0);
    assert.match(outcome.errorText, /removed by somebody else/);
  });

  it('a program that isn’t in the image fails, and says so', async () => {
    const job = await makeJob(place, { docker: { network: 'none', entrypoint: ['/no/such/program'] } });
    const { outcome } = await run(runner, job);
    assert.equal(outcome.exitCode, 127);
    assert.match(outcome.errorText, /no\/such\/program failed: No such file/);
  });

  it('a container that can’t be started is removed, and the error says why', async () => {
    const job = await jobOf('exit 0', { network: 'no-such-network' });
    await assert.rejects(runner.start(job), error => {
      assert.equal(kindOf(error), 'wait');
      assert.match(messageOf(error), /dataset sales: a container for .* could not be started: .*no-such-network/);
      return true;
    });
    assert.deepEqual(await containersOf(place), []);
  });

  it('what the engine refuses can never work', async () => {
    const job = await jobOf('exit 0', { cap_add: ['NO_SUCH_CAPABILITY'] });
    await assert.rejects(runner.start(job), error => {
      assert.equal(kindOf(error), 'never');
      assert.match(messageOf(error), /NO_SUCH_CAPABILITY/i);
      return true;
    });
  });

  it('a bad size is an error that names the key', async () => {
    const job = await jobOf('exit 0', { tmpfs_size: 'lots' });
    await assert.rejects(runner.start(job), error => {
      assert.equal(kindOf(error), 'never');
      assert.match(messageOf(error), /dataset sales: DOCKER_OPTIONS\.tmpfs_size is "lots"/);
      return true;
    });
  });

  it('an image that is missing and can’t be pulled is waited for', async () => {
    const image = 'localhost:1/no/such:image';
    for (const pull of ['missing', 'never', 'always'] as const) {
      const job = await jobOf('exit 0', { pull }, { image });
      await assert.rejects(runner.start(job), error => {
        assert.equal(kindOf(error), 'wait');
        assert.match(messageOf(error), /image localhost:1\/no\/such:image is not there/);
        return true;
      });
      if (pull === 'missing') assert.match(readFileSync(job.logFile, 'utf8'), /^pulling localhost:1/);
    }
  });

  it('an engine that doesn’t answer is waited for', async () => {
    const away = createRunner(place, { engine: connectEngine('unix:///no/such/docker.sock', systemClock) });
    const job = await jobOf('exit 0');
    for (const call of [() => away.start(job), () => away.recover(job), () => away.stop('x', job, 'cancel')]) {
      await assert.rejects(call(), error => {
        assert.equal(kindOf(error), 'wait');
        assert.match(
          messageOf(error),
          /Docker Engine doesn't answer at unix:\/\/\/no\/such\/docker\.sock \(ENOENT\); start Docker/,
        );
        return true;
      });
    }
    await assert.rejects(away.hasImage(IMAGE), { code: 'ENOENT' });
  });

  it('secrets are masked before a line reaches the log', async () => {
    const masking = createRunner(place, { mask: text => text.replaceAll('hunter2', '•••') });
    const { log } = await run(masking, await jobOf('echo password hunter2; printf "%s" "again hunter2"'));
    assert.equal(log, 'password •••\nagain •••\n');
  });

  it('what it wrote last on stderr is its error, not what stdout says afterwards', async () => {
    const { outcome } = await run(runner, await jobOf('echo KeyError: MONTANT >&2; sleep 0.2; echo bye; exit 1'));
    assert.equal(outcome.errorText, 'KeyError: MONTANT');
  });

  it('lines of stdout and stderr don’t mix', async () => {
    const { log } = await run(runner, await jobOf('printf out; echo err >&2; sleep 0.1; echo put'));
    assert.deepEqual(log.split('\n').toSorted(), ['', 'err', 'output']);
  });

  it('the limits and more mounts of DOCKER_OPTIONS are the container’s', async () => {
    const job = await jobOf('sleep 60', {
      memory: '64m',
      cpus: 0.5,
      pids: 33,
      hostname: 'etl',
      tmpfs_size: '8m',
      volumes: [`${place.dataDir}:/more:ro`],
      labels: { team: 'sales' },
      cap_add: ['CHOWN'],
      read_only: false,
      user: '7:8',
    });
    const handle = await runner.start(job);
    const { Config, HostConfig } = await engine.docker.getContainer(handle).inspect();
    await runner.stop(handle, job, 'cancel');
    await runner.follow(handle, job, () => {});
    assert.equal(HostConfig.Memory, 64 * 2 ** 20);
    assert.equal(HostConfig.MemorySwap, 64 * 2 ** 20);
    assert.equal(HostConfig.NanoCpus, 5e8);
    assert.equal(HostConfig.PidsLimit, 33);
    assert.equal(HostConfig.ReadonlyRootfs, false);
    assert.deepEqual(HostConfig.CapAdd, ['CHOWN']);
    assert.deepEqual(HostConfig.Binds, [`${place.dataDir}:/more:ro`]);
    assert.equal(Config.Hostname, 'etl');
    assert.equal(Config.User, '7:8');
    assert.equal(Config.Labels['team'], 'sales');
    assert.equal(Config.Labels[LABELS.run], job.runId);
  });

  it('memory, cores and processes are limited where DOCKER_OPTIONS says nothing', async () => {
    const job = await jobOf('sleep 60');
    const handle = await runner.start(job);
    const { HostConfig } = await engine.docker.getContainer(handle).inspect();
    await runner.stop(handle, job, 'cancel');
    await runner.follow(handle, job, () => {});
    assert.equal(HostConfig.Memory, 2 * 2 ** 30);
    assert.equal(HostConfig.MemorySwap, 2 * 2 ** 30);
    assert.equal(HostConfig.CpuQuota, availableParallelism() * (HostConfig.CpuPeriod ?? 0));
    assert.ok((HostConfig.CpuPeriod ?? 0) > 0);
    assert.equal(HostConfig.PidsLimit, 1024);
  });

  it('mounts are the host’s paths, by the map', async () => {
    const mapped = createRunner(place, {
      surroundings: async () => ({ hostPaths: [{ from: '/elsewhere', to: '/host' }], ownNetwork: null }),
    });
    await assert.rejects(mapped.start(await jobOf('exit 0')), error => {
      assert.equal(kindOf(error), 'never');
      assert.match(messageOf(error), /HOST_PATH_MAP/);
      return true;
    });
  });

  it('an engine that can’t say where the orchestrator is makes the job wait, and is asked again', async () => {
    let asked = 0;
    const lost = createRunner(place, {
      surroundings: async () => {
        asked += 1;
        throw new OrchestratorError('wait', 'the engine is away');
      },
    });
    const job = await jobOf('exit 0');
    for (const times of [1, 2]) {
      await assert.rejects(lost.start(job), error => kindOf(error) === 'wait');
      assert.equal(asked, times);
    }
  });

  it('an entrypoint written as text is split as a shell splits it', async () => {
    const job = await makeJob(place, { docker: { network: 'none', entrypoint: `/bin/sh -c 'echo "two  words"'` } });
    assert.equal((await run(runner, job)).log, 'two  words\n');
  });

  it('the engine’s state is known, whether it answers or not', async () => {
    const { available, version, error } = await engine.status();
    assert.equal(available, true, error ?? '');
    assert.match(version ?? '', /^\d+\./);
    const away = await connectEngine('tcp://127.0.0.1:1', systemClock).status();
    assert.equal(away.available, false);
    assert.match(away.error ?? '', /ECONNREFUSED/);
  });
});
