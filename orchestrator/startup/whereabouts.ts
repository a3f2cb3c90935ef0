import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../config/environment.ts';
import { messageOf, OrchestratorError } from '../errors.ts';
import { tellAddress } from '../journal/sqlite/lock.ts';
import type { Logger } from '../log.ts';

/**
 * Of an orchestrator that this user started: the variables by which its commands find it, all absolute, and where it
 * was started.
 */
export interface Whereabouts {
  workingDir: string;
  variables: Readonly<Record<(typeof NAMES)[number], string> & { POLICY_FILE?: string }>;
}

const NAMES = ['CONFIG_DIR', 'DATA_DIR', 'JOURNAL', 'HOST', 'PORT'] as const;
/** Variables that say whose commands they are. */
const TELLING = ['CONFIG_DIR', 'DATA_DIR', 'JOURNAL'] as const;
const FOLDER = 'orchestrator-etl';
const LONGEST_NOTE = 16 * 1024;
const MOST_NOTES = 1000;
const BEYOND_OWNER = 0o022;

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Where this user's orchestrators are noted: below XDG_STATE_HOME (XDG Base Directory Specification), which is
 * ~/.local/state unless set.
 */
export function notesFolder(variables: Variables, home: string): string {
  return join(variables['XDG_STATE_HOME'] || join(home, '.local', 'state'), FOLDER);
}

/** For commands, that ask by HOST and PORT. Whoever can't write in his own home is found by DATA_DIR all the same. */
export function tellWhere(options: {
  environment: Environment;
  /** Of the API. */
  url: string;
  notes?: { folder: string; workingDir: string };
  logger: Logger;
}): void {
  const { environment, url, notes, logger } = options;
  const { configDir, dataDir, journal, policyFile, isPolicyNamed, host } = environment;
  const port = Number(new URL(url).port);
  tellAddress(dataDir, { host, port });
  if (notes === undefined) return;
  const policy = isPolicyNamed ? { POLICY_FILE: policyFile } : {};
  const paths = { CONFIG_DIR: configDir, DATA_DIR: dataDir, JOURNAL: journal, ...policy };
  try {
    noteWhereabouts(notes.folder, {
      workingDir: notes.workingDir,
      variables: { ...paths, HOST: host, PORT: String(port) },
    });
  } catch (error) {
    logger.debug(`commands find this orchestrator by DATA_DIR alone: ${messageOf(error)}`);
  }
}

/**
 * Notes an orchestrator for the commands that are typed elsewhere; it stays when that ends. Notes whose DATA_DIR is
 * gone are removed.
 */
export function noteWhereabouts(folder: string, whereabouts: Whereabouts): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { path, found } of readNotes(folder)) {
    if (found === undefined || !existsSync(found.variables.DATA_DIR)) rmSync(path, { force: true });
  }
  const path = join(
    folder,
    `${createHash('sha256').update(whereabouts.variables.DATA_DIR).digest('hex').slice(0, 16)}.json`,
  );
  writeFileSync(`${path}.new`, `${JSON.stringify(whereabouts, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Whether commands that are typed here are about what is here: datasets or a journal are, or variables name some. */
export function isProject(workingDir: string, variables: Variables): boolean {
  if (TELLING.some(name => variables[name])) return true;
  if (existsSync(join(workingDir, 'data', 'journal.sqlite'))) return true;
  return namesIn(join(workingDir, 'config')).some(name => /\.ya?ml$/i.test(name));
}

/**
 * The orchestrator that commands are about which are typed where none is: the one that `isRunning` by its DATA_DIR, or
 * the only one that was ever started. null where there is none. Throws an OrchestratorError (`never`) where there are
 * several.
 */
export function findWhereabouts(folder: string, isRunning: (dataDir: string) => boolean): Whereabouts | null {
  const known = readNotes(folder).flatMap(({ found }) =>
    found !== undefined && existsSync(found.variables.DATA_DIR) ? [found] : [],
  );
  const running = known.filter(({ variables }) => isRunning(variables.DATA_DIR));
  const meant = running.length > 0 ? running : known;
  if (meant.length <= 1) return meant[0] ?? null;
  const places = meant
    .map(({ variables }) => variables.DATA_DIR)
    .toSorted()
    .join(', ');
  throw new OrchestratorError(
    'never',
    `several orchestrators ${running.length > 0 ? 'of this user are running' : 'were started by this user'}: ${places}; go to the folder of one, or set DATA_DIR to its own`,
  );
}

/** Undefined: it is no note of ours. */
function readNotes(folder: string): Array<{ path: string; found: Whereabouts | undefined }> {
  const names = namesIn(folder).filter(name => name.endsWith('.json'));
  return names.slice(0, MOST_NOTES).map(name => ({ path: join(folder, name), found: readNote(join(folder, name)) }));
}

function readNote(path: string): Whereabouts | undefined {
  try {
    if (!isOurs(lstatSync(path))) return undefined;
    const note = JSON.parse(readFileSync(path, 'utf8')) as Whereabouts;
    const isWhole = NAMES.every(name => typeof note.variables[name] === 'string');
    return isWhole && typeof note.workingDir === 'string' ? note : undefined;
  } catch {
    return undefined;
  }
}

function isOurs(stats: Stats): boolean {
  const isOwn = stats.uid === (process.geteuid?.() ?? stats.uid) && (stats.mode & BEYOND_OWNER) === 0;
  return stats.isFile() && stats.size <= LONGEST_NOTE && isOwn;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
