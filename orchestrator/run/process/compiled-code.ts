import { closeSync, lstatSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Owner } from '../../files/rights.ts';
import type { RunUids } from '../runner.ts';
import { giveWorkDir } from '../work-dir.ts';
import { launch } from './launcher.ts';
import { killMembers } from './process-group.ts';
import { readBootId } from './process-table.ts';
import { OWN_FOLDERS, shownAs } from './view.ts';

/**
 * What V8 made of the default ETL's code, so that a run need not make it anew (200 ms). Runs may read it, and never
 * write it: it is code that others run.
 */
export interface CompiledCode {
  /** Absolute: where Node looks for what it compiled, in a folder for each user. */
  readonly path: string;
  /**
   * The folder made by this Node; undefined where there is none that is ours alone to write. Its name for a user is
   * `nameFor(uid)`.
   */
  folder(): { path: string; nameFor(uid: number): string } | undefined;
}

export interface CompileOptions {
  code: CompiledCode;
  uids: RunUids;
  /** Absolute: a folder to work in, which need not be there. */
  workDir: string;
  /** Node, and the default ETL's program that compiles itself. */
  command: readonly [string, string];
  /** Absolute: what the default ETL is made of. */
  etlFiles: readonly string[];
  /** Absolute. */
  hidden: readonly string[];
  projectDir: string;
}

const FOLDER = /^(v[\d.]+-.+)-(\d+)$/;
const STAMP = 'made-of';
const OPEN = 0o755;
const READABLE = 0o644;
const OTHERS_WRITE = 0o022;

export function compiledCodeAt(path: string): CompiledCode {
  /** What is ours alone stays so. */
  let trusted: string | undefined;
  return {
    path,
    folder() {
      const [newest] = namesIn(path)
        .filter(name => name.startsWith(`${process.version}-`) && FOLDER.exec(name)?.[2] === String(process.getuid?.()))
        .map(name => ({ name, at: statSync(join(path, name)).mtimeMs }))
        .sort((a, b) => b.at - a.at);
      if (newest === undefined) return undefined;
      const [, prefix] = FOLDER.exec(newest.name) as RegExpExecArray;
      const folder = join(path, newest.name);
      const { ino, ctimeMs } = lstatSync(folder);
      const version = `${ino} ${ctimeMs}`;
      if (version !== trusted && !isOursAlone(folder)) return undefined;
      trusted = version;
      return { path: folder, nameFor: uid => `${prefix}-${uid}` };
    },
  };
}

/**
 * Compiles the default ETL once for each version of it, as a user that owns nothing: as root nothing of it ever runs.
 * Where that fails, runs compile it themselves. Throws what the system says.
 */
export async function compileOnce(options: CompileOptions): Promise<void> {
  const { code, uids, workDir } = options;
  if (!uids.areOwn) return;
  const stamp = stampOf(options.etlFiles[0] as string);
  if (code.folder() && readText(join(code.path, STAMP)) === stamp) return;
  await clear(options);
  await mkdir(workDir, { recursive: true, mode: 0o700 });
  try {
    const owner = uids.take(workDir);
    await giveWorkDir(workDir, `${owner.uid}:${owner.gid}`);
    await compile(options, owner);
    await putInPlace(options);
    writeFileSync(join(code.path, STAMP), stamp);
  } finally {
    await clear(options);
  }
}

/**
 * First whatever compiles there, perhaps since an orchestrator was killed: Node looks without end for a folder to
 * compile into that is taken from under it (24.21). Its uid is nobody else's: whoever makes CompileOptions has had it
 * recalled before any run got one.
 */
async function clear({ uids, workDir }: CompileOptions): Promise<void> {
  const uid = lstatSync(workDir, { throwIfNoEntry: false })?.uid;
  if (uid !== undefined && uid !== process.getuid?.())
    await killMembers({ pid: 0, startTime: '', bootId: readBootId(), workDir, uid });
  await rm(workDir, { recursive: true, force: true });
  uids.free(workDir);
}

async function compile(options: CompileOptions, owner: Owner): Promise<void> {
  const { workDir, command, etlFiles, hidden, projectDir } = options;
  const nowhere = openSync('/dev/null', 'w');
  const launched = await launch({
    command,
    environment: { NODE_COMPILE_CACHE: join(workDir, 'code'), TMPDIR: workDir, HOME: workDir },
    cwd: projectDir,
    umask: 0o022,
    output: { stdout: nowhere, stderr: nowhere },
    user: owner,
    view: {
      shown: [...shownAs('work', [workDir]), ...shownAs('program', [command[0], ...etlFiles])],
      hidden: [...hidden],
      own: OWN_FOLDERS,
      workingDir: projectDir,
      files: [],
      links: [],
    },
    limits: {},
  }).finally(() => closeSync(nowhere));
  launched.go();
  const { exitCode, signal } = await launched.ended;
  if (exitCode !== 0) throw new Error(`it ended with ${exitCode ?? signal}`);
}

/** Written anew, because it becomes ours; under another name first, for runs may start meanwhile. */
async function putInPlace({ code, workDir }: CompileOptions): Promise<void> {
  await mkdir(code.path, { recursive: true });
  // Made with our umask, they would be ours alone.
  for (const folder of [dirname(code.path), code.path]) await chmod(folder, OPEN);
  for (const name of await readdir(join(workDir, 'code'))) {
    const [, prefix] = FOLDER.exec(name) ?? [];
    if (prefix === undefined) continue;
    const target = join(code.path, `${prefix}-${process.getuid?.()}`);
    const draft = `${target}.${process.pid}`;
    await rm(draft, { recursive: true, force: true });
    await writeAnew(join(workDir, 'code', name), draft);
    await rm(target, { recursive: true, force: true });
    await rename(draft, target);
  }
}

/** A copy would keep the owner, who may be another run tomorrow. */
async function writeAnew(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, OPEN);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(to, entry.name);
    await writeFile(path, await readFile(join(from, entry.name)), { flag: 'wx' });
    await chmod(path, READABLE);
  }
}

function isOursAlone(folder: string): boolean {
  return [folder, ...readdirSync(folder).map(name => join(folder, name))].every(path => {
    const stats = lstatSync(path);
    return stats.uid === process.getuid?.() && (stats.mode & OTHERS_WRITE) === 0 && !stats.isSymbolicLink();
  });
}

/** Changes with each change of the program. */
function stampOf(folder: string): string {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => /\.[jt]s$/.test(name));
  const newest = Math.max(...names.map(name => statSync(join(folder, name)).mtimeMs));
  return `${process.version} ${names.length} ${newest}`;
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
