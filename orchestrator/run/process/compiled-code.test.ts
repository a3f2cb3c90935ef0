import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { uids } from '../testing/attempts.ts';
import { compiledCodeAt, compileOnce } from './compiled-code.ts';
import { asRoot } from '../../testing/as-root.ts';

/** As Node does. */
const COMPILE = `mkdir -p "$NODE_COMPILE_CACHE"/${process.version}-code-$(id -u) && cd "$NODE_COMPILE_CACHE"/*-code-* && echo 1 > a && echo 2 > b`;

test('what still compiles for an orchestrator that was killed ends before its folder goes', asRoot, async t => {
  const base = await mkdtemp(join(tmpdir(), 'compiled-'));
  t.after(() => rm(base, { recursive: true }));
  await chmod(base, 0o755);
  const program = join(base, 'etl');
  await mkdir(program);
  await writeFile(join(program, 'compile.js'), COMPILE);
  const workDir = join(base, 'compiling');
  await mkdir(workDir);
  await chown(workDir, 61_444, 61_444);
  const left = spawn('/bin/sleep', ['600'], { uid: 61_444, gid: 61_444, stdio: 'ignore' });
  const ended = once(left, 'exit');
  await compileOnce({
    code: compiledCodeAt(join(base, 'cache', 'code')),
    uids,
    workDir,
    command: ['/bin/sh', join(program, 'compile.js')],
    etlFiles: [program],
    hidden: [],
    projectDir: '/',
  });
  assert.deepEqual(await ended, [null, 'SIGKILL']);
});

test(
  'code that others will run is root’s in every file, whoever compiled it; what isn’t is no code, and is made anew',
  asRoot,
  async t => {
    const base = await mkdtemp(join(tmpdir(), 'compiled-'));
    t.after(() => rm(base, { recursive: true }));
    const program = join(base, 'etl');
    await mkdir(program);
    await chmod(base, 0o755);
    await writeFile(join(program, 'compile.js'), COMPILE);
    const atStart = () => compiledCodeAt(join(base, 'cache', 'code'));
    const make = () =>
      compileOnce({
        code: atStart(),
        uids,
        workDir: join(base, 'compiling'),
        command: ['/bin/sh', join(program, 'compile.js')],
        etlFiles: [program],
        hidden: [],
        projectDir: '/',
      });
    const folder = async (): Promise<string[]> => {
      await make();
      const { path } = atStart().folder() ?? assert.fail('there is none');
      const files = (await readdir(path)).map(name => join(path, name));
      assert.equal(files.length, 2);
      for (const file of [path, ...files]) {
        const { uid, mode } = await stat(file);
        assert.deepEqual({ file, uid, mode: mode & 0o7777 }, { file, uid: 0, mode: file === path ? 0o755 : 0o644 });
      }
      return files;
    };

    const [first = ''] = await folder();
    await chown(first, 61_200, 61_200);
    assert.equal(atStart().folder(), undefined);
    const [second = ''] = await folder();
    await chmod(second, 0o666);
    assert.equal(atStart().folder(), undefined);
    await folder();
  },
);
