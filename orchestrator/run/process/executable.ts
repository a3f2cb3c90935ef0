import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { Dataset } from '../../config/dataset.ts';
import { whyUnsafe } from '../../config/trusted.ts';
import { codeOf, OrchestratorError } from '../../errors.ts';

const OTHERS_RUN = 0o001;
const FIRST_LINE_BYTES = 256;
/** In UTF-8, each byte as a character. */
const BYTE_ORDER_MARK = '\xef\xbb\xbf';

interface Search {
  /** For the message. */
  dataset: string;
  /** Absolute: what a relative path with a `/` is from. */
  projectDir: string;
  /** PATH. */
  searchPath: string;
  /** Who will run it, where that is a stranger to it. */
  uid?: number;
}

/** Absolute path of a program: as a shell would find it, relative paths from the project's root. Throws `never`. */
export function findExecutable(program: string, { dataset, projectDir, searchPath, uid }: Search): string {
  const candidates = program.includes('/')
    ? [resolve(projectDir, program)]
    : searchPath.split(delimiter).map(folder => join(folder || '.', program));
  const present = candidates.filter(isFile);
  const runnable = present.find(isExecutable);
  const why = runnable && whyNoScript(runnable);
  if (why) throw new OrchestratorError('never', `dataset ${dataset}: COMMAND ${runnable} ${why}`);
  if (runnable && (uid === undefined || isOpenToOthers(runnable))) return runnable;
  if (runnable) throw new OrchestratorError('never', `dataset ${dataset}: COMMAND ${closedText(runnable, uid)}`);
  throw new OrchestratorError('never', `dataset ${dataset}: COMMAND ${complaint(program, candidates, present[0])}`);
}

/**
 * Throws `never` where the policy keeps a program from a dataset, or where an orchestrator that is root would run what
 * others can write: asked at each start, since a YAML is read once. A dataset's own config folder is written by whoever
 * writes its YAML.
 */
export function demandAllowed(dataset: Dataset, program: string): void {
  const why = dataset.whyForbidden('commands', program) ?? whyNotSafe(dataset.configFolder, program);
  if (why !== null) throw new OrchestratorError('never', `dataset ${dataset.name}: COMMAND ${program} ${why}`);
}

function whyNotSafe(configFolder: string, program: string): string | null {
  const writer = whyUnsafe(program, configFolder);
  return writer === undefined ? null : `is not run by root: ${writer}; remove that write access`;
}

/** The system says of such a script that it is not there. */
function whyNoScript(path: string): string | undefined {
  const begin = beginningOf(path);
  const mark = begin.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  if (!begin.startsWith('#!', mark)) return undefined;
  if (mark > 0)
    return `begins with a byte order mark, so that it is no script; run: sed -i '1s/^\\xef\\xbb\\xbf//' ${path}`;
  const [line = ''] = begin.split('\n', 1);
  if (line.endsWith('\r'))
    return `has line ends of Windows (CRLF), so that the program in its first line is not found; run: sed -i 's/\\r$//' ${path}`;
  const [interpreter = ''] = line.slice(2).trim().split(/[ \t]/, 1);
  const isWrong = interpreter.startsWith('/') && !isFile(interpreter);
  return isWrong
    ? `is a script for ${interpreter}, which is not there; correct its first line, or install that`
    : undefined;
}

/** As much as the system looks at (BINPRM_BUF_SIZE), a byte a character; empty where it can't be read. */
function beginningOf(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(FIRST_LINE_BYTES);
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)).toString('latin1');
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}

function complaint(program: string, candidates: string[], present: string | undefined): string {
  if (present) return `${present} is not executable; run: chmod +x ${present}`;
  if (program.includes('/'))
    return `${candidates[0]} is not there, or not a file; correct COMMAND or put the script there`;
  return `${program} is in no folder of PATH (${candidates.length} searched); install it, or give its path with a /`;
}

function closedText(path: string, uid: number | undefined): string {
  return `${path} can be run by its owner alone, but runs are users of their own (uid ${uid}, of RUN_UIDS); run: chmod o+rx ${path}`;
}

function isOpenToOthers(path: string): boolean {
  return (statSync(path).mode & OTHERS_RUN) !== 0;
}

/** Whether a file is there, as far as can be seen. */
export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EACCES') return false;
    throw error;
  }
}
