import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { datasetOf } from '../config/testing/dataset.ts';
import type { DockerOptions } from '../config/docker-schema.ts';
import { kindOf } from '../errors.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';
import { versionOf } from '../files/version.ts';
import type { Run } from '../journal/journal.ts';
import { FileMoved, type InputRequest, placeInput } from './input.ts';

/** A watched folder with one file, and an empty WORK_DIR. */
interface Place {
  watchDir: string;
  workDir: string;
  request(more?: Partial<InputRequest>): InputRequest;
}

const stranger = { uid: 61_200, gid: 61_200 };

function place(t: TestContext, file = 'below/a b.csv', docker?: DockerOptions): Place {
  const base = mkdtempSync(join(tmpdir(), 'input-'));
  t.after(() => rmSync(base, { recursive: true }));
  const [watchDir, workDir] = [join(base, 'in'), join(base, 'work')];
  mkdirSync(dirname(join(watchDir, file)), { recursive: true, mode: 0o755 });
  mkdirSync(workDir);
  writeFileSync(join(watchDir, file), 'a\n1\n', { mode: 0o644 });
  const dataset = datasetOf('sales', watchDir, docker ? { DOCKER_OPTIONS: docker } : {});
  const fileVersion = versionOf(statSync(join(watchDir, file), { bigint: true }));
  const run = { id: 'r', root: watchDir, file, fileVersion, action: 'add', readFrom: null } as Run;
  const { signal } = new AbortController();
  return {
    watchDir,
    workDir,
    request: more => ({ dataset, run, workDir, owner: stranger, minFreeBytes: 0, signal, ...more }),
  };
}

test('a file that its run may read is not copied', async t => {
  const { request } = place(t);
  assert.equal(await placeInput(request()), null);
});

for (const [what, close] of [
  ['the file', (watchDir: string) => chmodSync(join(watchDir, 'below/a b.csv'), 0o600)],
  ['a folder on the way to it', (watchDir: string) => chmodSync(join(watchDir, 'below'), 0o700)],
  ['WATCH_DIR itself', (watchDir: string) => chmodSync(watchDir, 0o750)],
] as const) {
  test(`of a file that is closed to others by ${what} the run gets a copy, which is the version it is told of`, async t => {
    const { watchDir, workDir, request } = place(t);
    close(watchDir);
    const standIn = await placeInput(request());
    assert.equal(standIn?.path, 'input/a b.csv');
    const copy = join(workDir, 'input', 'a b.csv');
    assert.equal(readFileSync(copy, 'utf8'), 'a\n1\n');
    const stats = statSync(copy, { bigint: true });
    assert.deepEqual(standIn?.version, versionOf(stats));
    assert.equal(Number(stats.mode) & 0o7777, 0o600);
    // Nothing of it was touched.
    assert.equal(readFileSync(join(watchDir, 'below/a b.csv'), 'utf8'), 'a\n1\n');
  });
}

test('who DOCKER_OPTIONS.user names reads with the rights of that user', async t => {
  const own = `${process.getuid?.()}:${process.getgid?.()}`;
  const { watchDir, request } = place(t, 'a.csv', { user: own });
  chmodSync(join(watchDir, 'a.csv'), 0o600);
  assert.equal(await placeInput(request()), null);
  const other = place(t, 'a.csv', { user: 'somebody' });
  chmodSync(join(other.watchDir, 'a.csv'), 0o600);
  assert.notEqual(await placeInput(other.request()), null);
});

test('rule 6: what is another version, or gone, when it is to be copied, is not handed over', async t => {
  const { watchDir, workDir, request } = place(t);
  chmodSync(join(watchDir, 'below/a b.csv'), 0o600);
  writeFileSync(join(watchDir, 'below/a b.csv'), 'a\n1\n2\n');
  await assert.rejects(placeInput(request()), FileMoved);
  rmSync(join(watchDir, 'below/a b.csv'));
  await assert.rejects(placeInput(request()), FileMoved);
  assert.throws(() => statSync(join(workDir, 'input')), /ENOENT/);
});

test('a link in the place of the file is not followed', async t => {
  const { watchDir, request } = place(t);
  const victim = join(watchDir, '..', 'victim');
  writeFileSync(victim, 'secret', { mode: 0o600 });
  rmSync(join(watchDir, 'below/a b.csv'));
  symlinkSync(victim, join(watchDir, 'below/a b.csv'));
  chmodSync(join(watchDir, 'below'), 0o700);
  await assert.rejects(placeInput(request()), UntrustedFile);
});

test('what a link leads to is copied where links are followed, whoever may read it', async t => {
  const { watchDir, workDir, request } = place(t);
  const target = join(watchDir, '..', 'target');
  writeFileSync(target, 'a\n2\n', { mode: 0o644 });
  rmSync(join(watchDir, 'below/a b.csv'));
  symlinkSync(target, join(watchDir, 'below/a b.csv'));
  const dataset = datasetOf('sales', watchDir, { FOLLOW_LINKS: true });
  const fileVersion = versionOf(statSync(target, { bigint: true }));
  for (const owner of [stranger, null]) {
    const standIn = await placeInput(request({ dataset, owner, run: { ...request().run, fileVersion } }));
    assert.equal(readFileSync(join(workDir, standIn?.path ?? ''), 'utf8'), 'a\n2\n');
    rmSync(join(workDir, 'input'), { recursive: true });
  }
  assert.equal(readFileSync(target, 'utf8'), 'a\n2\n');
});

test('rule 13: where the copy would leave less than MIN_FREE, the run waits', async t => {
  const { watchDir, request } = place(t);
  chmodSync(join(watchDir, 'below'), 0o700);
  await assert.rejects(placeInput(request({ minFreeBytes: 1e18 })), error => {
    assert.equal(kindOf(error), 'wait');
    assert.match(String(error), /gets a copy of it.*MIN_FREE/);
    return true;
  });
});

test('a run that is to be stopped gets no copy', async t => {
  const { watchDir, request } = place(t);
  chmodSync(join(watchDir, 'below'), 0o700);
  await assert.rejects(placeInput(request({ signal: AbortSignal.abort() })), { name: 'AbortError' });
});
