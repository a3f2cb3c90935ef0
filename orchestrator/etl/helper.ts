import { constants } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RUN_UIDS } from '../config/run-uids.ts';
import { kindOf } from '../errors.ts';
import type { Owner } from '../files/rights.ts';
import type { Launched } from '../run/process/launcher.ts';
import { nodePermissions } from '../run/process/node-permissions.ts';
import { writeLargeVariables } from '../run/large-variables.ts';
import { launchPiped, type Piped, type PipedRequest, startPlain, type Streams } from '../run/process/piped.ts';
import { killMembers, type Leader, leaderOf, livingMembers, signalMembers } from '../run/process/process-group.ts';
import { OWN_FOLDERS, shownAs, type View } from '../run/process/view.ts';
import type { RunUids } from '../run/runner.ts';
import { createRunUids } from '../run/uids.ts';
import { giveWorkDir } from '../run/work-dir.ts';
import type { Question, Word } from './ask.ts';
import { COMPILED, ETL_PROGRAM, etlFiles } from '../run/process/etl-files.ts';

/** A process that answers one question. */
export interface Helper extends Streams {
  ended: Launched['ended'];
  /** What it says, with the names that its files have for others. */
  translated(text: string): string;
  /** It has a moment to tidy up. Resolves when it, and all that it had, is gone. Twice is harmless. */
  end(): Promise<void>;
}

/** Seen by it alone, where we are root. */
const OWN_CACHE = '/tmp/compiled';
/** A step of the user's own that loops for ever lets no signal through but the last. */
const PATIENCE_MS = 2000;
const POLL_MS = 10;
const MOST_PROCESSES = 256;
/** Of its heap: a question that needs more ends with an error. */
export const HEAP_MB = 512;
const MOST_FILE_BYTES = 4 * 2 ** 30;
const UMASK = 0o077;

const isRoot = process.getuid?.() === 0;
let uids: RunUids = createRunUids({ range: RUN_UIDS, reserve: 0 });

/** Whose uids those who answer have, where we are root. */
export function answerAs(those: RunUids): void {
  uids = those;
}

/** Starts it: as root as a user that owns nothing but a folder of its own, with copies of the files that it is asked about. */
export async function startHelper(question: Question): Promise<Helper> {
  if (process.platform !== 'linux') return startAsWeAre(question);
  const folder = await mkdtemp(join(tmpdir(), 'ask-'));
  const discard = async () => {
    await rm(folder, { recursive: true, force: true });
    uids.free(folder);
  };
  try {
    const words = await Promise.all(question.args.map(word => wordFor(word, folder)));
    const { environment } = question;
    const fitted = writeLargeVariables(
      { workDir: folder, datasetName: '' },
      { environment, args: words, paths: { work: folder } },
    );
    const owner = uids.take(folder);
    await giveWorkDir(folder, `${owner.uid}:${owner.gid}`);
    const { pid, go, ...started } = await launchConfined({
      ...requestFor({ ...question, environment: fitted }, words, folder),
      ...(isRoot && { user: owner, view: viewFor(question, folder, owner), isOffline: true }),
    });
    const leader = leaderOf(pid, folder, isRoot ? owner.uid : undefined);
    go();
    let ending: Promise<void> | undefined;
    const end = () => (ending ??= endHelper(leader).then(discard));
    return { ...started, translated: text => withRealNames(text, question, folder), end };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** Where nothing can be hidden from it, it is still somebody else, and reads what it was given. */
async function launchConfined(request: PipedRequest): Promise<Piped> {
  try {
    return await launchPiped(request);
  } catch (error) {
    if (kindOf(error) !== 'wait' || !request.view) throw error;
    const { view: _, isOffline: __, ...rest } = request;
    return launchPiped(rest);
  }
}

function requestFor(
  { args, environment, folders = [], runsModules = false }: Question,
  words: readonly string[],
  folder: string,
): PipedRequest {
  const files = args.flatMap(word => (typeof word === 'string' ? [] : [word.file]));
  const cache = isRoot ? OWN_CACHE : COMPILED.path;
  const written = [folder, cache];
  const read = [...etlFiles(), ...folders, ...(isRoot ? [] : files)];
  return {
    command: [
      process.execPath,
      `--max-old-space-size=${HEAP_MB}`,
      ...(runsModules ? [] : nodePermissions({ read, written })),
      ETL_PROGRAM,
      ...words,
    ],
    environment: { TMPDIR: folder, WORK_DIR: folder, ...(isRoot && { NODE_COMPILE_CACHE: cache }), ...environment },
    cwd: '/',
    umask: UMASK,
    limits: { fileBytes: MOST_FILE_BYTES, ...(isRoot && { processes: MOST_PROCESSES }) },
  };
}

function viewFor({ folders = [] }: Question, folder: string, { uid }: Owner): View {
  const code = COMPILED.folder();
  return {
    shown: [
      ...shownAs('work', [folder]),
      ...shownAs('data', folders),
      ...shownAs('program', [process.execPath, ...etlFiles()]),
    ],
    hidden: [],
    own: OWN_FOLDERS,
    workingDir: '/',
    files: [],
    links: code ? [{ at: join(OWN_CACHE, code.nameFor(uid)), target: code.path }] : [],
  };
}

/** As us it reads the file itself; as somebody else a copy, which costs nothing where blocks can be shared. */
async function wordFor(word: Word, folder: string): Promise<string> {
  if (typeof word === 'string') return word;
  const { prefix = '', file } = word;
  if (!isRoot) return `${prefix}${file}`;
  const copy = join(folder, basename(file));
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile()) await copyFile(file, copy, constants.COPYFILE_FICLONE);
  // It is told that there is something which is no file; what that is, is not looked at.
  else if (found) await mkdir(copy);
  return `${prefix}${copy}`;
}

function withRealNames(text: string, { args }: Question, folder: string): string {
  const files = args.flatMap(word => (typeof word === 'string' ? [] : [word.file]));
  return files.reduce((said, file) => said.replaceAll(join(folder, basename(file)), file), text);
}

async function endHelper(leader: Leader | undefined): Promise<void> {
  if (leader === undefined) return;
  signalMembers(leader, 'SIGTERM');
  for (let waited = 0; waited < PATIENCE_MS && livingMembers(leader).length > 0; waited += POLL_MS)
    await delay(POLL_MS);
  await killMembers(leader);
}

/** Where there are neither uids nor views. */
function startAsWeAre({ args, environment }: Question): Helper {
  const words = args.map(word => (typeof word === 'string' ? word : `${word.prefix ?? ''}${word.file}`));
  const { kill, ...started } = startPlain([ETL_PROGRAM, ...words], { env: { ...environment } });
  return { ...started, translated: text => text, end: kill };
}
