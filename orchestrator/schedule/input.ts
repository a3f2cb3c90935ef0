import { statfs } from 'node:fs/promises';
import type { OpenFile } from '../files/open-file.ts';
import { basename, dirname } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { codeOf, OrchestratorError } from '../errors.ts';
import { openAdminFolder } from '../files/admin-folder.ts';
import { copyInto } from '../files/copy.ts';
import { Folder } from '../files/folder.ts';
import { forKnownFile } from '../files/local.ts';
import type { Owner } from '../files/rights.ts';
import { openSource } from '../files/source.ts';
import { type FileVersion, isSameVersion, versionOf } from '../files/version.ts';
import type { Run } from '../journal/journal.ts';
import { inputFolderOf, JOB_FILES, mountOf, type StandIn } from '../run/job.ts';
import { lowDiskText } from '../text/low-disk-text.ts';
import { sourceRulesOf } from './path-now.ts';

/** The file is not the version that its run is about (rule 6), so nothing may start for it. */
export class FileMoved extends OrchestratorError {
  constructor(path: string) {
    super('wait', `${path} changed while it was made ready for its run`);
    this.name = 'FileMoved';
  }
}

export interface InputRequest {
  dataset: Dataset;
  run: Run;
  /** The file's own WORK_DIR, still ours. */
  workDir: string;
  /** Who will read it; null: the user that we are, who has read it already. */
  owner: Owner | null;
  /** MIN_FREE. */
  minFreeBytes: number;
  /** Ends the copying. */
  signal: AbortSignal;
}

const READ = 4;
const ENTER = 1;

/**
 * The copy that stands in for a file which the attempt may not read itself; null where it may, as nearly always. Throws
 * a FileMoved where the file is not the version that is meant, before or after it was copied, and `wait` where the disk
 * has no room.
 */
export async function placeInput(request: InputRequest): Promise<StandIn | null> {
  const { run, dataset } = request;
  if (run.fileVersion === null || run.action === 'delete') return null;
  const { folder, path } = mountOf(run);
  const root = await openAdminFolder(folder);
  try {
    // A run over a folder is shown that folder alone.
    const isShown = inputFolderOf(dataset, run) === folder;
    if (isShown && (await isReadable(root, path, request))) return null;
    const { file } = await openSource(root, path, sourceRulesOf(dataset, run)).catch(asMoved(run.file));
    await using source = file;
    await assertMeant(source, request);
    const standIn = await copy(source, request);
    await assertMeant(source, request);
    return standIn;
  } finally {
    await root.close();
  }
}

/**
 * As the mode bits say, from the folder on that is shown to the attempt: what is above it is not in its way. What a
 * link leads to may not be shown to it at all, or be another file by then.
 */
async function isReadable(root: Folder, path: string, request: InputRequest): Promise<boolean> {
  const file = await forKnownFile(root, path).look(path);
  if (file?.isSymbolicLink()) return false;
  const { dataset, owner } = request;
  if (owner === null) return true;
  const reader = readerOf({ dataset, owner });
  if (!allows(await root.stat(), reader, ENTER)) return false;
  const names = path.split('/');
  for (let depth = 1; depth < names.length; depth++) {
    if (!allows(await root.look(names.slice(0, depth).join('/')), reader, ENTER)) return false;
  }
  return allows(file, reader, READ);
}

/** Not where it has gone meanwhile: that is noticed when it is opened. */
function allows(
  stats: { mode: bigint; uid: bigint; gid: bigint } | undefined,
  reader: Owner | undefined,
  right: number,
): boolean {
  if (stats === undefined) return false;
  const mode = Number(stats.mode);
  if (reader && Number(stats.uid) === reader.uid) return ((mode >> 6) & right) !== 0;
  if (reader && Number(stats.gid) === reader.gid) return ((mode >> 3) & right) !== 0;
  return (mode & right) !== 0;
}

/** Undefined: a stranger, as a user is whose number only the image knows. */
function readerOf({ dataset, owner }: { dataset: Dataset; owner: Owner }): Owner | undefined {
  const user = dataset.settings.COMMAND === undefined ? dataset.settings.DOCKER_OPTIONS?.user : undefined;
  if (user === undefined) return owner;
  const numbers = /^(\d+)(?::(\d+))?$/.exec(user);
  return numbers ? { uid: Number(numbers[1]), gid: Number(numbers[2] ?? numbers[1]) } : undefined;
}

function asMoved(path: string): (error: unknown) => never {
  return error => {
    throw codeOf(error) === 'ENOENT' ? new FileMoved(path) : error;
  };
}

async function assertMeant(source: OpenFile, { run }: InputRequest): Promise<void> {
  const version = versionOf(await source.stat({ bigint: true }));
  if (!isSameVersion(version, run.fileVersion)) throw new FileMoved(run.file);
}

async function copy(source: OpenFile, request: InputRequest): Promise<StandIn> {
  const { run, workDir, minFreeBytes, signal } = request;
  const name = basename(run.file);
  return Folder.useNow(workDir, async folder => {
    const input = await folder.makeFolder(JOB_FILES.input);
    try {
      await assertRoom(workDir, run.fileVersion as FileVersion, minFreeBytes);
      await using target = await copyInto(source, input, name, async () => signal.throwIfAborted());
      const version = versionOf(await target.stat({ bigint: true }));
      return { path: `${JOB_FILES.input}/${name}`, version };
    } finally {
      await input.close();
    }
  });
}

/** Rule 13. */
async function assertRoom(workDir: string, { sizeBytes }: FileVersion, minFreeBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(workDir));
  const free = bavail * bsize - sizeBytes;
  if (free >= minFreeBytes) return;
  throw new OrchestratorError(
    'wait',
    `the file is readable for nobody else, so its run gets a copy of it, and with that ${lowDiskText(workDir, Math.max(0, free), minFreeBytes)}`,
  );
}
